// Attention, AVX-512. Scores: a lane is a position, a page is two registers.
// Values: a lane is an output dimension, two registers. Every load of a key or
// value serves all queries of the tile.

#include "engine/kernels/kern_attn.h"
#include "engine/kernels/kern_kv.h"
#include "engine/kernels/kern_simd_avx512.h"

static __m512 from_halves(const void *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

static __m512 from_bytes(const void *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(p)));
}

// ---- floats of a page -------------------------------------------------------

static void keys(const struct kern_attn *a, const void *page, int d, int n,
                 float *to) {
    size_t at = (size_t)d * KERN_PAGE, size = (size_t)n * KERN_PAGE;
    if (a->type == KERN_F16) {
        const uint16_t *halves = page;
        for (size_t i = 0; i < size; i += 16)
            _mm512_store_ps(to + i, from_halves(halves + at + i));
        return;
    }
    const int8_t *bytes = page;
    const int8_t *scales =
        bytes +
        ((size_t)a->head_dim + (size_t)(d / KERN_KV_BLOCK) * 2) * KERN_PAGE;
    __m512 low = from_halves(scales), high = from_halves(scales + KERN_PAGE);
    for (size_t i = 0; i < size; i += KERN_PAGE) {
        __m512 a0 = from_bytes(bytes + at + i);
        __m512 a1 = from_bytes(bytes + at + i + 16);
        _mm512_store_ps(to + i, _mm512_mul_ps(a0, low));
        _mm512_store_ps(to + i + 16, _mm512_mul_ps(a1, high));
    }
}

static void value_halves(const uint16_t *v, size_t stride, int n, int n_dims,
                         float *to) {
    for (int p = 0; p < n; p++, v += stride, to += KERN_ATTN_DIMS)
        for (int i = 0; i < n_dims; i += 16)
            _mm512_store_ps(to + i, from_halves(v + i));
}

static void values(const struct kern_attn *a, const void *page, int d, int n,
                   float *to) {
    int padded = kern_kv_padded(a->head_dim);
    int n_dims = padded - d < KERN_ATTN_DIMS ? padded - d : KERN_ATTN_DIMS;
    if (a->type == KERN_F16) {
        value_halves((const uint16_t *)page + d, (size_t)padded, n, n_dims, to);
        return;
    }
    const int8_t *bytes = page;
    const uint16_t *scales =
        (const uint16_t *)(const void *)(bytes + (size_t)padded * KERN_PAGE) +
        d / KERN_KV_BLOCK;
    for (int p = 0; p < n; p++, to += KERN_ATTN_DIMS) {
        const int8_t *row = bytes + (size_t)p * (size_t)padded + d;
        __m512 scale =
            _mm512_set1_ps(_cvtsh_ss(scales[p * kern_kv_blocks(a->head_dim)]));
        for (int i = 0; i < n_dims; i += 16)
            _mm512_store_ps(to + i, _mm512_mul_ps(from_bytes(row + i), scale));
    }
}

// ---- scores -----------------------------------------------------------------

// The parts of n queries join the sums of the chunks before.
KERN_INLINE void store_scores(int n, float *const *scores, __m512 (*part)[2],
                              const struct kern_attn_keys *k) {
    const __m512 zero = _mm512_setzero_ps();
    const __m512 scale = _mm512_set1_ps(k->last ? k->scale : 1.0f);
    const int at = k->at;
    const bool first = k->first;
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        float *s = scores[g] + at;
        __m512 low = first ? zero : _mm512_loadu_ps(s);
        __m512 high = first ? zero : _mm512_loadu_ps(s + 16);
        low = _mm512_mul_ps(_mm512_add_ps(low, part[g][0]), scale);
        high = _mm512_mul_ps(_mm512_add_ps(high, part[g][1]), scale);
        _mm512_storeu_ps(s, low);
        _mm512_storeu_ps(s + 16, high);
    }
}

