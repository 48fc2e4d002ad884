#include "harness/validity.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "harness/report.h"
#include "harness/validity_times.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Two cells of 20 problems, 10 samples each, in memory: the baseline and one
// that is held against it. Problems are of different lengths, a token costs the
// more the longer the text is, and every problem is a little off that.

enum { PROBLEMS = 20, K = 10, SAMPLES = PROBLEMS * K };

struct scene {
    struct report report;
    struct manifest_session sessions[2];
    struct manifest_problem problems[PROBLEMS];
    struct manifest_dataset dataset;
    struct manifest_cell names[2];
    struct report_cell cells[2];
    struct report_sample samples[2][SAMPLES];
};

static void init_sample(struct report_sample *s, int i) {
    int problem = i / K;
    int64_t n = 200 + 15 * (problem * 7 % 20) + 7 * (i * 11 % 5);
    double tokens = (double)n, context = 60 + tokens / 2;
    double off = 0.02 * sin(5 * problem) + 0.004 * cos(3 * i);
    *s = (struct report_sample){.present = true,
                                .verdict = VERDICT_CORRECT,
                                .stop = STOP_ANSWER,
                                .order = i};
    s->count.prompt_tokens = 60;
    s->count.kept_tokens = n;
    s->count.calls[ROLE_BASE] = s->count.evaluated[ROLE_BASE] = n;
    double ms = tokens * (0.1 + 2e-4 * context) * exp(off);
    s->phase_ns[PHASE_PROMPT] = 3000000;
    s->total_ns = s->phase_ns[PHASE_PROMPT] + llround(1e6 * ms);
}

static struct scene *scene_new(void) {
    static const char hashes[PROBLEMS][2] = {"a", "b", "c", "d", "e", "f", "g",
                                             "h", "i", "j", "k", "l", "m", "n",
                                             "o", "p", "q", "r", "s", "t"};
    struct scene *s = xcalloc(1, sizeof *s);
    s->sessions[0].machine = "m0";
    s->sessions[1].machine = "m1";
    for (int i = 0; i < PROBLEMS; i++)
        s->problems[i].id = s->problems[i].hash = hashes[i];
    s->dataset.name = "set";
    s->dataset.problems = s->problems;
    s->dataset.n_problems = PROBLEMS;
    for (int c = 0; c < 2; c++) {
        s->names[c] = (struct manifest_cell){.id = c ? "bbbbbbbbbb" : "aaaaaa",
                                             .base = "big",
                                             .draft = "",
                                             .prm = "",
                                             .label = c ? "fast" : "vanilla",
                                             .variant = "",
                                             .threshold = NAN};
        s->cells[c] = (struct report_cell){.cell = &s->names[c],
                                           .dataset = &s->dataset,
                                           .n_problems = PROBLEMS,
                                           .k = K,
                                           .samples = s->samples[c],
                                           .usable = true};
        for (int i = 0; i < SAMPLES; i++)
            init_sample(&s->samples[c][i], i);
    }
    s->cells[1].baseline = &s->cells[0];
    s->report.cells = s->cells;
    s->report.n_cells = 2;
    s->report.manifest.sessions = s->sessions;
    s->report.manifest.n_sessions = 2;
    return s;
}

static void slow_down(struct report_sample *s, double times) {
    s->total_ns = s->phase_ns[PHASE_PROMPT] +
                  llround(times * (double)(s->total_ns - 3000000));
}

static void expect(struct scene *s, enum validity_check check,
                   enum validity verdict, double value, double tolerance) {
    struct validity_report v;
    validity_judge(&v, &s->report, &s->cells[1]);
    const struct validity_finding *f = &v.findings[check];
    cr_expect_eq(f->verdict, verdict, "%s: %s, %g", validity_check_name[check],
                 validity_name[f->verdict], f->value);
    cr_expect(
        isnan(value) ? isnan(f->value) : fabs(f->value - value) <= tolerance,
        "%s: %.9g, expected %.9g", validity_check_name[check], f->value, value);
    enum validity worst = VALIDITY_VALID;
    for (int i = 0; i < CHECK_N; i++)
        worst = v.findings[i].verdict > worst ? v.findings[i].verdict : worst;
    cr_expect_eq(v.verdict, worst);
}

