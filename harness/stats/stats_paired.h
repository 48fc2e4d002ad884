#pragma once
// Two methods on the same problems.

#include "harness/stats/stats.h"

#include <stdint.h>

struct paired {
    struct estimate difference; // mean of x - y, t interval
    double t, p_t;              // paired t test, two-sided
    double p_flip;              // sign flips (stats_sign_flip_p)
    double correlation;         // Pearson's, of x and y; NAN: one is constant
    double min_detectable;      // at 80 % power
};

// One value per problem each. NAN where n < 2; where all differences are equal
// the test has no t, and p_t is 1 for a difference of 0, else 0.
struct paired stats_paired(const double *x, const double *y, int n,
                           double level, uint64_t seed);

// The t test of "the mean is 0", two-sided: its p, and *t. As of the paired
// test: no t where there is no spread.
double stats_t_test(const struct estimate *mean, double *t);