KERN_INLINE void score_tile(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k) {
    __m512 part[KERN_ATTN_QUERIES][2];
    const float *query[KERN_ATTN_QUERIES], *row = k->k;
    const struct kern_attn_ahead ahead = k->ahead;
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        part[g][0] = part[g][1] = _mm512_setzero_ps();
        query[g] = q[g] + k->d;
    }
    for (long d = 0; d < k->n; d++, row += KERN_PAGE) {
        __m512 low = _mm512_load_ps(row);
        __m512 high = _mm512_load_ps(row + 16);
        KERN_KEEP(low);
        KERN_KEEP(high);
        kern_attn_prefetch(&ahead, (int)d);
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m512 x = _mm512_set1_ps(query[g][d]);
            part[g][0] = _mm512_fmadd_ps(low, x, part[g][0]);
            part[g][1] = _mm512_fmadd_ps(high, x, part[g][1]);
        }
    }
    store_scores(n, scores, part, k);
}

static void score(int n, const float *const *q, float *const *scores,
                  const struct kern_attn_keys *k) {
    switch (n) {
    case 1:
        score_tile(1, q, scores, k);
        break;
    case 2:
        score_tile(2, q, scores, k);
        break;
    case 3:
        score_tile(3, q, scores, k);
        break;
    case 4:
        score_tile(4, q, scores, k);
        break;
    case 5:
        score_tile(5, q, scores, k);
        break;
    case 6:
        score_tile(6, q, scores, k);
        break;
    case 7:
        score_tile(7, q, scores, k);
        break;
    default:
        score_tile(8, q, scores, k);
        break;
    }
}

// What is ahead of a lone query's page of floats: without a next page, the page
// itself, which spares a branch.
KERN_INLINE const char *next_of(const struct kern_attn_ahead *a,
                                const float *page) {
    return a->next ? a->next : (const char *)page;
}

KERN_INLINE void score_lone(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k) {
    __m512 part[KERN_ATTN_LONE][2];
    const char *next[KERN_ATTN_LONE];
    const float *page[KERN_ATTN_LONE], *query[KERN_ATTN_LONE];
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        part[g][0] = part[g][1] = _mm512_setzero_ps();
        page[g] = k[g].k;
        next[g] = next_of(&k[g].ahead, page[g]);
        query[g] = q[g] + k->d;
    }
    for (long d = 0; d < k->n; d++) {
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m512 x = _mm512_set1_ps(query[g][d]);
            const float *row = page[g] + d * KERN_PAGE;
            __builtin_prefetch(next[g] + d * 128);
            __builtin_prefetch(next[g] + d * 128 + 64);
            part[g][0] = _mm512_fmadd_ps(_mm512_load_ps(row), x, part[g][0]);
            part[g][1] =
                _mm512_fmadd_ps(_mm512_load_ps(row + 16), x, part[g][1]);
        }
    }
    store_scores(n, scores, part, k);
}

static void score_each(int n, const float *const *q, float *const *scores,
                       const struct kern_attn_keys *k) {
    if (n == 1)
        score_lone(1, q, scores, k);
    else if (n == 2)
        score_lone(2, q, scores, k);
    else if (n == 3)
        score_lone(3, q, scores, k);
    else
        score_lone(4, q, scores, k);
}

// ---- values -----------------------------------------------------------------

KERN_INLINE void weigh_tile(int n, int regs, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v) {
    __m512 sum[KERN_ATTN_QUERIES][2];
    const float *weight[KERN_ATTN_QUERIES], *row = v->v;
    const struct kern_attn_ahead ahead = v->ahead;
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        weight[g] = weights[g] + v->at;
        KERN_UNROLL
        for (int j = 0; j < regs; j++)
            sum[g][j] = _mm512_loadu_ps(sums[g] + v->d + j * 16);
    }
    for (long p = 0; p < v->n; p++, row += v->stride) {
        __m512 value[2];
        kern_attn_prefetch(&ahead, (int)p);
        KERN_UNROLL
        for (int j = 0; j < regs; j++) {
            value[j] = _mm512_load_ps(row + j * 16);
            KERN_KEEP(value[j]);
        }
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m512 x = _mm512_set1_ps(weight[g][p]);
            KERN_UNROLL
            for (int j = 0; j < regs; j++)
                sum[g][j] = _mm512_fmadd_ps(value[j], x, sum[g][j]);
        }
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        KERN_UNROLL
    for (int j = 0; j < regs; j++)
        _mm512_storeu_ps(sums[g] + v->d + j * 16, sum[g][j]);
}