static void expect_text(struct scene *s, const char *expected) {
    struct validity_report v;
    struct buf out;
    buf_init(&out);
    validity_judge(&v, &s->report, &s->cells[1]);
    validity_print(&v, &out);
    cr_expect_str_eq(out.text, expected);
    buf_release(&out);
}

Test(validity, a_run_without_faults_is_valid) {
    struct scene *s = scene_new();
    expect(s, CHECK_MISSING, VALIDITY_VALID, 0, 0);
    expect(s, CHECK_FAILED, VALIDITY_VALID, 0, 0);
    expect(s, CHECK_UNGRADED, VALIDITY_VALID, 0, 0);
    expect(s, CHECK_TRUNCATED, VALIDITY_VALID, 0, 0);
    expect(s, CHECK_LENGTH, VALIDITY_VALID, 0, 1e-9);
    expect(s, CHECK_MACHINES, VALIDITY_VALID, 1, 0);
    expect(s, CHECK_WARMUP, VALIDITY_VALID, 0, 5);
    expect(s, CHECK_DRIFT, VALIDITY_VALID, 0, 3);
    expect(s, CHECK_OUTLIERS, VALIDITY_VALID, 0, 0);
    expect_text(s, "");
    free(s);
}

// ---- shares of samples ----------------------------------------------------

// Of 200 samples the first n are made bad.
static void expect_share(void (*spoil)(struct report_sample *s), int n,
                         enum validity_check check, enum validity verdict) {
    struct scene *s = scene_new();
    for (int i = 0; i < n; i++)
        spoil(&s->samples[1][i]);
    expect(s, check, verdict, n / 2.0, 1e-12);
    free(s);
}

static void fail(struct report_sample *s) {
    s->failed = true;
    s->stop = STOP_ERROR;
    s->verdict = VERDICT_UNGRADED;
    s->total_ns = SAMPLE_NO_TIME;
}

static void leave_ungraded(struct report_sample *s) {
    s->verdict = VERDICT_UNGRADED;
}

static void cut_off(struct report_sample *s) {
    s->stop = STOP_BUDGET;
    s->verdict = VERDICT_UNGRADED;
}

Test(validity, shares_have_two_limits) {
    expect_share(fail, 1, CHECK_FAILED, VALIDITY_SUSPECT);
    expect_share(fail, 10, CHECK_FAILED, VALIDITY_SUSPECT);
    expect_share(fail, 11, CHECK_FAILED, VALIDITY_INVALID);
    expect_share(leave_ungraded, 4, CHECK_UNGRADED, VALIDITY_VALID);
    expect_share(leave_ungraded, 5, CHECK_UNGRADED, VALIDITY_SUSPECT);
    expect_share(leave_ungraded, 41, CHECK_UNGRADED, VALIDITY_INVALID);
    expect_share(cut_off, 10, CHECK_TRUNCATED, VALIDITY_VALID);
    expect_share(cut_off, 11, CHECK_TRUNCATED, VALIDITY_SUSPECT);
    expect_share(cut_off, 101, CHECK_TRUNCATED, VALIDITY_INVALID);
}

// A cause is told once: what failed or was cut off has no verdict either.
Test(validity, causes_are_told_once) {
    struct scene *s = scene_new();
    for (int i = 0; i < 20; i++)
        i % 2 ? fail(&s->samples[1][i]) : cut_off(&s->samples[1][i]);
    expect(s, CHECK_UNGRADED, VALIDITY_VALID, 0, 0);
    expect(s, CHECK_TRUNCATED, VALIDITY_VALID, 5, 1e-12);
    expect(s, CHECK_FAILED, VALIDITY_SUSPECT, 5, 1e-12);
    free(s);
}

