#include "harness/stats/stats_rank.h"

#include <gsl/gsl_statistics_double.h>

#include <criterion/criterion.h>
#include <math.h>

#define NEAR(a, b, eps) cr_assert_float_eq(a, b, eps, "%.12g != %.12g", a, b)

enum { MANY = 200 };

// Each value its own group.
static const int own[] = {0, 1, 2, 3, 4, 5};

static struct estimate spearman_of(const double *x, const double *y, int n) {
    struct rank_values v = {x, y, own, n, 6};
    return stats_spearman(&v, 0.95, 1);
}

static struct estimate auc_of(const double *x, const double *y, int n) {
    struct rank_values v = {x, y, own, n, 6};
    return stats_auc(&v, 0.95, 1);
}

// Ranks of x: 1 2.5 2.5 4, of y: 1 3 2 4; sums of products of what differs from
// 2.5: xy 4.5, xx 4.5, yy 5.
Test(stats_rank, spearman_shares_ranks_of_ties) {
    double x[] = {1, 2, 2, 3}, y[] = {10, 30, 20, 1000};
    struct estimate e = spearman_of(x, y, 4);
    NEAR(e.value, 4.5 / sqrt(4.5 * 5), 1e-12);
    cr_assert_eq(e.n, 4);
    double falling[] = {4, 3, 3, 2};
    NEAR(spearman_of(x, falling, 4).value, -1, 1e-12);
}

Test(stats_rank, spearman_is_that_of_gsl) {
    double x[MANY], y[MANY], work[2 * MANY];
    int group[MANY];
    for (int i = 0; i < MANY; i++) {
        x[i] = i * 37 % 23;
        y[i] = i * 37 % 23 / 4 + i * 91 % 17; // ties in both
        group[i] = i % 7;
    }
    struct rank_values v = {x, y, group, MANY, 7};
    struct estimate e = stats_spearman(&v, 0.95, 1);
    NEAR(e.value, gsl_stats_spearman(x, 1, y, 1, MANY, work), 1e-12);
    cr_assert(e.low < e.value && e.value < e.high && e.se > 0);
    struct estimate same = stats_spearman(&v, 0.95, 1);
    cr_assert_eq(same.low, e.low);
    struct estimate other = stats_spearman(&v, 0.95, 2);
    cr_assert_neq(other.low, e.low);
}

// Right .9 .5 .5, wrong .5 .1: of six pairs four are in order, two are equal.
Test(stats_rank, auc_counts_ties_half) {
    double x[] = {0.5, 0.9, 0.1, 0.5, 0.5}, y[] = {1, 1, 0, 0, 1};
    NEAR(auc_of(x, y, 5).value, 5.0 / 6, 1e-12);
    double up[] = {0, 1, 2, 3}, right[] = {0, 0, 1, 1}, wrong[] = {1, 1, 0, 0};
    NEAR(auc_of(up, right, 4).value, 1, 1e-12);
    NEAR(auc_of(up, wrong, 4).value, 0, 1e-12);
    double flat[] = {3, 3, 3, 3};
    NEAR(auc_of(flat, right, 4).value, 0.5, 1e-12);
}

Test(stats_rank, what_cannot_be_estimated_is_nan) {
    double x[] = {1, 2, 3}, flat[] = {5, 5, 5}, y[] = {1, 1, 1};
    cr_assert(isnan(spearman_of(x, x, 0).value));
    cr_assert(isnan(spearman_of(x, x, 1).value));
    cr_assert(isnan(spearman_of(x, flat, 3).value));
    cr_assert(isnan(spearman_of(flat, x, 3).value));
    cr_assert(isnan(spearman_of(x, flat, 3).low));
    cr_assert(isnan(auc_of(x, y, 3).value));
    cr_assert(isnan(auc_of(x, y, 3).high));
    cr_assert(isnan(auc_of(x, y, 1).value));
    // One group: a value, but nothing to resample.
    double up[] = {1, 2, 4};
    struct rank_values v = {x, up, (const int[]){2, 2, 2}, 3, 6};
    struct estimate e = stats_spearman(&v, 0.95, 1);
    NEAR(e.value, 1, 1e-12);
    cr_assert(isnan(e.se) && isnan(e.low) && isnan(e.high));
}

// Two problems: the AUC of the first alone is 1, of the second 0, of both 3/4.
// Resamples are both in half of the cases and each alone in a quarter:
// quantiles 0 and 1 at 95 %, mean .625, SD sqrt(.140625) = .375.
Test(stats_rank, intervals_draw_whole_problems) {
    double x[] = {0.9, 0.1, 0.2, 0.6}, y[] = {1, 0, 1, 0};
    struct rank_values v = {x, y, (const int[]){3, 3, 0, 0}, 4, 5};
    struct estimate e = stats_auc(&v, 0.95, 7);
    NEAR(e.value, 0.75, 1e-12);
    NEAR(e.low, 0, 1e-12);
    NEAR(e.high, 1, 1e-12);
    NEAR(e.se, 0.375, 0.03);
    e = stats_auc(&v, 0.4, 7);
    NEAR(e.low, 0.75, 1e-12);
    NEAR(e.high, 0.75, 1e-12);
}
