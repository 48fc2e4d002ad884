#include "harness/compare/pair_values.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Index of this problem in `other`, which most often lists it at the same
// place; -1: it does not.
static int find_problem(const struct report_cell *other, const char *hash,
                        int place) {
    const struct manifest_problem *p = other->dataset->problems;
    if (place < other->n_problems && !strcmp(p[place].hash, hash)) return place;
    for (int i = 0; i < other->n_problems; i++) {
        if (!strcmp(p[i].hash, hash)) return i;
    }
    return -1;
}

static int cluster_of(const struct report_cell *c, int i,
                      const struct report_cell *other, int at) {
    if (c->cluster) return c->cluster[i];
    return other->cluster ? other->cluster[at] : i;
}

void pair_values_init(struct pair_values *v, const struct report_cell *c,
                      const struct report_cell *other, report_value_fn fn) {
    size_t room = (size_t)c->n_problems + 1;
    *v = (struct pair_values){.x = xcalloc(room, sizeof *v->x),
                              .y = xcalloc(room, sizeof *v->y),
                              .cluster = xcalloc(room, sizeof *v->cluster)};
    const struct report_cell *clustered = c->cluster ? c : other;
    if (clustered->cluster)
        v->clusters = (struct clusters){v->cluster, clustered->n_clusters};
    double *means = xcalloc((size_t)other->n_problems + 1, sizeof *means);
    report_problem_means(c, fn, v->x);
    report_problem_means(other, fn, means);
    for (int i = 0; i < c->n_problems; i++) {
        int at = find_problem(other, c->dataset->problems[i].hash, i);
        if (at < 0 || isnan(v->x[i]) || isnan(means[at])) continue;
        v->cluster[v->n] = cluster_of(c, i, other, at);
        v->x[v->n] = v->x[i];
        v->y[v->n++] = means[at];
    }
    free(means);
}

void pair_values_release(struct pair_values *v) {
    free(v->x);
    free(v->y);
    free(v->cluster);
    *v = (struct pair_values){0};
}

void pair_values_subtract(struct pair_values *v) {
    for (int i = 0; i < v->n; i++)
        v->x[i] -= v->y[i];
}

void pair_values_log_ratio(struct pair_values *v) {
    int n = 0;
    for (int i = 0; i < v->n; i++) {
        if (!(v->x[i] > 0 && v->y[i] > 0)) continue;
        v->cluster[n] = v->cluster[i];
        v->x[n++] = log(v->x[i] / v->y[i]);
    }
    v->n = n;
}