KERN_INLINE void weigh_regs(int n, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v) {
    if (v->regs == 2)
        weigh_tile(n, 2, sums, weights, v);
    else
        weigh_tile(n, 1, sums, weights, v);
}

static void weigh(int n, float *const *sums, const float *const *weights,
                  const struct kern_attn_values *v) {
    switch (n) {
    case 1:
        weigh_regs(1, sums, weights, v);
        break;
    case 2:
        weigh_regs(2, sums, weights, v);
        break;
    case 3:
        weigh_regs(3, sums, weights, v);
        break;
    case 4:
        weigh_regs(4, sums, weights, v);
        break;
    case 5:
        weigh_regs(5, sums, weights, v);
        break;
    case 6:
        weigh_regs(6, sums, weights, v);
        break;
    case 7:
        weigh_regs(7, sums, weights, v);
        break;
    default:
        weigh_regs(8, sums, weights, v);
        break;
    }
}

KERN_INLINE void weigh_lone(int n, int regs, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v) {
    __m512 sum[KERN_ATTN_LONE][2];
    const char *next[KERN_ATTN_LONE];
    const float *page[KERN_ATTN_LONE], *weight[KERN_ATTN_LONE];
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        page[g] = v[g].v;
        next[g] = next_of(&v[g].ahead, page[g]);
        weight[g] = weights[g] + v->at;
        KERN_UNROLL
        for (int j = 0; j < regs; j++)
            sum[g][j] = _mm512_loadu_ps(sums[g] + v->d + j * 16);
    }
    for (long p = 0, at = 0; p < v->n; p++, at += (long)v->stride) {
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m512 x = _mm512_set1_ps(weight[g][p]);
            __builtin_prefetch(next[g] + p * 128);
            if (regs == 2) __builtin_prefetch(next[g] + p * 128 + 64);
            KERN_UNROLL
            for (int j = 0; j < regs; j++)
                sum[g][j] = _mm512_fmadd_ps(
                    _mm512_load_ps(page[g] + at + j * 16), x, sum[g][j]);
        }
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        KERN_UNROLL
    for (int j = 0; j < regs; j++)
        _mm512_storeu_ps(sums[g] + v->d + j * 16, sum[g][j]);
}

KERN_INLINE void weigh_lone_regs(int n, float *const *sums,
                                 const float *const *weights,
                                 const struct kern_attn_values *v) {
    if (v->regs == 2)
        weigh_lone(n, 2, sums, weights, v);
    else
        weigh_lone(n, 1, sums, weights, v);
}

static void weigh_each(int n, float *const *sums, const float *const *weights,
                       const struct kern_attn_values *v) {
    if (n == 1)
        weigh_lone_regs(1, sums, weights, v);
    else if (n == 2)
        weigh_lone_regs(2, sums, weights, v);
    else if (n == 3)
        weigh_lone_regs(3, sums, weights, v);
    else
        weigh_lone_regs(4, sums, weights, v);
}

static void divide(float *out, const float *sums, float total, int n) {
    for (int d = 0; d < n; d += 16) {
        __m512 v = _mm512_div_ps(kern_load_avx512(sums + d, n - d),
                                 _mm512_set1_ps(total));
        kern_store_avx512(out + d, v, n - d);
    }
}

void kern_attn_avx512(const struct kern_attn *a) {
    static const struct kern_attn_ops ops = {
        .n_queries = 8,
        .keys = keys,
        .values = values,
        .score = score,
        .weigh = weigh,
        .score_each = score_each,
        .weigh_each = weigh_each,
        .divide = divide,
        .exp_sum = kern_exp_sum_avx512,
        .max = kern_max_avx512,
    };
    kern_attn_run(a, &ops);
}
