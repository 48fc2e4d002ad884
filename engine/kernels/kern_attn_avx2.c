// Attention of one KV head: the query heads of a group share every load of a
// key or value. Scores: a lane is a position. Values: a lane is an output
// dimension, 16 (two registers) at a time.

#include "engine/kernels/kern_simd_avx2.h"

enum { GROUP = 3, PAGE_REGS = KERN_PAGE / 8 };

// Scores of `ng` heads on one page.
KERN_INLINE void score_page(int ng, const struct kern_attn *a, const float *q,
                            int page, float *s, size_t s_stride) {
    __m256 sum[GROUP][PAGE_REGS];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int h = 0; h < PAGE_REGS; h++) sum[g][h] = _mm256_setzero_ps();
    size_t head_dim = (size_t)a->head_dim;
    const float *k = a->k_page[page];
    for (size_t d = 0; d < head_dim; d++, k += KERN_PAGE) {
        KERN_UNROLL
        for (int g = 0; g < ng; g++) {
            __m256 x = _mm256_broadcast_ss(q + (size_t)g * head_dim + d);
            KERN_UNROLL
            for (int h = 0; h < PAGE_REGS; h++)
                sum[g][h] = _mm256_fmadd_ps(_mm256_load_ps(k + h * 8), x,
                                            sum[g][h]);
        }
    }
    const __m256 scale = _mm256_set1_ps(a->scale);
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int h = 0; h < PAGE_REGS; h++)
            _mm256_storeu_ps(s + (size_t)g * s_stride + page * KERN_PAGE +
                                 h * 8,
                             _mm256_mul_ps(sum[g][h], scale));
}

// Sums over all positions: dimensions d to d + 16 * nd, for `ng` heads.
KERN_INLINE void value_sums(int ng, int nd, const struct kern_attn *a, int d,
                            const float *s, size_t s_stride,
                            __m256 sum[GROUP][8]) {
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int j = 0; j < 2 * nd; j++) sum[g][j] = _mm256_setzero_ps();
    size_t v_stride = ((size_t)a->head_dim + 15) / 16 * 16;
    for (int first = 0; first < a->n_pos; first += KERN_PAGE) {
        const float *v = a->v_page[first / KERN_PAGE] + d;
        int n = a->n_pos - first < KERN_PAGE ? a->n_pos - first : KERN_PAGE;
        for (int p = 0; p < n; p++, v += v_stride) {
            KERN_UNROLL
            for (int g = 0; g < ng; g++) {
                __m256 x = _mm256_broadcast_ss(s + (size_t)g * s_stride +
                                               first + p);
                KERN_UNROLL
                for (int j = 0; j < 2 * nd; j++)
                    sum[g][j] = _mm256_fmadd_ps(_mm256_load_ps(v + j * 8), x,
                                                sum[g][j]);
            }
        }
    }
}

KERN_INLINE void value_dims(int ng, int nd, const struct kern_attn *a, int d,
                            const float *s, size_t s_stride,
                            const float *total, float *out) {
    __m256 sum[GROUP][8];
    value_sums(ng, nd, a, d, s, s_stride, sum);
    KERN_UNROLL
    for (int g = 0; g < ng; g++) {
        const __m256 t = _mm256_set1_ps(total[g]);
        KERN_UNROLL
        for (int j = 0; j < 2 * nd; j += 2)
            kern_store_avx2(out + g * a->head_dim + d + j * 8,
                            _mm256_div_ps(sum[g][j], t),
                            _mm256_div_ps(sum[g][j + 1], t),
                            a->head_dim - d - j * 8);
    }
}

KERN_INLINE void group(int ng, const struct kern_attn *a, int first) {
    int n_pages = (a->n_pos + KERN_PAGE - 1) / KERN_PAGE;
    size_t s_stride = (size_t)n_pages * KERN_PAGE;
    size_t at = (size_t)first * (size_t)a->head_dim;
    float *s = a->scores + (size_t)first * s_stride, *out = a->out + at;
    float total[GROUP];
    for (int page = 0; page < n_pages; page++)
        score_page(ng, a, a->q + at, page, s, s_stride);
    for (int g = 0; g < ng; g++) {
        float *row = s + (size_t)g * s_stride;
        total[g] = kern_exp_sum_avx2(row, a->n_pos,
                                     kern_max_avx2(row, a->n_pos), 1.0f);
    }
    int n = (a->head_dim + 15) / 16, j = 0; // pairs of registers of output
    if (ng == 1)
        for (; n - j >= 4; j += 4)
            value_dims(ng, 4, a, j * 16, s, s_stride, total, out);
    for (; n - j >= 2; j += 2)
        value_dims(ng, 2, a, j * 16, s, s_stride, total, out);
    if (j < n) value_dims(ng, 1, a, j * 16, s, s_stride, total, out);
}

static void group_1(const struct kern_attn *a, int g) { group(1, a, g); }
static void group_2(const struct kern_attn *a, int g) { group(2, a, g); }
static void group_3(const struct kern_attn *a, int g) { group(3, a, g); }

void kern_attn_avx2(const struct kern_attn *a) {
    for (int g = 0, n; g < a->n_group; g += n) {
        int left = a->n_group - g;
        n = left == 4 ? 2 : left < GROUP ? left : GROUP;
        if (n == 1)
            group_1(a, g);
        else if (n == 2)
            group_2(a, g);
        else
            group_3(a, g);
    }
}
