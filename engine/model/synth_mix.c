// The rules, in words: the output (or the embedding that stands for it) has
// Q6_K or better; in the _M mixes attn_v, attn_output and ffn_down have more
// bits, in all layers or in those where it matters most; a type whose blocks do
// not divide the row gives way to one of blocks of 32.

#include "engine/model/synth_mix.h"

#include "engine/model/synth.h"
#include "engine/model/synth_block.h"
#include "engine/model/tensor_type.h"

#include <stddef.h>

// The second column is general.file_type.
const struct synth_type synth_types[] = {
    {"f32", 0, SYNTH_F32},        {"f16", 1, SYNTH_F16},
    {"bf16", 32, SYNTH_BF16},     {"q8_0", 7, SYNTH_Q8_0},
    {"q4_0", 2, SYNTH_Q4_0},      {"q4_1", 3, SYNTH_Q4_1},
    {"q5_0", 8, SYNTH_Q5_0},      {"q5_1", 9, SYNTH_Q5_1},
    {"q2_k", 10, SYNTH_Q2_K},     {"q3_k_m", 12, SYNTH_Q3_K},
    {"q4_k_m", 15, SYNTH_Q4_K},   {"q5_k_m", 17, SYNTH_Q5_K},
    {"q6_k", 18, SYNTH_Q6_K},     {"iq4_nl", 25, SYNTH_IQ4_NL},
    {"iq4_xs", 30, SYNTH_IQ4_XS}, {NULL, 0, 0},
};

const char *const synth_type_names[] = {
    "f32",  "f16",    "bf16",   "q8_0",   "q4_0", "q4_1",   "q5_0",   "q5_1",
    "q2_k", "q3_k_m", "q4_k_m", "q5_k_m", "q6_k", "iq4_nl", "iq4_xs", NULL,
};

// The first and the last eighth of the layers, and every third between.
static bool has_more_bits(int layer, int n_layer) {
    return layer < n_layer / 8 || layer >= 7 * n_layer / 8 ||
           (layer - n_layer / 8) % 3 == 2;
}

static bool is_iq4(uint32_t base) {
    return base == SYNTH_IQ4_NL || base == SYNTH_IQ4_XS;
}

static uint32_t mix_attn_v(uint32_t base, const struct synth_shape *s,
                           int layer) {
    bool is_grouped = s->n_head / s->n_head_kv >= 4;
    if (base == SYNTH_Q2_K) return is_grouped ? SYNTH_Q4_K : SYNTH_Q3_K;
    if (base == SYNTH_Q3_K) return layer < 2 ? SYNTH_Q5_K : SYNTH_Q4_K;
    if (is_iq4(base) && is_grouped) return SYNTH_Q5_K;
    if ((base == SYNTH_Q4_K || base == SYNTH_Q5_K) &&
        has_more_bits(layer, s->n_layer))
        return SYNTH_Q6_K;
    return base;
}

static uint32_t mix_ffn_down(uint32_t base, const struct synth_shape *s,
                             int layer) {
    if (base == SYNTH_Q2_K) return SYNTH_Q3_K;
    if (base == SYNTH_Q3_K)
        return layer < s->n_layer / 16 ? SYNTH_Q5_K : SYNTH_Q4_K;
    if (is_iq4(base) && layer < s->n_layer / 8) return SYNTH_Q5_K;
    if ((base == SYNTH_Q4_K || base == SYNTH_Q5_K) &&
        has_more_bits(layer, s->n_layer))
        return SYNTH_Q6_K;
    return base;
}

static uint32_t mix_attn_output(uint32_t base) {
    if (base == SYNTH_Q2_K) return SYNTH_Q3_K;
    return base == SYNTH_Q3_K ? SYNTH_Q4_K : base;
}

static bool divides(uint32_t type, int n_cols) {
    return (uint32_t)n_cols % tensor_type_find(type)->block_elements == 0;
}

static uint32_t fallback(uint32_t type, int n_cols) {
    switch (type) {
    case SYNTH_Q4_K:
        type = SYNTH_Q5_0;
        break;
    case SYNTH_Q5_K:
        type = SYNTH_Q5_1;
        break;
    case SYNTH_Q6_K:
        type = SYNTH_Q8_0;
        break;
    default: // Q2_K, Q3_K, IQ4_XS
        type = SYNTH_IQ4_NL;
    }
    return divides(type, n_cols) ? type : SYNTH_F16;
}

uint32_t synth_mix(const struct synth_type *type,
                   const struct synth_shape *shape, enum synth_role role,
                   int layer, int n_cols) {
    uint32_t id = type->base;
    if (id == SYNTH_F32 || id == SYNTH_F16 || id == SYNTH_BF16) return id;
    if (role == ROLE_EMBEDDING && shape->is_tied) role = ROLE_OUTPUT;
    switch (role) {
    case ROLE_OUTPUT:
        if (!divides(id, n_cols))
            id = SYNTH_Q8_0;
        else if (id != SYNTH_Q8_0)
            id = SYNTH_Q6_K;
        break;
    case ROLE_ATTN_V:
        id = mix_attn_v(id, shape, layer);
        break;
    case ROLE_ATTN_OUTPUT:
        id = mix_attn_output(id);
        break;
    case ROLE_FFN_DOWN:
        id = mix_ffn_down(id, shape, layer);
        break;
    case ROLE_OTHER:
    case ROLE_EMBEDDING:
        break;
    }
    return divides(id, n_cols) ? id : fallback(id, n_cols);
}
