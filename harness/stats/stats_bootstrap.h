#pragma once
// Bootstrap over problems (Efron and Tibshirani, "An Introduction to the
// Bootstrap", 1993, chapters 13 and 14): for statistics that have no closed
// form, and as a check of those that have.
//
// Units (problems) are drawn with replacement, their samples stay together. A
// resample is how often each unit was drawn, so a statistic is a function of
// weights. Resamples for which it is NAN are left out. Draws come from a stream
// of the seed given, so that tables can be rebuilt byte for byte.

#include <stdint.h>

enum { BOOTSTRAP_RESAMPLES = 2000 };

// The statistic where unit i counts weight[i] times. NAN: it has none.
typedef double (*bootstrap_fn)(void *ctx, const int *weight);

struct bootstrap {
    double value;             // all weights 1
    double se;                // SD of the resamples, not divided by anything
    double low, high;         // percentile interval
    double bca_low, bca_high; // bias-corrected and accelerated
    int n_resamples;          // that had a value
};

// n units. All NAN but `value` for n < 2.
struct bootstrap stats_bootstrap(bootstrap_fn fn, void *ctx, int n,
                                 double level, uint64_t seed);
// Of the mean of x[n].
struct bootstrap stats_bootstrap_mean(const double *x, int n, double level,
                                      uint64_t seed);
