#include "harness/figures/figure.h"
#include "harness/figures/scene.h"

#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/table.h"
#include "harness/tables/deadline_end.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// How much is solved by when: a curve for each cell, the mean over problems of
// the share of samples that are correct within t. A wrong answer is one that
// never comes. The curves of a panel end together, when 95 % of the samples of
// its slowest cell are over, so that they are compared up to the same time.

enum { N_TIMES = 100 };
static const double END_QUANTILE = 0.95;

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS,
    {"threshold", 1, false}, {"time_ms", 3, false},
    {"solved", 4, false}, {"solved_low", 4, false}, {"solved_high", 4, false},
    {"n_problems", 0, false}, {"cell", COLUMN_TEXT, false}, {NULL, 0, false},
};
// clang-format on

static double end_of_panel(const struct scene *s,
                           const struct report_cell *panel) {
    double end = NAN;
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *c = &s->report->cells[i];
        if (!c->usable || !scene_belongs(s, panel, c)) continue;
        double t = deadline_end(c, END_QUANTILE);
        if (t > 0 && !(end >= t)) end = t;
    }
    return end;
}

// shares[n_problems] of each problem's samples that are correct within `limit`;
// NAN: it has no samples.
static void solved_within(const struct report_cell *c, double limit,
                          double *shares) {
    for (int p = 0; p < c->n_problems; p++) {
        const struct report_sample *s = c->samples + (size_t)p * (size_t)c->k;
        int n = 0, n_solved = 0;
        for (int i = 0; i < c->k; i++) {
            if (!s[i].present) continue;
            n++;
            n_solved += report_correct(&s[i]) > 0 && report_ms(&s[i]) <= limit;
        }
        shares[p] = stats_quotient(n_solved, n);
    }
}

static void add_curve(struct scene *s, const struct report_cell *panel,
                      const struct report_cell *c, double end,
                      struct table *t) {
    double *shares = xcalloc((size_t)c->n_problems + 1, sizeof *shares);
    for (int i = 0; i <= N_TIMES; i++) {
        double limit = end * i / N_TIMES;
        solved_within(c, limit, shares);
        struct estimate e = report_interval(s->report, c, shares);
        scene_add_row_in(s, panel, c, t);
        table_set_setting(t, "threshold", c->cell->threshold);
        table_set_number(t, "time_ms", limit);
        scene_set_estimate(t, "solved", "solved_low", "solved_high", &e, 1);
        table_set_number(t, "n_problems", e.n);
        report_set_cell(t, c);
    }
    free(shares);
}

static bool has_times(const struct report_cell *c) {
    return c->usable && !isnan(report_mean(c, report_ms));
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    scene_init_cells(&s, r);
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *panel = &r->cells[i];
        if (!scene_opens_panel(&s, panel)) continue;
        double end = end_of_panel(&s, panel);
        for (int j = 0; j < r->n_cells && !isnan(end); j++) {
            const struct report_cell *c = &r->cells[j];
            if (has_times(c) && scene_belongs(&s, panel, c))
                add_curve(&s, panel, c, end, t);
        }
    }
    scene_release(&s);
}

const struct figure figure_deadline = {
    .name = "deadline",
    .title = "Share solved within a time",
    .note = "A wrong answer never comes. Bars behind the end: intervals of the "
            "last share.",
    .needs = "a complete cell of a run in latency mode",
    .columns = columns,
    .fill = fill,
};
