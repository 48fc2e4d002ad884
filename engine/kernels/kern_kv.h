#pragma once
// Pages of the KV cache: KERN_PAGE positions of the keys, or of the values, of
// one KV head, in one of three types.
//
//   keys    [head_dim][KERN_PAGE]         a lane is a position
//   values  [KERN_PAGE][head_dim_padded]  padded to a multiple of 16
//
// KERN_F32, KERN_F16: arrays of floats, or of halves (rounded half to even;
// beyond 65519 infinite). KERN_Q8_0: an array of signed bytes, behind it the
// scales, halves, one for each position and KERN_KV_BLOCK dimensions; an
// element is byte * scale:
//   keys    [n_blocks][KERN_PAGE]
//   values  [KERN_PAGE][n_blocks]
// What is stored is rounded once, when it is written, by the same operations
// on every CPU; every kernel then computes with the same floats.

#include "engine/kernels/kernels.h"

enum { KERN_KV_BLOCK = 32 };

// "f32", "f16", "q8_0" -> type; -1 with ERR_USAGE else.
int kern_kv_parse(const char *name, enum kern_type *type, struct error *err);
const char *kern_kv_name(enum kern_type type); // "f16"; "?" when it is none

static inline int kern_kv_padded(int head_dim) {
    return (head_dim + 15) / 16 * 16;
}

static inline int kern_kv_blocks(int head_dim) {
    return (head_dim + KERN_KV_BLOCK - 1) / KERN_KV_BLOCK;
}

// Bytes of a page, multiples of 64; 0 when the type is none of the three.
size_t kern_keys_bytes(enum kern_type type, int head_dim);
size_t kern_values_bytes(enum kern_type type, int head_dim);

// Store one position in slot 0..KERN_PAGE-1. k, v: [head_dim]. A block of
// KERN_Q8_0 with a NaN or an infinity becomes NaN.
void kern_keys_put(enum kern_type type, int head_dim, void *page, int slot,
                   const float *k);
void kern_values_put(enum kern_type type, int head_dim, void *page, int slot,
                     const float *v);

// The definition of what a page means: dimension d of a slot.
float kern_keys_get(enum kern_type type, int head_dim, const void *page,
                    int slot, int d);
float kern_values_get(enum kern_type type, int head_dim, const void *page,
                      int slot, int d);
