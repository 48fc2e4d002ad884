// Products with F32, F16 and BF16 weights: two registers hold one column of a
// panel, multiplied by one activation that is broadcast from memory.

#include "engine/kernels/kern_simd_avx2.h"

// 8 weights as floats: half `h` of column c of a panel.
KERN_INLINE __m256 load_weights(enum kern_type type, const char *panel,
                                size_t c, int h) {
    if (type == KERN_F32)
        return _mm256_load_ps((const float *)(const void *)panel + c * 16 +
                              h * 8);
    __m128i v = _mm_load_si128((const __m128i *)(panel + c * 32 + h * 16));
    if (type == KERN_F16) return _mm256_cvtph_ps(v);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}

// Tiles of many tokens take one or two panels, so few streams of loads, and the
// processor's own prefetch waits for memory: 8 tokens of a large matrix run up
// to 1.5 times as fast. Reaching past the panel's end does no harm; the address
// is never read.
KERN_INLINE void prefetch(enum kern_type type, const char *panel, size_t c) {
    enum { AHEAD = 32 * 64 };
    size_t column = KERN_PANEL_ROWS * (type == KERN_F32 ? 4 : 2);
    _mm_prefetch((const char *)((uintptr_t)panel + c * column + AHEAD),
                 _MM_HINT_T0);
}

// Column c of all panels. With one panel its two registers stay and the
// activations pass by; with more it is the other way round.
KERN_INLINE void add_column(enum kern_type type, int nt, int np,
                            const struct kern_tile *t, size_t c,
                            __m256 part[6][6][2]) {
    __m256 x[6];
    if (np > 1) {
        KERN_UNROLL
        for (int i = 0; i < nt; i++)
            x[i] = _mm256_broadcast_ss(t->x + (size_t)i * t->n_cols + c);
    }
    KERN_UNROLL
    for (int j = 0; j < np; j++) {
        const char *panel = t->panel + (size_t)j * t->panel_bytes;
        __m256 w[2];
        if (nt >= 3) prefetch(type, panel, c);
        KERN_UNROLL
        for (int h = 0; h < 2; h++) {
            w[h] = load_weights(type, panel, c, h);
            if (nt > 1) KERN_KEEP(w[h]);
            KERN_UNROLL
            for (int i = 0; np > 1 && i < nt; i++)
                part[i][j][h] = _mm256_fmadd_ps(w[h], x[i], part[i][j][h]);
        }
        KERN_UNROLL
        for (int i = 0; np == 1 && i < nt; i++) {
            x[0] = _mm256_broadcast_ss(t->x + (size_t)i * t->n_cols + c);
            part[i][j][0] = _mm256_fmadd_ps(w[0], x[0], part[i][j][0]);
            part[i][j][1] = _mm256_fmadd_ps(w[1], x[0], part[i][j][1]);
        }
    }
}

// Columns [c, end), a chunk: its sums, from zero, are added to sum.
KERN_INLINE void chunk(enum kern_type type, int nt, int np,
                       const struct kern_tile *t, size_t c, size_t end,
                       __m256 sum[6][6][2]) {
    __m256 part[6][6][2];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        part[i][j][0] = part[i][j][1] = _mm256_setzero_ps();
    for (; c < end; c++)
        add_column(type, nt, np, t, c, part);
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++) {
        sum[i][j][0] = _mm256_add_ps(sum[i][j][0], part[i][j][0]);
        sum[i][j][1] = _mm256_add_ps(sum[i][j][1], part[i][j][1]);
    }
}

KERN_INLINE void tile(enum kern_type type, int nt, int np,
                      const struct kern_tile *t) {
    __m256 sum[6][6][2];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j][0] = sum[i][j][1] = _mm256_setzero_ps();
    size_t whole = t->n_cols / KERN_CHUNK * KERN_CHUNK;
    for (size_t c = 0; c < whole; c += KERN_CHUNK)
        chunk(type, nt, np, t, c, c + KERN_CHUNK, sum);
    if (whole < t->n_cols) chunk(type, nt, np, t, whole, t->n_cols, sum);
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        kern_store_avx2(t->y + (size_t)i * t->y_stride + j * KERN_PANEL_ROWS,
                        sum[i][j][0], sum[i][j][1],
                        t->n_rows - j * KERN_PANEL_ROWS);
}

// 16 registers: 2 * nt * np sums of a chunk, nt activations, one of weights;
// the sums of the chunks before it lie in memory.
#define TILE(type, nt, np)                                                     \
    static void type##_##nt##x##np(const struct kern_tile *t) {                \
        tile(KERN_##type, nt, np, t);                                          \
    }
// clang-format off
#define TILES(type)                                                            \
    TILE(type, 1, 1) TILE(type, 1, 2) TILE(type, 1, 3)                         \
    TILE(type, 1, 4) TILE(type, 1, 5) TILE(type, 1, 6)                         \
    TILE(type, 2, 1) TILE(type, 2, 2) TILE(type, 2, 3)                         \
    TILE(type, 3, 1) TILE(type, 3, 2)                                          \
    TILE(type, 4, 1)                                                           \
    TILE(type, 6, 1)                                                           \
    static const struct kern_tile_set type##_tiles = {                         \
        .most = {[1] = 6, [2] = 3, [3] = 2, [4] = 1, [6] = 1},                 \
        .fn = {                                                                \
            [1] = {NULL, type##_1x1, type##_1x2, type##_1x3,                   \
                   type##_1x4, type##_1x5, type##_1x6},                        \
            [2] = {NULL, type##_2x1, type##_2x2, type##_2x3},                  \
            [3] = {NULL, type##_3x1, type##_3x2},                              \
            [4] = {NULL, type##_4x1},                                          \
            [6] = {NULL, type##_6x1},                                          \
        },                                                                     \
    };
// clang-format on

TILES(F32)
TILES(F16)
TILES(BF16)

void kern_matmul_float_avx2(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end) {
    const struct kern_tile_set *tiles = w->type == KERN_F32   ? &F32_tiles
                                        : w->type == KERN_F16 ? &F16_tiles
                                                              : &BF16_tiles;
    kern_tile_matmul(tiles, w, in, y, y_stride, begin, end);
}
