#include "harness/stats/stats_quantile.h"

#include "engine/base/alloc.h"
#include "harness/stats/stats_cluster.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Of n independent values B ~ Bin(n, p) are below the quantile. The r-th
// smallest is above it with P(B < r) and below it with P(B >= r).

// The smallest k in [0, n] for which the tail says so; tails are monotone, and
// hold for k = n.
typedef bool (*tail_fn)(unsigned k, unsigned n, double p, double alpha);

static bool is_above_lower(unsigned k, unsigned n, double p, double alpha) {
    return k == n || gsl_cdf_binomial_P(k, p, n) > alpha;
}

static bool is_below_upper(unsigned k, unsigned n, double p, double alpha) {
    return k == n || gsl_cdf_binomial_Q(k, p, n) <= alpha;
}

static unsigned first_with(tail_fn holds, unsigned n, double p, double alpha) {
    unsigned low = 0, high = n;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (holds(middle, n, p, alpha)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// ---- design effect --------------------------------------------------------

// Groups that have a value whose side of `at` is this one.
static int count_groups(const double *x, const int *group, int n, int n_groups,
                        double at, bool above) {
    bool *has = xcalloc((size_t)n_groups, sizeof *has);
    int n_used = 0;
    for (int i = 0; i < n; i++) {
        if ((x[i] > at) != above) continue;
        n_used += !has[group[i]];
        has[group[i]] = true;
    }
    free(has);
    return n_used;
}

// Variance of the share of values not above `at`, over that of independent
// ones; some are, some are not.
static double design_effect(const double *x, const int *group, int n,
                            int n_groups, double at) {
    double *below = xcalloc((size_t)n, sizeof *below);
    for (int i = 0; i < n; i++)
        below[i] = x[i] <= at;
    struct estimate share =
        stats_clustered_mean(below, group, n, n_groups, 0.95);
    free(below);
    return share.se * share.se / (share.value * (1 - share.value) / n);
}

// How many independent values these are worth; 0: unknown. Where the rare side
// comes from a few groups the design effect is hardly known, and t says so.
static int effective_n(const double *x, const int *group, int n, int n_groups,
                       double at, double level) {
    if (!group) return n;
    int n_below = count_groups(x, group, n, n_groups, at, false);
    int n_above = count_groups(x, group, n, n_groups, at, true);
    int df = (n_above < n_below ? n_above : n_below) - 1;
    if (df < 1) return 0;
    double tail = 0.5 + level / 2;
    double t = gsl_cdf_tdist_Pinv(tail, df) / gsl_cdf_tdist_Pinv(tail, n - 1);
    double deff = t * t * design_effect(x, group, n, n_groups, at);
    return deff > 1 ? (int)(n / deff) : n;
}

// ---- interval -------------------------------------------------------------

// The bounds among sorted[n]; ranks of n_worth values are spread over all n,
// outwards.
static void set_bounds(struct estimate *e, const double *sorted, int n,
                       int n_worth, double p, double level) {
    if (n_worth < 1) return;
    double alpha = (1 - level) / 2, spread = (n + 1.0) / (n_worth + 1.0);
    unsigned worth = (unsigned)n_worth;
    double low = first_with(is_above_lower, worth, p, alpha);
    double high = 1.0 + first_with(is_below_upper, worth, p, alpha);
    if (low >= 1) e->low = sorted[(int)fmax(1, floor(low * spread)) - 1];
    if (high <= n_worth) {
        e->high = sorted[(int)fmin(n, ceil(high * spread)) - 1];
    }
}

struct estimate stats_quantile_interval(const double *x, const int *group,
                                        int n, int n_groups, double p,
                                        double level) {
    struct estimate e = {NAN, NAN, NAN, NAN, n < 0 ? 0 : n};
    if (n < 1) return e;
    double *sorted = xcalloc((size_t)n, sizeof *sorted);
    memcpy(sorted, x, (size_t)n * sizeof *sorted);
    gsl_sort(sorted, 1, (size_t)n);
    e.value = gsl_stats_quantile_from_sorted_data(sorted, 1, (size_t)n, p);
    int n_worth = effective_n(x, group, n, n_groups, e.value, level);
    set_bounds(&e, sorted, n, n_worth, p, level);
    free(sorted);
    return e;
}
