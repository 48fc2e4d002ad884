#pragma once
// The statistics of the report, as plain functions over arrays.
//
// The unit is the problem: callers reduce the k samples of a problem to one
// number first and pass one value per problem. What cannot be estimated is NAN
// (empty in the tables), never 0. Quantiles are type 7 (linear interpolation,
// as R's default and benchstat). Arrays are not modified.

#include <stdint.h>

// Once per process, from main(): GSL returns errors instead of aborting.
void stats_init(void);

// An estimate with its two-sided interval.
struct estimate {
    double value, se, low, high;
    int n; // values that it rests on
};

double stats_mean(const double *x, int n);               // NAN for n < 1
double stats_sd(const double *x, int n);                 // n - 1; NAN for n < 2
double stats_quantile(const double *x, int n, double p); // NAN for n < 1

// Mean with t interval over n values: se and interval are NAN for n < 2.
// `level` is the coverage, 0.95 for 95 %.
struct estimate stats_mean_interval(const double *x, int n, double level);
// exp() of a mean of log ratios, interval exponentiated; se stays that of the
// log.
struct estimate stats_exp(struct estimate e);
// The same of log_ratio[n], a geometric mean.
struct estimate stats_geomean_interval(const double *log_ratio, int n,
                                       double level);

// Two-sided p of "the mean of the paired differences is 0" by flipping signs:
// exact (all 2^n) up to n = 20, else 10000 draws of a stream with this seed,
// the observed one counted in. NAN for n < 2.
double stats_sign_flip_p(const double *difference, int n, uint64_t seed);

// The true mean difference that a two-sided test at 5 % finds in 80 % of such
// experiments: (t_.975 + t_.8) * se. NAN when se is NAN or 0.
double stats_min_detectable(double se, int n);

// x / y; NAN (there is none) unless y > 0.
double stats_quotient(double x, double y);
