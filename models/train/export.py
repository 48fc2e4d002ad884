"""Turn a training checkpoint into a GGUF file, or a GGUF file into a model.

    python3 export.py base.pt ../base.gguf --type q8_0
"""

import argparse
from pathlib import Path

import torch

import gguf
import tokenizer as t
from reasoner import EPS, THETA, Reasoner, Shape, load

NORMAL, CONTROL, UNUSED = 1, 3, 5


def token_type(token):
    if token.startswith("<|unused"):
        return UNUSED
    return CONTROL if token in t.SPECIALS else NORMAL


def architecture(shape):
    return {
        "qwen3.context_length": shape.context,
        "qwen3.embedding_length": shape.width,
        "qwen3.block_count": shape.layers,
        "qwen3.feed_forward_length": shape.ffn,
        "qwen3.attention.head_count": shape.heads,
        "qwen3.attention.head_count_kv": shape.kv_heads,
        "qwen3.attention.key_length": shape.head_size,
        "qwen3.attention.value_length": shape.head_size,
        "qwen3.attention.layer_norm_rms_epsilon": EPS,
        "qwen3.rope.freq_base": THETA,
        "qwen3.vocab_size": shape.vocab,
    }


def vocabulary():
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": t.VOCAB,
        "tokenizer.ggml.token_type": [token_type(token) for token in t.VOCAB],
        "tokenizer.ggml.merges": t.MERGES,
        "tokenizer.ggml.eos_token_id": t.EOS,
        "tokenizer.ggml.padding_token_id": t.EOS,
        "tokenizer.ggml.add_bos_token": False,
    }


def prompts():
    """Texts that the harness puts around problems and steps."""
    return {
        "specsweep.prompt": "<|user|>{problem}<|think|>",
        "specsweep.grade_suffix": "<|grade|>",
        "specsweep.prm_suffix": "<|prm|>",
        "specsweep.prm_good": "<|good|>",
        "specsweep.prm_bad": "<|bad|>",
    }


def export(model, name, path, matrix_type):
    metadata = {
        "general.architecture": "qwen3",
        "general.name": f"specsweep-{name}",
        "general.license": "GPL-3.0-or-later",
        **architecture(model.shape), **vocabulary(), **prompts(),
    }
    tensors = {k: v.float().numpy() for k, v in model.state_dict().items()}
    gguf.write(path, metadata, tensors, matrix_type)


def open_gguf(path):
    """The model in a GGUF file, its weights as the file rounds them."""
    metadata, tensors = gguf.read(path)
    def field(key):
        return metadata["qwen3." + key]
    shape = Shape(field("block_count"), field("embedding_length"),
                  field("attention.head_count"), field("attention.head_count_kv"),
                  field("attention.key_length"), field("feed_forward_length"),
                  field("vocab_size"), field("context_length"))
    model = Reasoner(shape)
    model.load_state_dict({k: torch.tensor(v) for k, v in tensors.items()})
    return model


def open_model(path):
    """A model from a checkpoint or from a GGUF file."""
    return open_gguf(path) if path.suffix == ".gguf" else load(path)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--type", choices=gguf.TYPES, default="q8_0")
    args = parser.parse_args()
    export(load(args.checkpoint)[0], args.gguf.stem, args.gguf, args.type)


if __name__ == "__main__":
    main()
