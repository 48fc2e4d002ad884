#include "harness/gate/gate.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/gate/gate_rules.h"
#include "harness/stats/stats_multiple.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// One family for accuracy and speed of all cells: adjusted apart, each would
// raise a false alarm in 5 % of the runs.

const char *const gate_outcome_name[] = {"pass", "not judged", "cannot judge",
                                         "regression", "invalid"};
const char *const gate_rule_name[] = {"sides", "exact", "accuracy", "speed",
                                      "speedup"};

int gate_exit_code(enum gate_outcome outcome) {
    static const int codes[] = {0, 0, 3, 1, 4};
    return codes[outcome];
}

// ---- measuring -------------------------------------------------------------

enum { OF_ACCURACY, OF_SPEED, N_TESTS };

struct evidence { // of one cell
    struct gate_accuracy accuracy;
    struct gate_timing timing;
    double aa_high;
    bool measured[N_TESTS];
};

static const struct report_cell *aa_cell(const struct cell_match *aa, int n_aa,
                                         const struct report_cell *a) {
    for (int i = 0; i < n_aa; i++) {
        if (aa[i].a == a) return aa[i].b;
    }
    return NULL;
}

// What needs no p value is decided here.
static void measure_cell(struct gate_cell *c, struct evidence *e,
                         const struct gate_sides *s) {
    struct gate_finding *f = c->findings;
    if (!gate_sides_judge(&f[RULE_SIDES], s)) return;
    if (gate_exact_judge(&f[RULE_EXACT], s)) {
        gate_finding_set(&f[RULE_ACCURACY], GATE_PASS, "identical");
    } else {
        gate_accuracy_of_cells(&e->accuracy, s);
        e->measured[OF_ACCURACY] = true;
    }
    e->measured[OF_SPEED] =
        gate_speed_of_cells(&e->timing, &e->aa_high, &f[RULE_SPEED], s);
}

static void conclude_cell(struct gate_cell *c, const struct evidence *e,
                          const double *p, int n_tests,
                          const struct gate_options *o) {
    if (e->measured[OF_ACCURACY])
        gate_accuracy_conclude(&c->findings[RULE_ACCURACY], &e->accuracy,
                               o->max_accuracy_drop, n_tests, p[OF_ACCURACY]);
    if (e->measured[OF_SPEED])
        gate_speed_conclude(&c->findings[RULE_SPEED], &e->timing,
                            o->max_slowdown, e->aa_high, p[OF_SPEED]);
}

static void judge_matches(struct gate *g, const struct gate_sides *sides) {
    size_t n = (size_t)g->n_cells + 1;
    struct evidence *e = xcalloc(n, sizeof *e);
    double *p = xcalloc(n * N_TESTS, sizeof *p);
    int n_tests = 0; // of the family
    for (int i = 0; i < g->n_cells; i++) {
        double *pair = p + (size_t)i * N_TESTS;
        measure_cell(&g->cells[i], &e[i], &sides[i]);
        pair[OF_ACCURACY] = e[i].measured[OF_ACCURACY] ? e[i].accuracy.p : NAN;
        pair[OF_SPEED] = e[i].measured[OF_SPEED] ? e[i].timing.p : NAN;
        n_tests += !isnan(pair[OF_ACCURACY]) + !isnan(pair[OF_SPEED]);
    }
    stats_holm(p, g->n_cells * N_TESTS);
    for (int i = 0; i < g->n_cells; i++)
        conclude_cell(&g->cells[i], &e[i], p + (size_t)i * N_TESTS, n_tests,
                      sides[i].o);
    free(e);
    free(p);
}

// ---- cells -----------------------------------------------------------------

static void clear_cell(struct gate_cell *c) {
    *c = (struct gate_cell){0};
    for (int i = 0; i < RULE_N; i++) {
        c->findings[i] = (struct gate_finding){
            .outcome = GATE_NOT_JUDGED,
            .value = {NAN, NAN, NAN, NAN, 0},
            .limit = NAN,
            .p = NAN,
            .min_detectable = NAN,
        };
    }
}

static struct gate_cell *cell_of_a(struct gate *g,
                                   const struct report_cell *a) {
    for (int i = 0; i < g->n_cells; i++) {
        if (g->cells[i].match.a == a) return &g->cells[i];
    }
    return NULL;
}

static struct gate_cell *cell_of_b(struct gate *g,
                                   const struct report_cell *b) {
    for (int i = 0; i < g->n_cells; i++) {
        if (g->cells[i].match.b == b) return &g->cells[i];
    }
    return NULL;
}

static void add_lonely(struct gate *g, const struct report *baseline,
                       const struct report *candidate) {
    for (int i = 0; i < baseline->n_cells; i++) {
        if (cell_of_a(g, &baseline->cells[i])) continue;
        struct gate_cell *c = &g->cells[g->n_cells++];
        c->match.a = &baseline->cells[i];
        gate_finding_set(&c->findings[RULE_SIDES], GATE_CANNOT_JUDGE,
                         "the candidate lacks it");
    }
    for (int i = 0; i < candidate->n_cells; i++) {
        if (cell_of_b(g, &candidate->cells[i])) continue;
        struct gate_cell *c = &g->cells[g->n_cells++];
        c->match.b = &candidate->cells[i];
        gate_finding_set(&c->findings[RULE_SIDES], GATE_NOT_JUDGED,
                         "new: the baseline lacks it");
    }
}

