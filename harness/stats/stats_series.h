#pragma once
// Is a series of times in the order in which they ran fit to be averaged?
//
// Nothing here drops a value: outliers and drift are said, never deleted.

#include "harness/stats/stats.h"

#include <stdbool.h>

// Median absolute deviation times 1.4826 (the SD of a normal). NAN for n < 1.
double stats_mad(const double *x, int n);

// How many values are further than `limit` MADs (as above) from the median;
// none where the MAD is 0. is_outlier[n], or NULL: only the number is wanted.
int stats_outliers(const double *x, int n, double limit, bool *is_outlier);

// Relative change of x from the beginning to the end of the series: exp() of
// the slope of log x over place 0..1, minus 1, with t interval whose SE and
// degrees of freedom allow for lag-1 autocorrelation of the residuals: they are
// those of n (1 - r) / (1 + r) values, r at least 0 (Santer et al.,
// "Statistical significance of trends and trend differences in layer-average
// atmospheric temperature time series", 2000). `se` is that of the slope. NAN
// for n < 8 or values <= 0; the interval is NAN where that leaves no more than
// 2 values.
struct estimate stats_drift(const double *x, int n, double level);

// Median of the first m values over the median of the rest, with the two-sided
// p of Mann and Whitney's test (normal approximation with ties, no correction
// for continuity). For "was the warm-up long enough?". NAN for m < 3 or n - m <
// 3; p also where all values are equal.
struct warmup {
    double ratio, p;
};
struct warmup stats_warmup(const double *x, int n, int m);