// The table of accuracy counts the same ones.
Test(validity, a_repetition_is_not_truncated) {
    struct scene *s = scene_new();
    for (int i = 0; i < SAMPLES / 2; i++)
        s->samples[1][i].stop = STOP_REPETITION;
    expect(s, CHECK_TRUNCATED, VALIDITY_VALID, 0, 0);
    for (int i = 0; i < SAMPLES / 4; i++)
        s->samples[1][i].stop = STOP_STEPS;
    expect(s, CHECK_TRUNCATED, VALIDITY_SUSPECT, 25, 1e-12);
    free(s);
}

Test(validity, missing_samples) {
    struct scene *s = scene_new();
    memset(&s->samples[1][0], 0, sizeof s->samples[1][0]);
    s->cells[1].n_missing = 1;
    expect(s, CHECK_MISSING, VALIDITY_SUSPECT, 0.5, 1e-12);
    memset(s->samples[1], 0, sizeof s->samples[1]);
    s->cells[1].n_missing = SAMPLES;
    expect(s, CHECK_MISSING, VALIDITY_INVALID, 100, 0);
    expect(s, CHECK_FAILED, VALIDITY_VALID, NAN, 0);
    expect(s, CHECK_LENGTH, VALIDITY_VALID, NAN, 0);
    expect(s, CHECK_MACHINES, VALIDITY_VALID, 1, 0); // the baseline's
    expect(s, CHECK_DRIFT, VALIDITY_VALID, NAN, 0);
    expect(s, CHECK_OUTLIERS, VALIDITY_VALID, NAN, 0);
    free(s);
}

// ---- lengths, machines ----------------------------------------------------

static void set_lengths(struct scene *s, double ratio, double noise) {
    for (int i = 0; i < SAMPLES; i++) {
        double off = i / K % 2 ? 1 + noise : 1 / (1 + noise);
        s->samples[0][i].count.kept_tokens = 10000;
        s->samples[1][i].count.kept_tokens = llround(10000 * ratio * off);
    }
}

Test(validity, lengths_beside_the_baseline) {
    struct scene *s = scene_new();
    set_lengths(s, 0.8, 0.1);
    expect(s, CHECK_LENGTH, VALIDITY_SUSPECT, -20, 0.01);
    set_lengths(s, 0.92, 0.01);
    expect(s, CHECK_LENGTH, VALIDITY_VALID, -8, 0.01);
    set_lengths(s, 1.3, 0.1);
    expect(s, CHECK_LENGTH, VALIDITY_SUSPECT, 30, 0.01);
    set_lengths(s, 0.1, 0.1); // no length alone makes a cell invalid
    expect(s, CHECK_LENGTH, VALIDITY_SUSPECT, -90, 0.01);
    set_lengths(s, 1.2, 1); // twice as long here, half as long there
    expect(s, CHECK_LENGTH, VALIDITY_VALID, 20, 0.01);
    int cluster[PROBLEMS];
    for (int i = 0; i < PROBLEMS; i++)
        cluster[i] = i % 2;
    set_lengths(s, 1.3, 0.1);
    s->cells[1].cluster = cluster; // two documents show nothing
    s->cells[1].n_clusters = 2;
    expect(s, CHECK_LENGTH, VALIDITY_VALID, 30, 0.01);
    s->cells[1].baseline = NULL;
    expect(s, CHECK_LENGTH, VALIDITY_VALID, NAN, 0);
    free(s);
}

Test(validity, machines_of_the_baseline_count) {
    struct scene *s = scene_new();
    s->samples[1][7].session = 1;
    expect(s, CHECK_MACHINES, VALIDITY_SUSPECT, 2, 0);
    s->samples[1][7].session = 0;
    s->samples[0][7].session = 1;
    expect(s, CHECK_MACHINES, VALIDITY_SUSPECT, 2, 0);
    s->report.manifest.virtual_time = true;
    expect(s, CHECK_MACHINES, VALIDITY_VALID, NAN, 0);
    s->report.manifest.virtual_time = false;
    s->sessions[1].machine = "m0";
    expect(s, CHECK_MACHINES, VALIDITY_VALID, 1, 0);
    for (int i = 0; i < SAMPLES; i++) { // throughput mode
        s->samples[0][i].total_ns = s->samples[1][i].total_ns = SAMPLE_NO_TIME;
    }
    expect(s, CHECK_MACHINES, VALIDITY_VALID, NAN, 0);
    free(s);
}

