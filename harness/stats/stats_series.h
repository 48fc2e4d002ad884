#pragma once
// Is a series of times in the order in which they ran fit to be averaged?
//
// Nothing here drops a value: outliers and drift are said, never deleted.

#include "harness/stats/stats.h"

// Median absolute deviation times 1.4826 (the SD of a normal). NAN for n < 1.
double stats_mad(const double *x, int n);

// How many values are further than `limit` MADs (as above) from the median;
// 0 where the MAD is 0.
int stats_n_outliers(const double *x, int n, double limit);

// Relative change of x from the beginning to the end of the series: exp() of
// the slope of log x over place 0..1, minus 1, with t interval whose SE allows
// for lag-1 autocorrelation of the residuals. NAN for n < 8 or values <= 0.
struct estimate stats_drift(const double *x, int n, double level);

// Median of the first m values over the median of the rest, with the two-sided
// p of Mann and Whitney's test (normal approximation with ties). For "was the
// warm-up long enough?". NAN for m < 3 or n - m < 3.
struct warmup {
    double ratio, p;
};
struct warmup stats_warmup(const double *x, int n, int m);
