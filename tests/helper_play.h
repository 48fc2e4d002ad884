#pragma once
// A play: models that write known steps and give known grades, so that a test
// can say exactly what a method must do.

#include "engine/methods/method.h"
#include "engine/lm/scripted.h"

// What each model writes as step number i. A text that does not end in the
// delimiter is followed by the end of text.
struct play_step {
    const char *draft, *base;
    const char *grades; // digits that the judge likes, equally; "x" likes 'x',
                        // "!": one digit's logit is no number
};

// The reward model's scores of step number i, 0 to 1: the draft's, and any
// other. NAN: its logits are no numbers.
struct play_scores {
    double draft, base;
};

struct play_role {
    const struct play_step *steps;    // ends with a step without texts
    const struct play_scores *scores; // of the reward model
    bool is_draft;
    uint8_t byte_xor;
    struct scripted_model model;
};

struct play {
    struct play_role base_role, draft_role, prm_role;
    struct lm *base, *draft, *prm; // prm: of play_open_prm() alone
    struct settings s;             // defaults, greedy, threshold 5
    struct workspace *w;
    struct trace t;
    int64_t now_ns;     // the clock of trace and models: 1000 ns a call of the
    struct clock clock; // base, 100 of the others, nothing per token
};

// byte_xor: of the draft's vocabulary, 0: the same as the base's.
void play_open(struct play *p, const struct play_step *steps, uint8_t byte_xor);
// With a reward model whose vocabulary has a byte_xor of its own. It reads
// "P:{problem}\n" and steps, and is asked with <|prm|>.
void play_open_prm(struct play *p, const struct play_step *steps,
                   const struct play_scores *scores, uint8_t byte_xor,
                   uint8_t prm_byte_xor);
// Give the reward model a context of so many tokens; a new workspace.
void play_shorten_prm(struct play *p, int n_ctx);
void play_close(struct play *p);
void play_solve(struct play *p, const char *method, uint64_t seed);

// "author:kept:score:text" of each step, joined by '|'; newlines as '/'.
const char *play_account(const struct play *p, char *out, size_t size);
void play_expect_account(const struct play *p, const char *expected);

// Three steps and a box; at threshold 5 the first and the third are kept.
extern const struct play_step play_story[];
