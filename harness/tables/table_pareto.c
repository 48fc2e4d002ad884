#include "harness/report.h"
#include "harness/stats/stats_front.h"
#include "harness/table.h"
#include "harness/tables/cell_group.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>

// Which methods are not beaten: no other of the same base and data set is at
// least as accurate and at least as fast, one of both better. A front drawn
// through estimates is itself an estimate, so its share of resamples over
// problems stands beside it. Needs times.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, true}, {"pass_at_1", 4, false},
    {"pass_ci_low", 4, true}, {"pass_ci_high", 4, true},
    {"mean_ms", 3, false}, {"ms_ci_low", 3, true}, {"ms_ci_high", 3, true},
    {"on_front", 0, false}, {"front_share", 3, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"pass_at_1", "pass@1", PAPER_PERCENT, BEST_HIGH, "pass_ci_low",
     "pass_ci_high"},
    {"mean_ms", "Latency", PAPER_TIME, BEST_LOW, "ms_ci_low", "ms_ci_high"},
    {"on_front", "On the|front", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"front_share", "Of resamples", PAPER_PERCENT, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

struct group {
    const struct report *report;
    const struct report_cell *cells; // [n]
    int n, n_problems;
    double *cost, *value;       // [n][n_problems] NAN: not there
    struct estimate *ms, *pass; // [n]
    bool *on_front;             // [n]
    double *share, *means[2];   // [n] ms, pass@1
};

static void group_init(struct group *g, const struct report *r, int first,
                       int end) {
    size_t n = (size_t)(end - first);
    size_t n_problems = (size_t)r->cells[first].n_problems;
    *g = (struct group){.report = r,
                        .cells = r->cells + first,
                        .n = end - first,
                        .n_problems = r->cells[first].n_problems};
    g->cost = xcalloc(n * n_problems + 1, sizeof *g->cost);
    g->value = xcalloc(n * n_problems + 1, sizeof *g->value);
    g->ms = xcalloc(n, sizeof *g->ms);
    g->pass = xcalloc(n, sizeof *g->pass);
    g->on_front = xcalloc(n, sizeof *g->on_front);
    g->share = xcalloc(n, sizeof *g->share);
    for (int i = 0; i < 2; i++)
        g->means[i] = xcalloc(n, sizeof *g->means[i]);
}

static void group_release(struct group *g) {
    free(g->cost);
    free(g->value);
    free(g->ms);
    free(g->pass);
    free(g->on_front);
    free(g->share);
    for (int i = 0; i < 2; i++)
        free(g->means[i]);
}

// Returns whether there are times at all.
static bool group_fill(struct group *g) {
    bool timed = false;
    for (int i = 0; i < g->n; i++) {
        const struct report_cell *c = &g->cells[i];
        size_t at = (size_t)i * (size_t)g->n_problems;
        report_problem_means(c, report_ms, g->cost + at);
        report_problem_means(c, report_correct, g->value + at);
        for (int p = 0; p < g->n_problems && !c->usable; p++)
            g->cost[at + (size_t)p] = g->value[at + (size_t)p] = NAN;
        g->ms[i] = report_estimate(g->report, c, report_ms);
        g->pass[i] = report_estimate(g->report, c, report_correct);
        g->means[0][i] = c->usable ? g->ms[i].value : NAN;
        g->means[1][i] = c->usable ? g->pass[i].value : NAN;
        timed = timed || !isnan(g->means[0][i]);
    }
    if (!timed) return false;
    stats_pareto(g->means[0], g->means[1], g->n, g->on_front);
    struct front_units units = {g->n_problems, g->cells[0].cluster,
                                g->cells[0].n_clusters};
    stats_pareto_shares(g->cost, g->value, g->n, &units,
                        (uint64_t)g->report->manifest.seed, g->share);
    return true;
}

static void fill_row(const struct group *g, int i, struct table *t) {
    struct estimate pass = g->pass[i], ms = g->ms[i];
    if (pass.low < 0) pass.low = 0;
    if (pass.high > 1) pass.high = 1;
    if (ms.low < 0) ms.low = 0;
    table_set_number(t, "n_problems", pass.n);
    report_set_estimate(t, "pass_at_1", "pass_ci_low", "pass_ci_high", &pass);
    report_set_estimate(t, "mean_ms", "ms_ci_low", "ms_ci_high", &ms);
    if (isnan(ms.value)) return;
    table_set_number(t, "on_front", g->on_front[i]);
    table_set_number(t, "front_share", g->share[i]);
}

static void fill(const struct report *r, struct table *t) {
    for (int first = 0, end; first < r->n_cells; first = end) {
        end = cell_group_end(r, first);
        struct group g;
        group_init(&g, r, first, end);
        bool timed = group_fill(&g);
        for (int i = 0; timed && i < g.n; i++) {
            report_begin_row(t, &g.cells[i]);
            if (g.cells[i].usable) fill_row(&g, i, t);
            report_end_row(t, &g.cells[i]);
        }
        group_release(&g);
    }
}

const struct report_table table_pareto = {
    .name = "pareto",
    .title = "Accuracy against latency: what nothing else beats",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .optional = true,
};
