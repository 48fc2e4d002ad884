#pragma once
// Writes small GGUF files for tests: any metadata and tensors, or a whole
// random-weight model. Everything follows from the fields given and the seed.
// A test's own mistakes (a file that cannot be written) abort.

#include "engine/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- a file piece by piece --------------------------------------------------

struct helper_gguf {
    struct buf keys, entries, data;
    uint64_t n_keys, n_tensors;
};

void helper_gguf_init(struct helper_gguf *g);
void helper_gguf_release(struct helper_gguf *g);
void helper_gguf_u32(struct helper_gguf *g, const char *key, uint32_t value);
void helper_gguf_f32(struct helper_gguf *g, const char *key, float value);
void helper_gguf_bool(struct helper_gguf *g, const char *key, bool value);
void helper_gguf_text(struct helper_gguf *g, const char *key, const char *text);
void helper_gguf_texts(struct helper_gguf *g, const char *key,
                       const char *const *texts, size_t n);
void helper_gguf_i32s(struct helper_gguf *g, const char *key,
                      const int32_t *values, size_t n);
void helper_gguf_f32s(struct helper_gguf *g, const char *key,
                      const float *values, size_t n);
// Rows of values become a tensor of that ggml type (F32, F16, BF16, Q8_0).
// n_rows 0: a vector.
void helper_gguf_tensor(struct helper_gguf *g, const char *name, uint32_t type,
                        int n_rows, int n_cols, const float *values);
// A tensor of any type from the bytes that the file shall have.
void helper_gguf_raw(struct helper_gguf *g, const char *name, uint32_t type,
                     int n_rows, int n_cols, const void *bytes, size_t n_bytes);
// The finished file (version 3), malloc'ed; g is released.
char *helper_gguf_finish(struct helper_gguf *g, size_t *n_bytes);

// ---- a model ----------------------------------------------------------------

// Fields left 0 take the value in brackets.
struct helper_model {
    const char *arch; // ["llama"], "qwen2" (Q/K/V bias), "qwen3" (Q/K norms)
    int n_layer;      // [2]
    int n_embd;       // [64]
    int n_head;       // [4]
    int n_head_kv;    // [2]
    int head_dim;     // [16] n_head * head_dim need not be n_embd
    int n_ff;         // [96]
    int n_vocab;      // [HELPER_N_TOKENS]; larger: unused tokens follow
    int n_ctx;        // [512]
    uint32_t type;    // of the matrices: 0 F32, 1 F16, 30 BF16, 8 Q8_0
    bool is_tied;     // no output.weight
    bool has_rope_factors;
    uint64_t seed;
    // A relative of the model with this seed: each weight moves by up to about
    // this share of its size. A draft that is right now and then: [0], 0.3
    float noise;
    float logit_scale; // [2] standard deviation of the logits, about
    // Special tokens instead of those below, the first of them the end;
    // [NULL-terminated], control tokens if there is a '|' in their names, else
    // user-defined. NULL: those below.
    const char *const *specials;
    // Adds keys and tensors of its own, last. NULL: none.
    void (*extra)(struct helper_gguf *g);
};

// The vocabulary: bytes 0-255 are tokens 0-255, then merges, then control
// tokens <|endoftext|> (end), <|user|>, <|think|>, <|grade|>. Its pre-tokenizer
// is qwen2. Metadata specsweep.prompt = "<|user|>{problem}<|think|>" and
// specsweep.grade_suffix = "<|grade|>".
enum {
    HELPER_N_MERGES = 9,
    HELPER_ENDOFTEXT = 256 + HELPER_N_MERGES,
    HELPER_USER,
    HELPER_THINK,
    HELPER_GRADE,
    HELPER_N_TOKENS,
};

void helper_write_model(const char *path, const struct helper_model *m);
char *helper_model_bytes(const struct helper_model *m, size_t *n_bytes);
// Only the tokenizer.* keys of that vocabulary.
void helper_gguf_vocabulary(struct helper_gguf *g, int n_vocab);

// Any byte-level vocabulary: tokens 0-255 are the bytes, then `tokens`.
struct helper_vocabulary {
    const char *pre;           // NULL: "qwen2"
    const char *const *tokens; // [n_tokens] in GPT-2's alphabet
    const int32_t *types;      // [n_tokens] tokenizer.ggml.token_type
    const char *const *merges; // [n_merges]
    int n_tokens, n_merges;
};
void helper_gguf_tokenizer(struct helper_gguf *g,
                           const struct helper_vocabulary *v);

// Any SentencePiece vocabulary: tokens 0-2 are <unk>, <s> and </s>, 3-258 the
// bytes, then `tokens`.
enum { HELPER_SPM_FIRST = 3 + 256 };
struct helper_spm {
    const char *const *tokens; // [n_tokens] U+2581 for a blank
    const float *scores;       // [n_tokens]
    const int32_t *types;      // [n_tokens] tokenizer.ggml.token_type
    int n_tokens;
};
void helper_gguf_spm(struct helper_gguf *g, const struct helper_spm *v);
