#pragma once
// Accuracy against time: which points are not beaten, and how much is solved by
// when.

#include <stdbool.h>
#include <stdint.h>

// on_front[i]: no other point has a cost that is not higher and a value that is
// not lower, with one of both better. Points with a NAN are not on it and beat
// nothing.
void stats_pareto(const double *cost, const double *value, int n,
                  bool *on_front);

// How sure is that, if other problems had been drawn? Points are means over
// units (problems); units are drawn with replacement, for all points the same
// ones. Units of a cluster are drawn together: cluster[n_units] in [0,
// n_clusters), or NULL: each is one of its own. share[i]: of the resamples,
// those in which point i is on the front. cost, value [n][n_units], NAN: the
// unit has none there. There are FRONT_RESAMPLES resamples, fewer where those
// would be more than a few seconds' work, never fewer than 100. NAN for fewer
// than two units or clusters.
enum { FRONT_RESAMPLES = 2000 };
struct front_units {
    int n;
    const int *cluster; // [n]
    int n_clusters;
};
void stats_pareto_shares(const double *cost, const double *value, int n,
                         const struct front_units *units, uint64_t seed,
                         double *share);

// The deadline curve of a problem: share of its k samples that are correct
// within t. time[k] of samples; NAN: never. Area under it from 0 to `end`, over
// `end`: 1 if all are solved at once, 0 if none by then. NAN for k < 1 or
// end <= 0.
double stats_deadline_area(const double *time, int k, double end);
