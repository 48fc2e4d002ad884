// Attention, AVX2. Scores: a lane is a position, a page is two steps of two
// registers. Values: a lane is an output dimension, two registers at a time.
// Every load of a key or value serves all queries of the tile; six queries
// leave registers for the operands.

#include "engine/kernels/kern_attn.h"
#include "engine/kernels/kern_kv.h"
#include "engine/kernels/kern_simd_avx2.h"

enum { QUERIES = 6 };

static __m256 from_halves(const void *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(p));
}

static __m256 from_bytes(const void *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(p)));
}

// ---- floats of a page -------------------------------------------------------

static void keys(const struct kern_attn *a, const void *page, int d, int n,
                 float *to) {
    size_t at = (size_t)d * KERN_PAGE, size = (size_t)n * KERN_PAGE;
    if (a->type == KERN_F16) {
        const uint16_t *halves = page;
        for (size_t i = 0; i < size; i += 8)
            _mm256_store_ps(to + i, from_halves(halves + at + i));
        return;
    }
    const int8_t *bytes = page;
    const int8_t *scales =
        bytes +
        ((size_t)a->head_dim + (size_t)(d / KERN_KV_BLOCK) * 2) * KERN_PAGE;
    for (size_t p = 0; p < KERN_PAGE; p += 8) {
        __m256 scale = from_halves(scales + 2 * p);
        for (size_t i = p; i < size; i += KERN_PAGE)
            _mm256_store_ps(to + i,
                            _mm256_mul_ps(from_bytes(bytes + at + i), scale));
    }
}

static void value_halves(const uint16_t *v, size_t stride, int n, int n_dims,
                         float *to) {
    for (int p = 0; p < n; p++, v += stride, to += KERN_ATTN_DIMS)
        for (int i = 0; i < n_dims; i += 8)
            _mm256_store_ps(to + i, from_halves(v + i));
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
        __m256 scale =
            _mm256_set1_ps(_cvtsh_ss(scales[p * kern_kv_blocks(a->head_dim)]));
        for (int i = 0; i < n_dims; i += 8)
            _mm256_store_ps(to + i, _mm256_mul_ps(from_bytes(row + i), scale));
    }
}

// ---- scores -----------------------------------------------------------------

KERN_INLINE void store_scores(float *s, __m256 part,
                              const struct kern_attn_keys *k) {
    __m256 sum = k->first ? _mm256_setzero_ps() : _mm256_loadu_ps(s);
    sum = _mm256_add_ps(sum, part);
    if (k->last) sum = _mm256_mul_ps(sum, _mm256_set1_ps(k->scale));
    _mm256_storeu_ps(s, sum);
}

// Positions [at, at + 16) of the page.
KERN_INLINE void score_half(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k, int at) {
    __m256 part[QUERIES][2];
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        part[g][0] = part[g][1] = _mm256_setzero_ps();
    for (int d = 0; d < k->n; d++) {
        __m256 low = _mm256_load_ps(k->k + d * KERN_PAGE + at);
        __m256 high = _mm256_load_ps(k->k + d * KERN_PAGE + at + 8);
        KERN_KEEP(low);
        KERN_KEEP(high);
        if (at == 0) kern_attn_prefetch(&k->ahead, d);
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m256 x = _mm256_broadcast_ss(q[g] + k->d + d);
            part[g][0] = _mm256_fmadd_ps(low, x, part[g][0]);
            part[g][1] = _mm256_fmadd_ps(high, x, part[g][1]);
        }
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        store_scores(scores[g] + k->at + at, part[g][0], k);
        store_scores(scores[g] + k->at + at + 8, part[g][1], k);
    }
}

KERN_INLINE void score_tile(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k) {
    for (int at = 0; at < KERN_PAGE; at += 16)
        score_half(n, q, scores, k, at);
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
    default:
        score_tile(6, q, scores, k);
        break;
    }
}

// ---- values -----------------------------------------------------------------

// 16 dimensions from d on; row: the values of the first position.
KERN_INLINE void weigh_tile(int n, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v, int d,
                            const float *row) {
    __m256 sum[QUERIES][2];
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        sum[g][0] = _mm256_loadu_ps(sums[g] + d);
        sum[g][1] = _mm256_loadu_ps(sums[g] + d + 8);
    }
    for (int p = 0; p < v->n; p++, row += v->stride) {
        __m256 low = _mm256_load_ps(row), high = _mm256_load_ps(row + 8);
        KERN_KEEP(low);
        KERN_KEEP(high);
        if (d == v->d) kern_attn_prefetch(&v->ahead, p);
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m256 x = _mm256_broadcast_ss(weights[g] + v->at + p);
            sum[g][0] = _mm256_fmadd_ps(low, x, sum[g][0]);
            sum[g][1] = _mm256_fmadd_ps(high, x, sum[g][1]);
        }
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        _mm256_storeu_ps(sums[g] + d, sum[g][0]);
        _mm256_storeu_ps(sums[g] + d + 8, sum[g][1]);
    }
}

KERN_INLINE void weigh_regs(int n, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v) {
    for (int i = 0; i < v->regs * 16; i += 16)
        weigh_tile(n, sums, weights, v, v->d + i, v->v + i);
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
    default:
        weigh_regs(6, sums, weights, v);
        break;
    }
}

static void divide(float *out, const float *sums, float total, int n) {
    const __m256 t = _mm256_set1_ps(total);
    for (int d = 0; d < n; d += 16)
        kern_store_avx2(out + d, _mm256_div_ps(_mm256_loadu_ps(sums + d), t),
                        _mm256_div_ps(_mm256_loadu_ps(sums + d + 8), t), n - d);
}

void kern_attn_avx2(const struct kern_attn *a) {
    static const struct kern_attn_ops ops = {
        .n_queries = QUERIES,
        .keys = keys,
        .values = values,
        .score = score,
        .weigh = weigh,
        .divide = divide,
        .exp_sum = kern_exp_sum_avx2,
        .max = kern_max_avx2,
    };
    kern_attn_run(a, &ops);
}
