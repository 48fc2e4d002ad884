// Products with F32, F16 and BF16 weights: a register holds one column of a
// panel, multiplied by one activation that is broadcast from memory.

#include "engine/kernels/kern_simd_avx512.h"

// 16 weights as floats, element `i` (in registers) of a panel.
KERN_INLINE __m512 load_weights(enum kern_type type, const char *panel,
                                size_t i) {
    if (type == KERN_F32) return _mm512_load_ps(panel + i * 64);
    __m256i h = _mm256_load_si256((const __m256i *)(panel + i * 32));
    if (type == KERN_F16) return _mm512_cvtph_ps(h);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

// A tile of many tokens computes so long per column that the hardware does not
// look far enough ahead. On matrices larger than L2 this makes 8 tokens 1.3
// times as fast, on smaller ones nothing changes. (F32 tiles have no load slots
// to spare: 1.1 times and 4 % slower.) Reaching past the panel's end does no
// harm; the address is never read.
KERN_INLINE void prefetch_half(const char *panel, size_t c) {
    enum { AHEAD = 36 * 64, COLUMN = KERN_PANEL_ROWS * 2 };
    _mm_prefetch((const char *)((uintptr_t)panel + c * COLUMN + AHEAD),
                 _MM_HINT_T0);
}

// Columns [c, end), a chunk: its sums, from zero, are added to sum.
KERN_INLINE void chunk(enum kern_type type, int nt, int np,
                       const struct kern_tile *t, size_t c, size_t end,
                       __m512 sum[8][12]) {
    __m512 part[8][12];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        part[i][j] = _mm512_setzero_ps();
    for (; c < end; c++) {
        __m512 w[12];
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            const char *panel = t->panel + (size_t)j * t->panel_bytes;
            if (nt >= 4 && type != KERN_F32) prefetch_half(panel, c);
            w[j] = load_weights(type, panel, c);
            if (nt > 1) KERN_KEEP(w[j]);
        }
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            __m512 x = _mm512_set1_ps(t->x[(size_t)i * t->n_cols + c]);
            KERN_UNROLL
            for (int j = 0; j < np; j++)
                part[i][j] = _mm512_fmadd_ps(w[j], x, part[i][j]);
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = _mm512_add_ps(sum[i][j], part[i][j]);
}

KERN_INLINE void tile(enum kern_type type, int nt, int np,
                      const struct kern_tile *t) {
    __m512 sum[8][12];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = _mm512_setzero_ps();
    size_t whole = t->n_cols / KERN_CHUNK * KERN_CHUNK;
    for (size_t c = 0; c < whole; c += KERN_CHUNK)
        chunk(type, nt, np, t, c, c + KERN_CHUNK, sum);
    if (whole < t->n_cols) chunk(type, nt, np, t, whole, t->n_cols, sum);
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        _mm512_mask_storeu_ps(
            t->y + (size_t)i * t->y_stride + j * KERN_PANEL_ROWS,
            kern_mask_avx512(t->n_rows - j * KERN_PANEL_ROWS), sum[i][j]);
}

// 32 registers: nt * np sums, np weights, one activation.
#define TILE(type, nt, np)                                                     \
    static void type##_##nt##x##np(const struct kern_tile *t) {                \
        tile(KERN_##type, nt, np, t);                                          \
    }
#define TILES(type)                                                            \
    TILE(type, 1, 1)                                                           \
    TILE(type, 1, 2)                                                           \
    TILE(type, 1, 3) TILE(type, 1, 4) TILE(type, 1, 5) TILE(type, 1, 6) TILE(  \
        type, 1, 7) TILE(type, 1, 8) TILE(type, 1, 9) TILE(type, 1, 10)        \
        TILE(type, 1, 11) TILE(type, 1, 12) TILE(type, 2, 1) TILE(type, 2, 2)  \
            TILE(type, 2, 3) TILE(type, 2, 4) TILE(type, 2, 5) TILE(           \
                type, 2, 6) TILE(type, 2, 7) TILE(type, 2, 8) TILE(type, 3, 1) \
                TILE(type, 3, 2) TILE(type, 3, 3) TILE(type, 3, 4)             \
                    TILE(type, 3, 5) TILE(type, 3, 6) TILE(type, 4, 1)         \
                        TILE(type, 4, 2) TILE(type, 4, 3) TILE(type, 4, 4)     \
                            TILE(type, 4, 5) TILE(type, 6, 1) TILE(type, 6, 2) \
                                TILE(type, 6, 3) TILE(type, 6, 4)              \
                                    TILE(type, 8, 1) TILE(type, 8, 2)          \
                                        TILE(type, 8, 3) static const struct   \
        kern_tile_set type##_tiles =                                           \
            {                                                                  \
                .most = {0, 12, 8, 6, 5, 0, 4, 0, 3},                          \
                .fn =                                                          \
                    {                                                          \
                        {NULL},                                                \
                        {NULL, type##_1x1, type##_1x2, type##_1x3, type##_1x4, \
                         type##_1x5,                                           \
                         type##_1x6,                                           \
                         type##_1x7,                                           \
                         type##_1x8,                                           \
                         type##_1x9,                                           \
                         type##_1x10, type##_1x11, type##_1x12},               \
                        {NULL, type##_2x1, type##_2x2, type##_2x3, type##_2x4, \
                         type##_2x5,                                           \
                         type##_2x6,                                           \
                         type##_2x7,                                           \
                         type##_2x8},                                          \
                        {NULL, type##_3x1, type##_3x2, type##_3x3, type##_3x4, \
                         type##_3x5,                                           \
                         type##_3x6},                                          \
                        {NULL, type##_4x1, type##_4x2, type##_4x3, type##_4x4, \
                         type##_4x5},                                          \
                        {NULL},                                                \
                        {NULL, type##_6x1, type##_6x2, type##_6x3,             \
                         type##_6x4},                                          \
                        {NULL},                                                \
                        {NULL, type##_8x1, type##_8x2, type##_8x3},            \
                    },                                                         \
    };

TILES(F32)
TILES(F16)
TILES(BF16)

void kern_matmul_float_avx512(const struct kern_matrix *w,
                              const struct kern_input *in, float *y,
                              int y_stride, int begin, int end) {
    const struct kern_tile_set *tiles = w->type == KERN_F32   ? &F32_tiles
                                        : w->type == KERN_F16 ? &F16_tiles
                                                              : &BF16_tiles;
    kern_tile_matmul(tiles, w, in, y, y_stride, begin, end);
}
