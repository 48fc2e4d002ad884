#pragma once
// Hyperparameters of published models, as in their config.json.

#include <stdbool.h>

struct synth_shape {
    const char *name, *arch;
    int n_layer, n_embd, n_ff;
    int n_head, n_head_kv, head_dim;
    int n_vocab; // rows of the embedding
    int n_text;  // tokens before the control tokens; the rest is padding
    int n_ctx;
    float rope_base, rms_eps;
    float rope_factor; // Llama 3's frequency scaling; 0: none
    bool is_tied;      // output is the embedding
    bool has_qkv_bias, has_qk_norm;
    const char *pre; // pre-tokenizer
};

extern const struct synth_shape synth_shapes[]; // ends with name NULL
