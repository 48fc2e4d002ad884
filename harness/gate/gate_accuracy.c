#include "harness/gate/gate.h"

#include "harness/compare/pair_values.h"
#include "harness/gate/gate_rules.h"
#include "harness/stats/stats_student.h"

#include <math.h>
#include <stdio.h>

// Why the noise has a floor: where no problem differs the t interval has no
// width, although a few samples say little about all that could have been
// drawn. One sample of one problem is the smallest difference there is.

enum { POWER_PCT = 80 };

// Problems at which a candidate that is as good passes with this power.
static int problems_needed(double se, int n, double margin) {
    double alpha = GATE_ALPHA_PCT / 100.0, power = POWER_PCT / 100.0;
    double z = stats_student_quantile(1 - alpha, 1e9) +
               stats_student_quantile(power, 1e9);
    double needed = pow(z * se / margin, 2) * n;
    if (!(needed < GATE_PROBLEMS_MAX)) return 0;
    return needed > n ? (int)ceil(needed) : n + 1;
}

void gate_accuracy_measure(struct gate_accuracy *a, const double *d, int n,
                           struct clusters clusters, double margin,
                           double noise_se) {
    double unused, level = 1 - GATE_ALPHA_PCT / 100.0;
    int n_units = stats_clusters_used(clusters, n);
    *a = (struct gate_accuracy){
        .difference = stats_clustered_test(d, clusters, n, level, &unused),
        .lower = NAN,
        .noise_se = NAN,
        .p = NAN,
        .n_units = n_units,
    };
    if (n_units < 2) return;
    double value = a->difference.value, se = fmax(a->difference.se, noise_se);
    a->noise_se = se;
    a->lower = value +
               stats_student_quantile(GATE_ALPHA_PCT / 100.0, n_units - 1) * se;
    // Equal differences without noise: all signs are equal by chance.
    if (se > 0)
        a->p = stats_student_p(value / se, n_units - 1);
    else
        a->p = value < 0 ? pow(0.5, n_units) : 1;
    if (a->lower <= -margin) a->n_needed = problems_needed(se, n, margin);
}

double gate_accuracy_detectable(const struct gate_accuracy *a, int n_tests) {
    double df = a->n_units - 1, alpha = GATE_ALPHA_PCT / 100.0;
    return a->noise_se * (stats_student_quantile(1 - alpha / n_tests, df) +
                          stats_student_quantile(POWER_PCT / 100.0, df));
}

enum gate_outcome gate_accuracy_decide(const struct gate_accuracy *a,
                                       double margin, double p_adjusted) {
    if (isnan(a->lower)) return GATE_CANNOT_JUDGE;
    if (a->lower > -margin) return GATE_PASS;
    bool negative =
        a->difference.value < 0 && p_adjusted < GATE_ALPHA_PCT / 100.0;
    return negative ? GATE_REGRESSION : GATE_CANNOT_JUDGE;
}

// ---- of cells --------------------------------------------------------------

// x: b - a.
static struct pair_values differences(const struct report_cell *a,
                                      const struct report_cell *b) {
    struct pair_values v;
    pair_values_init(&v, b, a, report_correct);
    pair_values_subtract(&v);
    return v;
}

// The SE of what two runs of the baseline differ by; 0: none.
static double aa_noise(const struct gate_sides *s) {
    if (!s->aa) return 0;
    struct pair_values v = differences(s->a, s->aa);
    struct gate_accuracy aa;
    gate_accuracy_measure(&aa, v.x, v.n, v.clusters, 0, 0);
    pair_values_release(&v);
    return isnan(aa.noise_se) ? 0 : aa.noise_se;
}

void gate_accuracy_of_cells(struct gate_accuracy *a,
                            const struct gate_sides *s) {
    struct pair_values v = differences(s->a, s->b);
    double one_sample = 1.0 / ((double)s->b->k * fmax(v.n, 1));
    gate_accuracy_measure(a, v.x, v.n, v.clusters, s->o->max_accuracy_drop,
                          fmax(aa_noise(s), one_sample));
    pair_values_release(&v);
}

void gate_accuracy_conclude(struct gate_finding *f,
                            const struct gate_accuracy *a, double margin,
                            int n_tests, double p_adjusted) {
    enum gate_outcome outcome = gate_accuracy_decide(a, margin, p_adjusted);
    char needed[80] = "";
    if (outcome == GATE_CANNOT_JUDGE && a->n_needed)
        snprintf(needed, sizeof needed, "; %d problems could judge it",
                 a->n_needed);
    f->value = a->difference;
    f->limit = -margin;
    f->p = p_adjusted;
    f->min_detectable = gate_accuracy_detectable(a, n_tests);
    f->n_needed = outcome == GATE_CANNOT_JUDGE ? a->n_needed : 0;
    if (isnan(a->lower)) {
        gate_finding_set(f, outcome, "%s", gate_no_interval(&f->value));
        return;
    }
    gate_finding_set(f, outcome,
                     "%+.2f points, at least %+.2f (limit %+.2f), p %.3g; a "
                     "drop of %.2f is found in %d %% of runs%s",
                     100 * a->difference.value, 100 * a->lower, -100 * margin,
                     p_adjusted, 100 * f->min_detectable, POWER_PCT, needed);
}
