#include "harness/figures/figure.h"

#include "engine/base/alloc.h"
#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>

// Share of the samples of a cell that are done within a time: a step for each
// sample, thinned where there are more than can be told apart. Failed samples
// have no time and are not in it.

enum { STEPS_MAX = 200 };

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS,
    {"ms", 3, false}, {"share", 4, false}, {"n_samples", 0, false},
    {"cell", COLUMN_TEXT, false},
    {NULL, 0, false},
};
// clang-format on

static int collect(const struct report_cell *c, double *ms) {
    int n = 0;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        double value = c->samples[i].present ? report_ms(&c->samples[i]) : NAN;
        if (!isnan(value)) ms[n++] = value;
    }
    return n;
}

static int compare(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static void add_cell(struct scene *s, const struct report_cell *panel,
                     const struct report_cell *c, struct table *t) {
    double *ms = xcalloc((size_t)c->n_problems * (size_t)c->k, sizeof *ms);
    int n = collect(c, ms);
    int n_steps = n < STEPS_MAX ? n : STEPS_MAX;
    if (n > 1) qsort(ms, (size_t)n, sizeof *ms, compare);
    // The first row is the foot of the first step.
    for (int i = 0; i <= n_steps && n; i++) {
        int done = (int)((int64_t)n * i / n_steps);
        scene_add_row_in(s, panel, c, t);
        table_set_number(t, "ms", ms[done ? done - 1 : 0]);
        table_set_number(t, "share", (double)done / n);
        table_set_number(t, "n_samples", n);
        report_set_cell(t, c);
    }
    free(ms);
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    scene_init_cells(&s, r);
    scene_each_in_panels(&s, add_cell, t);
    scene_release(&s);
}

const struct figure figure_latency_cdf = {
    .name = "latency_cdf",
    .title = "Samples done within a time",
    .note = "Whether the answer is right does not matter here.",
    .needs = "a complete cell of a run in latency mode",
    .columns = columns,
    .fill = fill,
};
