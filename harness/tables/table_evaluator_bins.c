#include "harness/report.h"
#include "harness/table.h"
#include "harness/tables/evaluations.h"

#include <math.h>

// The figure of the SpecReason paper that sets its judge beside a PRM: mean of
// the second evaluator for thoughts in ten bins of the first one's score. Empty
// bins have no row.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"evaluator", COLUMN_TEXT, false}, {"second", COLUMN_TEXT, false},
    {"bin_low", 1, false}, {"bin_high", 1, false}, {"n_thoughts", 0, false},
    {"mean_second", 3, false}, {"n_checked", 0, false},
    {"right_pct", 1, false},
    REPORT_LAST_COLUMNS,
};
// clang-format on

struct bin {
    int n, n_checked;
    double second, right;
};

static void add_thoughts(struct bin *bins, const struct evaluations *e) {
    for (int i = 0; i < e->n; i++) {
        struct bin *b = &bins[evaluation_bin(e->score[i])];
        b->n++;
        b->second += e->second[i];
        if (isnan(e->right[i])) continue;
        b->n_checked++;
        b->right += e->right[i];
    }
}

static void fill_bin(const struct report_cell *c, int i, const struct bin *b,
                     struct table *t) {
    report_begin_row(t, c);
    table_set_text(t, "evaluator", report_setting(c, "evaluator"));
    table_set_text(t, "second", report_setting(c, "second_evaluator"));
    table_set_number(t, "bin_low", (double)i / EVALUATION_BINS);
    table_set_number(t, "bin_high", (i + 1.0) / EVALUATION_BINS);
    table_set_number(t, "n_thoughts", b->n);
    table_set_number(t, "mean_second", b->second / b->n);
    if (b->n_checked) {
        table_set_number(t, "n_checked", b->n_checked);
        table_set_number(t, "right_pct", 100 * b->right / b->n_checked);
    }
    report_end_row(t, c);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        struct bin bins[EVALUATION_BINS] = {{0}};
        struct evaluations e;
        if (!c->usable) continue;
        evaluations_fill(&e, c);
        evaluations_keep(&e, true, false);
        add_thoughts(bins, &e);
        evaluations_release(&e);
        for (int b = 0; b < EVALUATION_BINS; b++) {
            if (bins[b].n) fill_bin(c, b, &bins[b], t);
        }
    }
}

const struct report_table table_evaluator_bins = {
    .name = "evaluator_bins",
    .title = "Second evaluator by score of the first",
    .columns = columns,
    .fill = fill,
    .printed = true,
    .optional = true,
};
