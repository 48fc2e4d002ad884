#include "harness/stats/stats_quantile.h"

#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>

// Expected values: R, tests/golden/series.R.

static void check_case(const struct golden_case *c, const int *group,
                       int n_groups) {
    int n, n_p;
    const double *x = golden_vector(c, "x", &n);
    const double *p = golden_vector(c, "p", &n_p);
    double level = golden_number(c, "level"), value[8], low[8], high[8];
    for (int i = 0; i < n_p; i++) {
        struct estimate e =
            stats_quantile_interval(x, group, n, n_groups, p[i], level);
        value[i] = e.value;
        low[i] = e.low;
        high[i] = e.high;
        cr_expect_eq(e.n, n);
        cr_expect(isnan(e.se));
    }
    golden_expect_vector(c, "value", value, n_p);
    golden_expect_vector(c, "low", low, n_p);
    golden_expect_vector(c, "high", high, n_p);
}

static void check_alone(const struct golden_case *c) {
    check_case(c, NULL, 0);
}

// Groups are numbered from 0 on, and one more has no values.
static void check_grouped(const struct golden_case *c) {
    int n, n_groups = 0;
    const int *group = golden_ints(c, "group", &n);
    for (int i = 0; i < n; i++)
        n_groups = group[i] >= n_groups ? group[i] + 1 : n_groups;
    check_case(c, group, n_groups + 1);
}

Test(stats_quantile, bounds_are_those_of_the_binomial) {
    golden_each("series.csv", "quantile", check_alone);
}

Test(stats_quantile, groups_are_worth_fewer) {
    golden_each("series.csv", "grouped", check_grouped);
}

Test(stats_quantile, what_cannot_be_estimated_is_nan) {
    double x[] = {1, 2, 3, 4, 5, 6};
    int one[] = {0, 0, 0, 0, 0, 0};
    struct estimate e = stats_quantile_interval(x, NULL, 0, 0, 0.5, 0.95);
    cr_assert(isnan(e.value) && isnan(e.low) && isnan(e.high));
    cr_assert_eq(e.n, 0);
    e = stats_quantile_interval(x, one, 6, 1, 0.5, 0.95);
    cr_assert_eq(e.value, 3.5);
    cr_assert(isnan(e.low) && isnan(e.high));
    e = stats_quantile_interval(x, NULL, 6, 0, 0.5, 0.95);
    cr_assert(e.low == 1 && e.high == 6);
}
