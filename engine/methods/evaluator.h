#pragma once
// Private to engine/methods: who says how good a step is. One family: steps of
// a tree are scored in batches, the drafted step of SpecReason is a batch of
// one.
//
//   prm         a process reward model at its step tag (prm.h), 0 to 1
//   judge       the base's utility digit behind the grade suffix (judge.h),
//               divided by 9: 0 to 1
//   likelihood  the author's own: geometric mean of the step's token
//               probabilities, 0 to 1; costs nothing
//   random      uniform in [0, 1): the control

#include "engine/methods/workspace.h"

// A step to be scored.
struct claim {
    // The evaluator's model: the path with the step as its end, whatever is
    // pending of it. What is pushed to ask is truncated away again, the path
    // itself is then evaluated. NULL where no model is asked.
    struct lm_seq *seq;
    double likelihood; // geometric mean, for the likelihood evaluator
    uint64_t draw;     // index of the random evaluator's draw (RNG_JUDGE)
    double score;      // out
};

struct evaluator {
    int role;   // model that reads: ROLE_BASE, ROLE_PRM; -1: none
    bool reads; // the author's log probabilities (node.log_p)
};
extern const struct evaluator evaluators[]; // by enum evaluator_kind

// Evaluates with a batch of lm_rows(), counting calls; see transcript.h.
typedef int (*evaluator_rows_fn)(void *ctx, const struct lm_ask *asks, int n,
                                 struct error *err);

// Scores n <= LM_SHARED_MAX claims in one batch. NAN from a model is an error:
// "the prm's logits are not numbers". Counts judge_calls and judge_tokens.
int evaluator_score(enum evaluator_kind kind, struct workspace *w,
                    const struct settings *s, const struct rng *rng,
                    struct trace *t, struct claim *claims, int n,
                    evaluator_rows_fn rows, void *ctx, struct error *err);

// Tokens that asking pushes behind a step.
int evaluator_n_suffix(enum evaluator_kind kind, const struct workspace *w);
