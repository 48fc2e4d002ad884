#include "harness/stats/stats_front.h"

#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>

// Expected values: R, tests/golden/series.R.

enum { POINTS = 20 };

static void check_front(const struct golden_case *c) {
    int n;
    const double *cost = golden_vector(c, "cost", &n);
    const double *value = golden_vector(c, "value", NULL);
    bool is[POINTS];
    double on[POINTS];
    stats_pareto(cost, value, n, is);
    for (int i = 0; i < n; i++)
        on[i] = is[i];
    golden_expect_vector(c, "on", on, n);
}

static void check_deadline(const struct golden_case *c) {
    int k;
    const double *time = golden_vector(c, "time", &k);
    golden_expect(c, "area",
                  stats_deadline_area(time, k, golden_number(c, "end")));
}

Test(stats_front, pareto) {
    golden_each("series.csv", "front", check_front);
}

Test(stats_front, deadline_area) {
    golden_each("series.csv", "deadline", check_deadline);
    double at_once[] = {0, 0}, half[] = {0, NAN};
    cr_assert_eq(stats_deadline_area(at_once, 2, 7), 1);
    cr_assert_eq(stats_deadline_area(half, 2, 7), 0.5);
    cr_assert(isnan(stats_deadline_area(half, 0, 7)));
    cr_assert(isnan(stats_deadline_area(half, 2, 0)));
    cr_assert(isnan(stats_deadline_area(half, 2, NAN)));
}

// Of two units the first is drawn twice, the second twice, or both: 1/4, 1/4,
// 1/2. B is cheaper in both; A is better only when the first is drawn at all,
// C when the second alone is. D has a value in neither.
Test(stats_front, shares_of_resamples) {
    double cost[] = {2, 2, 1, 1, 3, 3, 1, 1};
    double value[] = {1, 0, 0, 0, 0, 1, NAN, NAN};
    double share[4];
    struct front_units units = {2, NULL, 0};
    stats_pareto_shares(cost, value, 4, &units, 1, share);
    cr_assert_float_eq(share[0], 0.75, 0.03);
    cr_assert_float_eq(share[1], 1, 1e-9);
    cr_assert_float_eq(share[2], 0.25, 0.03);
    cr_assert_eq(share[3], 0);
    double again[4], other[4];
    stats_pareto_shares(cost, value, 4, &units, 1, again);
    stats_pareto_shares(cost, value, 4, &units, 2, other);
    cr_assert_eq(again[0], share[0]);
    cr_assert_neq(other[0], share[0]);
}

// Points that are equal problem by problem are on the front together, as every
// resample draws the same problems for both; of one unit nothing is known.
Test(stats_front, resamples_are_shared) {
    double cost[] = {1, 5, 2, 1, 5, 2}, value[] = {0, 1, 1, 0, 1, 1};
    double share[2];
    struct front_units units = {3, NULL, 0}, one = {1, NULL, 0};
    stats_pareto_shares(cost, value, 2, &units, 1, share);
    cr_assert_float_eq(share[0], 1, 1e-9);
    cr_assert_float_eq(share[1], 1, 1e-9);
    stats_pareto_shares(cost, value, 2, &one, 1, share);
    cr_assert(isnan(share[0]) && isnan(share[1]));
}

// Alone the first of three units is not drawn in 8/27 of the resamples; of one
// cluster nothing is known.
Test(stats_front, clusters_are_drawn_together) {
    double cost[] = {1, 2, 2, 2, 1, 1}, value[] = {1, 0, 0, 1, 0, 0};
    double share[2];
    int together[] = {0, 0, 0, 1}, all[] = {0, 0, 0};
    struct front_units alone = {3, NULL, 0}, one = {3, all, 1};
    stats_pareto_shares(cost, value, 2, &alone, 1, share);
    cr_assert_gt(share[0], 0);
    cr_assert_lt(share[0], 1);
    stats_pareto_shares(cost, value, 2, &one, 1, share);
    cr_assert(isnan(share[0]));
    double cost4[] = {1, 2, 2, 1, 2, 1, 1, 1.5}, value4[8] = {0};
    struct front_units two = {4, together, 2};
    // The first three cost 5 against 4, the last 1 against 1.5: less only in
    // the one resample of four that has the last one twice.
    stats_pareto_shares(cost4, value4, 2, &two, 1, share);
    cr_assert_float_eq(share[0], 0.25, 0.03);
}
