#include "harness/stats/stats_paired.h"

#include <criterion/criterion.h>
#include <math.h>

// Numbers against R are in test_stats_golden.c.

#define NEAR(a, b, eps) cr_assert_float_eq(a, b, eps, "%.12g != %.12g", a, b)

Test(stats_paired, parts_are_those_of_the_differences) {
    double x[] = {1, 0.5, 0.75, 0.25}, y[] = {0.5, 0.5, 1, 0};
    double d[] = {0.5, 0, -0.25, 0.25};
    struct paired p = stats_paired(x, y, 4, 0.9, 7);
    struct estimate e = stats_mean_interval(d, 4, 0.9);
    NEAR(p.difference.value, e.value, 0);
    NEAR(p.difference.low, e.low, 0);
    NEAR(p.t, e.value / e.se, 1e-12);
    NEAR(p.p_flip, stats_sign_flip_p(d, 4, 7), 0);
    NEAR(p.min_detectable, stats_min_detectable(e.se, 4), 0);
    struct paired q = stats_paired(y, x, 4, 0.9, 7);
    NEAR(q.difference.value, -p.difference.value, 0);
    NEAR(q.p_t, p.p_t, 1e-15);
    NEAR(q.correlation, p.correlation, 1e-15);
}

Test(stats_paired, equal_differences_have_no_t) {
    double x[] = {1, 0.5, 0.75}, y[] = {0.5, 0, 0.25};
    struct paired p = stats_paired(x, y, 3, 0.95, 1);
    NEAR(p.difference.value, 0.5, 0);
    NEAR(p.difference.se, 0, 0);
    cr_assert(isnan(p.t) && isnan(p.min_detectable));
    NEAR(p.p_t, 0, 0);
    NEAR(p.correlation, 1, 1e-12);
    p = stats_paired(x, x, 3, 0.95, 1);
    cr_assert(isnan(p.t));
    NEAR(p.p_t, 1, 0);
    NEAR(p.p_flip, 1, 0);
}

Test(stats_paired, a_constant_has_no_correlation) {
    double x[] = {0.1, 0.1, 0.1, 0.1}, y[] = {0.5, 0, 0.25, 1};
    cr_assert(isnan(stats_paired(x, y, 4, 0.95, 1).correlation));
    cr_assert(isnan(stats_paired(y, x, 4, 0.95, 1).correlation));
}

Test(stats_paired, one_pair_has_no_test) {
    double x[] = {1}, y[] = {0.5};
    struct paired p = stats_paired(x, y, 1, 0.95, 1);
    NEAR(p.difference.value, 0.5, 0);
    cr_assert(isnan(p.t) && isnan(p.p_t) && isnan(p.p_flip));
    cr_assert(isnan(p.correlation) && isnan(p.min_detectable));
    p = stats_paired(x, y, 0, 0.95, 1);
    cr_assert(isnan(p.difference.value) && isnan(p.p_t));
}
