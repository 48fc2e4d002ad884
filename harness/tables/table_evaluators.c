#include "harness/report.h"
#include "harness/stats/stats_rank.h"
#include "harness/table.h"
#include "harness/tables/evaluations.h"

#include <math.h>

// Evaluators against each other, and against the truth where the problem set
// can check steps: cells that have either. The settings of the cell say which
// evaluator is which.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"evaluator", COLUMN_TEXT, false}, {"second", COLUMN_TEXT, false},
    {"n_thoughts", 0, false}, {"spearman", 3, false},
    {"spearman_ci_low", 3, true}, {"spearman_ci_high", 3, true},
    {"n_checked", 0, false}, {"right_pct", 1, false}, {"auc", 3, false},
    {"auc_ci_low", 3, true}, {"auc_ci_high", 3, true},
    {"second_auc", 3, false}, {"second_auc_ci_low", 3, true},
    {"second_auc_ci_high", 3, true},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"evaluator", "Evaluator", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"second", "Second", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"n_thoughts", "Thoughts", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"spearman", "Spearman's|$\\rho$", PAPER_RATIO, BEST_NONE,
     "spearman_ci_low", "spearman_ci_high"},
    {"n_checked", "Checked", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"auc", "AUC", PAPER_RATIO, BEST_HIGH, "auc_ci_low", "auc_ci_high"},
    {"second_auc", "AUC of|the second", PAPER_RATIO, BEST_HIGH,
     "second_auc_ci_low", "second_auc_ci_high"},
    REPORT_LAST_PAPER,
};
// clang-format on

static void fill_spearman(const struct report *r, const struct report_cell *c,
                          struct evaluations *e, struct table *t) {
    evaluations_keep(e, true, false);
    struct rank_values v = {e->score, e->second, e->problem, e->n,
                            c->n_problems};
    struct estimate s =
        stats_spearman(&v, r->manifest.confidence, (uint64_t)r->manifest.seed);
    table_set_number(t, "n_thoughts", e->n);
    report_set_estimate(t, "spearman", "spearman_ci_low", "spearman_ci_high",
                        &s);
}

static struct estimate auc(const struct report *r, const struct report_cell *c,
                           const struct evaluations *e, const double *score) {
    struct rank_values v = {score, e->right, e->problem, e->n, c->n_problems};
    return stats_auc(&v, r->manifest.confidence, (uint64_t)r->manifest.seed);
}

// Of thoughts that both evaluators scored, where there are two.
static void fill_auc(const struct report *r, const struct report_cell *c,
                     struct evaluations *e, bool second, struct table *t) {
    evaluations_keep(e, second, true);
    struct estimate first = auc(r, c, e, e->score);
    table_set_number(t, "n_checked", e->n);
    table_set_number(t, "right_pct", 100 * stats_mean(e->right, e->n));
    report_set_estimate(t, "auc", "auc_ci_low", "auc_ci_high", &first);
    if (!second) return;
    struct estimate other = auc(r, c, e, e->second);
    report_set_estimate(t, "second_auc", "second_auc_ci_low",
                        "second_auc_ci_high", &other);
}

static int count_known(const double *x, int n) {
    int n_known = 0;
    for (int i = 0; i < n; i++)
        n_known += !isnan(x[i]);
    return n_known;
}

static void fill_cell(const struct report *r, const struct report_cell *c,
                      struct table *t) {
    struct evaluations e;
    evaluations_fill(&e, c);
    bool second = count_known(e.second, e.n) > 0;
    bool checked = count_known(e.right, e.n) > 0;
    if (second || checked) {
        report_begin_row(t, c);
        table_set_text(t, "evaluator", report_setting(c, "evaluator"));
        if (second)
            table_set_text(t, "second", report_setting(c, "second_evaluator"));
        table_set_number(t, "n_thoughts", e.n);
        if (second) fill_spearman(r, c, &e, t);
        if (checked) fill_auc(r, c, &e, second, t);
        report_end_row(t, c);
    }
    evaluations_release(&e);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        if (r->cells[i].usable) fill_cell(r, &r->cells[i], t);
    }
}

const struct report_table table_evaluators = {
    .name = "evaluators",
    .title = "Evaluators of thoughts",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .printed = true,
    .optional = true,
};
