#include "harness/gate/gate.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/rng.h"
#include "harness/compare/engine_facts.h"
#include "harness/gate/gate_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// A gate that cannot fire looks like one that has nothing to say. Each trial
// opens the store a second time, spoils one cell of it and judges it against
// the first; only what is in memory is changed.

enum { FLIP_STEPS = 200 };

struct trial {
    const char *name;
    enum gate_rule rule;
    // Spoils the cell and says how in `done`. False: this store cannot show it,
    // and `done` says why.
    bool (*spoil)(struct report *r, struct report_cell *c,
                  const struct gate_options *o, struct buf *done);
    bool optional; // a store that cannot show it is fine
};

// ---- what is done to a cell ------------------------------------------------

static bool change_nothing(struct report *r, struct report_cell *c,
                           const struct gate_options *o, struct buf *done) {
    (void)r;
    (void)c;
    (void)o;
    buf_adds(done, "an untouched copy");
    return true;
}

static bool change_token(struct report *r, struct report_cell *c,
                         const struct gate_options *o, struct buf *done) {
    struct engine_facts facts;
    engine_facts_read(&facts, &r->manifest);
    (void)o;
    if (!engine_facts_portable(&facts)) {
        buf_addf(done, "prefill %s: tokens depend on the machine",
                 facts.prefill);
        return false;
    }
    int last = c->n_problems * c->k - 1;
    c->samples[last].token_hash = "00000000";
    buf_adds(done, "one sample with another token");
    return true;
}

static bool slow_down(struct report *r, struct report_cell *c,
                      const struct gate_options *o, struct buf *done) {
    double factor = fmax(1.2, pow(1 + o->max_slowdown, 2));
    int n_timed = 0;
    (void)r;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        struct report_sample *s = &c->samples[i];
        if (s->total_ns == SAMPLE_NO_TIME) continue;
        s->total_ns = llround((double)s->total_ns * factor);
        n_timed++;
    }
    if (n_timed)
        buf_addf(done, "times x %.2f", factor);
    else
        buf_adds(done, "the store has no times");
    return n_timed > 0;
}

// malloc'ed [*n] places of correct samples, shuffled.
static int *shuffled_correct(const struct report_cell *c, uint64_t seed,
                             int *n) {
    int n_samples = c->n_problems * c->k;
    int *places = xcalloc((size_t)n_samples + 1, sizeof *places);
    struct rng rng = rng_make(seed, "gate-self-test", 0);
    *n = 0;
    for (int i = 0; i < n_samples; i++) {
        if (c->samples[i].verdict == VERDICT_CORRECT) places[(*n)++] = i;
    }
    for (int i = *n - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, RNG_ORDER, (uint64_t)i, (uint64_t)i + 1);
        int place = places[i];
        places[i] = places[j];
        places[j] = place;
    }
    return places;
}

// Is a loss of these samples twice what the gate can see, and the margin?
static bool is_enough(const struct report_cell *c, const int *places, int n,
                      double margin) {
    double *d = xcalloc((size_t)c->n_problems + 1, sizeof *d);
    for (int i = 0; i < n; i++)
        d[places[i] / c->k] -= 1.0 / c->k;
    double drop = -stats_mean(d, c->n_problems);
    double se = stats_sd(d, c->n_problems) / sqrt(c->n_problems);
    double one_sample = 1.0 / ((double)c->k * c->n_problems);
    double seen = stats_min_detectable(fmax(se, one_sample), c->n_problems);
    free(d);
    return drop >= 2 * margin && drop >= 2 * seen;
}

// Other seeds, so that accuracy is judged by its own rule.
static void change_seed(struct report *r) {
    r->manifest.seed ^= 1;
    for (int i = 0; i < r->manifest.n_cells; i++) {
        struct manifest_cell *c = &r->manifest.cells[i];
        c->id = arena_printf(&r->arena, "self-test-%.16s", c->id);
    }
}

