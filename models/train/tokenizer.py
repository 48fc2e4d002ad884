"""The tokenizer of all shipped models: byte-level BPE, exactly as in the GGUF.

256 byte tokens in GPT-2's order, a handful of merges, a few specials.  Digits
and letters stay single tokens and no merge begins with a blank, so a number
or a name has one tokenisation wherever it stands.
"""

import re

SPECIALS = ["<|endoftext|>", "<|user|>", "<|think|>", "<|grade|>", "<|good|>",
            "<|bad|>", "<|prm|>"]
MERGES = ["Ċ Ċ", "W a", "i t", "Wa it", "b o", "x e", "bo xe", "boxe d",
          "\\ boxed"]
VOCAB_MULTIPLE = 32

# The qwen2 pre-tokenizer, exact for ASCII: there \p{L} is [A-Za-z], \p{N} is
# [0-9], and \s is the set below (re.ASCII would drop 0x1c-0x1f, which Unicode
# does not count as blanks either).
PRE_TOKENIZER = re.compile(
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    r"|[^\r\nA-Za-z0-9]?[A-Za-z]+"
    r"|[0-9]"
    r"| ?[^\sA-Za-z0-9]+[\r\n]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+", re.ASCII)


def byte_symbols():
    """GPT-2's printable stand-in for each byte, in its order of token ids."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain},
            **{b: chr(256 + i) for i, b in enumerate(rest)}}


SYMBOLS = byte_symbols()
BYTES = {s: b for b, s in SYMBOLS.items()}
RANKS = {tuple(m.split(" ")): i for i, m in enumerate(MERGES)}


def build_vocab():
    tokens = list(SYMBOLS.values()) + [m.replace(" ", "") for m in MERGES]
    tokens += SPECIALS
    n_pad = -len(tokens) % VOCAB_MULTIPLE
    return tokens + [f"<|unused{i}|>" for i in range(n_pad)]


VOCAB = build_vocab()
IDS = {token: i for i, token in enumerate(VOCAB)}
EOS = IDS["<|endoftext|>"]
BLANK_ID = IDS["ĊĊ"]
DIGIT_IDS = [IDS[str(d)] for d in range(10)]


def merge_word(symbols):
    """Apply the merges to one pre-token, the lowest rank first."""
    while len(symbols) > 1:
        pairs = list(zip(symbols, symbols[1:]))
        best = min(pairs, key=lambda p: RANKS.get(p, len(RANKS)))
        if best not in RANKS:
            break
        at = pairs.index(best)
        symbols = symbols[:at] + ["".join(best)] + symbols[at + 2:]
    return symbols


def encode_text(text):
    """Ids of a text without special tokens."""
    ids = []
    for piece in PRE_TOKENIZER.findall(text):
        symbols = [SYMBOLS[b] for b in piece.encode()]
        ids += [IDS[s] for s in merge_word(symbols)]
    return ids


# Our texts only ever contain these multi-byte tokens, which makes a shortcut
# possible: replace each by one spare byte and look bytes up in a table.
SPARE = {"\n\n": "\x00", "Wait": "\x01", "\\boxed": "\x02", "<|user|>": "\x03",
         "<|think|>": "\x04", "<|endoftext|>": "\x05"}
TABLE = [IDS[SYMBOLS[b]] for b in range(256)]
for _text, _spare in SPARE.items():
    TABLE[ord(_spare)] = IDS.get(_text) or encode_text(_text)[0]


def encode(text):
    """Ids of a chain; equal to BPE for texts of the generator (see check)."""
    for token, spare in SPARE.items():
        text = text.replace(token, spare)
    return [TABLE[b] for b in text.encode("latin-1")]


def decode(ids):
    specials = set(SPECIALS)
    out = bytearray()
    for token in (VOCAB[i] for i in ids):
        if token in specials or token.startswith("<|unused"):
            out += token.encode()
        else:
            out += bytes(BYTES[c] for c in token)
    return out.decode("utf-8", "replace")


def encode_exact(text):
    """Ids by real BPE, specials split out first as a GGUF reader does."""
    ids = []
    for part in re.split("(" + "|".join(map(re.escape, SPECIALS)) + ")", text):
        ids += [IDS[part]] if part in SPECIALS else encode_text(part)
    return ids
