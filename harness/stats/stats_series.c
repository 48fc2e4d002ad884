#include "harness/stats/stats_series.h"

#include "engine/base/alloc.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include <math.h>
#include <stdlib.h>

enum { DRIFT_VALUES = 8, WARMUP_VALUES = 3 };

// ---- spread ---------------------------------------------------------------

double stats_mad(const double *x, int n) {
    if (n < 1) return NAN;
    double *work = xcalloc((size_t)n, sizeof *work);
    double mad = 1.4826 * gsl_stats_mad0(x, 1, (size_t)n, work);
    free(work);
    return mad;
}

int stats_outliers(const double *x, int n, double limit, bool *is_outlier) {
    double median = stats_quantile(x, n, 0.5), mad = stats_mad(x, n);
    int n_outliers = 0;
    for (int i = 0; i < n; i++) {
        bool is = mad > 0 && fabs(x[i] - median) > limit * mad;
        n_outliers += is;
        if (is_outlier) is_outlier[i] = is;
    }
    return n_outliers;
}

// ---- drift ----------------------------------------------------------------

struct line {
    double slope, sxx; // over place 0..1
    double sse, r;     // of the residuals; r: lag-1 autocorrelation
};

static double place(int i, int n) {
    return (double)i / (n - 1) - 0.5;
}

static void fit_line(struct line *l, const double *y, int n) {
    double mean = stats_mean(y, n), xy = 0, lagged = 0, before = 0;
    *l = (struct line){0};
    for (int i = 0; i < n; i++) {
        l->sxx += place(i, n) * place(i, n);
        xy += place(i, n) * y[i];
    }
    l->slope = xy / l->sxx;
    for (int i = 0; i < n; i++) {
        double e = y[i] - mean - l->slope * place(i, n);
        l->sse += e * e;
        if (i) lagged += e * before;
        before = e;
    }
    l->r = l->sse > 0 ? fmax(0, lagged / l->sse) : 0;
}

static void set_interval(struct estimate *e, const struct line *l, int n,
                         double level) {
    double df = n * (1 - l->r) / (1 + l->r) - 2;
    if (!(df > 0)) return;
    e->se = sqrt(l->sse / df / l->sxx);
    double half = gsl_cdf_tdist_Pinv(0.5 + level / 2, df) * e->se;
    e->low = expm1(l->slope - half);
    e->high = expm1(l->slope + half);
}

struct estimate stats_drift(const double *x, int n, double level) {
    struct estimate e = {NAN, NAN, NAN, NAN, n < 0 ? 0 : n};
    if (n < DRIFT_VALUES) return e;
    double *logs = xcalloc((size_t)n, sizeof *logs);
    bool positive = true;
    for (int i = 0; i < n; i++) {
        positive = positive && x[i] > 0;
        logs[i] = log(x[i]);
    }
    if (positive) {
        struct line l;
        fit_line(&l, logs, n);
        e.value = expm1(l.slope);
        set_interval(&e, &l, n, level);
    }
    free(logs);
    return e;
}

// ---- warm-up --------------------------------------------------------------

// Sum of the mean ranks of x[0..m), and the sum of t^3 - t over ties of t.
static double rank_sum(const double *x, int n, int m, double *ties) {
    size_t *order = xcalloc((size_t)n, sizeof *order);
    gsl_sort_index(order, x, 1, (size_t)n);
    double sum = 0;
    *ties = 0;
    for (int i = 0, end; i < n; i = end) {
        int n_first = 0;
        for (end = i; end < n && x[order[end]] == x[order[i]]; end++)
            n_first += order[end] < (size_t)m;
        double t = end - i;
        sum += n_first * (i + (t + 1) / 2);
        *ties += t * t * t - t;
    }
    free(order);
    return sum;
}

struct warmup stats_warmup(const double *x, int n, int m) {
    struct warmup w = {NAN, NAN};
    if (m < WARMUP_VALUES || n - m < WARMUP_VALUES) return w;
    double first = stats_quantile(x, m, 0.5), ties;
    w.ratio = stats_quotient(first, stats_quantile(x + m, n - m, 0.5));
    double all = n, pairs = (double)m * (n - m);
    double u = rank_sum(x, n, m, &ties) - m * (m + 1.0) / 2;
    double variance = pairs / 12 * (all + 1 - ties / (all * (all - 1)));
    if (!(variance > 0)) return w;
    w.p = 2 * gsl_cdf_ugaussian_Q(fabs(u - pairs / 2) / sqrt(variance));
    return w;
}
