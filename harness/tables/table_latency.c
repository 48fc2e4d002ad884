#include "harness/report.h"
#include "harness/stats/stats_quantile.h"
#include "harness/stats/stats_series.h"
#include "harness/table.h"
#include "harness/tables/phase_times.h"
#include "harness/validity.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>

// Wall time of one sample, latency mode only. Quantiles are type 7 over all
// samples of the cell and say how one sample feels; their intervals allow for
// samples of a problem being alike. Quantile p is shown from 1 / (1 - p)
// samples on, its interval where the samples give one.

static const struct {
    double p;
    const char *column, *low, *high;
} quantiles[] = {{0.5, "p50_ms", "p50_ci_low", "p50_ci_high"},
                 {0.9, "p90_ms", "p90_ci_low", "p90_ci_high"},
                 {0.99, "p99_ms", "p99_ci_low", "p99_ci_high"}};
enum { N_QUANTILES = sizeof quantiles / sizeof *quantiles };

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"mean_ms", 3, false}, {"p50_ms", 3, false}, {"p50_ci_low", 3, true},
    {"p50_ci_high", 3, true}, {"p90_ms", 3, false}, {"p90_ci_low", 3, true},
    {"p90_ci_high", 3, true}, {"p99_ms", 3, false}, {"p99_ci_low", 3, true},
    {"p99_ci_high", 3, true}, {"mad_ms", 3, true},
    {"kept_tokens", 1, false}, {"tok_per_s", 1, false}, {"se_ms", 3, true},
    {"n_samples", 0, true}, {"prompt_ms", 3, false}, {"base_ms", 3, false},
    {"draft_ms", 3, false}, {"verify_ms", 3, false}, {"judge_ms", 3, false},
    {"other_ms", 3, false}, {"validity", COLUMN_TEXT, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"mean_ms", "Mean", PAPER_TIME, BEST_LOW, NULL, NULL},
    {"p50_ms", "Median", PAPER_TIME, BEST_LOW, "p50_ci_low", "p50_ci_high"},
    {"p90_ms", "90th percentile", PAPER_TIME, BEST_LOW, "p90_ci_low",
     "p90_ci_high"},
    {"tok_per_s", "Tokens|per s", PAPER_COUNT, BEST_HIGH, NULL, NULL},
    {"base_ms", "Base|writes", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"draft_ms", "Draft|writes", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"verify_ms", "Verify", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"judge_ms", "Judge", PAPER_TIME, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static double timed_tokens(const struct report_sample *s) {
    return isnan(report_ms(s)) ? NAN : (double)s->count.kept_tokens;
}

// The values of all samples that have one, and of which problem each is, or of
// which cluster of problems.
static int collect(const struct report_cell *c, report_value_fn fn,
                   double *values, int *group) {
    int n = 0;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        double value = c->samples[i].present ? fn(&c->samples[i]) : NAN;
        if (isnan(value)) continue;
        values[n] = value;
        int problem = i / c->k;
        group[n++] = c->cluster ? c->cluster[problem] : problem;
    }
    return n;
}

static void fill_quantiles(const struct report *r, const struct report_cell *c,
                           const double *ms, const int *group, int n,
                           struct table *t) {
    int n_groups = c->cluster ? c->n_clusters : c->n_problems;
    for (int i = 0; i < N_QUANTILES; i++) {
        double p = quantiles[i].p;
        if (n * (1 - p) < 1 - 1e-9) continue;
        struct estimate e = stats_quantile_interval(ms, group, n, n_groups, p,
                                                    r->manifest.confidence);
        report_set_estimate(t, quantiles[i].column, quantiles[i].low,
                            quantiles[i].high, &e);
    }
}

static void fill_split(const struct report_cell *c, struct table *t) {
    for (int i = 0; i < N_PHASE_TIMES; i++) {
        char column[32];
        snprintf(column, sizeof column, "%s_ms", phase_times[i].name);
        table_set_number(t, column, report_mean(c, phase_times[i].ms));
    }
}

static void fill_times(const struct report *r, const struct report_cell *c,
                       struct table *t) {
    size_t n_all = (size_t)c->n_problems * (size_t)c->k;
    double *ms = xcalloc(n_all, sizeof *ms);
    int *group = xcalloc(n_all, sizeof *group);
    int n = collect(c, report_ms, ms, group);
    double mean = stats_mean(ms, n), tokens = report_mean(c, timed_tokens);
    table_set_number(t, "mean_ms", mean);
    table_set_number(t, "se_ms", report_estimate(r, c, report_ms).se);
    table_set_number(t, "mad_ms", stats_mad(ms, n));
    fill_quantiles(r, c, ms, group, n, t);
    table_set_number(t, "kept_tokens", report_mean(c, report_kept_tokens));
    table_set_number(t, "tok_per_s", mean > 0 ? 1000 * tokens / mean : NAN);
    table_set_number(t, "n_samples", n ? n : NAN);
    fill_split(c, t);
    free(ms);
    free(group);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        report_begin_row(t, &r->cells[i]);
        if (r->cells[i].usable) fill_times(r, &r->cells[i], t);
        table_set_text(t, "validity", validity_mark(&r->cells[i]));
        report_end_row(t, &r->cells[i]);
    }
}

const struct report_table table_latency = {.name = "latency",
                                           .title = "Latency of one sample",
                                           .columns = columns,
                                           .paper = paper,
                                           .fill = fill,
                                           .printed = true};
