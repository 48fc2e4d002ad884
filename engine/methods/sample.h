#pragma once
// Private to engine/methods: the sample being solved, and the one place where
// a token becomes final. Stop rule, budget and step accounting live here, so
// that they are the same for all methods.

#include "engine/methods/workspace.h"

struct sample {
    struct workspace *w;
    const struct settings *s;
    const struct rng *rng;
    struct trace *t;
    bool speculate;        // the drafter is attached to the base
    enum stop_reason stop; // STOP_NONE while the sample goes on
    struct stop_scan scan; // of the kept text
    size_t n_text;         // kept bytes of w->text
    int n_kept;            // tokens after the prompt, inserted ones included
    int limit;             // n_kept stops here
    int n_attempts;        // steps that the draft has tried
    // What the draft has of it: bytes where text is exchanged, tokens where ids
    // are.
    size_t draft_text;
    int draft_kept;
    // The step being written by the base.
    size_t step_text;
    int step_first;
    int64_t step_ns;
};

void sample_init(struct sample *m, struct workspace *w,
                 const struct settings *s, const struct rng *rng,
                 struct trace *t);

// Why a path ends with its last token, whose scan this is: answer, repetition,
// step limit, budget, in this order; STOP_NONE: it goes on. n_kept: tokens of
// the path, limit: its budget.
enum stop_reason sample_stop(const struct stop_scan *scan, int n_kept,
                             int limit, int max_steps);

// Make one token final, in text, trace and scan; sets m->stop. An end token is
// not kept: false.
bool sample_keep(struct sample *m, int32_t token, enum author author);

// The base begins a step here (time and place).
void sample_step_begin(struct sample *m);
// Record what the base wrote since, if anything; begins the next one.
void sample_step_end(struct sample *m);

// Append the text of a token at *n_text of the workspace's text.
void sample_add_text(struct sample *m, const struct lm *lm, int32_t token,
                     size_t *n_text);

// The end of every method: the answer phase, where it is asked for and no
// answer came. Sets trace.stop.
int sample_finish(struct sample *m, struct error *err);
