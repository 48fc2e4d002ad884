// AVX2 with FMA: operations over one vector, and the table. Reductions keep
// their 16 partial sums in two registers; a tail shorter than a register is
// done by the scalar definitions of kern_math.h, sum by sum.

#include "engine/kernels/kern_simd_avx2.h"

#include "engine/kernels/kern_tables.h"

static void rmsnorm(float *y, const float *x, const float *weight, int n,
                    float eps) {
    __m256 a = _mm256_setzero_ps(), b = a;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256 u = _mm256_loadu_ps(x + i), v = _mm256_loadu_ps(x + i + 8);
        a = _mm256_fmadd_ps(u, u, a);
        b = _mm256_fmadd_ps(v, v, b);
    }
    float s[KERN_LANES];
    kern_store_avx2(s, a, b, KERN_LANES);
    for (int j = 0; i + j < n; j++)
        s[j] = fmaf(x[i + j], x[i + j], s[j]);
    float inverse = 1.0f / sqrtf(kern_join_avx2(s) / (float)n + eps);
    const __m256 scale = _mm256_set1_ps(inverse);
    for (i = 0; i + 8 <= n; i += 8)
        _mm256_storeu_ps(
            y + i, _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), scale),
                                 _mm256_loadu_ps(weight + i)));
    for (; i < n; i++)
        y[i] = x[i] * inverse * weight[i];
}

static void swiglu(float *gate, const float *up, int n) {
    const __m256 one = _mm256_set1_ps(1.0f), sign = _mm256_set1_ps(-0.0f);
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 v = _mm256_loadu_ps(gate + i);
        __m256 e = kern_exp_avx2(_mm256_xor_ps(v, sign));
        v = _mm256_div_ps(v, _mm256_add_ps(one, e));
        _mm256_storeu_ps(gate + i, _mm256_mul_ps(v, _mm256_loadu_ps(up + i)));
    }
    for (; i < n; i++)
        gate[i] = kern_silu(gate[i]) * up[i];
}

static void add(float *y, const float *x, int n) {
    int i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(y + i),
                                              _mm256_loadu_ps(x + i)));
    for (; i < n; i++)
        y[i] += x[i];
}

static void rotate(float *a, float *b, const float *cs) {
    float x = *a, y = *b;
    *a = fmaf(x, cs[0], -(y * cs[1]));
    *b = fmaf(y, cs[0], x * cs[1]);
}

static void rope_neox(float *head, const float *cs, int n_rot) {
    int n = n_rot / 2, i = 0;
    for (; i + 8 <= n; i += 8) {
        // Interleaved (cos, sin): shuffles work on 128-bit halves, so bring
        // the halves together first.
        __m256 u = _mm256_loadu_ps(cs + 2 * i);
        __m256 v = _mm256_loadu_ps(cs + 2 * i + 8);
        __m256 low = _mm256_permute2f128_ps(u, v, 0x20);
        __m256 high = _mm256_permute2f128_ps(u, v, 0x31);
        __m256 cosine = _mm256_shuffle_ps(low, high, 0x88);
        __m256 sine = _mm256_shuffle_ps(low, high, 0xdd);
        __m256 a = _mm256_loadu_ps(head + i);
        __m256 b = _mm256_loadu_ps(head + n + i);
        _mm256_storeu_ps(head + i,
                         _mm256_fmsub_ps(a, cosine, _mm256_mul_ps(b, sine)));
        _mm256_storeu_ps(head + n + i,
                         _mm256_fmadd_ps(b, cosine, _mm256_mul_ps(a, sine)));
    }
    for (; i < n; i++)
        rotate(head + i, head + n + i, cs + 2 * i);
}

// a * cos - b * sin in even lanes, b * cos + a * sin in odd ones.
static void rope_norm(float *head, const float *cs, int n_rot) {
    int n = n_rot / 2 * 2, i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 v = _mm256_loadu_ps(head + i), pairs = _mm256_loadu_ps(cs + i);
        __m256 other = _mm256_mul_ps(_mm256_permute_ps(v, 0xb1),
                                     _mm256_movehdup_ps(pairs));
        v = _mm256_fmaddsub_ps(v, _mm256_moveldup_ps(pairs), other);
        _mm256_storeu_ps(head + i, v);
    }
    for (; i < n; i += 2)
        rotate(head + i, head + i + 1, cs + i);
}

KERN_INLINE __m256 exp_step(float *x, __m256 max, __m256 inv_temp) {
    __m256 v = _mm256_sub_ps(_mm256_loadu_ps(x), max);
    v = kern_exp_avx2(_mm256_mul_ps(v, inv_temp));
    _mm256_storeu_ps(x, v);
    return v;
}

float kern_exp_sum_avx2(float *x, int n, float max, float inv_temp) {
    const __m256 m = _mm256_set1_ps(max), t = _mm256_set1_ps(inv_temp);
    __m256 a = _mm256_setzero_ps(), b = a;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        a = _mm256_add_ps(a, exp_step(x + i, m, t));
        b = _mm256_add_ps(b, exp_step(x + i + 8, m, t));
    }
    float s[KERN_LANES];
    kern_store_avx2(s, a, b, KERN_LANES);
    for (int j = 0; i + j < n; j++) {
        x[i + j] = kern_exp((x[i + j] - max) * inv_temp);
        s[j] += x[i + j];
    }
    return kern_join_avx2(s);
}

// vmaxps returns its second operand when either is NaN or both are zeros.
float kern_max_avx2(const float *x, int n) {
    __m256 a = _mm256_set1_ps(-INFINITY), b = a;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        a = _mm256_max_ps(_mm256_loadu_ps(x + i), a);
        b = _mm256_max_ps(_mm256_loadu_ps(x + i + 8), b);
    }
    float s[KERN_LANES];
    kern_store_avx2(s, a, b, KERN_LANES);
    for (int j = 0; i + j < n; j++)
        s[j] = x[i + j] > s[j] ? x[i + j] : s[j];
    for (int h = KERN_LANES / 2; h; h /= 2)
        for (int j = 0; j < h; j++)
            s[j] = s[j + h] > s[j] ? s[j + h] : s[j];
    return s[0];
}

static void matmul(const struct kern_matrix *w, const struct kern_input *in,
                   float *y, int y_stride, int begin, int end) {
    if (kern_is_quantized(w->type))
        kern_matmul_quant_avx2(w, in, y, y_stride, begin, end);
    else
        kern_matmul_float_avx2(w, in, y, y_stride, begin, end);
}

const struct kernels kern_table_avx2 = {
    .isa = KERN_AVX2,
    .name = "avx2",
    .quantize = kern_quantize_avx2,
    .matmul = matmul,
    .rmsnorm = rmsnorm,
    .swiglu = swiglu,
    .add = add,
    .rope_neox = rope_neox,
    .rope_norm = rope_norm,
    .exp_sum = kern_exp_sum_avx2,
    .max = kern_max_avx2,
    .attn = kern_attn_avx2,
};
