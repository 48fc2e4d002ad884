#include "harness/figures/figure.h"

#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/table.h"
#include "harness/tables/phase_times.h"

#include <math.h>

// Where the time of a sample goes: a bar for each cell, stacked from the means
// of its phases. Phases are problem means as the total is, so they add up to
// it. A phase that takes no time has no row.

// clang-format off
static const struct table_column columns[] = {
    SCENE_BAR_COLUMNS,
    {"ms", 3, false}, {"from_ms", 3, false}, {"to_ms", 3, false},
    {"pct", 1, false}, {"total_ms", 3, false}, {"total_low", 3, false},
    {"total_high", 3, false}, {"n_problems", 0, false},
    {"cell", COLUMN_TEXT, false},
    {NULL, 0, false},
};
// clang-format on

static const char *const names[N_PHASE_TIMES] = {
    "prompt is read", "base writes",      "draft writes",
    "base verifies",  "steps are judged", "rest"};

static void add_cell(struct scene *s, const struct report_cell *panel,
                     const struct report_cell *c, struct table *t) {
    const struct report *r = s->report;
    struct estimate total = report_estimate(r, c, report_ms);
    double from = 0;
    for (int i = 0; i < N_PHASE_TIMES; i++) {
        double ms = report_estimate(r, c, phase_times[i].ms).value;
        if (!(ms > 0)) continue;
        scene_add_bar(s, panel, c, i + 1, names[i], t);
        table_set_number(t, "ms", ms);
        table_set_number(t, "from_ms", from);
        table_set_number(t, "to_ms", from + ms);
        table_set_number(t, "pct", 100 * stats_quotient(ms, total.value));
        table_set_number(t, "total_ms", total.value);
        table_set_number(t, "total_low", fmax(0, total.low));
        table_set_number(t, "total_high", total.high);
        table_set_number(t, "n_problems", total.n);
        report_set_cell(t, c);
        from += ms;
    }
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    scene_init(&s, r, NULL);
    scene_each_in_panels(&s, add_cell, t);
    scene_release(&s);
}

const struct figure figure_latency_split = {
    .name = "latency_split",
    .title = "Where the time of a sample goes",
    .note =
        "Numbers behind the bars: mean time of a sample; lines: its interval.",
    .needs = "a complete cell of a run in latency mode",
    .columns = columns,
    .fill = fill,
};
