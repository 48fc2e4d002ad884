#pragma once
// The fake backend: a model whose logits are computed by a function, so that
// methods and the harness are tested without weights and with known answers.
//
// The tokenizer is bytes: token i < 256 is byte i, 256 is end of text; names
// in angle brackets such as "<|grade|>" listed in `specials` are tokens 257...
// Evaluating costs the scripted time, on the clock given.

#include "engine/lm/lm.h"

struct scripted_model {
    // Logits after `tokens`; row has n_vocab floats, preset to 0.
    void (*logits)(void *ctx, const int32_t *tokens, int n_tokens, float *row);
    void *ctx;
    const char *const *specials; // NULL-terminated, or NULL
    int n_vocab;                 // 0: 257 + number of specials; may be smaller
                                 // than 257 for toy vocabularies, or larger:
                                 // the rest is padding
    int n_ctx;
    // Advanced by ns_per_call + ns_per_token * evaluated tokens, a batch of
    // several sequences being one call; may be NULL.
    int64_t *now_ns;
    int64_t ns_per_call, ns_per_token;
    const char *name; // part of the model hash
    // lm_meta(): key, value, key, value, ..., NULL; or NULL.
    const char *const *meta;
    // Token of byte b is b ^ byte_xor: another vocabulary of the same texts.
    uint8_t byte_xor;
    bool adds_bos; // texts begin with the end token
    // The call with this number (1: the first) fails; 0: none does.
    int64_t fail_at_call;
};

struct lm *lm_scripted_open(const struct scripted_model *m, int n_rows,
                            struct error *err);
