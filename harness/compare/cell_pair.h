#pragma once
// A cell against another one of the same problems, problem by problem.
//
// Both may be of one report or of two (pair_values.h). Where the manifest names
// clusters of problems, these are the units of intervals and tests.

#include "harness/report.h"
#include "harness/stats/stats.h"

#include <stdbool.h>

struct cell_pair {
    // Ratios other / cell: above 1 the cell is faster. NAN without times
    // (throughput mode).
    struct estimate time;      // geometric mean of per-problem mean times
    struct estimate per_token; // the same of time per kept token
    double time_p;             // paired t test of the logs of times, two-sided
    double ratio_of_means;
    double tokens_ratio; // kept tokens, cell / other
    // Differences cell - other of the per-problem accuracy.
    struct estimate accuracy;
    double t, p_t; // paired t test, two-sided
    double p;      // sign flips
    double correlation;
    double min_detectable;
};

// p values of several pairs (NAN: not of the family), adjusted.
struct cell_pair_family {
    double *raw, *holm, *bh; // [n]
};

// The manifest of `r` gives the level of the intervals and the seed of the
// permutations. -1 when one of both is not usable, or `other` is NULL.
int cell_pair_fill(struct cell_pair *p, const struct report *r,
                   const struct report_cell *c,
                   const struct report_cell *other);

enum cell_pair_test { PAIR_ACCURACY, PAIR_TIME }; // p, time_p
// Of pairs[n]; has[i]: it was filled. Release with cell_pair_family_release().
struct cell_pair_family cell_pair_adjust(const struct cell_pair *pairs,
                                         const bool *has, int n,
                                         enum cell_pair_test test);
void cell_pair_family_release(struct cell_pair_family *f);
