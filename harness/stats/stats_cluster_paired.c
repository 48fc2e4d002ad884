#include "harness/stats/stats_cluster_paired.h"

#include "engine/base/alloc.h"
#include "harness/stats/stats_cluster.h"

#include <stdbool.h>
#include <stdlib.h>

// used[c.n], malloc'ed: has it values?
static bool *used_clusters(struct clusters c, int n) {
    bool *used = xcalloc((size_t)c.n + 1, sizeof *used);
    for (int i = 0; i < n; i++)
        used[c.of[i]] = true;
    return used;
}

int stats_clusters_used(struct clusters c, int n) {
    if (!c.of) return n;
    bool *used = used_clusters(c, n);
    int n_used = 0;
    for (int i = 0; i < c.n; i++)
        n_used += used[i];
    free(used);
    return n_used;
}

// Sums of x[n] over clusters that have values, malloc'ed.
static double *cluster_sums(const double *x, struct clusters c, int n) {
    double *sums = xcalloc((size_t)c.n + 1, sizeof *sums);
    bool *used = used_clusters(c, n);
    for (int i = 0; i < n; i++)
        sums[c.of[i]] += x[i];
    for (int i = 0, at = 0; i < c.n; i++) {
        if (used[i]) sums[at++] = sums[i];
    }
    free(used);
    return sums;
}

// The t test's, whose degrees of freedom are those of n_units values.
static double test(struct estimate mean, int n_units, double *t) {
    mean.n = n_units;
    return stats_t_test(&mean, t);
}

struct estimate stats_clustered_test(const double *x, struct clusters c, int n,
                                     double level, double *p) {
    double t;
    if (!c.of) {
        struct estimate e = stats_mean_interval(x, n, level);
        *p = stats_t_test(&e, &t);
        return e;
    }
    struct estimate e = stats_clustered_mean(x, c.of, n, c.n, level);
    *p = test(e, stats_clusters_used(c, n), &t);
    return e;
}

struct paired stats_clustered_paired(const double *x, const double *y,
                                     struct clusters c, int n, double level,
                                     uint64_t seed) {
    struct paired p = stats_paired(x, y, n, level, seed);
    if (!c.of) return p;
    double *d = xcalloc((size_t)(n > 0 ? n : 1), sizeof *d);
    for (int i = 0; i < n; i++)
        d[i] = x[i] - y[i];
    int n_used = stats_clusters_used(c, n);
    double *sums = cluster_sums(d, c, n);
    p.difference = stats_clustered_mean(d, c.of, n, c.n, level);
    p.p_t = test(p.difference, n_used, &p.t);
    p.p_flip = stats_sign_flip_p(sums, n_used, seed);
    p.min_detectable = stats_min_detectable(p.difference.se, n_used);
    free(sums);
    free(d);
    return p;
}
