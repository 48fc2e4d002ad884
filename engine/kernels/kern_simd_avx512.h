#pragma once
// Vector forms of kern_math.h for AVX-512, and the operations that the table
// in kern_avx512.c collects. Internal to engine/kernels/.

#include "engine/kernels/kern_math.h"
#include "engine/kernels/kern_tiles.h"
#include "engine/kernels/kernels.h"

#include <immintrin.h>

// The lowest n lanes, n <= 0 none, n >= 16 all.
KERN_INLINE __mmask16 kern_mask_avx512(int n) {
    return n >= 16 ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1);
}

// 16 floats, or the first n where fewer are left, and zeros. Whole registers go
// without a mask: what is stored with one must reach memory before it can be
// loaded again.
KERN_INLINE __m512 kern_load_avx512(const float *x, int n) {
    if (n >= 16) return _mm512_loadu_ps(x);
    return _mm512_maskz_loadu_ps(kern_mask_avx512(n), x);
}

KERN_INLINE void kern_store_avx512(float *x, __m512 v, int n) {
    if (n >= 16)
        _mm512_storeu_ps(x, v);
    else
        _mm512_mask_storeu_ps(x, kern_mask_avx512(n), v);
}

KERN_INLINE __m512 kern_exp_avx512(__m512 x) {
    const __m512 magic = _mm512_set1_ps(KERN_EXP_MAGIC);
    __m512 t = _mm512_fmadd_ps(x, _mm512_set1_ps(KERN_EXP_LOG2E), magic);
    __m512 n = _mm512_sub_ps(t, magic);
    __m512 r = _mm512_fmadd_ps(n, _mm512_set1_ps(-KERN_EXP_LN2_HI), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(-KERN_EXP_LN2_LO), r);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(KERN_EXP_P0), r,
                               _mm512_set1_ps(KERN_EXP_P1));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(KERN_EXP_P2));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(KERN_EXP_P3));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(KERN_EXP_P4));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(KERN_EXP_P5));
    p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r),
                      _mm512_set1_ps(1.0f));
    __m512 y = _mm512_castsi512_ps(_mm512_add_epi32(
        _mm512_castps_si512(p), _mm512_slli_epi32(_mm512_castps_si512(t), 23)));
    __mmask16 low =
        _mm512_cmp_ps_mask(x, _mm512_set1_ps(KERN_EXP_LOW), _CMP_LT_OQ);
    __mmask16 high =
        _mm512_cmp_ps_mask(x, _mm512_set1_ps(KERN_EXP_HIGH), _CMP_GT_OQ);
    y = _mm512_mask_mov_ps(y, low, _mm512_setzero_ps());
    y = _mm512_mask_mov_ps(y, high, _mm512_set1_ps(INFINITY));
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), x);
}

// The fixed tree over 16 partial sums.
KERN_INLINE float kern_join_avx512(__m512 s) {
    __m256 a =
        _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
    __m128 b =
        _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

void kern_quantize_avx512(struct kern_input *in, int begin, int end);
void kern_matmul_float_avx512(const struct kern_matrix *w,
                              const struct kern_input *in, float *y,
                              int y_stride, int begin, int end);
void kern_matmul_quant_avx512(const struct kern_matrix *w,
                              const struct kern_input *in, float *y,
                              int y_stride, int begin, int end);
// For many tokens, a multiple of KERN_TILE_TOKENS.
void kern_matmul_wide_avx512(const struct kern_matrix *w,
                             const struct kern_input *in, float *y,
                             int y_stride, int begin, int end);
float kern_exp_sum_avx512(float *x, int n, float max, float inv_temp);
float kern_max_avx512(const float *x, int n);
void kern_attn_avx512(const struct kern_attn *a);
