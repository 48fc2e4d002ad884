#include "harness/gate/gate.h"

#include "engine/base/buf.h"
#include "harness/compare/cell_times.h"
#include "harness/compare/pair_values.h"
#include "harness/gate/gate_rules.h"
#include "harness/stats/stats_student.h"

#include <math.h>
#include <stdio.h>

// When is "no slowdown seen" a pass? Where a slowdown of twice the margin would
// have been seen: the half-width of the interval (of the log) is at most the
// margin, so twice the margin is two half-widths away from 1 and one from the
// limit.

static double alpha(void) {
    return GATE_ALPHA_PCT / 100.0;
}

static double half_width(const struct estimate *e) {
    return log(e->high / e->low) / 2;
}

void gate_speed_measure(struct gate_timing *t, const double *log_ratio, int n,
                        struct clusters clusters, double max_slowdown) {
    double unused;
    int n_units = stats_clusters_used(clusters, n);
    *t = (struct gate_timing){
        .ratio = stats_exp(
            stats_clustered_test(log_ratio, clusters, n, 1 - alpha(), &unused)),
        .p = NAN,
    };
    if (n_units < 2) return;
    double value = log(t->ratio.value), se = t->ratio.se;
    // Times are never equal by chance.
    if (se > 0)
        t->p = 1 - stats_student_p(value / se, n_units - 1);
    else
        t->p = value > 0 ? 0 : 1;
    double wide = half_width(&t->ratio) / log1p(max_slowdown);
    if (wide > 1 && wide * wide * n < GATE_PROBLEMS_MAX)
        t->n_needed = (int)ceil(wide * wide * n);
}

enum gate_outcome gate_speed_decide(const struct gate_timing *t,
                                    double max_slowdown, double aa_high,
                                    double p_adjusted) {
    const struct estimate *r = &t->ratio;
    double limit = 1 + max_slowdown;
    if (isnan(r->low)) return GATE_CANNOT_JUDGE;
    if (r->value > limit) {
        bool slower = r->low > 1 && p_adjusted < alpha() && r->value > aa_high;
        return slower ? GATE_REGRESSION : GATE_CANNOT_JUDGE;
    }
    bool precise = r->high <= limit || half_width(r) <= log(limit);
    return precise ? GATE_PASS : GATE_CANNOT_JUDGE;
}

// ---- of cells --------------------------------------------------------------

static struct gate_timing measure(const struct report_cell *a,
                                  const struct report_cell *b,
                                  double max_slowdown) {
    struct gate_timing t;
    struct pair_values v;
    pair_values_init(&v, b, a, report_ms);
    pair_values_log_ratio(&v);
    gate_speed_measure(&t, v.x, v.n, v.clusters, max_slowdown);
    pair_values_release(&v);
    return t;
}

static double aa_reach(const struct gate_sides *s) {
    if (!s->aa) return 1;
    struct gate_timing t = measure(s->a, s->aa, s->o->max_slowdown);
    double reach = fmax(t.ratio.high, 1 / t.ratio.low); // fmax: NAN loses
    return reach > 1 ? reach : 1;
}

static const char *obstacle(const struct times_comparison *times) {
    if (times->obstacle != TIMES_NONE) return times->text;
    if (times->timed_a) return "the candidate has no times";
    return times->timed_b ? "the baseline has no times"
                          : "neither side has times";
}

static bool times_are_invalid(const struct gate_sides *s, struct buf *why) {
    return gate_is_invalid(s->a, true, why) || gate_is_invalid(s->b, true, why);
}

bool gate_speed_of_cells(struct gate_timing *t, double *aa_high,
                         struct gate_finding *f, const struct gate_sides *s) {
    struct times_comparison times =
        cell_times_compare(s->ra, s->a, s->rb, s->b);
    if (s->o->speed == SPEED_OFF) {
        gate_finding_set(f, GATE_NOT_JUDGED, "%s", "");
        return false;
    }
    if (times.obstacle != TIMES_COMPARABLE) {
        bool required = s->o->speed == SPEED_REQUIRED;
        gate_finding_set(f, required ? GATE_CANNOT_JUDGE : GATE_NOT_JUDGED,
                         "%s", obstacle(&times));
        return false;
    }
    struct buf invalid;
    buf_init(&invalid);
    bool unfit = times_are_invalid(s, &invalid);
    if (unfit)
        gate_finding_set(f, GATE_CANNOT_JUDGE, "times are invalid: %s",
                         invalid.text);
    buf_release(&invalid);
    if (unfit) return false;
    *t = measure(s->a, s->b, s->o->max_slowdown);
    *aa_high = aa_reach(s);
    return true;
}

void gate_speed_conclude(struct gate_finding *f, const struct gate_timing *t,
                         double max_slowdown, double aa_high,
                         double p_adjusted) {
    enum gate_outcome outcome =
        gate_speed_decide(t, max_slowdown, aa_high, p_adjusted);
    bool open = outcome == GATE_CANNOT_JUDGE;
    char more[80] = "";
    if (open && t->ratio.value > 1 && t->ratio.value <= aa_high)
        snprintf(more, sizeof more, "; the A/A run reaches %.3f", aa_high);
    else if (open && t->n_needed)
        snprintf(more, sizeof more, "; %d problems could judge it",
                 t->n_needed);
    f->value = t->ratio;
    f->limit = 1 + max_slowdown;
    f->p = p_adjusted;
    f->n_needed = open ? t->n_needed : 0;
    if (isnan(t->ratio.low)) {
        gate_finding_set(f, outcome, "%s", gate_no_interval(&f->value));
        return;
    }
    gate_finding_set(f, outcome,
                     "time x %.3f [%.3f, %.3f] (limit %.3f), p %.3g%s",
                     t->ratio.value, t->ratio.low, t->ratio.high,
                     1 + max_slowdown, p_adjusted, more);
}
