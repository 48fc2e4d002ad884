#pragma once
// A cell against another one of the same problems, problem by problem.

#include "harness/stats.h"

struct report;
struct report_cell;
struct table;

struct speedup_pair {
    // Ratios other / cell: above 1 the cell is faster. NAN without times
    // (throughput mode).
    struct estimate time;      // geometric mean of per-problem mean times
    struct estimate per_token; // the same of time per kept token
    double ratio_of_means;
    double tokens_ratio; // kept tokens, cell / other
    // Differences cell - other of the per-problem accuracy.
    struct estimate accuracy;
    double p; // sign flips
    double min_detectable;
};

// -1 when one of both is not usable, or `other` is NULL.
int speedup_pair_fill(struct speedup_pair *s, const struct report *r,
                      const struct report_cell *c,
                      const struct report_cell *other);

// Marks a value with "~" where its interval does not tell it from no
// difference.
void mark_unresolved(struct table *t, const char *column,
                     const struct estimate *e, double null_value);
