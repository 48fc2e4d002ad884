#pragma once
// Toy models for the tests of methods: random but reproducible distributions
// over a few letters, with answers, ends of text and grades.
//
// A toy writes letters 'a'..'h', blanks and newlines (so that steps end), now
// and then 'Q', after which it certainly writes "\boxed{7}", and rarely the end
// token. After the special token <|grade|> it prefers one digit, which depends
// on the text before. `noise` moves the logits of another toy with the same
// seed: a draft that is nearly the base.

#include "engine/lm/scripted.h"
#include "engine/methods/method.h"

struct toy {
    uint64_t seed, noise_seed;
    double noise;
    double end_logit; // of the end token; -20: never
    double box_logit; // of 'Q'
    struct scripted_model model;
    int64_t now_ns; // the scripted clock, when model.now_ns points here
};

void toy_init(struct toy *t, uint64_t seed, uint64_t noise_seed, double noise);
struct lm *toy_open(struct toy *t); // 16 rows
// A tiny GGUF model instead, written to the folder; 12 rows.
struct lm *toy_open_native(const char *dir);

// Default settings but: budget 120, step_tokens 20, max_steps 30.
void toy_settings(struct settings *s);

// A pair of models, a workspace with the problem "1+1" loaded, and a trace.
struct toy_pair {
    struct toy base_toy, draft_toy;
    struct lm *base, *draft;
    struct settings s;
    struct workspace *w;
    struct trace t;
};
void toy_pair_open(struct toy_pair *p, const struct settings *s, uint64_t seed,
                   double noise);
void toy_pair_close(struct toy_pair *p);
// Solves with p->s; fails the test on an error, or when a transcript is not
// what the trace says.
void toy_pair_solve(struct toy_pair *p, const char *method, uint64_t seed);

// A copy of what a sample kept.
struct toy_result {
    int32_t tokens[2048];
    int n;
    enum stop_reason stop;
};
void toy_result_take(struct toy_result *r, const struct trace *t);
bool toy_result_equal(const struct toy_result *a, const struct toy_result *b);
