#include "harness/stats/stats_cluster.h"

#include <criterion/criterion.h>
#include <math.h>

// Numbers against R are in test_stats_golden.c.

#define NEAR(a, b, eps) cr_assert_float_eq(a, b, eps, "%.12g != %.12g", a, b)

static const double x[] = {0.25, 1, 0.5, 0.75, 0, 0.5};

Test(stats_cluster, of_one_value_each_is_the_t_interval) {
    static const int own[] = {3, 0, 5, 1, 4, 2};
    struct estimate e = stats_clustered_mean(x, own, 6, 6, 0.9);
    struct estimate t = stats_mean_interval(x, 6, 0.9);
    NEAR(e.value, t.value, 1e-12);
    NEAR(e.se, t.se, 1e-12);
    NEAR(e.low, t.low, 1e-12);
    NEAR(e.high, t.high, 1e-12);
    cr_assert_eq(e.n, 6);
}

// Pairs of equal values are three values: so is their standard error.
Test(stats_cluster, copies_are_no_evidence) {
    double twice[] = {0.25, 0.25, 1, 1, 0.5, 0.5}, once[] = {0.25, 1, 0.5};
    static const int pair[] = {0, 0, 1, 1, 2, 2};
    struct estimate e = stats_clustered_mean(twice, pair, 6, 3, 0.95);
    struct estimate t = stats_mean_interval(once, 3, 0.95);
    NEAR(e.se, t.se, 1e-12);
    NEAR(e.low, t.low, 1e-12);
    NEAR(e.high, t.high, 1e-12);
}

// Clusters 1, 3 and 4 have no values.
Test(stats_cluster, counts_clusters_that_have_values) {
    static const int wide[] = {0, 2, 2, 5, 5, 0}, tight[] = {0, 1, 1, 2, 2, 0};
    struct estimate a = stats_clustered_mean(x, wide, 6, 6, 0.95);
    struct estimate b = stats_clustered_mean(x, tight, 6, 3, 0.95);
    NEAR(a.se, b.se, 0);
    NEAR(a.low, b.low, 0);
    cr_assert_gt(a.se, 0);
}

Test(stats_cluster, one_cluster_has_no_error) {
    static const int one[] = {1, 1, 1, 1, 1, 1};
    struct estimate e = stats_clustered_mean(x, one, 6, 2, 0.95);
    NEAR(e.value, 0.5, 1e-12);
    cr_assert(isnan(e.se) && isnan(e.low) && isnan(e.high));
    e = stats_clustered_mean(x, one, 1, 2, 0.95);
    cr_assert(isnan(e.se));
    e = stats_clustered_mean(x, one, 0, 0, 0.95);
    cr_assert(isnan(e.value) && isnan(e.se));
}
