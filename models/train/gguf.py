"""GGUF v3 files: what the trained models need of the format, both ways.

Layout: header, metadata, tensor descriptions, padding to 32, tensor data.
Matrices are F32, F16 or Q8_0; norms stay F32, the embedding stays F16 where
the matrices are Q8_0, because it is also the output head.
"""

import struct

import numpy as np

ALIGNMENT = 32
F32, F16, Q8_0 = 0, 1, 8
TYPES = {"f32": F32, "f16": F16, "q8_0": Q8_0}
FILE_TYPES = {F32: 0, F16: 1, Q8_0: 7}
U32, I32, FLOAT, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
BLOCK = 32  # values that share a scale in Q8_0


def pack_string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value_type(value):
    kinds = {bool: BOOL, int: U32, float: FLOAT, str: STRING, list: ARRAY}
    return kinds[type(value)]


def pack_value(value):
    kind = value_type(value)
    if kind == STRING:
        return pack_string(value)
    if kind == ARRAY:
        inner = STRING if isinstance(value[0], str) else I32
        pack = pack_string if inner == STRING else lambda v: struct.pack("<i", v)
        head = struct.pack("<IQ", inner, len(value))
        return head + b"".join(map(pack, value))
    return struct.pack({BOOL: "<?", U32: "<I", FLOAT: "<f"}[kind], value)


def pack_metadata(metadata):
    return b"".join(pack_string(k) + struct.pack("<I", value_type(v)) + pack_value(v)
                    for k, v in metadata.items())


def quantize(array):
    """Q8_0 bytes: per 32 values of a row a half scale and 32 signed bytes."""
    blocks = array.astype(np.float32).reshape(-1, BLOCK)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    quants = np.rint(blocks * inverse).astype(np.int8)
    halves = scale.astype(np.float16).view(np.int8)
    return np.concatenate([halves, quants], 1).tobytes()


def dequantize(data, shape):
    rows = np.frombuffer(data, np.int8).reshape(-1, BLOCK + 2)
    scale = rows[:, :2].copy().view(np.float16).astype(np.float32)
    return (rows[:, 2:] * scale).reshape(shape).astype(np.float32)


def tensor_type(name, array, matrix_type):
    if array.ndim < 2:
        return F32
    return F16 if name == "token_embd.weight" and matrix_type == Q8_0 else matrix_type


def tensor_bytes(array, kind):
    if kind == Q8_0:
        return quantize(array)
    return array.astype(np.float32 if kind == F32 else np.float16).tobytes()


def pad(n):
    return b"\0" * (-n % ALIGNMENT)


def write(path, metadata, tensors, matrix_type="q8_0"):
    """Write {name: array} and {key: value} as one file."""
    chosen = TYPES[matrix_type]
    metadata = {**metadata, "general.file_type": FILE_TYPES[chosen]}
    infos, data = b"", b""
    for name, array in tensors.items():
        kind = tensor_type(name, array, chosen)
        infos += pack_string(name) + struct.pack("<I", array.ndim)
        infos += struct.pack(f"<{array.ndim}Q", *reversed(array.shape))
        infos += struct.pack("<IQ", kind, len(data))
        data += tensor_bytes(array, kind)
        data += pad(len(data))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += pack_metadata(metadata) + infos
    path.write_bytes(head + pad(len(head)) + data)


# ---- Reading back what `write` wrote --------------------------------------


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def string(self):
        n = self.take("Q")
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, n = self.take("I"), self.take("Q")
            return [self.value(inner) for _ in range(n)]
        return self.take({BOOL: "?", U32: "I", I32: "i", FLOAT: "f"}[kind])


def tensor_from(data, offset, shape, kind):
    n = int(np.prod(shape))
    if kind == Q8_0:
        size = n // BLOCK * (BLOCK + 2)
        return dequantize(data[offset:offset + size], shape)
    dtype = np.float32 if kind == F32 else np.float16
    return np.frombuffer(data, dtype, n, offset).reshape(shape).astype(np.float32)


def read(path):
    """Metadata and tensors (as float32) of a file that `write` made."""
    data = path.read_bytes()
    cursor = Cursor(data)
    cursor.take("4sI")
    n_tensors, n_pairs = cursor.take("QQ")
    metadata = {}
    for _ in range(n_pairs):
        key = cursor.string()
        metadata[key] = cursor.value(cursor.take("I"))
    infos = []
    for _ in range(n_tensors):
        name, n_dims = cursor.string(), cursor.take("I")
        shape = [cursor.take("Q") for _ in range(n_dims)][::-1]
        infos.append((name, shape, *cursor.take("IQ")))
    base = cursor.at + -cursor.at % ALIGNMENT
    return metadata, {name: tensor_from(data, base + offset, shape, kind)
                      for name, shape, kind, offset in infos}
