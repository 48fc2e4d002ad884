// Products with Q8_0 weights: vpmaddwd multiplies pairs of 16 bits and adds
// them to 32, one pair per row. Inside a block of 32 columns the sum is an
// exact integer (at most 32 * 128 * 32767 < 2^27), so its order is free;
// blocks are added in order, one fma each.

#include "engine/kernels/kern_simd_avx2.h"

enum { BLOCK_BYTES = KERN_PANEL_ROWS * ((int)sizeof(float) + KERN_BLOCK) };

// Largest |x| of a block; sets *finite.
static float largest_abs(const float *x, int *finite) {
    const __m256 sign = _mm256_set1_ps(-0.0f), inf = _mm256_set1_ps(INFINITY);
    __m256 most = _mm256_setzero_ps(), good = _mm256_cmp_ps(inf, inf, 0);
    for (int i = 0; i < KERN_BLOCK; i += 8) {
        __m256 v = _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i));
        good = _mm256_and_ps(good, _mm256_cmp_ps(v, inf, _CMP_LT_OQ));
        most = _mm256_max_ps(v, most);
    }
    *finite = _mm256_movemask_ps(good) == 0xff;
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(most),
                          _mm256_extractf128_ps(most, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

static float quantize_block(int16_t *q, const float *x) {
    int finite;
    float largest = largest_abs(x, &finite);
    if (!finite || largest < KERN_QUANT_TINY) {
        memset(q, 0, KERN_BLOCK * sizeof *q);
        return finite ? 0.0f : NAN;
    }
    float scale = largest / KERN_QUANT_MAX;
    const __m256 s = _mm256_set1_ps(scale);
    for (int i = 0; i < KERN_BLOCK; i += 16) {
        __m256i a =
            _mm256_cvtps_epi32(_mm256_div_ps(_mm256_loadu_ps(x + i), s));
        __m256i b =
            _mm256_cvtps_epi32(_mm256_div_ps(_mm256_loadu_ps(x + i + 8), s));
        // packs works on 128-bit halves: put the quarters back in order.
        __m256i packed =
            _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
        _mm256_storeu_si256((__m256i *)(q + i), packed);
    }
    return scale;
}

void kern_quantize_avx2(struct kern_input *in, int begin, int end) {
    size_t n_blocks = (size_t)in->n_cols / KERN_BLOCK;
    for (size_t i = (size_t)begin * n_blocks; i < (size_t)end * n_blocks; i++)
        in->q_scale[i] =
            quantize_block(in->q + i * KERN_BLOCK, in->x + i * KERN_BLOCK);
}

// isum[i][j][half] of one block.
KERN_INLINE void block_sums(int nt, int np, const struct kern_tile *t,
                            size_t block, __m256i isum[4][4][2]) {
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        isum[i][j][0] = isum[i][j][1] = _mm256_setzero_si256();
    const char *weights = t->panel + block * BLOCK_BYTES + 64;
    const int16_t *q = t->q + block * KERN_BLOCK;
    for (int c = 0; c < KERN_BLOCK / 2; c++) {
        __m256i x[4];
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            int32_t pair;
            memcpy(&pair, q + (size_t)i * t->n_cols + 2 * c, sizeof pair);
            x[i] = _mm256_set1_epi32(pair);
        }
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            const char *at = weights + (size_t)j * t->panel_bytes + c * 32;
            KERN_UNROLL
            for (int h = 0; h < 2; h++) {
                __m256i w = _mm256_cvtepi8_epi16(
                    _mm_load_si128((const __m128i *)(at + h * 16)));
                KERN_UNROLL
                for (int i = 0; i < nt; i++)
                    isum[i][j][h] = _mm256_add_epi32(
                        isum[i][j][h], _mm256_madd_epi16(w, x[i]));
            }
        }
    }
}

KERN_INLINE void add_block(int nt, int np, const struct kern_tile *t,
                           size_t block, __m256i isum[4][4][2],
                           __m256 sum[4][4][2]) {
    size_t n_blocks = t->n_cols / KERN_BLOCK;
    KERN_UNROLL
    for (int j = 0; j < np; j++) {
        const float *scales =
            (const float *)(const void *)(t->panel +
                                          (size_t)j * t->panel_bytes +
                                          block * BLOCK_BYTES);
        KERN_UNROLL
        for (int h = 0; h < 2; h++) {
            __m256 scale = _mm256_load_ps(scales + h * 8);
            KERN_UNROLL
            for (int i = 0; i < nt; i++) {
                __m256 s = _mm256_broadcast_ss(t->q_scale +
                                               (size_t)i * n_blocks + block);
                sum[i][j][h] =
                    _mm256_fmadd_ps(_mm256_cvtepi32_ps(isum[i][j][h]),
                                    _mm256_mul_ps(scale, s), sum[i][j][h]);
            }
        }
    }
}

KERN_INLINE void tile(int nt, int np, const struct kern_tile *t) {
    __m256 sum[4][4][2];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j][0] = sum[i][j][1] = _mm256_setzero_ps();
    for (size_t b = 0; b < t->n_cols / KERN_BLOCK; b++) {
        __m256i isum[4][4][2];
        block_sums(nt, np, t, b, isum);
        add_block(nt, np, t, b, isum, sum);
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        kern_store_avx2(t->y + (size_t)i * t->y_stride + j * KERN_PANEL_ROWS,
                        sum[i][j][0], sum[i][j][1],
                        t->n_rows - j * KERN_PANEL_ROWS);
}

// 16 registers: the integer sums stay in registers, the float sums may be
// spilled, being touched once per 16 steps.
#define TILE(nt, np)                                                           \
    static void q8_0_##nt##x##np(const struct kern_tile *t) {                  \
        tile(nt, np, t);                                                       \
    }
TILE(1, 1)
TILE(1, 2) TILE(1, 3) TILE(1, 4) TILE(2, 1) TILE(2, 2) TILE(3, 1) TILE(4, 1)

    static const struct kern_tile_set q8_0_tiles = {
        .most = {0, 4, 2, 1, 1, 0, 0, 0, 0},
        .fn =
            {
                {NULL},
                {NULL, q8_0_1x1, q8_0_1x2, q8_0_1x3, q8_0_1x4},
                {NULL, q8_0_2x1, q8_0_2x2},
                {NULL, q8_0_3x1},
                {NULL, q8_0_4x1},
            },
};

void kern_matmul_q8_0_avx2(const struct kern_matrix *w,
                           const struct kern_input *in, float *y, int y_stride,
                           int begin, int end) {
    kern_tile_matmul(&q8_0_tiles, w, in, y, y_stride, begin, end);
}
