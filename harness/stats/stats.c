#include "harness/stats/stats.h"

#include "engine/base/alloc.h"
#include "engine/base/rng.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Miller, "Adding Error Bars to Evals" (2024): the standard error of problem
// means already carries the variance between samples, so nothing here knows
// about k. GSL gives an SD of 0/0 for one value and a quantile of 0 for none;
// both are caught before it is called.

enum { EXACT_FLIPS = 20, RANDOM_FLIPS = 10000, SIGNS_OF_DRAW = 32 };

void stats_init(void) {
    gsl_set_error_handler_off();
}

double stats_mean(const double *x, int n) {
    return n < 1 ? NAN : gsl_stats_mean(x, 1, (size_t)n);
}

double stats_sd(const double *x, int n) {
    return n < 2 ? NAN : gsl_stats_sd(x, 1, (size_t)n);
}

double stats_quantile(const double *x, int n, double p) {
    if (n < 1) return NAN;
    double *sorted = xcalloc((size_t)n, sizeof *sorted);
    memcpy(sorted, x, (size_t)n * sizeof *sorted);
    gsl_sort(sorted, 1, (size_t)n);
    double q = gsl_stats_quantile_from_sorted_data(sorted, 1, (size_t)n, p);
    free(sorted);
    return q;
}

struct estimate stats_mean_interval(const double *x, int n, double level) {
    struct estimate e = {stats_mean(x, n), NAN, NAN, NAN, n < 0 ? 0 : n};
    if (n < 2) return e;
    e.se = stats_sd(x, n) / sqrt(n);
    double half = gsl_cdf_tdist_Pinv(0.5 + level / 2, n - 1) * e.se;
    e.low = e.value - half;
    e.high = e.value + half;
    return e;
}

struct estimate stats_exp(struct estimate e) {
    e.value = exp(e.value);
    e.low = exp(e.low);
    e.high = exp(e.high);
    return e;
}

struct estimate stats_geomean_interval(const double *log_ratio, int n,
                                       double level) {
    return stats_exp(stats_mean_interval(log_ratio, n, level));
}

// ---- sign-flip permutation ------------------------------------------------

// Sums that differ by rounding alone are equal.
static double flip_tolerance(const double *d, int n) {
    double total = 0;
    for (int i = 0; i < n; i++)
        total += fabs(d[i]);
    return 1e-12 * total;
}

// All sign patterns in Gray-code order: each differs from the one before in
// one sign, so a pattern costs one addition.
static double flip_exact(const double *d, int n, double limit) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += d[i];
    int sign[EXACT_FLIPS];
    for (int i = 0; i < n; i++)
        sign[i] = 1;
    uint32_t n_patterns = 1u << n, n_extreme = fabs(sum) >= limit;
    for (uint32_t i = 1; i < n_patterns; i++) {
        int bit = __builtin_ctz(i);
        sign[bit] = -sign[bit];
        sum += 2 * sign[bit] * d[bit];
        n_extreme += fabs(sum) >= limit;
    }
    return (double)n_extreme / n_patterns;
}

static double flip_random(const double *d, int n, double limit, uint64_t seed) {
    struct rng rng = rng_make(seed, "sign-flip", 0);
    int n_extreme = 1; // the observed pattern is one of them
    uint64_t draw = 0, signs = 0;
    for (int i = 0; i < RANDOM_FLIPS; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++, signs >>= 1) {
            if (j % SIGNS_OF_DRAW == 0) {
                signs = rng_below(&rng, RNG_ORDER, draw++,
                                  UINT64_C(1) << SIGNS_OF_DRAW);
            }
            sum += signs & 1 ? -d[j] : d[j];
        }
        n_extreme += fabs(sum) >= limit;
    }
    return n_extreme / (RANDOM_FLIPS + 1.0);
}

double stats_sign_flip_p(const double *difference, int n, uint64_t seed) {
    if (n < 2) return NAN;
    double observed = 0;
    for (int i = 0; i < n; i++)
        observed += difference[i];
    double limit = fabs(observed) - flip_tolerance(difference, n);
    return n <= EXACT_FLIPS ? flip_exact(difference, n, limit)
                            : flip_random(difference, n, limit, seed);
}

double stats_min_detectable(double se, int n) {
    if (n < 2 || !(se > 0)) return NAN;
    double df = n - 1;
    return (gsl_cdf_tdist_Pinv(0.975, df) + gsl_cdf_tdist_Pinv(0.8, df)) * se;
}

double stats_quotient(double x, double y) {
    return y > 0 ? x / y : NAN;
}
