#pragma once
// Private to engine/methods: one round of token-level speculation, as far as it
// is the same for one sample (speculate.h) and for many thoughts at once
// (thoughts.h): its draws, its decision, and the drafter's catching up.

#include "engine/base/rng.h"
#include "engine/lm/lm.h"
#include "engine/methods/settings.h"
#include "engine/methods/vocab_map.h"

struct workspace;

// A round's numbers and drafts.
struct spec_round {
    int n; // drafted tokens
    int32_t draft[DRAFT_TOKENS_MAX + 1];
    double p_total[DRAFT_TOKENS_MAX + 1], q_total[DRAFT_TOKENS_MAX + 1];
    double u_target[DRAFT_TOKENS_MAX + 1];
    double u_accept[DRAFT_TOKENS_MAX + 1], u_residual[DRAFT_TOKENS_MAX + 1];
};

// The draws of n_draft tokens and the one after them, the first with this
// index.
void spec_round_draw(struct spec_round *r, const struct rng *rng,
                     uint64_t index, int n_draft);

// Accept by the rule (enum accept_rule), with the weights that the workspace
// holds: p [r->n + 1][n_vocab], q [r->n][n_vocab]. Returns how many of the
// drafted tokens stand; *next: the token after them.
int spec_round_decide(const struct spec_round *r, const struct workspace *w,
                      int accept, int32_t *next);

// Push what the drafter reads for tokens[*n_read .. n) of the base, all or
// nothing; *n_read becomes n. *ready is false when they do not fit its context
// or its vocabulary.
int spec_catch_up(const struct vocab_map *map, struct lm_seq *drafter,
                  const int32_t *tokens, int n, int *n_read, bool *ready,
                  struct error *err);
