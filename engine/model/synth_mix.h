#pragma once
// Which tensor type each matrix of a quantised file has: what llama-quantize
// does without an importance matrix (llama.cpp, February 2025).

#include "engine/model/synth_shape.h"

#include <stdbool.h>
#include <stdint.h>

struct synth_type {
    const char *name;   // "q4_k_m"
    uint32_t file_type; // general.file_type
    uint32_t base;      // tensor type of most matrices (ids of the format)
};

extern const struct synth_type synth_types[]; // ends with name NULL

// What kind of matrix it is, as far as the mix cares.
enum synth_role {
    ROLE_OTHER, // attn_q, attn_k, ffn_gate, ffn_up
    ROLE_EMBEDDING,
    ROLE_OUTPUT,
    ROLE_ATTN_V,
    ROLE_ATTN_OUTPUT,
    ROLE_FFN_DOWN,
};

// Type id of a matrix of n_cols columns in block `layer` (-1: in none).
uint32_t synth_mix(const struct synth_type *type,
                   const struct synth_shape *shape, enum synth_role role,
                   int layer, int n_cols);
