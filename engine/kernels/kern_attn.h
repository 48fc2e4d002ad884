#pragma once
// Attention of one KV head: the loops that every instruction set shares, around
// a few operations that each brings.
//
// Queries (query i is head i % n_group of token i / n_group) that read the same
// page stand in one range, which is cut into tiles; a page is read once for a
// range, made floats once, and met by all tiles while it is in L1:
//   for each page, range, chunk of dimensions, tile: scores
//   for each query: softmax over its positions
//   for each page, range, 32 dimensions, tile: sums of values
// The next page lies somewhere else, so the CPU cannot foresee it. It is asked
// for line by line while this one is computed with: a burst of requests would
// fill the buffers of outstanding ones, and memory would idle between bursts
// (one core, 4096 positions of 64 dimensions, 7 queries, halves: 8.1 ms for 24
// layers of 2 heads in bursts, 4.4 so, of 4.2 when all is in L2).
//
// One query has too few sums to keep the CPU busy, each a chain of fused
// multiply-adds. Ranges of one query are therefore taken several at a time
// where the instruction set has operations for it and pages hold floats: each
// query meets its own page, the chains stand side by side.
//
// Positions that all queries of a tile see come first, then each query goes on
// alone with the few that are left to it. Internal to engine/kernels/.

#include "engine/kernels/kernels.h"

#include <stdbool.h>

enum {
    KERN_ATTN_QUERIES = 8, // of a tile, at most
    KERN_ATTN_LONE = 4,    // that stand side by side, each with its own page
    KERN_ATTN_DIMS = 32,   // of values made floats at once
};

static inline size_t kern_attn_offset(const struct kern_attn *a, int i) {
    return (size_t)(i / a->n_group) * a->stride +
           (size_t)(i % a->n_group) * (size_t)a->head_dim;
}

static inline const struct kern_attn_token *
kern_attn_token(const struct kern_attn *a, int i) {
    return &a->tokens[i / a->n_group];
}

static inline int kern_attn_pages(int n_pos) {
    return (n_pos + KERN_PAGE - 1) / KERN_PAGE;
}

static inline const void *kern_attn_keys_of(const struct kern_attn *a,
                                            int page) {
    return (const char *)a->keys + (size_t)page * a->page_stride;
}

static inline const void *kern_attn_values_of(const struct kern_attn *a,
                                              int page) {
    return (const char *)a->values + (size_t)page * a->page_stride;
}

// A query's part of the scratch: its scores, then its sums.
static inline float *kern_attn_scores(const struct kern_attn *a, int i) {
    return a->scratch +
           (size_t)i * kern_attn_scratch_floats(1, a->n_pages, a->head_dim);
}

// What to prefetch: with row i of a chunk, `n_bytes` from next + i * n_bytes
// on.
struct kern_attn_ahead {
    const char *next; // NULL: nothing
    size_t n_bytes;   // at most 128
};

static inline void kern_attn_prefetch(const struct kern_attn_ahead *a, int i) {
    if (!a->next) return;
    const char *p = a->next + (size_t)i * a->n_bytes;
    __builtin_prefetch(p);
    if (a->n_bytes > 64) __builtin_prefetch(p + 64);
}

// Keys of dimensions [d, d + n) of a page, n <= KERN_CHUNK.
struct kern_attn_keys {
    const float *k; // [n][KERN_PAGE], 64-byte aligned
    int d, n;
    int at;           // position of the page's first
    bool first, last; // chunk of the head
    float scale;      // of the finished sum
    struct kern_attn_ahead ahead;
};

// Values of `n` positions, `regs` * 16 dimensions from d on.
struct kern_attn_values {
    const float *v; // [n][stride], 64-byte aligned
    size_t stride;
    int d, regs; // regs: 1 or 2
    int at, n;   // position of the first, their number
    struct kern_attn_ahead ahead;
};

struct kern_attn_ops {
    int n_queries; // of a tile, at most KERN_ATTN_QUERIES
    // Floats of dimensions [d, d + n) of a page of keys, n <= KERN_CHUNK, to
    // [n][KERN_PAGE]. Not for KERN_F32.
    void (*keys)(const struct kern_attn *a, const void *page, int d, int n,
                 float *to);
    // Floats of the first n positions of a page of values, dimensions from d
    // on, to [n][KERN_ATTN_DIMS]. Not for KERN_F32.
    void (*values)(const struct kern_attn *a, const void *page, int d, int n,
                   float *to);
    // The chunk's part of scores[g][at..at + KERN_PAGE) of n queries.
    void (*score)(int n, const float *const *q, float *const *scores,
                  const struct kern_attn_keys *k);
    // sums[g][d..] += v * weights[g] of n queries, position after position.
    void (*weigh)(int n, float *const *sums, const float *const *weights,
                  const struct kern_attn_values *v);
    // The same for n <= KERN_ATTN_LONE queries, each with a page of its own:
    // k[g] and v[g], which differ in their pages alone. NULL: one by one.
    void (*score_each)(int n, const float *const *q, float *const *scores,
                       const struct kern_attn_keys *k);
    void (*weigh_each)(int n, float *const *sums, const float *const *weights,
                       const struct kern_attn_values *v);
    // out[d] = sums[d] / total.
    void (*divide)(float *out, const float *sums, float total, int n);
    float (*exp_sum)(float *x, int n, float max, float inv_temp);
    float (*max)(const float *x, int n);
};

void kern_attn_run(const struct kern_attn *a, const struct kern_attn_ops *ops);
