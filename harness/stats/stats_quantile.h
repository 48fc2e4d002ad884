#pragma once
// Quantiles with distribution-free intervals.

#include "harness/stats/stats.h"

// Type 7 quantile p of x[n] with the interval between two order statistics that
// covers it with at least `level`, both tails at most (1 - level) / 2 (David
// and Nagaraja, "Order Statistics", 2003, section 7.1). A bound that no order
// statistic gives is NAN: p99 has both from 368 values on at 95 %.
//
// Values that come in groups (samples of a problem) are worth fewer: the ranks
// are then taken for n / deff values, where deff is the design effect of "is
// not above the quantile" (Korn and Graubard, 1998), at least 1. group[i] in
// [0, n_groups), or NULL: independent values. `se` is NAN.
struct estimate stats_quantile_interval(const double *x, const int *group,
                                        int n, int n_groups, double p,
                                        double level);
