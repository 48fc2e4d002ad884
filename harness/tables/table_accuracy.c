#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/stats/stats_bootstrap.h"
#include "harness/stats/stats_proportion.h"
#include "harness/table.h"
#include "harness/validity.h"

#include <math.h>
#include <stdlib.h>

// pass@1 of k samples: mean over problems of the mean over samples, its error
// from the problem means (Miller 2024), interval cut to [0, 1]. An ungraded
// answer is not a correct one; its share stands beside, and what it could be at
// most.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, false}, {"k", 0, false}, {"pass_at_1", 4, false},
    {"se", 4, false}, {"ci_low", 4, false}, {"ci_high", 4, false},
    {"truncated_pct", 1, false}, {"ungraded_pct", 1, false},
    {"forced_answer_pct", 1, true}, {"kept_tokens", 1, false},
    {"boot_ci_low", 4, true}, {"boot_ci_high", 4, true},
    {"wilson_ci_low", 4, true}, {"wilson_ci_high", 4, true},
    {"n_clusters", 0, true}, {"unclustered_se", 4, true},
    {"pass_ungraded_wrong", 4, true}, {"pass_ungraded_right", 4, true},
    {"validity", COLUMN_TEXT, false},
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

static double is_ungraded(const struct report_sample *s) {
    return s->verdict == VERDICT_UNGRADED;
}

static double is_forced(const struct report_sample *s) {
    return s->answer_forced;
}

static double is_not_wrong(const struct report_sample *s) {
    return s->verdict != VERDICT_WRONG;
}

// ---- other intervals ------------------------------------------------------

// What is drawn whole: problems, or clusters of them.
struct units {
    double *sum; // of the problem means
    int *size;   // problems
    int n;
};

static double mean_of_units(void *ctx, const int *weight) {
    const struct units *u = ctx;
    double sum = 0, n = 0;
    for (int i = 0; i < u->n; i++) {
        sum += weight[i] * u->sum[i];
        n += weight[i] * u->size[i];
    }
    return sum / n;
}

// Units that have values, in the order of their numbers.
static struct units units_of(const struct report_cell *c, const double *means) {
    size_t n = (size_t)(c->cluster ? c->n_clusters : c->n_problems);
    struct units u = {.sum = xcalloc(n + 1, sizeof *u.sum),
                      .size = xcalloc(n + 1, sizeof *u.size)};
    for (int i = 0; i < c->n_problems; i++) {
        int unit = c->cluster ? c->cluster[i] : i;
        if (isnan(means[i])) continue;
        u.sum[unit] += means[i];
        u.size[unit]++;
    }
    for (size_t i = 0; i < n; i++) {
        if (!u.size[i]) continue;
        u.sum[u.n] = u.sum[i];
        u.size[u.n++] = u.size[i];
    }
    return u;
}

static void fill_clusters(const struct units *u, const double *means, int n,
                          struct table *t) {
    double *present = xcalloc((size_t)n + 1, sizeof *present);
    int n_present = 0;
    for (int i = 0; i < n; i++) {
        if (!isnan(means[i])) present[n_present++] = means[i];
    }
    double sd = stats_sd(present, n_present);
    table_set_number(t, "n_clusters", u->n);
    table_set_number(t, "unclustered_se", sd / sqrt(n_present));
    free(present);
}

// Wilson's is one of independent trials: one sample each of problems that have
// nothing in common.
static void fill_intervals(const struct report *r, const struct report_cell *c,
                           const struct estimate *e, struct table *t) {
    double *means = xcalloc((size_t)c->n_problems + 1, sizeof *means);
    double level = r->manifest.confidence;
    report_problem_means(c, report_correct, means);
    struct units u = units_of(c, means);
    struct bootstrap b = stats_bootstrap(mean_of_units, &u, u.n, level,
                                         (uint64_t)r->manifest.seed);
    table_set_number(t, "boot_ci_low", b.bca_low);
    table_set_number(t, "boot_ci_high", b.bca_high);
    if (c->cluster) {
        fill_clusters(&u, means, c->n_problems, t);
    } else if (c->k == 1) {
        int n_correct = (int)lround(e->value * e->n);
        struct interval wilson = stats_wilson(n_correct, e->n, level);
        table_set_number(t, "wilson_ci_low", wilson.low);
        table_set_number(t, "wilson_ci_high", wilson.high);
    }
    free(u.sum);
    free(u.size);
    free(means);
}

// ---- rows -----------------------------------------------------------------

static void fill_estimates(const struct report *r, const struct report_cell *c,
                           struct table *t) {
    struct estimate e = report_estimate(r, c, report_correct);
    table_set_number(t, "n_problems", e.n);
    table_set_number(t, "k", c->k);
    table_set_number(t, "pass_at_1", e.value);
    table_set_number(t, "se", e.se);
    table_set_number(t, "ci_low", isnan(e.low) ? NAN : fmax(0, e.low));
    table_set_number(t, "ci_high", isnan(e.high) ? NAN : fmin(1, e.high));
    table_set_number(t, "truncated_pct",
                     100 * report_mean(c, report_truncated));
    table_set_number(t, "ungraded_pct", 100 * report_mean(c, is_ungraded));
    table_set_number(t, "forced_answer_pct", 100 * report_mean(c, is_forced));
    table_set_number(t, "kept_tokens", report_mean(c, report_kept_tokens));
    struct estimate most = report_estimate(r, c, is_not_wrong);
    table_set_number(t, "pass_ungraded_wrong", e.value);
    table_set_number(t, "pass_ungraded_right", most.value);
    fill_intervals(r, c, &e, t);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        report_begin_row(t, &r->cells[i]);
        if (r->cells[i].usable) fill_estimates(r, &r->cells[i], t);
        table_set_text(t, "validity", validity_mark(&r->cells[i]));
        report_end_row(t, &r->cells[i]);
    }
}

const struct report_table table_accuracy = {.name = "accuracy",
                                            .title = "Accuracy",
                                            .columns = columns,
                                            .paper = paper,
                                            .fill = fill,
                                            .printed = true};
