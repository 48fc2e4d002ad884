#include "harness/stats/stats_proportion.h"

#include <gsl/gsl_randist.h>

#include <criterion/criterion.h>
#include <math.h>

// Numbers against R are in test_stats_golden.c.

typedef struct interval interval_fn(int c, int n, double level);

static interval_fn *const all[] = {stats_wilson, stats_clopper_pearson,
                                   stats_jeffreys};
enum { ALL = sizeof all / sizeof *all };

Test(stats_proportion, of_no_trials_is_nan) {
    static const int none[][2] = {{0, 0}, {1, 0}, {-1, 3}, {4, 3}, {0, -2}};
    for (int f = 0; f < ALL; f++) {
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
            struct interval e = all[f](none[i][0], none[i][1], 0.95);
            cr_expect(isnan(e.low) && isnan(e.high), "%d %zu", f, i);
        }
    }
}

Test(stats_proportion, stays_within_0_and_1_and_around_the_share) {
    for (int f = 0; f < ALL; f++) {
        for (int n = 1; n <= 60; n++) {
            for (int c = 0; c <= n; c++) {
                struct interval e = all[f](c, n, 0.95);
                double p = (double)c / n;
                cr_expect(0 <= e.low && e.low <= p && p <= e.high &&
                              e.high <= 1,
                          "%d: %d of %d: %g %g", f, c, n, e.low, e.high);
                cr_expect_eq(e.low == 0, c == 0);
                cr_expect_eq(e.high == 1, c == n);
                struct interval other = all[f](n - c, n, 0.95);
                cr_expect_float_eq(other.low, 1 - e.high, 1e-12);
            }
        }
    }
}

// Chance that the interval of n trials holds p.
static double coverage(interval_fn *fn, int n, double p) {
    double sum = 0;
    for (int c = 0; c <= n; c++) {
        struct interval e = fn(c, n, 0.95);
        if (e.low <= p && p <= e.high)
            sum += gsl_ran_binomial_pdf((unsigned)c, p, (unsigned)n);
    }
    return sum;
}

// Clopper and Pearson's never below 95 %, the two others about 95 % on average.
Test(stats_proportion, covers) {
    double sum[ALL] = {0};
    int n_points = 0;
    for (double p = 0.0137; p < 1; p += 0.0293, n_points++) {
        for (int f = 0; f < ALL; f++)
            sum[f] += coverage(all[f], 30, p);
        double exact = coverage(stats_clopper_pearson, 30, p);
        cr_expect_geq(exact, 0.95 - 1e-12, "p %g: %g", p, exact);
    }
    cr_expect_float_eq(sum[0] / n_points, 0.95, 0.01, "%g", sum[0] / n_points);
    cr_expect_float_eq(sum[1] / n_points, 0.97, 0.01, "%g", sum[1] / n_points);
    cr_expect_float_eq(sum[2] / n_points, 0.95, 0.01, "%g", sum[2] / n_points);
}

// GSL's own inversion fails for these.
Test(stats_proportion, many_trials) {
    struct interval e = stats_jeffreys(0, 100000, 0.9);
    cr_expect(e.low == 0 && e.high > 1e-5 && e.high < 3e-5, "%g", e.high);
    e = stats_clopper_pearson(99999, 100000, 0.95);
    cr_expect(e.low > 0.9999 && e.high < 1 && e.high > 0.99999, "%g %g", e.low,
              e.high);
}
