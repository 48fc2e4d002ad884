#include "harness/stats/stats_series.h"

#include "engine/base/alloc.h"
#include "harness/stats/stats_work.h"
#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

// Expected values: R, tests/golden/series.R.

enum { MANY = 100 };

static void check_mad(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    golden_expect(c, "mad", stats_mad(x, n));
}

static void check_outliers(const struct golden_case *c) {
    int n, n_far = 0;
    const double *x = golden_vector(c, "x", &n);
    double limit = golden_number(c, "limit"), far[MANY];
    bool is[MANY];
    int n_found = stats_outliers(x, n, limit, is);
    for (int i = 0; i < n; i++)
        n_far += (far[i] = is[i]) != 0;
    golden_expect_vector(c, "far", far, n);
    cr_expect_eq(n_found, n_far);
    cr_expect_eq(stats_outliers(x, n, limit, NULL), n_far);
}

static void check_drift(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    struct estimate e = stats_drift(x, n, golden_number(c, "level"));
    golden_expect(c, "value", e.value);
    golden_expect(c, "se", e.se);
    golden_expect_near(c, "low", e.low, 1e-8);
    golden_expect_near(c, "high", e.high, 1e-8);
    cr_expect_eq(e.n, n);
}

static void check_warmup(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    struct warmup w = stats_warmup(x, n, golden_int(c, "m"));
    golden_expect(c, "ratio", w.ratio);
    golden_expect(c, "p", w.p);
}

static void check_work(const struct golden_case *c) {
    int n, n_expected;
    const double *work = golden_vector(c, "work", NULL);
    const double *time = golden_vector(c, "time", &n);
    const double *expected = golden_vector(c, "residual", &n_expected);
    double residual[MANY];
    stats_work_residuals(work, time, n, golden_int(c, "columns"), residual);
    cr_assert_eq(n, n_expected);
    for (int i = 0; i < n; i++)
        cr_expect_float_eq(residual[i], expected[i], 1e-6, "%s[%d]: %g",
                           golden_name(c), i, residual[i] - expected[i]);
}

Test(stats_series, mad) {
    golden_each("series.csv", "mad", check_mad);
    cr_assert(isnan(stats_mad(NULL, 0)));
}

Test(stats_series, outliers) {
    golden_each("series.csv", "outliers", check_outliers);
    cr_assert_eq(stats_outliers(NULL, 0, 10, NULL), 0);
}

Test(stats_series, drift) {
    golden_each("series.csv", "drift", check_drift);
}

// What rises by a tenth does so whatever the unit.
Test(stats_series, drift_needs_eight_positive_values) {
    double x[8];
    for (int i = 0; i < 8; i++)
        x[i] = 3 * exp(log(1.1) * i / 7);
    struct estimate e = stats_drift(x, 8, 0.95);
    cr_assert_float_eq(e.value, 0.1, 1e-12);
    e = stats_drift(x, 7, 0.95);
    cr_assert(isnan(e.value) && isnan(e.low) && isnan(e.se));
    x[3] = 0;
    cr_assert(isnan(stats_drift(x, 8, 0.95).value));
    x[3] = -1;
    cr_assert(isnan(stats_drift(x, 8, 0.95).value));
}

Test(stats_series, warmup) {
    golden_each("series.csv", "warmup", check_warmup);
    double x[] = {9, 9, 9, 1, 1, 1}, same[] = {2, 2, 2, 2, 2, 2};
    cr_assert(isnan(stats_warmup(x, 6, 2).ratio));
    cr_assert(isnan(stats_warmup(x, 5, 3).p));
    struct warmup w = stats_warmup(same, 6, 3);
    cr_assert_eq(w.ratio, 1);
    cr_assert(isnan(w.p));
}

Test(stats_series, work_is_taken_out) {
    golden_each("series.csv", "work", check_work);
}

// Whatever the work, half as fast is log 2; what has no time has no residual.
Test(stats_series, work_without_a_time_has_no_residual) {
    double work[] = {10, 20, 30, 5, 7, 9}, time[] = {1, 2, 3, NAN, 0, 0.9};
    double left[6];
    stats_work_residuals(work, time, 6, 1, left);
    cr_assert(isnan(left[3]) && isnan(left[4]));
    cr_assert_float_eq(left[0], left[2], 1e-12);
    time[2] = 6;
    stats_work_residuals(work, time, 6, 1, left);
    cr_assert_float_eq(left[2] - left[0], log(2), 1e-12);
    stats_work_residuals(work, time, 2, 1, left); // too few
    cr_assert(isnan(left[0]) && isnan(left[1]));
}
