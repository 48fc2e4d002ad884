#include "harness/compare/cell_pair.h"

#include "engine/base/alloc.h"
#include "harness/stats/stats_cluster_paired.h"
#include "harness/stats/stats_multiple.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Paired by problem (reference: Miller 2024 for accuracy; for times the log
// ratio of per-problem means, so that a long problem weighs as much as a short
// one). Ratio of means is what papers print: long problems dominate it.

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

int cell_pair_values_of(const struct report_cell *c,
                        const struct report_cell *other, report_value_fn fn,
                        double *x, double *y, int *cluster) {
    double *means = xcalloc((size_t)other->n_problems + 1, sizeof *means);
    int n = 0;
    report_problem_means(c, fn, x);
    report_problem_means(other, fn, means);
    for (int i = 0; i < c->n_problems; i++) {
        int at = find_problem(other, c->dataset->problems[i].hash, i);
        if (at < 0 || isnan(x[i]) || isnan(means[at])) continue;
        if (cluster) cluster[n] = cluster_of(c, i, other, at);
        x[n] = x[i];
        y[n++] = means[at];
    }
    free(means);
    return n;
}

int cell_pair_values(const struct report_cell *c,
                     const struct report_cell *other, report_value_fn fn,
                     double *x, double *y) {
    return cell_pair_values_of(c, other, fn, x, y, NULL);
}

static double ms_per_token(const struct report_sample *s) {
    double ms = report_ms(s), n = (double)s->count.kept_tokens;
    return n > 0 ? ms / n : NAN;
}

// Room for the values of a pair, [n_problems] each.
struct work {
    double *x, *y; // of the cell, of the other
    int *of;       // cluster
    struct clusters clusters;
    double level;
    uint64_t seed;
};

static void work_init(struct work *w, const struct report *r,
                      const struct report_cell *c,
                      const struct report_cell *other) {
    size_t n = (size_t)c->n_problems + 1;
    *w = (struct work){.x = xcalloc(n, sizeof *w->x),
                       .y = xcalloc(n, sizeof *w->y),
                       .of = xcalloc(n, sizeof *w->of),
                       .level = r->manifest.confidence,
                       .seed = (uint64_t)r->manifest.seed};
    const struct report_cell *clustered = c->cluster ? c : other;
    if (clustered->cluster)
        w->clusters = (struct clusters){w->of, clustered->n_clusters};
}

static void work_release(struct work *w) {
    free(w->x);
    free(w->y);
    free(w->of);
}

// Of other / cell; *p: of its being 1.
static struct estimate ratio(struct work *w, const struct report_cell *c,
                             const struct report_cell *other,
                             report_value_fn fn, double *p) {
    int n = cell_pair_values_of(c, other, fn, w->x, w->y, w->of);
    int n_logs = 0;
    for (int i = 0; i < n; i++) {
        if (!(w->x[i] > 0 && w->y[i] > 0)) continue;
        w->of[n_logs] = w->of[i];
        w->x[n_logs++] = log(w->y[i] / w->x[i]);
    }
    struct estimate e =
        stats_clustered_test(w->x, w->clusters, n_logs, w->level, p);
    e.value = exp(e.value);
    e.low = exp(e.low);
    e.high = exp(e.high);
    return e;
}

static void fill_accuracy(struct cell_pair *p, struct work *w,
                          const struct report_cell *c,
                          const struct report_cell *other) {
    int n = cell_pair_values_of(c, other, report_correct, w->x, w->y, w->of);
    struct paired d =
        stats_clustered_paired(w->x, w->y, w->clusters, n, w->level, w->seed);
    p->accuracy = d.difference;
    p->t = d.t;
    p->p_t = d.p_t;
    p->p = d.p_flip;
    p->correlation = d.correlation;
    p->min_detectable = d.min_detectable;
}

int cell_pair_fill(struct cell_pair *p, const struct report *r,
                   const struct report_cell *c,
                   const struct report_cell *other) {
    if (!c->usable || !other || !other->usable) return -1;
    struct work w;
    double unused;
    work_init(&w, r, c, other);
    p->time = ratio(&w, c, other, report_ms, &p->time_p);
    p->per_token = ratio(&w, c, other, ms_per_token, &unused);
    p->ratio_of_means = stats_quotient(report_mean(other, report_ms),
                                       report_mean(c, report_ms));
    p->tokens_ratio = stats_quotient(report_mean(c, report_kept_tokens),
                                     report_mean(other, report_kept_tokens));
    fill_accuracy(p, &w, c, other);
    work_release(&w);
    return 0;
}

// ---- several pairs --------------------------------------------------------

struct cell_pair_family cell_pair_adjust(const struct cell_pair *pairs,
                                         const bool *has, int n,
                                         enum cell_pair_test test) {
    size_t size = (size_t)n + 1;
    struct cell_pair_family f = {xcalloc(size, sizeof(double)),
                                 xcalloc(size, sizeof(double)),
                                 xcalloc(size, sizeof(double))};
    for (int i = 0; i < n; i++) {
        double p = test == PAIR_TIME ? pairs[i].time_p : pairs[i].p;
        f.raw[i] = f.holm[i] = f.bh[i] = has[i] ? p : NAN;
    }
    stats_holm(f.holm, n);
    stats_benjamini_hochberg(f.bh, n);
    return f;
}

void cell_pair_family_release(struct cell_pair_family *f) {
    free(f->raw);
    free(f->holm);
    free(f->bh);
}
