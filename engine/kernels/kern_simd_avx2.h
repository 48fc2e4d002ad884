#pragma once
// Vector forms of kern_math.h for AVX2 with FMA and F16C, and the operations
// that the table in kern_avx2.c collects. The 16 partial sums of a reduction
// are two registers. Internal to engine/kernels/.

#include "engine/kernels/kern_math.h"
#include "engine/kernels/kern_tiles.h"
#include "engine/kernels/kernels.h"

#include <immintrin.h>

KERN_INLINE __m256 kern_exp_avx2(__m256 x) {
    const __m256 magic = _mm256_set1_ps(KERN_EXP_MAGIC);
    __m256 t = _mm256_fmadd_ps(x, _mm256_set1_ps(KERN_EXP_LOG2E), magic);
    __m256 n = _mm256_sub_ps(t, magic);
    __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(-KERN_EXP_LN2_HI), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(-KERN_EXP_LN2_LO), r);
    __m256 p = _mm256_fmadd_ps(_mm256_set1_ps(KERN_EXP_P0), r,
                               _mm256_set1_ps(KERN_EXP_P1));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(KERN_EXP_P2));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(KERN_EXP_P3));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(KERN_EXP_P4));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(KERN_EXP_P5));
    p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r),
                      _mm256_set1_ps(1.0f));
    __m256 y = _mm256_castsi256_ps(_mm256_add_epi32(
        _mm256_castps_si256(p), _mm256_slli_epi32(_mm256_castps_si256(t), 23)));
    __m256 low = _mm256_cmp_ps(x, _mm256_set1_ps(KERN_EXP_LOW), _CMP_LT_OQ);
    __m256 high = _mm256_cmp_ps(x, _mm256_set1_ps(KERN_EXP_HIGH), _CMP_GT_OQ);
    y = _mm256_andnot_ps(low, y);
    y = _mm256_blendv_ps(y, _mm256_set1_ps(INFINITY), high);
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}

// The fixed tree over 16 partial sums in memory.
KERN_INLINE float kern_join_avx2(const float s[KERN_LANES]) {
    __m256 a = _mm256_add_ps(_mm256_loadu_ps(s), _mm256_loadu_ps(s + 8));
    __m128 b =
        _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

// Store the first n of 16 floats (all for n >= 16).
KERN_INLINE void kern_store_avx2(float *y, __m256 a, __m256 b, int n) {
    if (n >= 16) {
        _mm256_storeu_ps(y, a);
        _mm256_storeu_ps(y + 8, b);
        return;
    }
    float s[16];
    _mm256_storeu_ps(s, a);
    _mm256_storeu_ps(s + 8, b);
    if (n > 0) memcpy(y, s, (size_t)n * sizeof *s);
}

void kern_quantize_avx2(struct kern_input *in, int begin, int end);
void kern_matmul_float_avx2(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end);
void kern_matmul_quant_avx2(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end);
// For more than one token.
void kern_matmul_wide_avx2(const struct kern_matrix *w,
                           const struct kern_input *in, float *y, int y_stride,
                           int begin, int end);
float kern_exp_sum_avx2(float *x, int n, float max, float inv_temp);
float kern_max_avx2(const float *x, int n);
void kern_attn_avx2(const struct kern_attn *a);
