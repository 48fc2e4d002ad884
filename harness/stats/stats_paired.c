#include "harness/stats/stats_paired.h"

#include "engine/base/alloc.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static bool is_constant(const double *x, int n) {
    for (int i = 1; i < n; i++) {
        if (x[i] != x[0]) return false;
    }
    return true;
}

// GSL's quotient of rounding errors for a constant is a number; this is none.
static double correlation(const double *x, const double *y, int n) {
    if (n < 2 || is_constant(x, n) || is_constant(y, n)) return NAN;
    return gsl_stats_correlation(x, 1, y, 1, (size_t)n);
}

double stats_t_test(const struct estimate *mean, double *t) {
    *t = NAN;
    if (mean->se > 0) {
        *t = mean->value / mean->se;
        return 2 * gsl_cdf_tdist_Q(fabs(*t), mean->n - 1);
    }
    return mean->n > 1 ? mean->value == 0 : NAN;
}

struct paired stats_paired(const double *x, const double *y, int n,
                           double level, uint64_t seed) {
    struct paired p;
    size_t n_values = n > 0 ? (size_t)n : 1;
    double *difference = xcalloc(n_values, sizeof *difference);
    for (int i = 0; i < n; i++)
        difference[i] = x[i] - y[i];
    p.difference = stats_mean_interval(difference, n, level);
    p.p_flip = stats_sign_flip_p(difference, n, seed);
    p.correlation = correlation(x, y, n);
    p.min_detectable = stats_min_detectable(p.difference.se, n);
    p.p_t = stats_t_test(&p.difference, &p.t);
    free(difference);
    return p;
}