// ---- times ----------------------------------------------------------------

// Slower by a fifth at the end.
Test(validity, drift_from_problem_to_problem) {
    struct scene *s = scene_new();
    for (int i = 0; i < SAMPLES; i++)
        slow_down(&s->samples[1][i], exp(log(1.2) * i / (SAMPLES - 1)));
    expect(s, CHECK_DRIFT, VALIDITY_SUSPECT, 20, 4);
    for (int i = 0; i < SAMPLES; i++)
        slow_down(&s->samples[1][i], exp(log(3) * i / (SAMPLES - 1)));
    expect(s, CHECK_DRIFT, VALIDITY_INVALID, 220, 50);
    free(s);
}

// A set that goes from its longest problem to its shortest is no drift, though
// times fall to less than half, and so do those of a token.
Test(validity, lengths_are_no_drift) {
    struct scene *s = scene_new();
    for (int i = 0; i < SAMPLES; i++) {
        struct report_sample *at = &s->samples[1][i];
        at->order = (PROBLEMS - 1 - i / K * 7 % PROBLEMS) * K + i % K;
    }
    expect(s, CHECK_DRIFT, VALIDITY_VALID, 0, 3);
    free(s);
}

// The order in which they ran counts, not that of the grid.
Test(validity, drift_is_in_the_order_of_the_run) {
    struct scene *s = scene_new();
    for (int i = 0; i < SAMPLES; i++) {
        int place = (i / K * 3 % PROBLEMS) * K + i % K;
        s->samples[1][i].order = place;
        slow_down(&s->samples[1][i], exp(log(1.3) * place / (SAMPLES - 1)));
    }
    expect(s, CHECK_DRIFT, VALIDITY_SUSPECT, 30, 6);
    free(s);
}

// Problems whose work says little about their times, the slower ones late by
// chance.
Test(validity, few_problems_drift_by_chance) {
    struct scene *s = scene_new();
    for (int i = 0; i < SAMPLES; i++) {
        int problem = i / K;
        slow_down(&s->samples[1][i],
                  1 + 0.2 * (problem * 13 % 7) / 7.0 + 0.006 * problem);
    }
    struct validity_times t;
    validity_times_fill(&t, &s->cells[1], 0.999);
    cr_assert_gt(t.drift.value, 0.05);
    cr_assert(t.drift.low < 0 && t.drift.high > 0);
    expect(s, CHECK_DRIFT, VALIDITY_VALID, 100 * t.drift.value, 1e-9);
    free(s);
}

// Of 16 samples of the first problem the first five.
Test(validity, warm_up) {
    struct scene *s = scene_new();
    struct report_cell *c = &s->cells[1];
    c->k = 20;
    c->n_problems = 10;
    c->baseline = NULL;
    expect(s, CHECK_WARMUP, VALIDITY_VALID, 0, 3);
    for (int i = 0; i < 5; i++)
        slow_down(&s->samples[1][i], 1.5);
    expect(s, CHECK_WARMUP, VALIDITY_SUSPECT, 50, 4);
    free(s);
}

// Fewer samples a problem: the first three problems.
Test(validity, warm_up_of_problems) {
    struct scene *s = scene_new();
    for (int i = 0; i < 3 * K; i++)
        slow_down(&s->samples[1][i], 2.5);
    struct validity_times t;
    validity_times_fill(&t, &s->cells[1], 0.999);
    cr_assert_gt(t.warmup.ratio, 1.5);
    cr_assert_lt(t.warmup.p, 0.01);
    free(s);
}

