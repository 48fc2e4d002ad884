#include "harness/stats/stats_front.h"

#include "engine/base/alloc.h"
#include "engine/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_RESAMPLES = 100 };
static const double MOST_ADDITIONS = 4e8;

// ---- front ----------------------------------------------------------------

static bool beats(const double *cost, const double *value, int a, int b) {
    return cost[a] <= cost[b] && value[a] >= value[b] &&
           (cost[a] < cost[b] || value[a] > value[b]);
}

void stats_pareto(const double *cost, const double *value, int n,
                  bool *on_front) {
    for (int i = 0; i < n; i++) {
        on_front[i] = !isnan(cost[i]) && !isnan(value[i]);
        for (int j = 0; j < n && on_front[i]; j++)
            on_front[i] = !beats(cost, value, j, i);
    }
}

// ---- resamples ------------------------------------------------------------

// Mean of x[n] where value i counts weight[i] times.
static double weighted_mean(const double *x, const int *weight, int n) {
    double sum = 0, total = 0;
    for (int i = 0; i < n; i++) {
        if (!weight[i] || isnan(x[i])) continue;
        sum += weight[i] * x[i];
        total += weight[i];
    }
    return total > 0 ? sum / total : NAN;
}

// weight[units->n]; drawn[]: of the units, or of the clusters.
static void draw_weights(const struct rng *rng, int resample,
                         const struct front_units *units, int *drawn,
                         int *weight) {
    uint64_t n = (uint64_t)(units->cluster ? units->n_clusters : units->n);
    memset(drawn, 0, n * sizeof *drawn);
    for (uint64_t i = 0; i < n; i++)
        drawn[rng_below(rng, RNG_ORDER, (uint64_t)resample * n + i, n)]++;
    for (int i = 0; i < units->n; i++)
        weight[i] = drawn[units->cluster ? units->cluster[i] : i];
}

static int count_resamples(int n, int n_units) {
    double fit = MOST_ADDITIONS / ((double)n_units * (2.0 * n + 1));
    return (int)fmax(FEW_RESAMPLES, fmin(FRONT_RESAMPLES, fit));
}

void stats_pareto_shares(const double *cost, const double *value, int n,
                         const struct front_units *units, uint64_t seed,
                         double *share) {
    int n_drawn = units->cluster ? units->n_clusters : units->n;
    for (int i = 0; i < n; i++)
        share[i] = n_drawn < 2 ? NAN : 0;
    if (n < 1 || n_drawn < 2) return;
    double *point = xcalloc(2 * (size_t)n, sizeof *point);
    bool *on_front = xcalloc((size_t)n, sizeof *on_front);
    int *weight = xcalloc((size_t)units->n, sizeof *weight);
    int *drawn = xcalloc((size_t)n_drawn, sizeof *drawn);
    struct rng rng = rng_make(seed, "pareto", 0);
    int n_resamples = count_resamples(n, units->n);
    for (int r = 0; r < n_resamples; r++) {
        draw_weights(&rng, r, units, drawn, weight);
        for (int i = 0; i < n; i++) {
            size_t at = (size_t)i * (size_t)units->n;
            point[i] = weighted_mean(cost + at, weight, units->n);
            point[n + i] = weighted_mean(value + at, weight, units->n);
        }
        stats_pareto(point, point + n, n, on_front);
        for (int i = 0; i < n; i++)
            share[i] += (double)on_front[i] / n_resamples;
    }
    free(point);
    free(on_front);
    free(weight);
    free(drawn);
}

// ---- deadlines ------------------------------------------------------------

// A sample that is correct at t adds the rest of the way, 1 - t / end.
double stats_deadline_area(const double *time, int k, double end) {
    if (k < 1 || !(end > 0)) return NAN;
    double sum = 0;
    for (int i = 0; i < k; i++) {
        if (time[i] < end) sum += 1 - fmax(0, time[i]) / end;
    }
    return sum / k;
}
