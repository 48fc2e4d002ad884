#include "harness/stats/stats_proportion.h"

#include <gsl/gsl_cdf.h>

#include <math.h>
#include <stdbool.h>

// At c = 0 the lower bound is 0 and at c = n the upper one is 1 for all three;
// set, not computed, so that no rounding moves them.

static bool is_count(int c, int n) {
    return n >= 1 && c >= 0 && c <= n;
}

static struct interval closed(int c, int n, double low, double high) {
    if (!is_count(c, n)) return (struct interval){NAN, NAN};
    return (struct interval){c ? low : 0, c < n ? high : 1};
}

struct interval stats_wilson(int c, int n, double level) {
    double z = gsl_cdf_ugaussian_Pinv(0.5 + level / 2), zz = z * z;
    double p = (double)c / n, scale = 1 / (1 + zz / n);
    double centre = scale * (p + zz / (2.0 * n));
    double half = scale * z * sqrt(p * (1 - p) / n + zz / (4.0 * n * n));
    return closed(c, n, centre - half, centre + half);
}

// Quantile p of Beta(a, b) by halving: gsl_cdf_beta_Pinv() does not converge
// for some parameters (Beta(.5, 2000.5) at .95). Anything for parameters that
// are none, which the callers do not use.
static double beta_quantile(double p, double a, double b) {
    if (!(a > 0 && b > 0)) return NAN;
    double low = 0, high = 1, middle = 0.5;
    while (low < middle && middle < high) {
        if (gsl_cdf_beta_P(middle, a, b) < p)
            low = middle;
        else
            high = middle;
        middle = low + (high - low) / 2;
    }
    return middle;
}

struct interval stats_clopper_pearson(int c, int n, double level) {
    double tail = (1 - level) / 2;
    return closed(c, n, beta_quantile(tail, c, n - c + 1.0),
                  beta_quantile(1 - tail, c + 1.0, n - c));
}

struct interval stats_jeffreys(int c, int n, double level) {
    double tail = (1 - level) / 2;
    return closed(c, n, beta_quantile(tail, c + 0.5, n - c + 0.5),
                  beta_quantile(1 - tail, c + 0.5, n - c + 0.5));
}