// Three of 200 take 5, 5 and 6.5 times as long: about 13.5 / 213.5 of the time.
Test(validity, outliers_by_what_they_add) {
    struct scene *s = scene_new();
    slow_down(&s->samples[1][100], 1.3);
    struct validity_times t;
    validity_times_fill(&t, &s->cells[1], 0.999);
    cr_assert_eq(t.n_outliers, 1);
    expect(s, CHECK_OUTLIERS, VALIDITY_VALID, 100 * t.outlier_share, 1e-9);
    for (int i = 85; i < 120; i += 15)
        slow_down(&s->samples[1][i], 5);
    expect(s, CHECK_OUTLIERS, VALIDITY_SUSPECT, 6.5, 1);
    slow_down(&s->samples[1][50], 400);
    expect(s, CHECK_OUTLIERS, VALIDITY_INVALID, 65, 8);
    free(s);
}

// Among problems that are up to 40 % off what their work says, a sample that
// takes 1.3 times as long is told from its problem's own median; of problems
// with fewer than five samples it is not.
Test(validity, outliers_are_those_of_their_problem) {
    struct scene *s = scene_new();
    struct validity_times t;
    for (int i = 0; i < SAMPLES; i++)
        slow_down(&s->samples[1][i], 1 + 0.4 * (i / K * 3 % 7) / 7.0);
    slow_down(&s->samples[1][100], 1.3);
    validity_times_fill(&t, &s->cells[1], 0.999);
    cr_expect_eq(t.n_outliers, 1);
    for (int i = 0; i < SAMPLES; i++)
        s->samples[1][i].present = i % K < 4;
    validity_times_fill(&t, &s->cells[1], 0.999);
    cr_expect_eq(t.n, SAMPLES / K * 4);
    cr_expect_eq(t.n_outliers, 0);
    free(s);
}

Test(validity, the_prompts_share_is_left_out) {
    struct scene *s = scene_new();
    struct validity_times before, after;
    validity_times_fill(&before, &s->cells[1], 0.999);
    for (int i = 0; i < SAMPLES; i++) {
        s->samples[1][i].phase_ns[PHASE_PROMPT] += 1000000 * (i / K);
        s->samples[1][i].total_ns += 1000000 * (i / K);
    }
    validity_times_fill(&after, &s->cells[1], 0.999);
    cr_assert_eq(before.n, SAMPLES);
    cr_assert_float_eq(before.drift.value, after.drift.value, 1e-12);
    free(s);
}

// ---- for people -----------------------------------------------------------

Test(validity, the_worst_is_said_first) {
    struct scene *s = scene_new();
    for (int i = 0; i < 12; i++)
        cut_off(&s->samples[1][i]);
    for (int i = 20; i < 32; i++)
        fail(&s->samples[1][i]);
    expect_text(s, "6.0 % failed (limit 5 %); 6.0 % truncated (limit 5 %)");
    for (int i = 40; i < 160; i++)
        cut_off(&s->samples[1][i]);
    for (int i = 20; i < 31; i++) {
        s->samples[1][i] = s->samples[0][i];
    }
    s->samples[1][99].session = 1;
    expect_text(s, "66.0 % truncated (limit 50 %); 0.5 % failed (limit 0 %); "
                   "times of 2 machines (limit 1)");
    free(s);
}

Test(validity, notices_name_the_cell) {
    struct scene *s = scene_new();
    char *text = NULL;
    size_t n_bytes;
    FILE *log = open_memstream(&text, &n_bytes);
    s->names[1].threshold = 7;
    s->samples[1][7].session = 1;
    struct validity_report found[2];
    for (int i = 0; i < 2; i++) {
        validity_judge(&found[i], &s->report, &s->cells[i]);
        s->cells[i].validity = &found[i];
    }
    validity_print_notices(&s->report, log);
    fclose(log);
    cr_assert_str_eq(text, "suspect: cell bbbbbbbb, fast@7 (base big, set): "
                           "times of 2 machines (limit 1)\n");
    free(text);
    free(s);
}