static bool lose_verdicts(struct report *r, struct report_cell *c,
                          const struct gate_options *o, struct buf *done) {
    int n_correct, n = 0;
    int *places = shuffled_correct(c, (uint64_t)r->manifest.seed, &n_correct);
    int step = 1 + n_correct / FLIP_STEPS;
    bool enough = false;
    while (!enough && n < n_correct) {
        n = n + step < n_correct ? n + step : n_correct;
        enough = is_enough(c, places, n, o->max_accuracy_drop);
    }
    for (int i = 0; enough && i < n; i++)
        c->samples[places[i]].verdict = VERDICT_WRONG;
    free(places);
    change_seed(r);
    if (enough)
        buf_addf(done, "%d of %d correct verdicts lost", n, n_correct);
    else
        buf_addf(done,
                 "losing all %d correct verdicts of %d problems would not be "
                 "seen",
                 n_correct, c->n_problems);
    return enough;
}

static const struct trial trials[] = {
    {"untouched", RULE_N, change_nothing, false},
    {"token", RULE_EXACT, change_token, true},
    {"accuracy", RULE_ACCURACY, lose_verdicts, false},
    {"slowdown", RULE_SPEED, slow_down, true},
    {NULL, RULE_N, NULL, false},
};

// ---- judging ---------------------------------------------------------------

// Where there is most to lose; -1: no cell has a sample.
static int best_cell(const struct report *r) {
    int best = -1, most = -1;
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        int n = 0;
        for (int j = 0; j < c->n_problems * c->k; j++)
            n += c->samples[j].verdict == VERDICT_CORRECT;
        if (c->usable && n > most) {
            best = i;
            most = n;
        }
    }
    return best;
}

static const struct gate_cell *judged_cell(const struct gate *g,
                                           const struct report_cell *b) {
    for (int i = 0; i < g->n_cells; i++) {
        if (g->cells[i].match.b == b) return &g->cells[i];
    }
    return NULL;
}

// The first finding that is neither a pass nor silent.
static const char *first_trouble(const struct gate *g) {
    for (int i = 0; i < g->n_cells; i++) {
        for (int r = 0; r < RULE_N; r++) {
            const struct gate_finding *f = &g->cells[i].findings[r];
            if (f->outcome > GATE_NOT_JUDGED) return f->text;
        }
    }
    return g->text;
}

static bool is_as_expected(const struct trial *t, const struct gate *g,
                           const struct report_cell *spoilt,
                           const char **text) {
    *text = first_trouble(g);
    if (t->rule == RULE_N) return g->outcome == GATE_PASS;
    const struct gate_cell *c = judged_cell(g, spoilt);
    if (!c) return false;
    *text = c->findings[t->rule].text;
    return g->outcome == GATE_REGRESSION &&
           c->findings[t->rule].outcome == GATE_REGRESSION;
}

static bool run_trial(const struct trial *t, const struct report *baseline,
                      struct report *copy, int cell,
                      const struct gate_options *o, FILE *out) {
    struct buf done;
    struct gate g;
    const char *text;
    struct report_cell *c = &copy->cells[cell];
    buf_init(&done);
    if (!t->spoil(copy, c, o, &done)) {
        bool fine = t->optional && o->speed != SPEED_REQUIRED;
        fprintf(out, "%-8s %-10s not tested: %s\n", fine ? "-" : "FAILED",
                t->name, done.text);
        buf_release(&done);
        return fine;
    }
    struct gate_options named = *o;
    named.changed = t->rule == RULE_ACCURACY ? DIFFERS_SEED : 0;
    named.n_speedups = 0;
    if (named.speed == SPEED_OFF) named.speed = SPEED_AUTO;
    gate_judge(&g, baseline, copy, NULL, &named);
    bool fine = is_as_expected(t, &g, c, &text);
    fprintf(out, "%-8s %-10s %s: %s%s%s\n", fine ? "ok" : "FAILED", t->name,
            done.text, gate_outcome_name[g.outcome], *text ? ", " : "", text);
    gate_release(&g);
    buf_release(&done);
    return fine;
}

int gate_self_test(const char *dir, const struct gate_options *o, FILE *out,
                   struct error *err) {
    struct report baseline;
    int n_failed = 0;
    if (report_open(&baseline, dir, false, err)) return -1;
    int cell = best_cell(&baseline);
    if (cell < 0) {
        fprintf(out, "FAILED: %s has no complete cell\n", dir);
        n_failed = 1;
    }
    for (const struct trial *t = trials; t->name && cell >= 0; t++) {
        struct report copy;
        if (report_open(&copy, dir, false, err)) {
            n_failed = -1;
            break;
        }
        n_failed += !run_trial(t, &baseline, &copy, cell, o, out);
        report_release(&copy);
    }
    report_release(&baseline);
    return n_failed;
}
