// Attention of one KV head: the query heads of a group share every load of a
// key or value. Scores: a lane is a position, several pages at once so that
// enough chains run side by side. Values: a lane is an output dimension.

#include "engine/kernels/kern_simd_avx512.h"

enum { GROUP = 4, PAGE_REGS = KERN_PAGE / 16 };

// Scores of `ng` heads on `n` pages from page `page` on.
KERN_INLINE void score_pages(int ng, int n, const struct kern_attn *a,
                             const float *q, int page, float *s,
                             size_t s_stride) {
    __m512 sum[GROUP][4][PAGE_REGS];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int i = 0; i < n; i++)
            KERN_UNROLL
            for (int h = 0; h < PAGE_REGS; h++)
                sum[g][i][h] = _mm512_setzero_ps();
    size_t head_dim = (size_t)a->head_dim;
    for (size_t d = 0; d < head_dim; d++) {
        KERN_UNROLL
        for (int i = 0; i < n; i++) {
            const float *k = a->k_page[page + i] + d * KERN_PAGE;
            KERN_UNROLL
            for (int h = 0; h < PAGE_REGS; h++) {
                __m512 key = _mm512_load_ps(k + h * 16);
                KERN_UNROLL
                for (int g = 0; g < ng; g++)
                    sum[g][i][h] = _mm512_fmadd_ps(
                        key, _mm512_set1_ps(q[(size_t)g * head_dim + d]),
                        sum[g][i][h]);
            }
        }
    }
    const __m512 scale = _mm512_set1_ps(a->scale);
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int i = 0; i < n; i++)
            KERN_UNROLL
            for (int h = 0; h < PAGE_REGS; h++)
                _mm512_storeu_ps(s + (size_t)g * s_stride +
                                     (page + i) * KERN_PAGE + h * 16,
                                 _mm512_mul_ps(sum[g][i][h], scale));
}

KERN_INLINE void scores(int ng, int at_once, const struct kern_attn *a,
                        const float *q, float *s, int n_pages) {
    size_t s_stride = (size_t)n_pages * KERN_PAGE;
    int page = 0;
    for (; page + at_once <= n_pages; page += at_once)
        score_pages(ng, at_once, a, q, page, s, s_stride);
    for (; page < n_pages; page++)
        score_pages(ng, 1, a, q, page, s, s_stride);
}

// `nd` registers of output from dimension d on, for `ng` heads.
KERN_INLINE void value_dims(int ng, int nd, const struct kern_attn *a, int d,
                            const float *s, size_t s_stride,
                            const float *total, float *out) {
    __m512 sum[GROUP][8];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int j = 0; j < nd; j++) sum[g][j] = _mm512_setzero_ps();
    size_t v_stride = ((size_t)a->head_dim + 15) / 16 * 16;
    for (int first = 0; first < a->n_pos; first += KERN_PAGE) {
        const float *v = a->v_page[first / KERN_PAGE] + d;
        int n = a->n_pos - first < KERN_PAGE ? a->n_pos - first : KERN_PAGE;
        for (int p = 0; p < n; p++, v += v_stride) {
            KERN_UNROLL
            for (int j = 0; j < nd; j++) {
                __m512 value = _mm512_load_ps(v + j * 16);
                KERN_UNROLL
                for (int g = 0; g < ng; g++)
                    sum[g][j] = _mm512_fmadd_ps(
                        value,
                        _mm512_set1_ps(s[(size_t)g * s_stride +
                                         (size_t)(first + p)]),
                        sum[g][j]);
            }
        }
    }
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
        for (int j = 0; j < nd; j++)
            _mm512_mask_storeu_ps(
                out + g * a->head_dim + d + j * 16,
                kern_mask_avx512(a->head_dim - d - j * 16),
                _mm512_div_ps(sum[g][j], _mm512_set1_ps(total[g])));
}

KERN_INLINE void values(int ng, const struct kern_attn *a, const float *s,
                        size_t s_stride, const float *total, float *out) {
    int n = (a->head_dim + 15) / 16, j = 0; // registers of output
    if (ng <= 2)
        for (; n - j >= 8; j += 8)
            value_dims(ng, 8, a, j * 16, s, s_stride, total, out);
    for (; n - j >= 4; j += 4)
        value_dims(ng, 4, a, j * 16, s, s_stride, total, out);
    for (; n - j >= 2; j += 2)
        value_dims(ng, 2, a, j * 16, s, s_stride, total, out);
    if (j < n) value_dims(ng, 1, a, j * 16, s, s_stride, total, out);
}

KERN_INLINE void group(int ng, int at_once, const struct kern_attn *a,
                       int first) {
    int n_pages = (a->n_pos + KERN_PAGE - 1) / KERN_PAGE;
    size_t s_stride = (size_t)n_pages * KERN_PAGE;
    size_t at = (size_t)first * (size_t)a->head_dim;
    float *s = a->scores + (size_t)first * s_stride;
    float total[GROUP];
    scores(ng, at_once, a, a->q + at, s, n_pages);
    for (int g = 0; g < ng; g++) {
        float *row = s + (size_t)g * s_stride;
        total[g] = kern_exp_sum_avx512(row, a->n_pos,
                                       kern_max_avx512(row, a->n_pos), 1.0f);
    }
    values(ng, a, s, s_stride, total, a->out + at);
}

static void group_1(const struct kern_attn *a, int g) { group(1, 4, a, g); }
static void group_2(const struct kern_attn *a, int g) { group(2, 4, a, g); }
static void group_3(const struct kern_attn *a, int g) { group(3, 2, a, g); }
static void group_4(const struct kern_attn *a, int g) { group(4, 2, a, g); }

void kern_attn_avx512(const struct kern_attn *a) {
    for (int g = 0; g < a->n_group; g += GROUP) {
        switch (a->n_group - g) {
        case 1: group_1(a, g); break;
        case 2: group_2(a, g); break;
        case 3: group_3(a, g); break;
        default: group_4(a, g); break;
        }
    }
}
