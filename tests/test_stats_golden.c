#include "harness/stats/stats.h"
#include "harness/stats/stats_bootstrap.h"
#include "harness/stats/stats_cluster.h"
#include "harness/stats/stats_multiple.h"
#include "harness/stats/stats_paired.h"
#include "harness/stats/stats_pass_k.h"
#include "harness/stats/stats_proportion.h"
#include "harness/stats/stats_rank.h"
#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

// What R makes of the same numbers: tests/golden/stats.R.

enum { VALUES_MAX = 100 };

static void expect_estimate(const struct golden_case *c,
                            const struct estimate *e) {
    golden_expect(c, "value", e->value);
    golden_expect(c, "se", e->se);
    golden_expect(c, "low", e->low);
    golden_expect(c, "high", e->high);
}

static void check_describe(const struct golden_case *c) {
    int n, n_p;
    const double *x = golden_vector(c, "x", &n);
    const double *p = golden_vector(c, "p", &n_p);
    double quantiles[VALUES_MAX];
    golden_expect(c, "mean", stats_mean(x, n));
    golden_expect(c, "sd", stats_sd(x, n));
    for (int i = 0; i < n_p; i++)
        quantiles[i] = stats_quantile(x, n, p[i]);
    golden_expect_vector(c, "quantiles", quantiles, n_p);
}

Test(stats_golden, describe) {
    golden_each("stats.csv", "describe", check_describe);
}

static void check_t_interval(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    struct estimate e = stats_mean_interval(x, n, golden_number(c, "level"));
    expect_estimate(c, &e);
    cr_expect_eq(e.n, n);
}

Test(stats_golden, t_interval) {
    golden_each("stats.csv", "t_interval", check_t_interval);
}

static void check_geomean(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "log_ratio", &n);
    struct estimate e = stats_geomean_interval(x, n, golden_number(c, "level"));
    expect_estimate(c, &e);
}

Test(stats_golden, geomean) {
    golden_each("stats.csv", "geomean", check_geomean);
}

static void expect_interval(const struct golden_case *c, const char *name,
                            struct interval i) {
    golden_expect_vector(c, name, (const double[]){i.low, i.high}, 2);
}

static void check_proportion(const struct golden_case *c) {
    int x = golden_int(c, "c"), n = golden_int(c, "n");
    double level = golden_number(c, "level");
    expect_interval(c, "wilson", stats_wilson(x, n, level));
    expect_interval(c, "clopper_pearson", stats_clopper_pearson(x, n, level));
    expect_interval(c, "jeffreys", stats_jeffreys(x, n, level));
}

Test(stats_golden, proportion) {
    golden_each("stats.csv", "proportion", check_proportion);
}

static void check_clustered(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    const int *cluster = golden_ints(c, "cluster", NULL);
    struct estimate e = stats_clustered_mean(
        x, cluster, n, golden_int(c, "n_clusters"), golden_number(c, "level"));
    expect_estimate(c, &e);
}

Test(stats_golden, clustered) {
    golden_each("stats.csv", "clustered", check_clustered);
}

static void check_paired(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    const double *y = golden_vector(c, "y", NULL);
    struct paired p = stats_paired(x, y, n, golden_number(c, "level"), 1);
    expect_estimate(c, &p.difference);
    golden_expect(c, "t", p.t);
    golden_expect(c, "p_t", p.p_t);
    golden_expect(c, "correlation", p.correlation);
    golden_expect(c, "min_detectable", p.min_detectable);
    if (n <= 20) golden_expect(c, "flip", p.p_flip);
}

Test(stats_golden, paired) {
    golden_each("stats.csv", "paired", check_paired);
}

static void check_adjust(const struct golden_case *c) {
    int n;
    const double *p = golden_vector(c, "p", &n);
    double adjusted[VALUES_MAX];
    memcpy(adjusted, p, (size_t)n * sizeof *p);
    stats_holm(adjusted, n);
    golden_expect_vector(c, "holm", adjusted, n);
    memcpy(adjusted, p, (size_t)n * sizeof *p);
    stats_benjamini_hochberg(adjusted, n);
    golden_expect_vector(c, "bh", adjusted, n);
}

Test(stats_golden, adjusted_p) {
    golden_each("stats.csv", "adjust", check_adjust);
}

static void check_rank(const struct golden_case *c) {
    int n, group[VALUES_MAX];
    const double *x = golden_vector(c, "x", &n);
    for (int i = 0; i < n; i++)
        group[i] = i;
    struct rank_values v = {x, golden_vector(c, "y", NULL), group, n, n};
    golden_expect(c, "spearman", stats_spearman(&v, 0.95, 1).value);
    v.y = golden_vector(c, "right", NULL);
    golden_expect(c, "auc", stats_auc(&v, 0.95, 1).value);
}

Test(stats_golden, ranks) {
    golden_each("stats.csv", "rank", check_rank);
}

static void check_pass(const struct golden_case *c) {
    int n_k;
    const int *k = golden_ints(c, "k", &n_k);
    double pass[VALUES_MAX];
    for (int i = 0; i < n_k; i++)
        pass[i] = stats_pass_at_k(golden_int(c, "n"), golden_int(c, "c"), k[i]);
    golden_expect_vector(c, "pass", pass, n_k);
}

Test(stats_golden, pass_at_k) {
    golden_each("stats.csv", "pass_at_k", check_pass);
}

static void check_maj(const struct golden_case *c) {
    int n_answers, n_k;
    bool correct[VALUES_MAX];
    double maj[VALUES_MAX];
    const int *count = golden_ints(c, "count", &n_answers);
    const int *right = golden_ints(c, "correct", NULL);
    const int *k = golden_ints(c, "k", &n_k);
    for (int i = 0; i < n_answers; i++)
        correct[i] = right[i];
    for (int i = 0; i < n_k; i++)
        maj[i] = stats_maj_at_k(count, correct, n_answers, k[i]);
    golden_expect_vector(c, "maj", maj, n_k);
}

Test(stats_golden, maj_at_k) {
    golden_each("stats.csv", "maj_at_k", check_maj);
}

// The values of a case in the place of a statistic: that of all units first,
// then by what is drawn.
struct replay {
    const double *left_out, *resampled;
    double value;
    int n, n_resampled, n_calls, at;
};

static double replay(void *ctx, const int *weight) {
    struct replay *r = ctx;
    int drawn = 0, missing = 0;
    if (r->n_calls++ == 0) return r->value;
    for (int i = 0; i < r->n; i++) {
        drawn += weight[i];
        if (!weight[i]) missing = i;
    }
    if (drawn == r->n - 1) return r->left_out[missing];
    return r->at < r->n_resampled ? r->resampled[r->at++] : NAN;
}

static void check_bootstrap(const struct golden_case *c) {
    struct replay r = {.value = golden_number(c, "value")};
    r.left_out = golden_vector(c, "left_out", &r.n);
    r.resampled = golden_vector(c, "resampled", &r.n_resampled);
    struct bootstrap b =
        stats_bootstrap(replay, &r, r.n, golden_number(c, "level"), 1);
    cr_expect_eq(b.n_resamples, r.n_resampled);
    golden_expect(c, "value", b.value);
    golden_expect(c, "se", b.se);
    golden_expect(c, "low", b.low);
    golden_expect(c, "high", b.high);
    golden_expect(c, "bca_low", b.bca_low);
    golden_expect(c, "bca_high", b.bca_high);
}

Test(stats_golden, bootstrap) {
    golden_each("stats.csv", "bootstrap", check_bootstrap);
}
