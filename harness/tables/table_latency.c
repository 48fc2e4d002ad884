#include "harness/report.h"
#include "harness/table.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>

// Wall time of one sample, latency mode only. Quantiles are type 7 over all
// samples of the cell, p90 from ten samples on, and say how one sample feels;
// they carry no interval since samples of a problem are not independent.

enum { P90_SAMPLES = 10 };

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"mean_ms", 3, false}, {"p50_ms", 3, false}, {"p90_ms", 3, false},
    {"kept_tokens", 1, false}, {"tok_per_s", 1, false}, {"se_ms", 3, true},
    {"n_samples", 0, true}, {"prompt_ms", 3, false}, {"base_ms", 3, false},
    {"draft_ms", 3, false}, {"verify_ms", 3, false}, {"judge_ms", 3, false},
    {"other_ms", 3, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"mean_ms", "Mean", PAPER_TIME, BEST_LOW, NULL, NULL},
    {"p50_ms", "Median", PAPER_TIME, BEST_LOW, NULL, NULL},
    {"p90_ms", "90th|percentile", PAPER_TIME, BEST_LOW, NULL, NULL},
    {"tok_per_s", "Tokens|per s", PAPER_COUNT, BEST_HIGH, NULL, NULL},
    {"base_ms", "Base|writes", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"draft_ms", "Draft|writes", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"verify_ms", "Verify", PAPER_TIME, BEST_NONE, NULL, NULL},
    {"judge_ms", "Judge", PAPER_TIME, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static double phase_ms(const struct report_sample *s, enum phase p) {
    if (s->failed || s->phase_ns[p] == SAMPLE_NO_TIME) return NAN;
    return (double)s->phase_ns[p] / 1e6;
}

static double prompt_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_PROMPT);
}

static double base_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_BASE);
}

static double draft_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_DRAFT);
}

static double verify_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_VERIFY);
}

static double judge_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_JUDGE);
}

static double other_ms(const struct report_sample *s) {
    if (s->failed || s->other_ns == SAMPLE_NO_TIME) return NAN;
    return (double)s->other_ns / 1e6;
}

static double timed_tokens(const struct report_sample *s) {
    return isnan(report_ms(s)) ? NAN : (double)s->count.kept_tokens;
}

// The values of all samples that have one.
static int collect(const struct report_cell *c, report_value_fn fn,
                   double *values) {
    int n = 0;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        double value = c->samples[i].present ? fn(&c->samples[i]) : NAN;
        if (!isnan(value)) values[n++] = value;
    }
    return n;
}

static void fill_split(const struct report_cell *c, struct table *t) {
    table_set_number(t, "prompt_ms", report_mean(c, prompt_ms));
    table_set_number(t, "base_ms", report_mean(c, base_ms));
    table_set_number(t, "draft_ms", report_mean(c, draft_ms));
    table_set_number(t, "verify_ms", report_mean(c, verify_ms));
    table_set_number(t, "judge_ms", report_mean(c, judge_ms));
    table_set_number(t, "other_ms", report_mean(c, other_ms));
}

static void fill_times(const struct report *r, const struct report_cell *c,
                       struct table *t) {
    size_t n_all = (size_t)c->n_problems * (size_t)c->k;
    double *ms = xcalloc(n_all, sizeof *ms);
    int n = collect(c, report_ms, ms);
    double mean = stats_mean(ms, n), tokens = report_mean(c, timed_tokens);
    table_set_number(t, "mean_ms", mean);
    table_set_number(t, "se_ms", report_estimate(r, c, report_ms).se);
    table_set_number(t, "p50_ms", stats_quantile(ms, n, 0.5));
    table_set_number(t, "p90_ms",
                     n < P90_SAMPLES ? NAN : stats_quantile(ms, n, 0.9));
    table_set_number(t, "kept_tokens", report_mean(c, report_kept_tokens));
    table_set_number(t, "tok_per_s", mean > 0 ? 1000 * tokens / mean : NAN);
    table_set_number(t, "n_samples", n ? n : NAN);
    fill_split(c, t);
    free(ms);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        report_begin_row(t, &r->cells[i]);
        if (r->cells[i].usable) fill_times(r, &r->cells[i], t);
        report_end_row(t, &r->cells[i]);
    }
}

const struct report_table table_latency = {.name = "latency",
                                           .title = "Latency of one sample",
                                           .columns = columns,
                                           .paper = paper,
                                           .fill = fill,
                                           .printed = true};
