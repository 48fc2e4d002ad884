#pragma once
// Where the queries of an attention call lie. Query i is head i % n_group of
// token i / n_group. Internal to engine/kernels/.

#include "engine/kernels/kernels.h"

static inline size_t kern_attn_offset(const struct kern_attn *a, int i) {
    return (size_t)(i / a->n_group) * a->stride +
           (size_t)(i % a->n_group) * (size_t)a->head_dim;
}

static inline int kern_attn_positions(const struct kern_attn *a, int i) {
    return a->n_pos + i / a->n_group;
}

static inline int kern_attn_pages(int n_pos) {
    return (n_pos + KERN_PAGE - 1) / KERN_PAGE;
}

static inline float *kern_attn_scores(const struct kern_attn *a, int i) {
    int n_pages = kern_attn_pages(a->n_pos + a->n_tokens - 1);
    return a->scores + (size_t)i * (size_t)n_pages * KERN_PAGE;
}

enum { KERN_ATTN_QUERIES = 4 }; // most that share loads

// Up to KERN_ATTN_QUERIES queries, in ascending order of positions.
struct kern_queries {
    const float *q[KERN_ATTN_QUERIES];
    float *out[KERN_ATTN_QUERIES], *scores[KERN_ATTN_QUERIES];
    float total[KERN_ATTN_QUERIES];
    int n_pos[KERN_ATTN_QUERIES];
};

static inline void kern_queries_set(struct kern_queries *g,
                                    const struct kern_attn *a, int first,
                                    int n) {
    for (int i = 0; i < n; i++) {
        g->q[i] = a->q + kern_attn_offset(a, first + i);
        g->out[i] = a->out + kern_attn_offset(a, first + i);
        g->scores[i] = kern_attn_scores(a, first + i);
        g->n_pos[i] = kern_attn_positions(a, first + i);
    }
}
