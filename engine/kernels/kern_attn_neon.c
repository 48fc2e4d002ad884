// Attention, NEON. Scores: a lane is a position, a page is two steps of 16.
// Values: a lane is an output dimension, 16 at a time. Every load of a key or
// value serves all queries of the tile; six queries leave registers for the
// operands.

#include "engine/kernels/kern_attn.h"
#include "engine/kernels/kern_kv.h"
#include "engine/kernels/kern_simd_neon.h"

enum { QUERIES = 6, STEP = 16 };

// ---- floats of a page -------------------------------------------------------

static void keys(const struct kern_attn *a, const void *page, int d, int n,
                 float *to) {
    size_t at = (size_t)d * KERN_PAGE, size = (size_t)n * KERN_PAGE;
    if (a->type == KERN_F16) {
        const uint16_t *halves = (const uint16_t *)page + at;
        for (size_t i = 0; i < size; i += STEP)
            kern_store_all_neon(to + i, kern_halves_neon(halves + i));
        return;
    }
    const int8_t *bytes = page;
    const int8_t *scales =
        bytes +
        ((size_t)a->head_dim + (size_t)(d / KERN_KV_BLOCK) * 2) * KERN_PAGE;
    for (size_t p = 0; p < KERN_PAGE; p += STEP) {
        struct kern_16_neon scale = kern_halves_neon(scales + 2 * p);
        for (size_t i = p; i < size; i += KERN_PAGE)
            kern_store_all_neon(
                to + i, kern_mul_neon(kern_bytes_neon(vld1q_s8(bytes + at + i)),
                                      scale));
    }
}

static void value_halves(const uint16_t *v, size_t stride, int n, int n_dims,
                         float *to) {
    for (int p = 0; p < n; p++, v += stride, to += KERN_ATTN_DIMS)
        for (int i = 0; i < n_dims; i += STEP)
            kern_store_all_neon(to + i, kern_halves_neon(v + i));
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
        float scale = kern_f16_to_f32(scales[p * kern_kv_blocks(a->head_dim)]);
        for (int i = 0; i < n_dims; i += STEP)
            kern_store_all_neon(
                to + i,
                kern_times_neon(kern_bytes_neon(vld1q_s8(row + i)), scale));
    }
}

// ---- scores -----------------------------------------------------------------

KERN_INLINE void store_scores(float *s, struct kern_16_neon part,
                              const struct kern_attn_keys *k) {
    struct kern_16_neon sum = k->first ? kern_zeros_neon() : kern_load_neon(s);
    sum = kern_add_neon(sum, part);
    if (k->last) sum = kern_times_neon(sum, k->scale);
    kern_store_all_neon(s, sum);
}

// Positions [at, at + 16) of the page.
KERN_INLINE void score_half(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k, int at) {
    struct kern_16_neon part[QUERIES];
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        part[g] = kern_zeros_neon();
    for (int d = 0; d < k->n; d++) {
        struct kern_16_neon key = kern_load_neon(k->k + d * KERN_PAGE + at);
        if (at == 0) kern_attn_prefetch(&k->ahead, d);
        KERN_UNROLL
        for (int g = 0; g < n; g++)
            part[g] = kern_fma_neon(part[g], key, q[g][k->d + d]);
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        store_scores(scores[g] + k->at + at, part[g], k);
}

KERN_INLINE void score_tile(int n, const float *const *q, float *const *scores,
                            const struct kern_attn_keys *k) {
    for (int at = 0; at < KERN_PAGE; at += STEP)
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
    struct kern_16_neon sum[QUERIES];
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        sum[g] = kern_load_neon(sums[g] + d);
    for (int p = 0; p < v->n; p++, row += v->stride) {
        struct kern_16_neon value = kern_load_neon(row);
        if (d == v->d) kern_attn_prefetch(&v->ahead, p);
        KERN_UNROLL
        for (int g = 0; g < n; g++)
            sum[g] = kern_fma_neon(sum[g], value, weights[g][v->at + p]);
    }
    KERN_UNROLL
    for (int g = 0; g < n; g++)
        kern_store_all_neon(sums[g] + d, sum[g]);
}

KERN_INLINE void weigh_regs(int n, float *const *sums,
                            const float *const *weights,
                            const struct kern_attn_values *v) {
    for (int i = 0; i < v->regs * STEP; i += STEP)
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
    const float32x4_t t = vdupq_n_f32(total);
    for (int d = 0; d < n; d += STEP) {
        struct kern_16_neon v = kern_load_neon(sums + d);
        KERN_UNROLL
        for (int i = 0; i < KERN_PANEL_REGS; i++)
            v.reg[i] = vdivq_f32(v.reg[i], t);
        kern_store_neon(out + d, v, n - d);
    }
}

void kern_attn_neon(const struct kern_attn *a) {
    static const struct kern_attn_ops ops = {
        .n_queries = QUERIES,
        .keys = keys,
        .values = values,
        .score = score,
        .weigh = weigh,
        .divide = divide,
        .exp_sum = kern_exp_sum_neon,
        .max = kern_max_neon,
    };
    kern_attn_run(a, &ops);
}
