#include "harness/stats/stats_cluster.h"

#include "engine/base/alloc.h"

#include <gsl/gsl_cdf.h>

#include <math.h>
#include <stdlib.h>

struct estimate stats_clustered_mean(const double *x, const int *cluster, int n,
                                     int n_clusters, double level) {
    struct estimate e = {stats_mean(x, n), NAN, NAN, NAN, n < 0 ? 0 : n};
    if (n < 2 || n_clusters < 2) return e;
    double *sum = xcalloc((size_t)n_clusters, sizeof *sum);
    int *size = xcalloc((size_t)n_clusters, sizeof *size);
    for (int i = 0; i < n; i++) {
        sum[cluster[i]] += x[i] - e.value;
        size[cluster[i]]++;
    }
    double squares = 0;
    int n_used = 0;
    for (int i = 0; i < n_clusters; i++) {
        squares += sum[i] * sum[i];
        n_used += size[i] > 0;
    }
    free(sum);
    free(size);
    if (n_used < 2) return e;
    e.se = sqrt(squares * n_used / (n_used - 1)) / n;
    double half = gsl_cdf_tdist_Pinv(0.5 + level / 2, n_used - 1) * e.se;
    e.low = e.value - half;
    e.high = e.value + half;
    return e;
}
