#pragma once
// What the vector kernels of all instruction sets know of a quantised type:
// the shape of its blocks, and where a block of a panel begins. The type is a
// constant where these are called, so each call shrinks to a few instructions.
// Internal to engine/kernels/; the layout of the panels is in kern_format.h.

#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_tiles.h"

enum {
    QUANT_WORD_BYTES = 64, // 16 rows of 4 bytes
    QUANT_MAX_SCALES = 16, // of a block
};

// All of them, once each.
#define QUANT_TYPES(DO)                                                              \
    DO(Q4_0)                                                                   \
    DO(Q4_1)                                                                   \
    DO(Q5_0)                                                                   \
    DO(Q5_1)                                                                   \
    DO(Q8_0)                                                                   \
    DO(Q2_K)                                                                   \
    DO(Q3_K)                                                                   \
    DO(Q4_K)                                                                   \
    DO(Q5_K)                                                                   \
    DO(Q6_K)                                                                   \
    DO(IQ4_NL)                                                                 \
    DO(IQ4_XS)

// What a type's kernel needs to know of it, constant-folded.
struct quant_shape {
    int block_groups; // groups of 32 columns of a block
    int n_scales;     // scales of a group: 1, or 2 of 16 columns
    bool has_min, minus_8;
    int pair; // groups whose weights share bytes
};

KERN_INLINE struct quant_shape quant_shape(enum kern_type type) {
    switch (type) {
    case KERN_Q4_0:
        return (struct quant_shape){1, 1, false, true, 1};
    case KERN_Q4_1:
    case KERN_Q5_1:
        return (struct quant_shape){1, 1, true, false, 1};
    case KERN_Q2_K:
        return (struct quant_shape){8, 2, true, false, 4};
    case KERN_Q3_K:
    case KERN_Q6_K:
        return (struct quant_shape){8, 2, false, false, 4};
    case KERN_Q4_K:
    case KERN_Q5_K:
        return (struct quant_shape){8, 1, true, false, 2};
    case KERN_IQ4_XS:
        return (struct quant_shape){8, 1, false, false, 1};
    default:
        return (struct quant_shape){1, 1, false, false, 1};
    }
}

// Where block b of a panel begins: its scales, its words.
struct quant_block {
    const char *scales, *words;
};

KERN_INLINE struct quant_block quant_block(enum kern_type type,
                                           const char *panel, size_t b) {
    const char *unit;
    switch (type) {
    case KERN_Q4_0:
    case KERN_IQ4_NL:
        unit = panel + b / 2 * (9 * QUANT_WORD_BYTES);
        return (struct quant_block){unit + b % 2 * 32,
                                    unit + QUANT_WORD_BYTES +
                                        b % 2 * (4 * QUANT_WORD_BYTES)};
    case KERN_Q5_0:
        unit = panel + b / 2 * (11 * QUANT_WORD_BYTES);
        return (struct quant_block){unit + b % 2 * 32,
                                    unit + QUANT_WORD_BYTES +
                                        b % 2 * (5 * QUANT_WORD_BYTES)};
    case KERN_Q8_0:
        unit = panel + b / 2 * (17 * QUANT_WORD_BYTES);
        return (struct quant_block){unit + b % 2 * 32,
                                    unit + QUANT_WORD_BYTES +
                                        b % 2 * (8 * QUANT_WORD_BYTES)};
    case KERN_Q4_1:
        unit = panel + b * (5 * QUANT_WORD_BYTES);
        break;
    case KERN_Q5_1:
        unit = panel + b * (6 * QUANT_WORD_BYTES);
        break;
    case KERN_Q2_K:
        unit = panel + b * (21 * QUANT_WORD_BYTES);
        break;
    case KERN_Q3_K:
        unit = panel + b * (28 * QUANT_WORD_BYTES);
        break;
    case KERN_Q4_K:
        unit = panel + b * (36 * QUANT_WORD_BYTES);
        break;
    case KERN_Q5_K:
        unit = panel + b * (44 * QUANT_WORD_BYTES);
        break;
    case KERN_Q6_K:
        unit = panel + b * (53 * QUANT_WORD_BYTES);
        break;
    default: // KERN_IQ4_XS
        unit = panel + b * (34 * QUANT_WORD_BYTES);
    }
    return (struct quant_block){unit, unit + QUANT_WORD_BYTES};
}
