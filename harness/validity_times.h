#pragma once
// Were the times of a cell taken under the same conditions from first to last?
//
// A problem after the other is solved, some long, some short, so times cannot
// be put in a row as they are, and a problem's own median would hide a drift
// from problem to problem. What is looked at is the time less the prompt's
// share, over what the sample's work should take: a fit over the cell of calls,
// tokens evaluated, and these times the mean length of what they look back at,
// for each model (stats_work.h).

#include "harness/stats/stats.h"
#include "harness/stats/stats_series.h"

struct report_cell;

enum { VALIDITY_WARMUP = 3 }; // values at the beginning; of samples 5

struct validity_times {
    int n;                 // samples looked at
    struct estimate drift; // over the run, of medians per problem
    // Of the first problem's samples where it has at least 16, the first five
    // against the rest; else of all problems' medians, the first three.
    struct warmup warmup;
    // Times further than ten MADs from their problem's median (from all, where
    // a problem has fewer than five), and what they differ from it, as a share
    // of all time.
    int n_outliers;
    double outlier_share;
};

// `level` of the drift's interval. NAN where there are too few samples, and
// everywhere without times.
void validity_times_fill(struct validity_times *v, const struct report_cell *c,
                         double level);
