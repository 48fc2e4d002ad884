#pragma once
// The two acceptance rules of token-level speculation, as pure functions over
// weights, drafted tokens and uniform numbers.

#include <stdint.h>

// One verification. Row i of p is the target's distribution at the position of
// draft token i, row n_draft that of the token after all of them; row i of q
// is the distribution that draft token i was really sampled from. Weights as
// sampler.h gives them: probability = weight / total.
struct accept_round {
    int n_vocab, n_draft;
    const int32_t *draft;                // [n_draft]
    const float *p;                      // [n_draft + 1][n_vocab]
    const double *p_total;               // [n_draft + 1]
    const float *q;                      // [n_draft][n_vocab]
    const double *q_total;               // [n_draft]
    const double *u_target;              // [n_draft + 1] in [0, 1)
    const double *u_accept, *u_residual; // [n_draft]
};

// Both return how many draft tokens are accepted and set *next to the token
// that follows them: the target's own choice after a rejection, or the bonus
// token when all were accepted.

// The target samples at each position with u_target; a draft token stands
// while it is the same token. The result is what the target alone would have
// sampled with these numbers.
int accept_exact(const struct accept_round *r, int32_t *next);

// A draft token stands with probability min(1, p/q); after a rejection the
// next token comes from max(p - q, 0), normalised (u_residual); the bonus
// comes from the last row of p (u_target).
int accept_rejection(const struct accept_round *r, int32_t *next);
