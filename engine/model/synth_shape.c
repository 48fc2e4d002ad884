#include "engine/model/synth_shape.h"

#include "engine/model/synth.h"

#include <stddef.h>

// Qwen2.5 and Llama 3 in their instruct versions, Mistral 7B v0.3. "tiny" is
// for tests: everything that qwen2 has, in few columns.
#define QWEN2                                                                  \
    .arch = "qwen2", .n_ctx = 32768, .rope_base = 1e6f, .rms_eps = 1e-6f,      \
    .has_qkv_bias = true, .pre = "qwen2"
#define QWEN3                                                                  \
    .arch = "qwen3", .n_vocab = 151936, .n_text = 151643, .n_ctx = 40960,      \
    .rope_base = 1e6f, .rms_eps = 1e-6f, .has_qk_norm = true, .pre = "qwen2",  \
    .head_dim = 128, .n_head_kv = 8
#define LLAMA3                                                                 \
    .arch = "llama", .n_vocab = 128256, .n_text = 128000, .rope_base = 5e5f,   \
    .rms_eps = 1e-5f, .pre = "llama-bpe", .n_head = 32, .n_head_kv = 8

// clang-format off
const struct synth_shape synth_shapes[] = {
    {.name = "qwen2.5-0.5b", QWEN2, .n_layer = 24, .n_embd = 896,
     .n_ff = 4864, .n_head = 14, .n_head_kv = 2, .head_dim = 64,
     .n_vocab = 151936, .n_text = 151643, .is_tied = true},
    {.name = "qwen2.5-1.5b", QWEN2, .n_layer = 28, .n_embd = 1536,
     .n_ff = 8960, .n_head = 12, .n_head_kv = 2, .head_dim = 128,
     .n_vocab = 151936, .n_text = 151643, .is_tied = true},
    {.name = "qwen2.5-7b", QWEN2, .n_layer = 28, .n_embd = 3584,
     .n_ff = 18944, .n_head = 28, .n_head_kv = 4, .head_dim = 128,
     .n_vocab = 152064, .n_text = 151643},
    {.name = "qwen2.5-32b", QWEN2, .n_layer = 64, .n_embd = 5120,
     .n_ff = 27648, .n_head = 40, .n_head_kv = 8, .head_dim = 128,
     .n_vocab = 152064, .n_text = 151643},
    {.name = "qwen3-0.6b", QWEN3, .n_layer = 28, .n_embd = 1024,
     .n_ff = 3072, .n_head = 16, .is_tied = true},
    {.name = "qwen3-1.7b", QWEN3, .n_layer = 28, .n_embd = 2048,
     .n_ff = 6144, .n_head = 16, .is_tied = true},
    {.name = "qwen3-8b", QWEN3, .n_layer = 36, .n_embd = 4096,
     .n_ff = 12288, .n_head = 32},
    {.name = "llama3.2-1b", LLAMA3, .n_layer = 16, .n_embd = 2048,
     .n_ff = 8192, .head_dim = 64, .n_ctx = 131072, .rope_factor = 32,
     .is_tied = true},
    {.name = "llama3-8b", LLAMA3, .n_layer = 32, .n_embd = 4096,
     .n_ff = 14336, .head_dim = 128, .n_ctx = 8192},
    {.name = "mistral-7b", .arch = "llama", .n_layer = 32, .n_embd = 4096,
     .n_ff = 14336, .n_head = 32, .n_head_kv = 8, .head_dim = 128,
     .n_vocab = 32768, .n_text = 32000, .n_ctx = 32768, .rope_base = 1e6f,
     .rms_eps = 1e-5f, .pre = "llama-bpe"},
    {.name = "tiny", QWEN2, .n_layer = 2, .n_embd = 256, .n_ff = 512,
     .n_head = 4, .n_head_kv = 2, .head_dim = 64, .n_vocab = 1024,
     .n_text = 1000, .is_tied = true},
    {.name = NULL},
};

const char *const synth_shape_names[] = {
    "qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-7b", "qwen2.5-32b", "qwen3-0.6b",
    "qwen3-1.7b", "qwen3-8b", "llama3.2-1b", "llama3-8b", "mistral-7b", "tiny",
    NULL,
};
// clang-format on
