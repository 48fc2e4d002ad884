#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "harness/sample_record.h"
#include "harness/store.h"
#include "tests/helper_cli.h"
#include "tests/helper_dir.h"
#include "tests/helper_sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_CELLS = 7 };

// ---- reading the table ----------------------------------------------------

// Field `column` of line `row` (1: the first behind the header) of a CSV
// without quotes.
static char *field(const char *csv, int row, const char *column) {
    char *text = xstrdup(csv), *at = text, *header = strsep(&at, "\n");
    char *line = header, *name, *value, *found = NULL;
    for (int i = 0; i < row; i++)
        line = strsep(&at, "\n");
    while (line && (name = strsep(&header, ",")) &&
           (value = strsep(&line, ","))) {
        if (!strcmp(name, column)) found = xstrdup(value);
    }
    free(text);
    cr_assert(found, "no %s in row %d of %s", column, row, csv);
    return found;
}

static double number(const char *csv, int row, const char *column) {
    char *text = field(csv, row, column);
    double value = *text ? atof(text) : NAN;
    free(text);
    return value;
}

static double sum_of(const char *csv, const char *column) {
    double sum = 0;
    for (int i = 1; i <= N_CELLS; i++)
        sum += number(csv, i, column);
    return sum;
}

// `plan CONFIG -o csv` and a few more words; *log is to be freed.
static char *plan(const struct sweep_place *p, const char *more, char **log) {
    char *out, *line = xasprintf("plan %s -o csv %s", p->config, more);
    cr_assert_eq(helper_line(line, "", 0, &out, log), 0, "%s", *log);
    free(line);
    return out;
}

// ---- what a run then takes ------------------------------------------------

struct taken {
    double seconds, kept, evaluated, bytes;
};

static int add_line(void *ctx, const char *line, size_t n_bytes, size_t number,
                    struct error *err) {
    struct taken *sum = ctx;
    struct arena arena = {0};
    struct sample s;
    (void)number;
    int rc = sample_parse(&s, line, n_bytes, &arena, err);
    if (!rc) {
        sum->seconds += (double)s.total_ns / 1e9;
        sum->kept += (double)s.count.kept_tokens;
        for (int r = 0; r < ROLE_N; r++)
            sum->evaluated += (double)s.count.evaluated[r];
        sum->bytes += (double)n_bytes + 1;
    }
    arena_release(&arena);
    return rc;
}

// One sample of each problem, all of them measured, nothing else: the plan is
// the run. (Stored lines have an answer besides.)
Test(cmd_plan, is_what_the_run_takes) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    char *csv =
        plan(&p, "-n 3 --set samples=1 --set warmup=0 --set seed=5", &log);
    free(log);
    cr_assert_eq(helper_run(&p, "--set=samples=1", "--set=warmup=0",
                            "--set=seed=5", &log),
                 0, "%s", log);
    free(log);
    struct taken taken = {0};
    cr_assert_eq(store_read(p.folder, add_line, &taken, NULL), 0);
    // As far as the column's decimals go.
    cr_expect_float_eq(sum_of(csv, "total_s"), taken.seconds, 0.051 * N_CELLS);
    cr_expect_float_eq(sum_of(csv, "total_kept_tokens"), taken.kept, 0.5);
    cr_expect_float_eq(sum_of(csv, "total_evaluated_tokens"), taken.evaluated,
                       0.5);
    double bytes = sum_of(csv, "disk_mb") * 1e6;
    cr_expect_float_eq(bytes, taken.bytes, 510 * N_CELLS + 0.02 * taken.bytes,
                       "%g, really %g", bytes, taken.bytes);
    free(csv);
    helper_sweep_release(&p);
}

