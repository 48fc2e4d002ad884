// Attention of one KV head: the queries of a group (heads and tokens) share
// every load of a key or value. Scores: a lane is a position. Values: a lane is
// an output dimension, 16 (two registers) at a time; positions that all of the
// group see come first, then each query goes on alone.

#include "engine/kernels/kern_attn.h"
#include "engine/kernels/kern_simd_avx2.h"

enum { GROUP = 3, PAGE_REGS = KERN_PAGE / 8 };

// A chunk of the products of `ng` queries and a page, from dimension `begin`
// on.
KERN_INLINE void score_chunk(int ng, const struct kern_attn *a,
                             const struct kern_queries *group, int page,
                             int begin, __m256 sum[GROUP][PAGE_REGS]) {
    __m256 part[GROUP][PAGE_REGS];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        part[g][h] = _mm256_setzero_ps();
    int end =
        a->head_dim - begin < KERN_CHUNK ? a->head_dim : begin + KERN_CHUNK;
    const float *k = a->k_page[page] + begin * KERN_PAGE;
    for (int d = begin; d < end; d++, k += KERN_PAGE) {
        KERN_UNROLL
        for (int g = 0; g < ng; g++) {
            __m256 x = _mm256_broadcast_ss(group->q[g] + d);
            KERN_UNROLL
            for (int h = 0; h < PAGE_REGS; h++)
                part[g][h] =
                    _mm256_fmadd_ps(_mm256_load_ps(k + h * 8), x, part[g][h]);
        }
    }
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        sum[g][h] = _mm256_add_ps(sum[g][h], part[g][h]);
}

// Scores of `ng` queries on one page.
KERN_INLINE void score_page(int ng, const struct kern_attn *a,
                            const struct kern_queries *group, int page) {
    __m256 sum[GROUP][PAGE_REGS];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        sum[g][h] = _mm256_setzero_ps();
    for (int d = 0; d < a->head_dim; d += KERN_CHUNK)
        score_chunk(ng, a, group, page, d, sum);
    const __m256 scale = _mm256_set1_ps(a->scale);
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        _mm256_storeu_ps(group->scores[g] + page * KERN_PAGE + h * 8,
                         _mm256_mul_ps(sum[g][h], scale));
}

// One position's value, times each query's weight.
KERN_INLINE void add_value(int from, int to, int nd, const float *v,
                           const struct kern_queries *group, int p,
                           __m256 sum[GROUP][8]) {
    KERN_UNROLL
    for (int g = from; g < to; g++) {
        __m256 x = _mm256_broadcast_ss(group->scores[g] + p);
        KERN_UNROLL
        for (int j = 0; j < 2 * nd; j++)
            sum[g][j] =
                _mm256_fmadd_ps(_mm256_load_ps(v + j * 8), x, sum[g][j]);
    }
}

// Sums over all positions: dimensions d to d + 16 * nd, for `ng` queries.
KERN_INLINE void value_sums(int ng, int nd, const struct kern_attn *a, int d,
                            const struct kern_queries *group,
                            __m256 sum[GROUP][8]) {
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int j = 0; j < 2 * nd; j++)
        sum[g][j] = _mm256_setzero_ps();
    size_t v_stride = ((size_t)a->head_dim + 15) / 16 * 16;
    int shared = group->n_pos[0]; // the first query sees least
    for (int first = 0; first < shared; first += KERN_PAGE) {
        const float *v = a->v_page[first / KERN_PAGE] + d;
        int end = shared - first < KERN_PAGE ? shared : first + KERN_PAGE;
        for (int p = first; p < end; p++, v += v_stride)
            add_value(0, ng, nd, v, group, p, sum);
    }
    KERN_UNROLL
    for (int g = 1; g < ng; g++)
        for (int p = shared; p < group->n_pos[g]; p++)
            add_value(g, g + 1, nd,
                      a->v_page[p / KERN_PAGE] + d +
                          (size_t)(p % KERN_PAGE) * v_stride,
                      group, p, sum);
}

KERN_INLINE void value_dims(int ng, int nd, const struct kern_attn *a, int d,
                            const struct kern_queries *group) {
    __m256 sum[GROUP][8];
    value_sums(ng, nd, a, d, group, sum);
    KERN_UNROLL
    for (int g = 0; g < ng; g++) {
        const __m256 t = _mm256_set1_ps(group->total[g]);
        KERN_UNROLL
        for (int j = 0; j < 2 * nd; j += 2)
            kern_store_avx2(
                group->out[g] + d + j * 8, _mm256_div_ps(sum[g][j], t),
                _mm256_div_ps(sum[g][j + 1], t), a->head_dim - d - j * 8);
    }
}

KERN_INLINE void queries(int ng, const struct kern_attn *a, int first) {
    struct kern_queries group;
    kern_queries_set(&group, a, first, ng);
    int n_pages = kern_attn_pages(group.n_pos[ng - 1]);
    for (int page = 0; page < n_pages; page++)
        score_page(ng, a, &group, page);
    for (int g = 0; g < ng; g++) {
        float *s = group.scores[g];
        int n = group.n_pos[g];
        group.total[g] = kern_exp_sum_avx2(s, n, kern_max_avx2(s, n), 1.0f);
    }
    int n = (a->head_dim + 15) / 16, j = 0; // pairs of registers of output
    if (ng == 1)
        for (; n - j >= 4; j += 4)
            value_dims(ng, 4, a, j * 16, &group);
    for (; n - j >= 2; j += 2)
        value_dims(ng, 2, a, j * 16, &group);
    if (j < n) value_dims(ng, 1, a, j * 16, &group);
}

static void queries_1(const struct kern_attn *a, int i) {
    queries(1, a, i);
}
static void queries_2(const struct kern_attn *a, int i) {
    queries(2, a, i);
}
static void queries_3(const struct kern_attn *a, int i) {
    queries(3, a, i);
}

void kern_attn_avx2(const struct kern_attn *a) {
    int total = a->n_tokens * a->n_group;
    for (int i = 0, n; i < total; i += n) {
        int left = total - i;
        n = left == 4 ? 2 : left < GROUP ? left : GROUP;
        if (n == 1)
            queries_1(a, i);
        else if (n == 2)
            queries_2(a, i);
        else
            queries_3(a, i);
    }
}
