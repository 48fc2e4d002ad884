#include "harness/compare/cell_pair.h"

#include "engine/base/alloc.h"

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

// Writes log(other / cell) over both[CELL].
static struct estimate ratio(const struct report_cell *c,
                             const struct report_cell *other,
                             report_value_fn fn, double *both[N_COLUMNS],
                             double level) {
    int n = cell_pair_values(c, other, fn, both[CELL], both[OTHER]);
    int n_logs = 0;
    for (int i = 0; i < n; i++) {
        double x = both[CELL][i], y = both[OTHER][i];
        if (x > 0 && y > 0) both[CELL][n_logs++] = log(y / x);
    }
    return stats_geomean_interval(both[CELL], n_logs, level);
}

static void fill_accuracy(struct cell_pair *p, const struct report_cell *c,
                          const struct report_cell *other,
                          double *both[N_COLUMNS], double level,
                          uint64_t seed) {
    int n = cell_pair_values(c, other, report_correct, both[CELL], both[OTHER]);
    for (int i = 0; i < n; i++)
        both[CELL][i] -= both[OTHER][i];
    p->accuracy = stats_mean_interval(both[CELL], n, level);
    p->p = stats_sign_flip_p(both[CELL], n, seed);
    p->min_detectable = stats_min_detectable(p->accuracy.se, n);
}

int cell_pair_fill(struct cell_pair *p, const struct report *r,
                   const struct report_cell *c,
                   const struct report_cell *other) {
    if (!c->usable || !other || !other->usable) return -1;
    double level = r->manifest.confidence;
    double *both[N_COLUMNS];
    for (int i = 0; i < N_COLUMNS; i++) {
        both[i] = xcalloc((size_t)c->n_problems, sizeof **both);
    }
    p->time = ratio(c, other, report_ms, both, level);
    p->per_token = ratio(c, other, ms_per_token, both, level);
    p->ratio_of_means = stats_quotient(report_mean(other, report_ms),
                                       report_mean(c, report_ms));
    p->tokens_ratio = stats_quotient(report_mean(c, report_kept_tokens),
                                     report_mean(other, report_kept_tokens));
    fill_accuracy(p, c, other, both, level, (uint64_t)r->manifest.seed);
    for (int i = 0; i < N_COLUMNS; i++)
        free(both[i]);
    return 0;
}
