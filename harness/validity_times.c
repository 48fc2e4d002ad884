#include "harness/validity_times.h"

#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/stats/stats_work.h"

#include <math.h>
#include <stdlib.h>

enum {
    WORK_PER_ROLE = 3,
    WORK_COLUMNS = WORK_PER_ROLE * ROLE_N,
    FIRST_SAMPLES = 5, // of a problem with at least
    FIRST_OF = 16,
    OWN_MEDIAN = 5, // samples of a problem that make its median worth something
};
static const double OUTLIER_MADS = 10; // hyperfine's modified z

struct timed {
    const struct report_sample *sample;
    int problem;
    double ms;  // without the prompt's share
    double log; // of the time over that of the work
};

struct series {
    struct timed *items; // [n] in the order in which they ran
    int n;
    double *log; // [n] of the items
};

// ---- the series -----------------------------------------------------------

static double own_ms(const struct report_sample *s) {
    if (!s->present || s->phase_ns[PHASE_PROMPT] == SAMPLE_NO_TIME) return NAN;
    return report_ms(s) - (double)s->phase_ns[PHASE_PROMPT] / 1e6;
}

static int compare_orders(const void *x, const void *y) {
    int64_t a = ((const struct timed *)x)->sample->order;
    int64_t b = ((const struct timed *)y)->sample->order;
    return a < b ? -1 : a > b;
}

static void collect(struct series *s, const struct report_cell *c) {
    int n = c->n_problems * c->k;
    s->items = xcalloc((size_t)n + 1, sizeof *s->items);
    for (int i = 0; i < n; i++) {
        double ms = own_ms(&c->samples[i]);
        if (!(ms > 0)) continue;
        s->items[s->n++] =
            (struct timed){.sample = &c->samples[i], i / c->k, ms, NAN};
    }
    if (s->n) qsort(s->items, (size_t)s->n, sizeof *s->items, compare_orders);
}

static void describe_work(const struct report_sample *s, double *row) {
    const struct counters *c = &s->count;
    double context = (double)c->prompt_tokens + (double)c->kept_tokens / 2;
    for (int r = 0; r < ROLE_N; r++) {
        double *at = row + WORK_PER_ROLE * r;
        at[0] = (double)c->calls[r];
        at[1] = (double)c->evaluated[r];
        at[2] = (double)c->evaluated[r] * context;
    }
}

// Sets `log`, and drops the samples whose work says nothing about their time.
static void take_work_out(struct series *s) {
    size_t n = (size_t)s->n;
    double *work = xcalloc(n * WORK_COLUMNS + 1, sizeof *work);
    double *ms = xcalloc(n + 1, sizeof *ms);
    s->log = xcalloc(n + 1, sizeof *s->log);
    for (size_t i = 0; i < n; i++) {
        describe_work(s->items[i].sample, work + i * WORK_COLUMNS);
        ms[i] = s->items[i].ms;
    }
    stats_work_residuals(work, ms, s->n, WORK_COLUMNS, s->log);
    int n_left = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(s->log[i])) continue;
        s->items[n_left] = s->items[i];
        s->items[n_left].log = s->log[n_left] = s->log[i];
        n_left++;
    }
    s->n = n_left;
    free(work);
    free(ms);
}

// One past the last of the samples from `first` on that solve its problem
// without another between.
static int visit_end(const struct series *s, int first) {
    int end = first + 1;
    while (end < s->n && s->items[end].problem == s->items[first].problem)
        end++;
    return end;
}

// ---- what is looked at ----------------------------------------------------

// exp() of the median of each visit; returns how many.
static int visit_times(const struct series *s, double *times) {
    int n = 0;
    for (int i = 0, end; i < s->n; i = end) {
        end = visit_end(s, i);
        times[n++] = exp(stats_quantile(s->log + i, end - i, 0.5));
    }
    return n;
}

static struct warmup look_at_start(const struct series *s, const double *visits,
                                   int n_visits) {
    int n = s->n ? visit_end(s, 0) : 0;
    if (n < FIRST_OF) return stats_warmup(visits, n_visits, VALIDITY_WARMUP);
    double *first = xcalloc((size_t)n, sizeof *first);
    for (int i = 0; i < n; i++)
        first[i] = exp(s->log[i]);
    struct warmup w = stats_warmup(first, n, FIRST_SAMPLES);
    free(first);
    return w;
}

// How far each log is from that of its visit, or of all in short visits.
static void take_medians_out(const struct series *s, double *off) {
    double all = stats_quantile(s->log, s->n, 0.5);
    for (int i = 0, end; i < s->n; i = end) {
        end = visit_end(s, i);
        double median = end - i < OWN_MEDIAN
                            ? all
                            : stats_quantile(s->log + i, end - i, 0.5);
        for (int j = i; j < end; j++)
            off[j] = s->log[j] - median;
    }
}

static void find_outliers(struct validity_times *v, const struct series *s) {
    size_t n = (size_t)s->n;
    double *off = xcalloc(n, sizeof *off), total = 0, extra = 0;
    bool *is_outlier = xcalloc(n, sizeof *is_outlier);
    take_medians_out(s, off);
    v->n_outliers = stats_outliers(off, s->n, OUTLIER_MADS, is_outlier);
    for (int i = 0; i < s->n; i++) {
        double ms = s->items[i].ms;
        total += ms;
        if (is_outlier[i]) extra += fabs(ms - ms / exp(off[i]));
    }
    v->outlier_share = stats_quotient(extra, total);
    free(off);
    free(is_outlier);
}

void validity_times_fill(struct validity_times *v, const struct report_cell *c,
                         double level) {
    *v = (struct validity_times){.drift = {NAN, NAN, NAN, NAN, 0},
                                 .warmup = {NAN, NAN},
                                 .outlier_share = NAN};
    struct series s = {0};
    collect(&s, c);
    take_work_out(&s);
    v->n = s.n;
    double *visits = xcalloc((size_t)s.n + 1, sizeof *visits);
    int n_visits = visit_times(&s, visits);
    v->drift = stats_drift(visits, n_visits, level);
    v->warmup = look_at_start(&s, visits, n_visits);
    if (s.n) find_outliers(v, &s);
    free(visits);
    free(s.items);
    free(s.log);
}
