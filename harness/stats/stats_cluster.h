#pragma once
// Problems that are not independent of one another: several of one document,
// year or family (Miller, "Adding Error Bars to Evals", 2024, section 2.2).

#include "harness/stats/stats.h"

// Mean of x[n] where value i is of cluster[i] in [0, n_clusters). se^2 is the
// sum over clusters of their summed residuals squared, over n^2, times
// C / (C - 1); the interval's t has C - 1 degrees of freedom. C counts clusters
// that have values; se and interval are NAN for C < 2.
struct estimate stats_clustered_mean(const double *x, const int *cluster, int n,
                                     int n_clusters, double level);