static void judge_speedups(struct gate *g, const struct report *candidate,
                           const struct gate_options *o) {
    for (int i = 0; i < g->n_cells; i++) {
        struct gate_cell *c = &g->cells[i];
        if (!c->match.b) continue;
        gate_speedup_judge(&c->findings[RULE_SPEEDUP], candidate, c->match.b,
                           o);
    }
}

static void conclude(struct gate *g) {
    for (int i = 0; i < g->n_cells; i++) {
        struct gate_cell *c = &g->cells[i];
        c->outcome = GATE_PASS;
        for (int r = 0; r < RULE_N; r++) {
            if (c->findings[r].outcome > c->outcome)
                c->outcome = c->findings[r].outcome;
        }
        bool open = c->match.a && c->match.b;
        if (c->outcome == GATE_NOT_JUDGED && open) c->outcome = GATE_PASS;
        if (c->outcome > g->outcome && c->outcome != GATE_NOT_JUDGED)
            g->outcome = c->outcome;
    }
}

// What slows all methods alike is the engine or the machine, and no interval
// within two runs can tell which.
static void note_slow_machine(struct gate *g) {
    int n_slower = 0, n_timed = 0;
    for (int i = 0; i < g->n_cells; i++) {
        const struct gate_finding *f = g->cells[i].findings;
        n_timed += !isnan(f[RULE_SPEED].value.value);
        n_slower += f[RULE_SPEED].outcome == GATE_REGRESSION;
        for (int r = 0; r < RULE_SPEED; r++) {
            if (f[r].outcome == GATE_REGRESSION) return;
        }
    }
    if (n_slower < 2 || n_slower < n_timed) return;
    snprintf(g->text, sizeof g->text,
             "all %d cells are slower and nothing else differs: the engine, or "
             "a machine that was busy; a second run of the baseline as --aa "
             "tells",
             n_slower);
}

// ---- the gate --------------------------------------------------------------

void gate_cannot_judge(struct gate *g, const char *why) {
    *g = (struct gate){.outcome = GATE_CANNOT_JUDGE};
    snprintf(g->text, sizeof g->text, "%s", why);
}

static void judge_all(struct gate *g, const struct report *baseline,
                      const struct report *candidate,
                      const struct cell_match *matches, int n,
                      const struct cell_match *aa, int n_aa,
                      const struct gate_options *o) {
    size_t room = (size_t)baseline->n_cells + (size_t)candidate->n_cells + 1;
    g->cells = xcalloc(room, sizeof *g->cells);
    for (size_t i = 0; i < room; i++)
        clear_cell(&g->cells[i]);
    struct gate_sides *sides = xcalloc((size_t)n + 1, sizeof *sides);
    for (int i = 0; i < n; i++) {
        g->cells[i].match = matches[i];
        sides[i] = (struct gate_sides){
            .ra = baseline,
            .rb = candidate,
            .a = matches[i].a,
            .b = matches[i].b,
            .aa = aa_cell(aa, n_aa, matches[i].a),
            .differs = matches[i].differs,
            .same = matches[i].same,
            .o = o,
        };
    }
    g->n_cells = n;
    judge_matches(g, sides);
    add_lonely(g, baseline, candidate);
    judge_speedups(g, candidate, o);
    conclude(g);
    note_slow_machine(g);
    free(sides);
}

// Of an A/A run only the seed may be another.
static int match_aa(const struct report *baseline, const struct report *aa,
                    struct cell_match **matches, int *n, struct error *err) {
    *matches = NULL;
    *n = 0;
    if (!aa) return 0;
    if (cell_match_all(baseline, aa, matches, n, NULL, err))
        return error_prefix(err, "A/A run");
    for (int i = 0; i < *n; i++) {
        if (!((*matches)[i].differs & ~(unsigned)DIFFERS_SEED)) continue;
        return error_set(err, ERR_INCOMPARABLE,
                         "A/A run: cell %.8s differs from the baseline in more "
                         "than the seed",
                         (*matches)[i].b->cell->id);
    }
    return 0;
}

void gate_judge(struct gate *g, const struct report *baseline,
                const struct report *candidate, const struct report *aa,
                const struct gate_options *o) {
    struct cell_match *matches = NULL, *aa_matches = NULL;
    int n = 0, n_aa = 0;
    struct error err = {0};
    const struct gate_speedup *unknown = gate_speedup_unknown(candidate, o);
    *g = (struct gate){0};
    if (unknown) {
        gate_cannot_judge(g, "");
        snprintf(g->text, sizeof g->text,
                 "--min-speedup: %.200s has no cell of '%.100s'",
                 candidate->dir, unknown->label);
    } else if (cell_match_all(baseline, candidate, &matches, &n, NULL, &err) ||
               match_aa(baseline, aa, &aa_matches, &n_aa, &err)) {
        gate_cannot_judge(g, err.text);
    } else {
        judge_all(g, baseline, candidate, matches, n, aa_matches, n_aa, o);
    }
    free(matches);
    free(aa_matches);
}

void gate_release(struct gate *g) {
    free(g->cells);
    *g = (struct gate){0};
}