// Prompts once per problem, warm-up samples besides, in latency mode alone.
Test(cmd_plan, counts_prompts_once_and_warm_up) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    const char *more[] = {
        "-n 3 --set samples=1 --set warmup=0",
        "-n 3 --set samples=101 --set warmup=0",
        "-n 3 --set samples=1 --set warmup=300",
        "-n 3 --set samples=1 --set warmup=300 --set mode=throughput",
    };
    double s[4];
    for (int i = 0; i < 4; i++) {
        char *csv = plan(&p, more[i], &log);
        s[i] = sum_of(csv, "total_s");
        cr_expect_float_eq(sum_of(csv, "total_hours"), s[i] / 3600,
                           0.000051 * N_CELLS);
        cr_expect_eq(strstr(log, " at most") != NULL, i == 3, "%s", log);
        free(csv);
        free(log);
    }
    // 3 problems x 100 more samples, without prompts; 300 samples with them.
    cr_expect_gt(s[1] - s[0], 1);
    cr_expect_gt(s[2] - s[0], 1.02 * (s[1] - s[0]));
    cr_expect_float_eq(s[3], s[0], 1e-9);
    helper_sweep_release(&p);
}

// ---- what it can show -----------------------------------------------------

Test(cmd_plan, says_what_it_cannot_see) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    // R: (qt(.975, 2) + qt(.8, 2)) * sqrt(2 / 8 / 16 / 3)
    char *csv = plan(&p, "--no-calibrate --set samples=16", &log);
    cr_expect_float_eq(number(csv, 1, "min_detectable_diff"), 0.387, 1e-9);
    cr_expect(strstr(log, "toy: cannot see differences in accuracy of less "
                          "than 38.7 points (3 problems x 16 samples, 80 % "
                          "power, samples independent, difficulty Beta(1/2, "
                          "1/2))\n"),
              "%s", log);
    free(csv);
    free(log);
    csv = plan(&p, "--no-calibrate --set datasets.0.limit=1", &log);
    cr_expect(isnan(number(csv, 1, "min_detectable_diff")));
    cr_expect(strstr(log, "toy: cannot see any difference"), "%s", log);
    free(csv);
    free(log);
    helper_sweep_release(&p);
}

Test(cmd_plan, says_it_once_for_sets_of_one_size) {
    char *csv, *log;
    cr_assert_eq(helper_line("plan configs/mini.yaml --no-calibrate -o csv "
                             "--set datasets.0.limit=4 "
                             "--set datasets.1.limit=4",
                             "", 0, &csv, &log),
                 0, "%s", log);
    cr_expect(strstr(log, "\nchain-easy, chain-choice: cannot see "), "%s",
              log);
    free(csv);
    free(log);
    cr_assert_eq(helper_line("plan configs/mini.yaml --no-calibrate -o csv", "",
                             0, &csv, &log),
                 0, "%s", log);
    cr_expect(strstr(log, "\nchain-easy: cannot see "), "%s", log);
    cr_expect(strstr(log, "\nchain-choice: cannot see "), "%s", log);
    free(csv);
    free(log);
}

// Where the assumption does not hold there is no number.
Test(cmd_plan, claims_no_power_that_it_does_not_know) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    char *csv = plan(&p, "--no-calibrate --set settings.temperature=0", &log);
    cr_expect(isnan(number(csv, 1, "min_detectable_diff")));
    free(csv);
    free(log);
    csv = plan(&p, "--no-calibrate --set datasets.0.grader=none", &log);
    cr_expect(isnan(number(csv, 1, "min_detectable_diff")));
    cr_expect_not(strstr(log, "accuracy"), "%s", log);
    free(csv);
    free(log);
    helper_sweep_release(&p);
}

Test(cmd_plan, estimates_nothing_that_it_has_not_measured) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    char *csv = plan(&p, "--no-calibrate", &log);
    const char *empty[] = {
        "mean_ms",     "kept_tokens",       "total_s",
        "total_hours", "total_kept_tokens", "total_evaluated_tokens",
        "disk_mb"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        cr_expect(isnan(number(csv, 1, empty[i])), "%s", empty[i]);
    cr_expect(strstr(log, "7 cells, 42 samples\n"), "%s", log);
    free(csv);
    free(log);
    helper_sweep_release(&p);
}
