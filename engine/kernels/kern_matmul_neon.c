// Products with F32, F16 and BF16 weights: four registers hold one column of a
// panel, multiplied by one activation of each token.

#include "engine/kernels/kern_simd_neon.h"

enum { MAX_TOKENS = 4, MAX_PANELS = 3 };

// Column c of a panel as floats.
KERN_INLINE struct kern_16_neon load_weights(enum kern_type type,
                                             const char *panel, size_t c) {
    if (type == KERN_F32)
        return kern_load_neon((const float *)(const void *)panel +
                              c * KERN_PANEL_ROWS);
    const uint16_t *h =
        (const uint16_t *)(const void *)panel + c * KERN_PANEL_ROWS;
    if (type == KERN_F16) return kern_halves_neon(h);
    struct kern_16_neon v;
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        v.reg[i] = vreinterpretq_f32_u32(
            vshll_n_u16(vld1_u16(h + i * KERN_REG_FLOATS), 16));
    return v;
}

// Columns [c, end), a chunk: its sums, from zero, are added to sum.
KERN_INLINE void chunk(enum kern_type type, int nt, int np,
                       const struct kern_tile *t, size_t c, size_t end,
                       struct kern_16_neon sum[MAX_TOKENS][MAX_PANELS]) {
    struct kern_16_neon part[MAX_TOKENS][MAX_PANELS];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        part[i][j] = kern_zeros_neon();
    for (; c < end; c++) {
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            struct kern_16_neon w =
                load_weights(type, t->panel + (size_t)j * t->panel_bytes, c);
            KERN_UNROLL
            for (int i = 0; i < nt; i++)
                part[i][j] = kern_fma_neon(part[i][j], w,
                                           t->x[(size_t)i * t->x_stride + c]);
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = kern_add_neon(sum[i][j], part[i][j]);
}

KERN_INLINE void tile(enum kern_type type, int nt, int np,
                      const struct kern_tile *t) {
    struct kern_16_neon sum[MAX_TOKENS][MAX_PANELS];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = kern_zeros_neon();
    size_t whole = t->n_cols / KERN_CHUNK * KERN_CHUNK;
    for (size_t c = 0; c < whole; c += KERN_CHUNK)
        chunk(type, nt, np, t, c, c + KERN_CHUNK, sum);
    if (whole < t->n_cols) chunk(type, nt, np, t, whole, t->n_cols, sum);
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        kern_store_neon(t->y + (size_t)i * t->y_stride + j * KERN_PANEL_ROWS,
                        sum[i][j], t->n_rows - j * KERN_PANEL_ROWS);
}

// 32 registers: 4 * nt * np sums of the chunk, four of weights, activations.
#define TILE(type, nt, np)                                                     \
    static void type##_##nt##x##np(const struct kern_tile *t) {                \
        tile(KERN_##type, nt, np, t);                                          \
    }
#define TILES(type)                                                            \
    TILE(type, 1, 1)                                                           \
    TILE(type, 1, 2)                                                           \
    TILE(type, 1, 3)                                                           \
    TILE(type, 2, 1)                                                           \
    TILE(type, 2, 2)                                                           \
    TILE(type, 3, 1)                                                           \
    TILE(type, 4, 1)                                                           \
    static const struct kern_tile_set type##_tiles = {                         \
        .most = {0, 3, 2, 1, 1, 0, 0, 0, 0},                                   \
        .fn = {[1] = {NULL, type##_1x1, type##_1x2, type##_1x3},               \
               [2] = {NULL, type##_2x1, type##_2x2},                           \
               [3] = {NULL, type##_3x1},                                       \
               [4] = {NULL, type##_4x1}},                                      \
    };

TILES(F32)
TILES(F16)
TILES(BF16)

void kern_matmul_float_neon(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end) {
    const struct kern_tile_set *tiles = w->type == KERN_F32   ? &F32_tiles
                                        : w->type == KERN_F16 ? &F16_tiles
                                                              : &BF16_tiles;
    kern_tile_matmul(tiles, w, in, y, y_stride, begin, end);
}
