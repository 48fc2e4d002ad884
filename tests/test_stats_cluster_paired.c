#include "harness/stats/stats_cluster_paired.h"

#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>

// Expected values: R, tests/golden/clustered_pair.R.

enum { VALUES_MAX = 20 };

static void check_pair(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    const double *y = golden_vector(c, "y", NULL);
    struct clusters clusters = {golden_ints(c, "cluster", NULL),
                                golden_int(c, "n_clusters")};
    double level = golden_number(c, "level"), d[VALUES_MAX], test_p;
    struct paired p = stats_clustered_paired(x, y, clusters, n, level, 1);
    double difference[] = {p.difference.value, p.difference.low,
                           p.difference.high};
    golden_expect_vector(c, "difference", difference, 3);
    golden_expect(c, "se", p.difference.se);
    golden_expect(c, "t", p.t);
    golden_expect(c, "p_t", p.p_t);
    golden_expect(c, "p", p.p_flip);
    golden_expect(c, "correlation", p.correlation);
    golden_expect(c, "min_detectable", p.min_detectable);
    for (int i = 0; i < n; i++)
        d[i] = x[i] - y[i];
    struct estimate e = stats_clustered_test(d, clusters, n, level, &test_p);
    double again[] = {e.value, e.low, e.high};
    golden_expect_vector(c, "difference", again, 3);
    golden_expect(c, "p_t", test_p);
}

Test(stats_cluster_paired, numbers) {
    golden_each("clustered_pair.csv", "pair", check_pair);
}

// Without clusters, all is as of independent problems.
Test(stats_cluster_paired, problems_may_be_independent) {
    static const double x[] = {1, 0.5, 0.75, 0.25}, y[] = {0.5, 0.5, 1, 0};
    struct clusters none = {NULL, 0};
    struct paired p = stats_clustered_paired(x, y, none, 4, 0.9, 7);
    struct paired q = stats_paired(x, y, 4, 0.9, 7);
    double test_p;
    struct estimate e = stats_clustered_test(x, none, 4, 0.9, &test_p);
    cr_assert_eq(p.difference.low, q.difference.low);
    cr_assert_eq(p.p_t, q.p_t);
    cr_assert_eq(p.p_flip, q.p_flip);
    cr_assert_eq(e.low, stats_mean_interval(x, 4, 0.9).low);
    cr_assert_float_eq(test_p, 0.0305, 1e-4); // t.test(x)
}

Test(stats_cluster_paired, one_cluster_has_no_test) {
    static const double x[] = {1, 0.5, 0.75}, y[] = {0.5, 0.5, 1};
    static const int one[] = {1, 1, 1};
    double p;
    struct paired d =
        stats_clustered_paired(x, y, (struct clusters){one, 2}, 3, 0.9, 7);
    cr_assert_float_eq(d.difference.value, 0.25 / 3, 1e-12);
    cr_assert(isnan(d.difference.low) && isnan(d.p_t) && isnan(d.p_flip));
    cr_assert(isnan(d.min_detectable));
    stats_clustered_test(x, (struct clusters){one, 2}, 3, 0.9, &p);
    cr_assert(isnan(p));
}
