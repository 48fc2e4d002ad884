#include "harness/compare/cell_pair.h"

#include "engine/base/alloc.h"
#include "harness/stats/stats_multiple.h"
#include "harness/stats/stats_paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Paired by problem (reference: Miller 2024 for accuracy; for times the log
// ratio of per-problem means, so that a long problem weighs as much as a short
// one). Ratio of means is what papers print: long problems dominate it.

enum column { CELL, OTHER, N_COLUMNS };

// Index of this problem in `other`, which most often lists it at the same
// place; -1: it does not.
static int find_problem(const struct report_cell *other, const char *hash,
                        int place) {
    const struct manifest_problem *p = other->dataset->problems;
    if (place < other->n_problems && !strcmp(p[place].hash, hash)) return place;
    for (int i = 0; i < other->n_problems; i++) {
        if (!strcmp(p[i].hash, hash)) return i;
    }
    return -1;
}

int cell_pair_values(const struct report_cell *c,
                     const struct report_cell *other, report_value_fn fn,
                     double *x, double *y) {
    double *means = xcalloc((size_t)other->n_problems + 1, sizeof *means);
    int n = 0;
    report_problem_means(c, fn, x);
    report_problem_means(other, fn, means);
    for (int i = 0; i < c->n_problems; i++) {
        int at = find_problem(other, c->dataset->problems[i].hash, i);
        if (at < 0 || isnan(x[i]) || isnan(means[at])) continue;
        x[n] = x[i];
        y[n++] = means[at];
    }
    free(means);
    return n;
}

static double ms_per_token(const struct report_sample *s) {
    double ms = report_ms(s), n = (double)s->count.kept_tokens;
    return n > 0 ? ms / n : NAN;
}

// Of log(other / cell), which is written over both[CELL]; *p: of its being 0.
static struct estimate ratio(const struct report_cell *c,
                             const struct report_cell *other,
                             report_value_fn fn, double *both[N_COLUMNS],
                             double level, double *p) {
    int n = cell_pair_values(c, other, fn, both[CELL], both[OTHER]);
    int n_logs = 0;
    double t;
    for (int i = 0; i < n; i++) {
        double x = both[CELL][i], y = both[OTHER][i];
        if (x > 0 && y > 0) both[CELL][n_logs++] = log(y / x);
    }
    struct estimate e = stats_mean_interval(both[CELL], n_logs, level);
    *p = stats_t_test(&e, &t);
    return stats_geomean_interval(both[CELL], n_logs, level);
}

static void fill_accuracy(struct cell_pair *p, const struct report_cell *c,
                          const struct report_cell *other,
                          double *both[N_COLUMNS], double level,
                          uint64_t seed) {
    int n = cell_pair_values(c, other, report_correct, both[CELL], both[OTHER]);
    struct paired d = stats_paired(both[CELL], both[OTHER], n, level, seed);
    p->accuracy = d.difference;
    p->t = d.t;
    p->p_t = d.p_t;
    p->p = d.p_flip;
    p->correlation = d.correlation;
    p->min_detectable = d.min_detectable;
}

int cell_pair_fill(struct cell_pair *p, const struct report *r,
                   const struct report_cell *c,
                   const struct report_cell *other) {
    if (!c->usable || !other || !other->usable) return -1;
    double level = r->manifest.confidence, unused;
    double *both[N_COLUMNS];
    for (int i = 0; i < N_COLUMNS; i++) {
        both[i] = xcalloc((size_t)c->n_problems, sizeof **both);
    }
    p->time = ratio(c, other, report_ms, both, level, &p->time_p);
    p->per_token = ratio(c, other, ms_per_token, both, level, &unused);
    p->ratio_of_means = stats_quotient(report_mean(other, report_ms),
                                       report_mean(c, report_ms));
    p->tokens_ratio = stats_quotient(report_mean(c, report_kept_tokens),
                                     report_mean(other, report_kept_tokens));
    fill_accuracy(p, c, other, both, level, (uint64_t)r->manifest.seed);
    for (int i = 0; i < N_COLUMNS; i++)
        free(both[i]);
    return 0;
}

// ---- several pairs --------------------------------------------------------

struct cell_pair_family cell_pair_adjust(const struct cell_pair *pairs,
                                         const bool *has, int n,
                                         enum cell_pair_test test) {
    size_t size = (size_t)n + 1;
    struct cell_pair_family f = {xcalloc(size, sizeof(double)),
                                 xcalloc(size, sizeof(double)),
                                 xcalloc(size, sizeof(double))};
    for (int i = 0; i < n; i++) {
        double p = test == PAIR_TIME ? pairs[i].time_p : pairs[i].p;
        f.raw[i] = f.holm[i] = f.bh[i] = has[i] ? p : NAN;
    }
    stats_holm(f.holm, n);
    stats_benjamini_hochberg(f.bh, n);
    return f;
}

void cell_pair_family_release(struct cell_pair_family *f) {
    free(f->raw);
    free(f->holm);
    free(f->bh);
}
