#include "harness/report.h"
#include "harness/table.h"

#include <math.h>

// pass@1 of k samples: mean over problems of the mean over samples, its error
// from the problem means (Miller 2024), interval cut to [0, 1]. An ungraded
// answer is not a correct one, and its share stands beside.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, false}, {"k", 0, false}, {"pass_at_1", 4, false},
    {"se", 4, false}, {"ci_low", 4, false}, {"ci_high", 4, false},
    {"truncated_pct", 1, false}, {"ungraded_pct", 1, false},
    {"forced_answer_pct", 1, true}, {"kept_tokens", 1, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"pass_at_1", "pass@1", PAPER_PERCENT, BEST_HIGH, "ci_low", "ci_high"},
    {"truncated_pct", "Truncated|(\\%)", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"ungraded_pct", "Ungraded|(\\%)", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"kept_tokens", "Tokens", PAPER_COUNT, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static double is_truncated(const struct report_sample *s) {
    return s->stop == STOP_BUDGET || s->stop == STOP_STEPS ||
           s->stop == STOP_CONTEXT;
}

static double is_ungraded(const struct report_sample *s) {
    return s->verdict == VERDICT_UNGRADED;
}

static double is_forced(const struct report_sample *s) {
    return s->answer_forced;
}

static void fill_estimates(const struct report *r, const struct report_cell *c,
                           struct table *t) {
    struct estimate e = report_estimate(r, c, report_correct);
    table_set_number(t, "n_problems", e.n);
    table_set_number(t, "k", c->k);
    table_set_number(t, "pass_at_1", e.value);
    table_set_number(t, "se", e.se);
    table_set_number(t, "ci_low", isnan(e.low) ? NAN : fmax(0, e.low));
    table_set_number(t, "ci_high", isnan(e.high) ? NAN : fmin(1, e.high));
    table_set_number(t, "truncated_pct", 100 * report_mean(c, is_truncated));
    table_set_number(t, "ungraded_pct", 100 * report_mean(c, is_ungraded));
    table_set_number(t, "forced_answer_pct", 100 * report_mean(c, is_forced));
    table_set_number(t, "kept_tokens", report_mean(c, report_kept_tokens));
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        report_begin_row(t, &r->cells[i]);
        if (r->cells[i].usable) fill_estimates(r, &r->cells[i], t);
        report_end_row(t, &r->cells[i]);
    }
}

const struct report_table table_accuracy = {.name = "accuracy",
                                            .title = "Accuracy",
                                            .columns = columns,
                                            .paper = paper,
                                            .fill = fill,
                                            .printed = true};
