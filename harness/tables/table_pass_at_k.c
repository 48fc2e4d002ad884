#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/stats/stats_pass_k.h"
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>

// pass@k' for k' = 1, 2, 4, .. and k itself, of k samples per problem: a row
// for each cell and k'. The unit is the problem, as in the table of accuracy,
// which the row of k' = 1 repeats.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, false}, {"k", 0, false}, {"pass_at_k", 4, false},
    {"se", 4, false}, {"ci_low", 4, false}, {"ci_high", 4, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"k", "$k$", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"pass_at_k", "pass@$k$", PAPER_PERCENT, BEST_NONE, "ci_low", "ci_high"},
    REPORT_LAST_PAPER,
};
// clang-format on

// Of one problem; NAN where fewer than `of` of its samples are there.
static double pass_of(const struct report_sample *samples, int k, int of) {
    int n = 0, n_correct = 0;
    for (int i = 0; i < k; i++) {
        if (!samples[i].present) continue;
        n++;
        n_correct += samples[i].verdict == VERDICT_CORRECT;
    }
    return stats_pass_at_k(n, n_correct, of);
}

static struct estimate estimate(const struct report *r,
                                const struct report_cell *c, int of) {
    double *values = xcalloc((size_t)c->n_problems, sizeof *values);
    int n = 0;
    for (int p = 0; p < c->n_problems; p++) {
        values[n] = pass_of(c->samples + (size_t)p * (size_t)c->k, c->k, of);
        n += !isnan(values[n]);
    }
    struct estimate e = stats_mean_interval(values, n, r->manifest.confidence);
    free(values);
    return e;
}

static void fill_row(const struct report *r, const struct report_cell *c,
                     int of, struct table *t) {
    report_begin_row(t, c);
    table_set_number(t, "k", of);
    if (c->usable) {
        struct estimate e = estimate(r, c, of);
        table_set_number(t, "n_problems", e.n);
        table_set_number(t, "pass_at_k", e.value);
        table_set_number(t, "se", e.se);
        table_set_number(t, "ci_low", isnan(e.low) ? NAN : fmax(0, e.low));
        table_set_number(t, "ci_high", isnan(e.high) ? NAN : fmin(1, e.high));
    }
    report_end_row(t, c);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        if (c->k < 2) continue;
        for (int of = 1; of < c->k; of *= 2)
            fill_row(r, c, of, t);
        fill_row(r, c, c->k, t);
    }
}

const struct report_table table_pass_at_k = {
    .name = "pass_at_k",
    .title = "pass@k",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .printed = false,
    .optional = true,
};
