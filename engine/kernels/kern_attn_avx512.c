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

KERN_INLINE void store_scores(float *s, __m512 part,
                              const struct kern_attn_keys *k) {
    __m512 sum = k->first ? _mm512_setzero_ps() : _mm512_loadu_ps(s);
    sum = _mm512_add_ps(sum, part);
    if (k->last) sum = _mm512_mul_ps(sum, _mm512_set1_ps(k->scale));
    _mm512_storeu_ps(s, sum);
}

KERN_INLINE void score_tile(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k) {
    __m512 part[KERN_ATTN_QUERIES][2];
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        part[g][0] = part[g][1] = _mm512_setzero_ps();
    for (int d = 0; d < k->n; d++) {
        __m512 low = _mm512_load_ps(k->k + d * KERN_PAGE);
        __m512 high = _mm512_load_ps(k->k + d * KERN_PAGE + 16);
        KERN_KEEP(low);
        KERN_KEEP(high);
        kern_attn_prefetch(&k->ahead, d);
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m512 x = _mm512_set1_ps(q[g][k->d + d]);
            part[g][0] = _mm512_fmadd_ps(low, x, part[g][0]);
            part[g][1] = _mm512_fmadd_ps(high, x, part[g][1]);
        }
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++) {
        store_scores(scores[g] + k->at, part[g][0], k);
        store_scores(scores[g] + k->at + 16, part[g][1], k);
    }
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

// ---- values -----------------------------------------------------------------

KERN_INLINE void weigh_tile(int n, int regs, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v) {
    __m512 sum[KERN_ATTN_QUERIES][2];
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        KERN_UNROLL
    for (int j = 0; j < regs; j++)
        sum[g][j] = _mm512_loadu_ps(sums[g] + v->d + j * 16);
    const float *row = v->v;
    for (int p = 0; p < v->n; p++, row += v->stride) {
        __m512 value[2];
        kern_attn_prefetch(&v->ahead, p);
        KERN_UNROLL
        for (int j = 0; j < regs; j++) {
            value[j] = _mm512_load_ps(row + j * 16);
            KERN_KEEP(value[j]);
        }
        KERN_UNROLL
        for (int g = 0; g < n; g++) {
            __m512 x = _mm512_set1_ps(weights[g][v->at + p]);
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

static void divide(float *out, const float *sums, float total, int n) {
    for (int d = 0; d < n; d += 16) {
        __mmask16 m = kern_mask_avx512(n - d);
        _mm512_mask_storeu_ps(out + d, m,
                              _mm512_div_ps(_mm512_maskz_loadu_ps(m, sums + d),
                                            _mm512_set1_ps(total)));
    }
}

void kern_attn_avx512(const struct kern_attn *a) {
    static const struct kern_attn_ops ops = {
        .n_queries = 8,
        .keys = keys,
        .values = values,
        .score = score,
        .weigh = weigh,
        .divide = divide,
        .exp_sum = kern_exp_sum_avx512,
        .max = kern_max_avx512,
    };
    kern_attn_run(a, &ops);
}
