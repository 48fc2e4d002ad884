#include "engine/methods/accept.h"

#include "engine/methods/sampler.h"

#include <stddef.h>

// accept_rejection() is the rule of Leviathan et al. (2211.17192, algorithm 1)
// and Chen et al. (2302.01318): the tokens are distributed as the target's own
// whatever the draft is, provided that q is what the draft was sampled from.

static const float *row_of(const float *rows, int i, int n_vocab) {
    return rows + (size_t)i * (size_t)n_vocab;
}

int accept_exact(const struct accept_round *r, int32_t *next) {
    for (int i = 0;; i++) {
        *next = sample_pick(row_of(r->p, i, r->n_vocab), r->n_vocab,
                            r->p_total[i], r->u_target[i]);
        if (i == r->n_draft || *next != r->draft[i]) return i;
    }
}

// max(p - q, 0) of token t.
static double residual(const struct accept_round *r, int i, int t) {
    double p = row_of(r->p, i, r->n_vocab)[t] / r->p_total[i];
    double q = row_of(r->q, i, r->n_vocab)[t] / r->q_total[i];
    return p > q ? p - q : 0;
}

static int32_t pick_residual(const struct accept_round *r, int i) {
    double total = 0, sum = 0;
    for (int t = 0; t < r->n_vocab; t++)
        total += residual(r, i, t);
    int last = -1;
    for (int t = 0; t < r->n_vocab; t++) {
        double w = residual(r, i, t);
        if (w <= 0) continue;
        last = t;
        sum += w;
        if (sum > r->u_residual[i] * total) break;
    }
    if (last >= 0) return last;
    // p and q are equal up to rounding, where hardly anything is rejected.
    return sample_pick(row_of(r->p, i, r->n_vocab), r->n_vocab, r->p_total[i],
                       r->u_residual[i]);
}

int accept_rejection(const struct accept_round *r, int32_t *next) {
    for (int i = 0; i < r->n_draft; i++) {
        int32_t t = r->draft[i];
        double p = row_of(r->p, i, r->n_vocab)[t] / r->p_total[i];
        double q = row_of(r->q, i, r->n_vocab)[t] / r->q_total[i];
        if (r->u_accept[i] * q < p) continue;
        *next = pick_residual(r, i);
        return i;
    }
    *next = sample_pick(row_of(r->p, r->n_draft, r->n_vocab), r->n_vocab,
                        r->p_total[r->n_draft], r->u_target[r->n_draft]);
    return r->n_draft;
}
