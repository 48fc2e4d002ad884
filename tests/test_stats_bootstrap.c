#include "harness/stats/stats_bootstrap.h"

#include "harness/stats/stats.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

// Numbers against R are in test_stats_golden.c; here is how units are drawn.

#define NEAR(a, b, eps) cr_assert_float_eq(a, b, eps, "%.12g != %.12g", a, b)

enum { UNITS = 5 };

struct seen {
    int n_calls, n_full, n_left_out; // by the sum of weights
    int drawn[UNITS];                // over the resamples
};

static double watch(void *ctx, const int *weight) {
    struct seen *s = ctx;
    int sum = 0;
    for (int i = 0; i < UNITS; i++) {
        cr_assert_geq(weight[i], 0);
        sum += weight[i];
    }
    s->n_full += sum == UNITS;
    s->n_left_out += sum == UNITS - 1;
    for (int i = 0; s->n_calls && sum == UNITS && i < UNITS; i++)
        s->drawn[i] += weight[i];
    s->n_calls++;
    return weight[0];
}

Test(stats_bootstrap, draws_as_many_units_as_there_are) {
    struct seen s = {0};
    struct bootstrap b = stats_bootstrap(watch, &s, UNITS, 0.95, 1);
    cr_expect_eq(b.n_resamples, BOOTSTRAP_RESAMPLES);
    cr_expect_eq(s.n_full, 1 + BOOTSTRAP_RESAMPLES);
    cr_expect_eq(s.n_left_out, UNITS);
    cr_expect_eq(s.n_calls, 1 + BOOTSTRAP_RESAMPLES + UNITS);
    // Each unit 2000 times on average, SD sqrt(10000 * .2 * .8) = 40.
    for (int i = 0; i < UNITS; i++)
        cr_expect_float_eq(s.drawn[i], BOOTSTRAP_RESAMPLES, 160, "%d: %d", i,
                           s.drawn[i]);
    // How often one is drawn: binomial, SD sqrt(5 * .2 * .8) = .894.
    NEAR(b.se, sqrt(0.8), 0.04);
    NEAR(b.value, 1, 0);
    NEAR(b.low, 0, 0);
    NEAR(b.high, 3, 0);
}

// The SD of resampled means is sd * sqrt((n - 1) / n) / sqrt(n), within 4 of
// its standard errors (1 / sqrt(2 * 2000) = 1.6 %).
Test(stats_bootstrap, means_have_the_known_spread) {
    double x[40];
    for (int i = 0; i < 40; i++)
        x[i] = i * 37 % 41;
    struct bootstrap b = stats_bootstrap_mean(x, 40, 0.95, 3);
    struct estimate e = stats_mean_interval(x, 40, 0.95);
    double se = e.se * sqrt(39.0 / 40);
    NEAR(b.value, e.value, 1e-12);
    NEAR(b.se, se, 0.064 * se);
    NEAR(b.low, e.value - 1.96 * se, 0.25 * se);
    NEAR(b.high, e.value + 1.96 * se, 0.25 * se);
    NEAR(b.bca_low, b.low, 0.25 * se);
    NEAR(b.bca_high, b.high, 0.25 * se);
}

Test(stats_bootstrap, is_a_function_of_the_seed) {
    double x[] = {1, 4, 2, 8, 5, 7};
    struct bootstrap a = stats_bootstrap_mean(x, 6, 0.9, 3);
    struct bootstrap b = stats_bootstrap_mean(x, 6, 0.9, 3);
    struct bootstrap c = stats_bootstrap_mean(x, 6, 0.9, 4);
    cr_expect_eq(memcmp(&a, &b, sizeof a), 0);
    cr_expect_neq(a.se, c.se);
    // A wider interval from the same draws.
    struct bootstrap d = stats_bootstrap_mean(x, 6, 0.99, 3);
    cr_expect(d.low < a.low && d.high > a.high && d.se == a.se);
    cr_expect(d.bca_low < a.bca_low && d.bca_high > a.bca_high);
}

// A long tail upwards: BCa moves both bounds up.
Test(stats_bootstrap, bca_follows_the_tail) {
    double x[] = {1, 1, 2, 2, 2, 3, 3, 4, 5, 60};
    struct bootstrap b = stats_bootstrap_mean(x, 10, 0.95, 1);
    cr_expect(b.bca_low > b.low && b.bca_high > b.high, "%g %g %g %g", b.low,
              b.high, b.bca_low, b.bca_high);
    for (int i = 0; i < 10; i++)
        x[i] = -x[i];
    struct bootstrap c = stats_bootstrap_mean(x, 10, 0.95, 1);
    NEAR(c.bca_low, -b.bca_high, 1e-9);
    NEAR(c.bca_high, -b.bca_low, 1e-9);
}

// None without the first unit.
static double needs_first(void *ctx, const int *weight) {
    const double *x = ctx;
    return weight[0] ? weight[0] + x[0] : NAN;
}

static double none(void *ctx, const int *weight) {
    (void)ctx;
    (void)weight;
    return NAN;
}

Test(stats_bootstrap, what_has_no_value_is_left_out) {
    double x[] = {2, 3, 4, 5, 6};
    // Of 2000 resamples the first is in 1 - .8^5 = 67.2 %.
    struct bootstrap b = stats_bootstrap(needs_first, x, 5, 0.95, 1);
    cr_expect_float_eq(b.n_resamples, 1344.6, 84);
    NEAR(b.low, 3, 0);
    cr_expect(isnan(b.bca_low) && isnan(b.bca_high)); // nor left out
    b = stats_bootstrap(none, x, 5, 0.95, 1);
    cr_expect(isnan(b.value) && isnan(b.se) && isnan(b.low) && isnan(b.high));
    cr_expect_eq(b.n_resamples, 0);
}

Test(stats_bootstrap, one_unit_has_no_interval) {
    double x[] = {2};
    struct bootstrap b = stats_bootstrap_mean(x, 1, 0.95, 1);
    NEAR(b.value, 2, 0);
    cr_expect(isnan(b.se) && isnan(b.low) && isnan(b.high));
    cr_expect(isnan(b.bca_low) && isnan(b.bca_high));
    cr_expect(isnan(stats_bootstrap_mean(x, 0, 0.95, 1).value));
}

Test(stats_bootstrap, a_constant_has_no_width) {
    double x[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    struct bootstrap b = stats_bootstrap_mean(x, 7, 0.95, 1);
    NEAR(b.low, 0.1, 1e-15);
    NEAR(b.high, 0.1, 1e-15);
    NEAR(b.bca_low, 0.1, 1e-15);
    NEAR(b.bca_high, 0.1, 1e-15);
}
