#include "harness/compare/cell_pair.h"
#include "harness/report.h"
#include "harness/table.h"
#include "harness/validity.h"

#include <math.h>
#include <string.h>

// What a paper's first table has: how often each method is right, how much
// faster than the baseline it is, what it writes and how long that takes. The
// numbers are those of the tables of accuracy, latency and speed-up; the
// baseline's own speed-up is 1 and has no interval. The table of validity has
// the reasons of a verdict.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, false}, {"k", 0, false}, {"pass_at_1", 4, false},
    {"pass_ci_low", 4, true}, {"pass_ci_high", 4, true},
    {"speedup", 3, false}, {"speedup_ci_low", 3, true},
    {"speedup_ci_high", 3, true}, {"kept_tokens", 1, false},
    {"mean_ms", 3, false}, {"ms_ci_low", 3, true}, {"ms_ci_high", 3, true},
    {"validity", COLUMN_TEXT, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"pass_at_1", "pass@1", PAPER_PERCENT, BEST_HIGH, "pass_ci_low",
     "pass_ci_high"},
    {"speedup", "Speedup", PAPER_RATIO, BEST_HIGH, "speedup_ci_low",
     "speedup_ci_high"},
    {"kept_tokens", "Tokens", PAPER_COUNT, BEST_NONE, NULL, NULL},
    {"mean_ms", "Latency", PAPER_TIME, BEST_LOW, NULL, NULL},
    {"validity", "Validity", PAPER_ONCE, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static void fill_speedup(const struct report *r, const struct report_cell *c,
                         struct table *t) {
    struct cell_pair pair;
    if (!c->baseline) {
        bool alone = !strcmp(c->cell->label, r->manifest.baseline);
        bool timed = !isnan(report_mean(c, report_ms));
        if (alone && timed) table_set_number(t, "speedup", 1);
        return;
    }
    if (cell_pair_fill(&pair, r, c, c->baseline)) return;
    report_set_estimate(t, "speedup", "speedup_ci_low", "speedup_ci_high",
                        &pair.time);
    if (!isnan(pair.time.value))
        report_mark_unresolved(t, "speedup", &pair.time, 1);
}

static void fill_row(const struct report *r, const struct report_cell *c,
                     struct table *t) {
    struct estimate pass = report_estimate(r, c, report_correct);
    struct estimate ms = report_estimate(r, c, report_ms);
    if (pass.low < 0) pass.low = 0;
    if (pass.high > 1) pass.high = 1;
    if (ms.low < 0) ms.low = 0;
    table_set_number(t, "n_problems", pass.n);
    table_set_number(t, "k", c->k);
    report_set_estimate(t, "pass_at_1", "pass_ci_low", "pass_ci_high", &pass);
    fill_speedup(r, c, t);
    table_set_number(t, "kept_tokens", report_mean(c, report_kept_tokens));
    report_set_estimate(t, "mean_ms", "ms_ci_low", "ms_ci_high", &ms);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        report_begin_row(t, &r->cells[i]);
        if (r->cells[i].usable) fill_row(r, &r->cells[i], t);
        table_set_text(t, "validity",
                       validity_name[r->cells[i].validity->verdict]);
        report_end_row(t, &r->cells[i]);
    }
}

const struct report_table table_main = {
    .name = "main",
    .title = "Accuracy, speed-up and latency",
    .columns = columns,
    .paper = paper,
    .fill = fill,
};
