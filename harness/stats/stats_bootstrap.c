#include "harness/stats/stats_bootstrap.h"

#include "engine/base/alloc.h"
#include "engine/base/rng.h"
#include "harness/stats/stats.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// BCa reads other quantiles of the same resamples than the percentile interval
// does: z0 says how far the value is from their median, a (from leaving out one
// unit at a time) how its error changes with it.

struct task {
    bootstrap_fn fn;
    void *ctx;
    int n;
    int *weight; // [n]
};

static double with_one_weight(struct task *t, int unit, int weight) {
    for (int i = 0; i < t->n; i++)
        t->weight[i] = 1;
    t->weight[unit] = weight;
    return t->fn(t->ctx, t->weight);
}

// Values of the resamples that have one, ascending; returns how many. A draw
// from n^2 is two from n.
static int resample(struct task *t, uint64_t seed, double *values) {
    struct rng rng = rng_make(seed, "bootstrap", 0);
    uint64_t draw = 0, n = (uint64_t)t->n;
    int n_values = 0;
    for (int i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
        memset(t->weight, 0, (size_t)t->n * sizeof *t->weight);
        for (uint64_t j = 0; j < n; j += 2) {
            uint64_t two = rng_below(&rng, RNG_ORDER, draw++, n * n);
            t->weight[two / n]++;
            if (j + 1 < n) t->weight[two % n]++;
        }
        double value = t->fn(t->ctx, t->weight);
        if (!isnan(value)) values[n_values++] = value;
    }
    gsl_sort(values, 1, (size_t)n_values);
    return n_values;
}

// Equation 14.15. 0 where no unit changes the value.
static double acceleration(struct task *t) {
    double *left_out = xcalloc((size_t)t->n, sizeof *left_out);
    for (int i = 0; i < t->n; i++)
        left_out[i] = with_one_weight(t, i, 0);
    double mean = stats_mean(left_out, t->n), squares = 0, cubes = 0;
    for (int i = 0; i < t->n; i++) {
        double d = mean - left_out[i];
        squares += d * d;
        cubes += d * d * d;
    }
    free(left_out);
    return squares == 0 ? 0 : cubes / (6 * pow(squares, 1.5));
}

// Equation 14.14, resamples with the value itself counting half: shares of few
// samples are equal often.
static double bias_correction(const double *sorted, int n, double value) {
    double tolerance = 1e-12 * fmax(fabs(value), sorted[n - 1] - sorted[0]);
    double below = 0;
    for (int i = 0; i < n; i++) {
        if (sorted[i] < value - tolerance)
            below += 1;
        else if (sorted[i] <= value + tolerance)
            below += 0.5;
    }
    return gsl_cdf_ugaussian_Pinv(below / n);
}

// Equation 14.10, the quantile that stands in for p.
static double bca_bound(const double *sorted, int n, double z0, double a,
                        double p) {
    double z = z0 + gsl_cdf_ugaussian_Pinv(p);
    double stretch = 1 - a * z;
    if (!isfinite(z) || !(stretch > 0)) return NAN;
    return gsl_stats_quantile_from_sorted_data(
        sorted, 1, (size_t)n, gsl_cdf_ugaussian_P(z0 + z / stretch));
}

static void add_intervals(struct bootstrap *b, struct task *t, double level,
                          const double *sorted) {
    double tail = (1 - level) / 2;
    int n = b->n_resamples;
    b->se = stats_sd(sorted, n);
    b->low = gsl_stats_quantile_from_sorted_data(sorted, 1, (size_t)n, tail);
    b->high =
        gsl_stats_quantile_from_sorted_data(sorted, 1, (size_t)n, 1 - tail);
    double z0 = bias_correction(sorted, n, b->value), a = acceleration(t);
    b->bca_low = bca_bound(sorted, n, z0, a, tail);
    b->bca_high = bca_bound(sorted, n, z0, a, 1 - tail);
}

struct bootstrap stats_bootstrap(bootstrap_fn fn, void *ctx, int n,
                                 double level, uint64_t seed) {
    struct bootstrap b = {.value = NAN,
                          .se = NAN,
                          .low = NAN,
                          .high = NAN,
                          .bca_low = NAN,
                          .bca_high = NAN};
    if (n < 1) return b;
    struct task t = {fn, ctx, n, xcalloc((size_t)n, sizeof *t.weight)};
    b.value = with_one_weight(&t, 0, 1);
    if (n > 1 && !isnan(b.value)) {
        double *values = xcalloc(BOOTSTRAP_RESAMPLES, sizeof *values);
        b.n_resamples = resample(&t, seed, values);
        if (b.n_resamples > 1) add_intervals(&b, &t, level, values);
        free(values);
    }
    free(t.weight);
    return b;
}

// ---- means ----------------------------------------------------------------

struct values {
    const double *x;
    int n;
};

static double weighted_mean(void *ctx, const int *weight) {
    const struct values *v = ctx;
    double sum = 0, n = 0;
    for (int i = 0; i < v->n; i++) {
        sum += weight[i] * v->x[i];
        n += weight[i];
    }
    return sum / n;
}

struct bootstrap stats_bootstrap_mean(const double *x, int n, double level,
                                      uint64_t seed) {
    struct values v = {x, n};
    return stats_bootstrap(weighted_mean, &v, n, level, seed);
}
