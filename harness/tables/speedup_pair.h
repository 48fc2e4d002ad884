#pragma once
// A cell against its baseline, problem by problem.

#include "harness/stats.h"

struct report;
struct report_cell;

struct speedup_pair {
    // Ratios baseline / method: above 1 the method is faster. NAN without
    // times (throughput mode).
    struct estimate time;      // geometric mean of per-problem mean times
    struct estimate per_token; // the same of time per kept token
    double ratio_of_means;
    double tokens_ratio; // kept tokens, method / baseline
    // Differences method - baseline of the per-problem accuracy.
    struct estimate accuracy;
    double p; // sign flips
    double min_detectable;
};

// -1 when the cell has no usable baseline, or itself is not usable.
int speedup_pair_fill(struct speedup_pair *s, const struct report *r,
                      const struct report_cell *c);
