// Attention of one KV head: the queries of a group (heads and tokens) share
// every load of a key or value, because keys and values come from L2 or beyond
// and would be the limit otherwise. Scores: a lane is a position, several pages
// at once so that enough chains run side by side. Values: a lane is an output
// dimension; positions that all of the group see come first, then each query
// goes on alone with the few that are left to it.

#include "engine/kernels/kern_attn.h"
#include "engine/kernels/kern_simd_avx512.h"

enum { GROUP = KERN_ATTN_QUERIES, PAGE_REGS = KERN_PAGE / 16 };

// A chunk of the products of `ng` queries and `n` pages, from dimension
// `begin` on.
KERN_INLINE void score_chunk(int ng, int n, const struct kern_attn *a,
                             const struct kern_queries *group, int page,
                             int begin, __m512 sum[GROUP][4][PAGE_REGS]) {
    __m512 part[GROUP][4][PAGE_REGS];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int i = 0; i < n; i++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        part[g][i][h] = _mm512_setzero_ps();
    int end =
        a->head_dim - begin < KERN_CHUNK ? a->head_dim : begin + KERN_CHUNK;
    for (int d = begin; d < end; d++) {
        KERN_UNROLL
        for (int i = 0; i < n; i++) {
            const float *k = a->k_page[page + i] + d * KERN_PAGE;
            KERN_UNROLL
            for (int h = 0; h < PAGE_REGS; h++) {
                __m512 key = _mm512_load_ps(k + h * 16);
                KERN_UNROLL
                for (int g = 0; g < ng; g++)
                    part[g][i][h] = _mm512_fmadd_ps(
                        key, _mm512_set1_ps(group->q[g][d]), part[g][i][h]);
            }
        }
    }
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int i = 0; i < n; i++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        sum[g][i][h] = _mm512_add_ps(sum[g][i][h], part[g][i][h]);
}

// Scores of `ng` queries on `n` pages from page `page` on.
KERN_INLINE void score_pages(int ng, int n, const struct kern_attn *a,
                             const struct kern_queries *group, int page) {
    __m512 sum[GROUP][4][PAGE_REGS];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int i = 0; i < n; i++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        sum[g][i][h] = _mm512_setzero_ps();
    for (int d = 0; d < a->head_dim; d += KERN_CHUNK)
        score_chunk(ng, n, a, group, page, d, sum);
    const __m512 scale = _mm512_set1_ps(a->scale);
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int i = 0; i < n; i++)
        KERN_UNROLL
    for (int h = 0; h < PAGE_REGS; h++)
        _mm512_storeu_ps(group->scores[g] + (page + i) * KERN_PAGE + h * 16,
                         _mm512_mul_ps(sum[g][i][h], scale));
}

// One position's value, times each query's weight.
KERN_INLINE void add_value(int from, int to, int nd, const float *v,
                           const struct kern_queries *group, int p,
                           __m512 sum[GROUP][8]) {
    KERN_UNROLL
    for (int j = 0; j < nd; j++) {
        __m512 value = _mm512_load_ps(v + j * 16);
        KERN_UNROLL
        for (int g = from; g < to; g++)
            sum[g][j] = _mm512_fmadd_ps(
                value, _mm512_set1_ps(group->scores[g][p]), sum[g][j]);
    }
}

// `nd` registers of output from dimension d on, for `ng` queries.
KERN_INLINE void value_dims(int ng, int nd, const struct kern_attn *a, int d,
                            const struct kern_queries *group) {
    __m512 sum[GROUP][8];
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int j = 0; j < nd; j++)
        sum[g][j] = _mm512_setzero_ps();
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
    KERN_UNROLL
    for (int g = 0; g < ng; g++)
        KERN_UNROLL
    for (int j = 0; j < nd; j++)
        _mm512_mask_storeu_ps(
            group->out[g] + d + j * 16,
            kern_mask_avx512(a->head_dim - d - j * 16),
            _mm512_div_ps(sum[g][j], _mm512_set1_ps(group->total[g])));
}

KERN_INLINE void values(int ng, const struct kern_attn *a,
                        const struct kern_queries *group) {
    int n = (a->head_dim + 15) / 16, j = 0; // registers of output
    if (ng <= 2)
        for (; n - j >= 8; j += 8)
            value_dims(ng, 8, a, j * 16, group);
    for (; n - j >= 4; j += 4)
        value_dims(ng, 4, a, j * 16, group);
    for (; n - j >= 2; j += 2)
        value_dims(ng, 2, a, j * 16, group);
    if (j < n) value_dims(ng, 1, a, j * 16, group);
}

KERN_INLINE void queries(int ng, int at_once, const struct kern_attn *a,
                         int first) {
    struct kern_queries group;
    kern_queries_set(&group, a, first, ng);
    int n_pages = kern_attn_pages(group.n_pos[ng - 1]), page = 0;
    for (; page + at_once <= n_pages; page += at_once)
        score_pages(ng, at_once, a, &group, page);
    for (; page < n_pages; page++)
        score_pages(ng, 1, a, &group, page);
    for (int g = 0; g < ng; g++) {
        float *s = group.scores[g];
        int n = group.n_pos[g];
        group.total[g] = kern_exp_sum_avx512(s, n, kern_max_avx512(s, n), 1.0f);
    }
    values(ng, a, &group);
}

static void queries_1(const struct kern_attn *a, int i) {
    queries(1, 4, a, i);
}
static void queries_2(const struct kern_attn *a, int i) {
    queries(2, 4, a, i);
}
static void queries_3(const struct kern_attn *a, int i) {
    queries(3, 2, a, i);
}
static void queries_4(const struct kern_attn *a, int i) {
    queries(4, 2, a, i);
}

void kern_attn_avx512(const struct kern_attn *a) {
    int n = a->n_tokens * a->n_group;
    for (int i = 0; i < n; i += GROUP) {
        switch (n - i) {
        case 1:
            queries_1(a, i);
            break;
        case 2:
            queries_2(a, i);
            break;
        case 3:
            queries_3(a, i);
            break;
        default:
            queries_4(a, i);
            break;
        }
    }
}
