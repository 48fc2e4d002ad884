#include "harness/stats/stats_rank.h"

#include "engine/base/alloc.h"
#include "harness/stats/stats_bootstrap.h"

#include <gsl/gsl_sort.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

// Orders do not change with the weights of a resample, so values are sorted
// once and a resample costs one pass.

struct ranking;
typedef double (*statistic_fn)(struct ranking *r);

struct ranking {
    const struct rank_values *v;
    size_t *by_x, *by_y; // [n] places in ascending order
    double *rank_x, *rank_y;
    statistic_fn fn;
    int *weight; // [n_groups]
    int *listed; // [n_listed] groups that have values
    int n_listed;
};

static double weight_of(const struct ranking *r, size_t i) {
    return r->weight[r->v->group[i]];
}

// rank[i] of values that stand in `order`, each as often as its weight says.
// Returns the sum of weights.
static double set_ranks(const struct ranking *r, const double *values,
                        const size_t *order, double *rank) {
    size_t n = (size_t)r->v->n;
    double before = 0;
    for (size_t i = 0, end; i < n; i = end) {
        double tied = 0;
        for (end = i; end < n && values[order[end]] == values[order[i]]; end++)
            tied += weight_of(r, order[end]);
        for (size_t j = i; j < end; j++)
            rank[order[j]] = before + (tied + 1) / 2;
        before += tied;
    }
    return before;
}

static double spearman(struct ranking *r) {
    double n = set_ranks(r, r->v->x, r->by_x, r->rank_x);
    set_ranks(r, r->v->y, r->by_y, r->rank_y);
    double mean = (n + 1) / 2, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < (size_t)r->v->n; i++) {
        double w = weight_of(r, i);
        double dx = r->rank_x[i] - mean, dy = r->rank_y[i] - mean;
        xx += w * dx * dx;
        yy += w * dy * dy;
        xy += w * dx * dy;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

// Mann and Whitney's U over the number of pairs.
static double auc(struct ranking *r) {
    double n = set_ranks(r, r->v->x, r->by_x, r->rank_x);
    double n_high = 0, ranks = 0;
    for (size_t i = 0; i < (size_t)r->v->n; i++) {
        if (r->v->y[i] == 0) continue;
        n_high += weight_of(r, i);
        ranks += weight_of(r, i) * r->rank_x[i];
    }
    double pairs = n_high * (n - n_high);
    return pairs > 0 ? (ranks - n_high * (n_high + 1) / 2) / pairs : NAN;
}

// Groups that have values: the units that are drawn. Returns how many.
static int list_groups(const struct rank_values *v, int *list) {
    bool *has = xcalloc((size_t)v->n_groups, sizeof *has);
    int n = 0;
    for (int i = 0; i < v->n; i++)
        has[v->group[i]] = true;
    for (int g = 0; g < v->n_groups; g++) {
        if (has[g]) list[n++] = g;
    }
    free(has);
    return n;
}

static double weighted(void *ctx, const int *weight) {
    struct ranking *r = ctx;
    for (int i = 0; i < r->n_listed; i++)
        r->weight[r->listed[i]] = weight[i];
    return r->fn(r);
}

static struct estimate estimate(const struct rank_values *v, statistic_fn fn,
                                double level, uint64_t seed) {
    struct estimate e = {NAN, NAN, NAN, NAN, v->n};
    if (v->n < 2) return e;
    size_t n = (size_t)v->n, n_groups = (size_t)v->n_groups;
    struct ranking r = {.v = v,
                        .fn = fn,
                        .by_x = xcalloc(n, sizeof *r.by_x),
                        .by_y = xcalloc(n, sizeof *r.by_y),
                        .rank_x = xcalloc(n, sizeof *r.rank_x),
                        .rank_y = xcalloc(n, sizeof *r.rank_y),
                        .listed = xcalloc(n_groups, sizeof *r.listed),
                        .weight = xcalloc(n_groups, sizeof *r.weight)};
    gsl_sort_index(r.by_x, v->x, 1, n);
    gsl_sort_index(r.by_y, v->y, 1, n);
    r.n_listed = list_groups(v, r.listed);
    struct bootstrap b = stats_bootstrap(weighted, &r, r.n_listed, level, seed);
    e = (struct estimate){b.value, b.se, b.low, b.high, v->n};
    free(r.by_x);
    free(r.by_y);
    free(r.rank_x);
    free(r.rank_y);
    free(r.listed);
    free(r.weight);
    return e;
}

struct estimate stats_spearman(const struct rank_values *v, double level,
                               uint64_t seed) {
    return estimate(v, spearman, level, seed);
}

struct estimate stats_auc(const struct rank_values *v, double level,
                          uint64_t seed) {
    return estimate(v, auc, level, seed);
}
