#pragma once
// Quantiles with distribution-free intervals.

#include "harness/stats/stats.h"

// Type 7 quantile p of x[n] with the interval between two order statistics that
// covers it with at least `level`, both tails at most (1 - level) / 2 (David
// and Nagaraja, "Order Statistics", 2003, section 7.1). A bound that no order
// statistic gives is NAN: p99 has both from 368 values on at 95 %.
//
// Values that come in groups (samples of a problem) are worth fewer: the ranks
// are then those of n / deff values, spread over all n. deff, at least 1, is
// the design effect of "is not above the quantile" times (t of g - 1 / t of
// n - 1 degrees of freedom)^2 (Korn and Graubard, "Confidence intervals for
// proportions with small expected number of positive counts", 1998), where g
// groups have values on its rarer side. There is no interval for g < 2.
// group[i] in [0, n_groups), or NULL: independent values. `se` is NAN, `n` all
// values.
struct estimate stats_quantile_interval(const double *x, const int *group,
                                        int n, int n_groups, double p,
                                        double level);
