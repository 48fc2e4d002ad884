// AVX-512 (F, BW, VL, DQ, VNNI): operations over one vector, and the table.
// A register is the 16 partial sums of a reduction; masks take care of tails.

#include "engine/kernels/kern_simd_avx512.h"

#include "engine/kernels/kern_tables.h"

static void rmsnorm(float *y, const float *x, const float *weight, int n,
                    float eps) {
    __m512 s = _mm512_setzero_ps();
    for (int i = 0; i < n; i += 16) {
        __m512 v = kern_load_avx512(x + i, n - i);
        s = _mm512_fmadd_ps(v, v, s);
    }
    float inverse = 1.0f / sqrtf(kern_join_avx512(s) / (float)n + eps);
    for (int i = 0; i < n; i += 16) {
        __m512 v = _mm512_mul_ps(kern_load_avx512(x + i, n - i),
                                 _mm512_set1_ps(inverse));
        v = _mm512_mul_ps(v, kern_load_avx512(weight + i, n - i));
        kern_store_avx512(y + i, v, n - i);
    }
}

static void swiglu(float *gate, const float *up, int n) {
    const __m512 one = _mm512_set1_ps(1.0f), sign = _mm512_set1_ps(-0.0f);
    for (int i = 0; i < n; i += 16) {
        __m512 v = kern_load_avx512(gate + i, n - i);
        __m512 e = kern_exp_avx512(_mm512_xor_ps(v, sign));
        v = _mm512_div_ps(v, _mm512_add_ps(one, e));
        v = _mm512_mul_ps(v, kern_load_avx512(up + i, n - i));
        kern_store_avx512(gate + i, v, n - i);
    }
}

static void add(float *y, const float *x, int n) {
    for (int i = 0; i < n; i += 16) {
        __m512 v = _mm512_add_ps(kern_load_avx512(y + i, n - i),
                                 kern_load_avx512(x + i, n - i));
        kern_store_avx512(y + i, v, n - i);
    }
}

static void rope_neox(float *head, const float *cs, int n_rot) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
                                           20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    int n = n_rot / 2;
    for (int i = 0; i < n; i += 16) {
        int left = n - i;
        __m512 low = kern_load_avx512(cs + 2 * i, 2 * left);
        __m512 high = kern_load_avx512(cs + 2 * i + 16, 2 * left - 16);
        __m512 cosine = _mm512_permutex2var_ps(low, even, high);
        __m512 sine = _mm512_permutex2var_ps(low, odd, high);
        __m512 a = kern_load_avx512(head + i, left);
        __m512 b = kern_load_avx512(head + n + i, left);
        __m512 ra = _mm512_fmsub_ps(a, cosine, _mm512_mul_ps(b, sine));
        __m512 rb = _mm512_fmadd_ps(b, cosine, _mm512_mul_ps(a, sine));
        kern_store_avx512(head + i, ra, left);
        kern_store_avx512(head + n + i, rb, left);
    }
}

// a * cos - b * sin in even lanes, b * cos + a * sin in odd ones.
static void rope_norm(float *head, const float *cs, int n_rot) {
    int n = n_rot / 2 * 2;
    for (int i = 0; i < n; i += 16) {
        __m512 v = kern_load_avx512(head + i, n - i);
        __m512 pairs = kern_load_avx512(cs + i, n - i);
        __m512 other = _mm512_mul_ps(_mm512_permute_ps(v, 0xb1),
                                     _mm512_movehdup_ps(pairs));
        v = _mm512_fmaddsub_ps(v, _mm512_moveldup_ps(pairs), other);
        kern_store_avx512(head + i, v, n - i);
    }
}

KERN_INLINE __m512 exp_of(__m512 x, float max, float inv_temp) {
    x = _mm512_sub_ps(x, _mm512_set1_ps(max));
    return kern_exp_avx512(_mm512_mul_ps(x, _mm512_set1_ps(inv_temp)));
}

float kern_exp_sum_avx512(float *x, int n, float max, float inv_temp) {
    __m512 s = _mm512_setzero_ps();
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 v = exp_of(_mm512_loadu_ps(x + i), max, inv_temp);
        _mm512_storeu_ps(x + i, v);
        s = _mm512_add_ps(s, v);
    }
    if (i < n) {
        __mmask16 m = kern_mask_avx512(n - i);
        __m512 v = _mm512_maskz_loadu_ps(m, x + i);
        v = exp_of(v, max, inv_temp);
        _mm512_mask_storeu_ps(x + i, m, v);
        s = _mm512_mask_add_ps(s, m, s, v);
    }
    return kern_join_avx512(s);
}

// vmaxps returns its second operand when either is NaN or both are zeros.
float kern_max_avx512(const float *x, int n) {
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 s = lowest;
    int i = 0;
    for (; i + 16 <= n; i += 16)
        s = _mm512_max_ps(_mm512_loadu_ps(x + i), s);
    if (i < n)
        s = _mm512_max_ps(
            _mm512_mask_loadu_ps(lowest, kern_mask_avx512(n - i), x + i), s);
    __m256 a =
        _mm256_max_ps(_mm512_extractf32x8_ps(s, 1), _mm512_castps512_ps256(s));
    __m128 b =
        _mm_max_ps(_mm256_extractf128_ps(a, 1), _mm256_castps256_ps128(a));
    b = _mm_max_ps(_mm_movehl_ps(b, b), b);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(b), b));
}

static void matmul(const struct kern_matrix *w, const struct kern_input *in,
                   float *y, int y_stride, int begin, int end) {
    if (kern_is_quantized(w->type))
        kern_matmul_quant_avx512(w, in, y, y_stride, begin, end);
    else
        kern_matmul_float_avx512(w, in, y, y_stride, begin, end);
}

const struct kernels kern_table_avx512 = {
    .isa = KERN_AVX512,
    .name = "avx512",
    .quantize = kern_quantize_avx512,
    .matmul = matmul,
    .rmsnorm = rmsnorm,
    .swiglu = swiglu,
    .add = add,
    .rope_neox = rope_neox,
    .rope_norm = rope_norm,
    .exp_sum = kern_exp_sum_avx512,
    .max = kern_max_avx512,
    .attn = kern_attn_avx512,
};
