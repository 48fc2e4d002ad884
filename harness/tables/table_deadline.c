#include "harness/report.h"
#include "harness/stats/stats_front.h"
#include "harness/table.h"
#include "harness/tables/cell_group.h"
#include "harness/tables/deadline_end.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// What is solved by when: the share of correct answers within t, as a curve
// over t from 0 to an end, and the area under it, over the end. A wrong answer
// counts as one that never comes. Areas are of use only up to the same end, so
// all cells of a base and data set share one: by when nine of ten samples of
// the baseline are over, of the slowest one where settings vary. Other methods
// of the sweep do not move it. Needs times.

static const double END_QUANTILE = 0.9;
static const struct {
    const char *column;
    double of_end;
} moments[] = {
    {"solved_at_25", 0.25}, {"solved_at_50", 0.5}, {"solved_at_100", 1}};
enum { N_MOMENTS = sizeof moments / sizeof *moments };

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, true}, {"end_ms", 3, false}, {"area", 4, false},
    {"area_ci_low", 4, true}, {"area_ci_high", 4, true},
    {"solved_at_25", 4, false}, {"solved_at_50", 4, false},
    {"solved_at_100", 4, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"end_ms", "End", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"area", "Area", PAPER_RATIO, BEST_HIGH, "area_ci_low", "area_ci_high"},
    {"solved_at_25", "Solved by|End/4", PAPER_PERCENT, BEST_HIGH, NULL, NULL},
    {"solved_at_50", "by End/2", PAPER_PERCENT, BEST_HIGH, NULL, NULL},
    {"solved_at_100", "by End", PAPER_PERCENT, BEST_HIGH, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

// ---- where the curve ends -------------------------------------------------

// Of the baselines, or where there is none (with times), of all cells.
static double find_end(const struct report *r, int first, int end) {
    double latest[2] = {NAN, NAN}; // of all, of baselines
    for (int i = first; i < end; i++) {
        const struct report_cell *c = &r->cells[i];
        if (!c->usable) continue;
        double t = deadline_end(c, END_QUANTILE);
        bool is_baseline = !strcmp(c->cell->label, r->manifest.baseline);
        for (int of = 0; of < (is_baseline ? 2 : 1); of++) {
            if (t > 0 && !(latest[of] >= t)) latest[of] = t;
        }
    }
    return isnan(latest[1]) ? latest[0] : latest[1];
}

// ---- rows -----------------------------------------------------------------

// When each sample of the problem that is there was solved; NAN: never.
static int solved_times(const struct report_cell *c, int problem,
                        double *times) {
    const struct report_sample *s = c->samples + (size_t)problem * (size_t)c->k;
    int n = 0;
    for (int i = 0; i < c->k; i++) {
        if (!s[i].present) continue;
        times[n++] = report_correct(&s[i]) > 0 ? report_ms(&s[i]) : NAN;
    }
    return n;
}

static double share_within(const double *times, int n, double limit) {
    int n_solved = 0;
    for (int i = 0; i < n; i++)
        n_solved += times[i] <= limit;
    return (double)n_solved / n;
}

static void fill_row(const struct report *r, const struct report_cell *c,
                     double end, struct table *t) {
    double *times = xcalloc((size_t)c->k + 1, sizeof *times);
    double *areas = xcalloc((size_t)c->n_problems + 1, sizeof *areas);
    double solved[N_MOMENTS] = {0};
    int n_problems = 0;
    for (int p = 0; p < c->n_problems; p++) {
        int n = solved_times(c, p, times);
        areas[p] = stats_deadline_area(times, n, end);
        if (!n) continue;
        n_problems++;
        for (int i = 0; i < N_MOMENTS; i++)
            solved[i] += share_within(times, n, moments[i].of_end * end);
    }
    struct estimate area = report_interval(r, c, areas);
    if (area.low < 0) area.low = 0;
    if (area.high > 1) area.high = 1;
    table_set_number(t, "n_problems", n_problems);
    table_set_number(t, "end_ms", end);
    report_set_estimate(t, "area", "area_ci_low", "area_ci_high", &area);
    for (int i = 0; i < N_MOMENTS; i++) {
        table_set_number(t, moments[i].column,
                         stats_quotient(solved[i], n_problems));
    }
    free(times);
    free(areas);
}

static bool has_times(const struct report_cell *c) {
    return c->usable && !isnan(report_mean(c, report_ms));
}

static void fill(const struct report *r, struct table *t) {
    for (int first = 0, end; first < r->n_cells; first = end) {
        end = cell_group_end(r, first);
        double latest = find_end(r, first, end);
        for (int i = first; i < end && !isnan(latest); i++) {
            report_begin_row(t, &r->cells[i]);
            if (has_times(&r->cells[i])) fill_row(r, &r->cells[i], latest, t);
            report_end_row(t, &r->cells[i]);
        }
    }
}

const struct report_table table_deadline = {
    .name = "deadline",
    .title = "Solved by when",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .optional = true,
};
