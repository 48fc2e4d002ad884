#pragma once
// The weight types: how a block of the file lies in a panel and what its bytes
// mean. One table; all that is particular to a type outside the vector kernels
// stands in its row. Internal to engine/kernels/.
//
// Panels. The rows of a panel are interleaved unit by unit; a unit is one
// block, or two where a block is not a multiple of four bytes. A unit holds
//   first the half-precision scales of all its blocks, in the order of the
//         file: [n_blocks][n_halves][16 rows] of 2 bytes (widened to floats
//         where one half alone would break the alignment: Q3_K and Q6_K);
//   then  per block its other bytes in words of four, in the order of the
//         table's fields: [n_blocks][n_words][16 rows][4 bytes].
// So a register of 64 bytes is the same word of 16 rows; every unit begins at a
// multiple of 64 bytes but those of F16 and BF16, whose unit is one column (32
// bytes). A row whose blocks do not fill the last unit is padded with zeros.

#include "engine/kernels/kernels.h"

#include <stdbool.h>
#include <stdint.h>

// 32 columns of one row: weight c = scale[c / 16] * q[c] + min[c / 16].
struct kern_group {
    int8_t q[KERN_BLOCK];
    float scale[2], min[2];
};

enum kern_field_kind {
    FIELD_END,
    FIELD_WORDS, // n words of four bytes
    FIELD_FLOAT, // a weight of four bytes
    FIELD_HALF,  // a scale or weight of two bytes, IEEE half
    FIELD_WIDE,  // the same, a float in the panel
    FIELD_BF16,  // a weight of two bytes, bfloat16
    FIELD_BITS,  // two bytes that are no number
};

struct kern_field {
    enum kern_field_kind kind;
    int at, n; // bytes into the block; words
};

enum {
    KERN_MAX_FIELDS = 6,
    KERN_MAX_BLOCK_BYTES = 256,
    KERN_MAX_BLOCK_COLS = 256
};

struct kern_format {
    const char *name; // "Q4_K"
    int block_cols, block_bytes, unit_blocks;
    bool has_halves; // scales of 16 columns, not of 32
    bool has_min;
    struct kern_field fields[KERN_MAX_FIELDS]; // two-byte ones first
    // Columns [32 * group, 32 * group + 32) of a block; NULL: a float type.
    void (*decode)(const uint8_t *block, int group, struct kern_group *out);
};

// NULL: no such type.
const struct kern_format *kern_format(enum kern_type type);
// The weights of a quantised block: out [block_cols].
void kern_block_to_f32(const struct kern_format *f, const uint8_t *block,
                       float *out);
// Bytes of one unit in a panel.
size_t kern_unit_bytes(const struct kern_format *f);
// The file's bytes of block `block` of a panel's row r, [block_bytes].
void kern_panel_block(const struct kern_format *f, const void *panel, int block,
                      int r, uint8_t *bytes);

// Where column c of a block stands in kern_input.q16: 0, 2, 1, 3.
static inline int kern_q16_at(int c) {
    return (c & ~3) | (c & 1) << 1 | (c >> 1 & 1);
}

// The values of IQ4_NL and IQ4_XS.
extern const int8_t kern_iq4_values[16];
