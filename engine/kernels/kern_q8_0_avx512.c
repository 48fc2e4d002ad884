// Products with Q8_0 weights: vpdpwssd adds two products of 16 bits to each
// row's 32-bit sum. Inside a block of 32 columns the sum is an exact integer
// (at most 32 * 128 * 32767 < 2^27), so its order is free; blocks are added in
// order, one fma each.

#include "engine/kernels/kern_simd_avx512.h"

enum { BLOCK_BYTES = KERN_PANEL_ROWS * ((int)sizeof(float) + KERN_BLOCK) };

static float quantize_block(int16_t *q, const float *x) {
    __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    __m512 abs_a = _mm512_abs_ps(a), abs_b = _mm512_abs_ps(b);
    const __m512 inf = _mm512_set1_ps(INFINITY);
    int finite = _mm512_cmp_ps_mask(abs_a, inf, _CMP_LT_OQ) == 0xffff &&
                 _mm512_cmp_ps_mask(abs_b, inf, _CMP_LT_OQ) == 0xffff;
    float largest = _mm512_reduce_max_ps(_mm512_max_ps(abs_a, abs_b));
    if (!finite || largest < KERN_QUANT_TINY) {
        _mm512_storeu_si512(q, _mm512_setzero_si512());
        return finite ? 0.0f : NAN;
    }
    float scale = largest / KERN_QUANT_MAX;
    const __m512 s = _mm512_set1_ps(scale);
    __m512i low = _mm512_cvtps_epi32(_mm512_div_ps(a, s));
    __m512i high = _mm512_cvtps_epi32(_mm512_div_ps(b, s));
    _mm256_storeu_si256((__m256i *)q, _mm512_cvtepi32_epi16(low));
    _mm256_storeu_si256((__m256i *)(q + 16), _mm512_cvtepi32_epi16(high));
    return scale;
}

void kern_quantize_avx512(struct kern_input *in, int begin, int end) {
    size_t n_blocks = (size_t)in->n_cols / KERN_BLOCK;
    for (size_t i = (size_t)begin * n_blocks; i < (size_t)end * n_blocks; i++)
        in->q_scale[i] =
            quantize_block(in->q + i * KERN_BLOCK, in->x + i * KERN_BLOCK);
}

// _mm512_dpwssd_epi32(), for which gcc 12 copies the sum twice per use: a third
// slower for one token.
KERN_INLINE __m512i add_pairs(__m512i sum, __m512i w, __m512i x) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
}

// isum[i][j] of one block.
KERN_INLINE void block_sums(int nt, int np, const struct kern_tile *t,
                            size_t block, __m512i isum[8][12]) {
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        isum[i][j] = _mm512_setzero_si512();
    const char *weights = t->panel + block * BLOCK_BYTES + 64;
    const int16_t *q = t->q + block * KERN_BLOCK;
    for (int c = 0; c < KERN_BLOCK / 2; c++) {
        __m512i w[12];
        KERN_UNROLL
        for (int j = 0; j < np; j++)
            w[j] = _mm512_cvtepi8_epi16(_mm256_load_si256(
                (const __m256i *)(weights + (size_t)j * t->panel_bytes +
                                  c * 32)));
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            int32_t pair;
            memcpy(&pair, q + (size_t)i * t->n_cols + 2 * c, sizeof pair);
            __m512i x = _mm512_set1_epi32(pair);
            KERN_UNROLL
            for (int j = 0; j < np; j++)
                isum[i][j] = add_pairs(isum[i][j], w[j], x);
        }
    }
}

KERN_INLINE void tile(int nt, int np, const struct kern_tile *t) {
    size_t n_blocks = t->n_cols / KERN_BLOCK;
    __m512 sum[8][12];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = _mm512_setzero_ps();
    for (size_t b = 0; b < n_blocks; b++) {
        __m512i isum[8][12];
        block_sums(nt, np, t, b, isum);
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            __m512 scale = _mm512_load_ps(
                t->panel + (size_t)j * t->panel_bytes + b * BLOCK_BYTES);
            KERN_UNROLL
            for (int i = 0; i < nt; i++) {
                __m512 s = _mm512_set1_ps(t->q_scale[(size_t)i * n_blocks + b]);
                sum[i][j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(isum[i][j]),
                                            _mm512_mul_ps(scale, s), sum[i][j]);
            }
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        _mm512_mask_storeu_ps(
            t->y + (size_t)i * t->y_stride + j * KERN_PANEL_ROWS,
            kern_mask_avx512(t->n_rows - j * KERN_PANEL_ROWS), sum[i][j]);
}

// 32 registers: nt * np integer sums and as many of floats, np weights.
#define TILE(nt, np)                                                           \
    static void q8_0_##nt##x##np(const struct kern_tile *t) {                  \
        tile(nt, np, t);                                                       \
    }
TILE(1, 1)
TILE(1, 2) TILE(1, 3) TILE(1, 4) TILE(1, 5) TILE(1, 6) TILE(1, 7) TILE(1, 8)
    TILE(2, 1) TILE(2, 2) TILE(2, 3) TILE(2, 4) TILE(2, 5) TILE(3, 1) TILE(3, 2)
        TILE(3, 3) TILE(3, 4) TILE(4, 1) TILE(4, 2)
            TILE(4, 3)
                TILE(6, 1)
                    TILE(6, 2)
                        TILE(8, 1)
                            TILE(8, 2)

                                static const struct kern_tile_set q8_0_tiles =
                                    {
                                        .most = {0, 8, 5, 4, 3, 0, 2, 0, 2},
                                        .fn =
                                            {
                                                {NULL},
                                                {NULL, q8_0_1x1,
                                                 q8_0_1x2, q8_0_1x3, q8_0_1x4, q8_0_1x5, q8_0_1x6, q8_0_1x7, q8_0_1x8},
                                                {NULL, q8_0_2x1,
                                                 q8_0_2x2, q8_0_2x3, q8_0_2x4, q8_0_2x5},
                                                {NULL, q8_0_3x1,
                                                 q8_0_3x2, q8_0_3x3, q8_0_3x4},
                                                {NULL, q8_0_4x1,
                                                 q8_0_4x2, q8_0_4x3},
                                                {NULL},
                                                {NULL, q8_0_6x1, q8_0_6x2},
                                                {NULL},
                                                {NULL, q8_0_8x1, q8_0_8x2},
                                            },
};

void kern_matmul_q8_0_avx512(const struct kern_matrix *w,
                             const struct kern_input *in, float *y,
                             int y_stride, int begin, int end) {
    kern_tile_matmul(&q8_0_tiles, w, in, y, y_stride, begin, end);
}
