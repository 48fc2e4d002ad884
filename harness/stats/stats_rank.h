#pragma once
// Statistics of ranks, for values that come in groups.
//
// Thoughts of one problem are not independent, so intervals are a bootstrap
// over problems: whole groups are drawn (stats_bootstrap.h) and the percentiles
// of the statistic taken; `se` is its SD. Equal values share their mean rank.
// What cannot be estimated is NAN; intervals need two groups with values.
// Arrays are not modified.

#include "harness/stats/stats.h"

#include <stdint.h>

struct rank_values {
    const double *x, *y; // [n] finite
    const int *group;    // [n] in [0, n_groups)
    int n, n_groups;
};

// Spearman's correlation of x and y. NAN for n < 2 or where one is constant.
struct estimate stats_spearman(const struct rank_values *v, double level,
                               uint64_t seed);

// Area under the ROC curve: the chance that x is greater where y is not 0 than
// where y is 0, equal ones counting half. NAN without both kinds.
struct estimate stats_auc(const struct rank_values *v, double level,
                          uint64_t seed);
