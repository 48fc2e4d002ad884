#include "harness/stats/stats_rank.h"

#include "engine/base/alloc.h"
#include "engine/base/rng.h"

#include <gsl/gsl_sort.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// A resample gives each group a weight, how often it was drawn. Orders do not
// change with weights, so values are sorted once and a resample costs one pass.

struct ranking {
    const struct rank_values *v;
    size_t *by_x, *by_y; // [n] places in ascending order
    double *rank_x, *rank_y;
    int *weight; // [n_groups]
};

typedef double (*statistic_fn)(struct ranking *r);

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

// Groups that have values; returns how many.
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

// Values of the statistic over resamples that have one; returns how many.
static int resample(struct ranking *r, statistic_fn fn, uint64_t seed,
                    double *values) {
    size_t n_groups = (size_t)r->v->n_groups;
    int *list = xcalloc(n_groups, sizeof *list);
    int n_listed = list_groups(r->v, list), n_values = 0;
    struct rng rng = rng_make(seed, "bootstrap", 0);
    uint64_t draw = 0;
    for (int i = 0; i < RANK_RESAMPLES && n_listed > 1; i++) {
        memset(r->weight, 0, n_groups * sizeof *r->weight);
        for (int j = 0; j < n_listed; j++) {
            uint64_t at =
                rng_below(&rng, RNG_ORDER, draw++, (uint32_t)n_listed);
            r->weight[list[at]]++;
        }
        double value = fn(r);
        if (!isnan(value)) values[n_values++] = value;
    }
    free(list);
    return n_values;
}

static void add_interval(struct estimate *e, struct ranking *r, statistic_fn fn,
                         double level, uint64_t seed) {
    double *values = xcalloc(RANK_RESAMPLES, sizeof *values);
    int n = resample(r, fn, seed, values);
    e->se = stats_sd(values, n);
    if (n > 1) {
        e->low = stats_quantile(values, n, (1 - level) / 2);
        e->high = stats_quantile(values, n, (1 + level) / 2);
    }
    free(values);
}

static struct estimate estimate(const struct rank_values *v, statistic_fn fn,
                                double level, uint64_t seed) {
    struct estimate e = {NAN, NAN, NAN, NAN, v->n};
    if (v->n < 2) return e;
    size_t n = (size_t)v->n;
    struct ranking r = {.v = v,
                        .by_x = xcalloc(n, sizeof *r.by_x),
                        .by_y = xcalloc(n, sizeof *r.by_y),
                        .rank_x = xcalloc(n, sizeof *r.rank_x),
                        .rank_y = xcalloc(n, sizeof *r.rank_y),
                        .weight =
                            xcalloc((size_t)v->n_groups, sizeof *r.weight)};
    gsl_sort_index(r.by_x, v->x, 1, n);
    gsl_sort_index(r.by_y, v->y, 1, n);
    for (int g = 0; g < v->n_groups; g++)
        r.weight[g] = 1;
    e.value = fn(&r);
    if (!isnan(e.value)) add_interval(&e, &r, fn, level, seed);
    free(r.by_x);
    free(r.by_y);
    free(r.rank_x);
    free(r.rank_y);
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
