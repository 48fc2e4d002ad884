#include "harness/tables/speedup_pair.h"

#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/stats.h"
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>

// Paired by problem (reference: Miller 2024 for accuracy; for times the log
// ratio of per-problem means, so that a long problem weighs as much as a short
// one). Ratio of means is what papers print: long problems dominate it.

enum column { CELL, OTHER, N_COLUMNS };

// Both cells' per-problem means where both have one; returns how many.
static int pair_means(const struct report_cell *c,
                      const struct report_cell *other, report_value_fn fn,
                      double *both[N_COLUMNS]) {
    report_problem_means(c, fn, both[CELL]);
    report_problem_means(other, fn, both[OTHER]);
    int n = 0;
    for (int i = 0; i < c->n_problems; i++) {
        double x = both[CELL][i], y = both[OTHER][i];
        if (isnan(x) || isnan(y)) continue;
        both[CELL][n] = x;
        both[OTHER][n++] = y;
    }
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
    int n = pair_means(c, other, fn, both), n_logs = 0;
    for (int i = 0; i < n; i++) {
        double x = both[CELL][i], y = both[OTHER][i];
        if (x > 0 && y > 0) both[CELL][n_logs++] = log(y / x);
    }
    return stats_geomean_interval(both[CELL], n_logs, level);
}

static void fill_accuracy(struct speedup_pair *s, const struct report *r,
                          const struct report_cell *c,
                          const struct report_cell *other,
                          double *both[N_COLUMNS]) {
    int n = pair_means(c, other, report_correct, both);
    for (int i = 0; i < n; i++)
        both[CELL][i] -= both[OTHER][i];
    s->accuracy = stats_mean_interval(both[CELL], n, r->manifest.confidence);
    s->p = stats_sign_flip_p(both[CELL], n, (uint64_t)r->manifest.seed);
    s->min_detectable = stats_min_detectable(s->accuracy.se, n);
}

int speedup_pair_fill(struct speedup_pair *s, const struct report *r,
                      const struct report_cell *c,
                      const struct report_cell *other) {
    if (!c->usable || !other || !other->usable) return -1;
    double level = r->manifest.confidence;
    double *both[N_COLUMNS];
    for (int i = 0; i < N_COLUMNS; i++) {
        both[i] = xcalloc((size_t)c->n_problems, sizeof **both);
    }
    s->time = ratio(c, other, report_ms, both, level);
    s->per_token = ratio(c, other, ms_per_token, both, level);
    s->ratio_of_means = stats_quotient(report_mean(other, report_ms),
                                       report_mean(c, report_ms));
    s->tokens_ratio = stats_quotient(report_mean(c, report_kept_tokens),
                                     report_mean(other, report_kept_tokens));
    fill_accuracy(s, r, c, other, both);
    for (int i = 0; i < N_COLUMNS; i++)
        free(both[i]);
    return 0;
}

void mark_unresolved(struct table *t, const char *column,
                     const struct estimate *e, double null_value) {
    bool resolved = e->low > null_value || e->high < null_value;
    if (!resolved) table_set_mark(t, column, "~");
}
