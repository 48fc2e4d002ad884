#pragma once
// Two methods on the same problems, which are not independent of one another
// (stats_cluster.h): the problems of a cluster are one unit.

#include "harness/stats/stats_paired.h"

#include <stdint.h>

// Value i is of cluster[i] in [0, n_clusters).
struct clusters {
    const int *of; // [n]; NULL: each value is its own
    int n;         // clusters
};

// How many clusters have one of n values: the units that a test rests on.
int stats_clusters_used(struct clusters c, int n);

// Mean of x[n], its interval, and the two-sided p of "the mean is 0" (t test,
// as many degrees of freedom as clusters with values, less one).
struct estimate stats_clustered_test(const double *x, struct clusters c, int n,
                                     double level, double *p);

// As stats_paired(): intervals and t tests as above, signs flipped of whole
// clusters, and the detectable difference of so many clusters.
struct paired stats_clustered_paired(const double *x, const double *y,
                                     struct clusters c, int n, double level,
                                     uint64_t seed);
