#include "harness/compare/cell_pair.h"

#include "engine/base/alloc.h"
#include "harness/compare/pair_values.h"
#include "harness/stats/stats_multiple.h"

#include <math.h>
#include <stdlib.h>

// Paired by problem (reference: Miller 2024 for accuracy; for times the log
// ratio of per-problem means, so that a long problem weighs as much as a short
// one). Ratio of means is what papers print: long problems dominate it.

static double ms_per_token(const struct report_sample *s) {
    double ms = report_ms(s), n = (double)s->count.kept_tokens;
    return n > 0 ? ms / n : NAN;
}

// Of other / cell; *p: of its being 1.
static struct estimate ratio(const struct report *r,
                             const struct report_cell *c,
                             const struct report_cell *other,
                             report_value_fn fn, double *p) {
    struct pair_values v;
    pair_values_init(&v, c, other, fn);
    pair_values_log_ratio(&v);
    for (int i = 0; i < v.n; i++)
        v.x[i] = -v.x[i];
    struct estimate e =
        stats_clustered_test(v.x, v.clusters, v.n, r->manifest.confidence, p);
    pair_values_release(&v);
    return stats_exp(e);
}

static void fill_accuracy(struct cell_pair *p, const struct report *r,
                          const struct report_cell *c,
                          const struct report_cell *other) {
    struct pair_values v;
    pair_values_init(&v, c, other, report_correct);
    struct paired d = stats_clustered_paired(v.x, v.y, v.clusters, v.n,
                                             r->manifest.confidence,
                                             (uint64_t)r->manifest.seed);
    pair_values_release(&v);
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
    double unused;
    p->time = ratio(r, c, other, report_ms, &p->time_p);
    p->per_token = ratio(r, c, other, ms_per_token, &unused);
    p->ratio_of_means = stats_quotient(report_mean(other, report_ms),
                                       report_mean(c, report_ms));
    p->tokens_ratio = stats_quotient(report_mean(c, report_kept_tokens),
                                     report_mean(other, report_kept_tokens));
    fill_accuracy(p, r, c, other);
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
