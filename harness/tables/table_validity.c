#include "harness/report.h"
#include "harness/table.h"
#include "harness/validity.h"

#include "engine/base/buf.h"

// What validity.h says of every cell, and what it measured. A column per check,
// in its order.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"validity", COLUMN_TEXT, false}, {"reasons", COLUMN_TEXT, false},
    {"missing_pct", 1, false}, {"failed_pct", 1, false},
    {"ungraded_pct", 1, false}, {"truncated_pct", 1, false},
    {"length_pct", 1, false}, {"machines", 0, false},
    {"warmup_pct", 1, false}, {"drift_pct", 1, false},
    {"outliers_pct", 1, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"validity", "Verdict", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"reasons", "Reasons", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static const char *const check_columns[CHECK_N] = {
    [CHECK_MISSING] = "missing_pct",   [CHECK_FAILED] = "failed_pct",
    [CHECK_UNGRADED] = "ungraded_pct", [CHECK_TRUNCATED] = "truncated_pct",
    [CHECK_LENGTH] = "length_pct",     [CHECK_MACHINES] = "machines",
    [CHECK_WARMUP] = "warmup_pct",     [CHECK_DRIFT] = "drift_pct",
    [CHECK_OUTLIERS] = "outliers_pct",
};

static void fill(const struct report *r, struct table *t) {
    struct buf reasons;
    buf_init(&reasons);
    for (int i = 0; i < r->n_cells; i++) {
        const struct validity_report *v = r->cells[i].validity;
        buf_clear(&reasons);
        validity_print(v, &reasons);
        report_begin_row(t, &r->cells[i]);
        table_set_text(t, "validity", validity_name[v->verdict]);
        table_set_text(t, "reasons", reasons.text);
        for (int k = 0; k < CHECK_N; k++)
            table_set_number(t, check_columns[k], v->findings[k].value);
        report_end_row(t, &r->cells[i]);
    }
    buf_release(&reasons);
}

const struct report_table table_validity = {
    .name = "validity",
    .title = "May the numbers be believed?",
    .columns = columns,
    .paper = paper,
    .fill = fill,
};
