#include "harness/gate/gate.h"

#include "engine/base/alloc.h"
#include "harness/compare/cell_pair.h"
#include "harness/gate/gate_rules.h"
#include "harness/stats/stats_student.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Why the noise has a floor: where no problem differs the t interval has no
// width, although a few samples say little about all that could have been
// drawn. One sample of one problem is the smallest difference there is.

enum { POWER_PCT = 80, PROBLEMS_MAX = 10000000 };

// Problems at which a candidate that is as good passes with this power.
static int problems_needed(double se, int n, double margin) {
    double alpha = GATE_ALPHA_PCT / 100.0, power = POWER_PCT / 100.0;
    double z = stats_student_quantile(1 - alpha, 1e9) +
               stats_student_quantile(power, 1e9);
    double needed = pow(z * se / margin, 2) * n;
    if (!(needed < PROBLEMS_MAX)) return 0;
    return needed > n ? (int)ceil(needed) : n + 1;
}

void gate_accuracy_measure(struct gate_accuracy *a, const double *d, int n,
                           double margin, double noise_se) {
    *a = (struct gate_accuracy){
        .difference = stats_mean_interval(d, n, 1 - GATE_ALPHA_PCT / 100.0),
        .lower = NAN,
        .noise_se = NAN,
        .p = NAN,
    };
    if (n < 2) return;
    double value = a->difference.value, se = fmax(a->difference.se, noise_se);
    a->noise_se = se;
    a->lower =
        value + stats_student_quantile(GATE_ALPHA_PCT / 100.0, n - 1) * se;
    // Equal differences without noise: all signs are equal by chance.
    if (se > 0)
        a->p = stats_student_p(value / se, n - 1);
    else
        a->p = value < 0 ? pow(0.5, n) : 1;
    if (a->lower <= -margin) a->n_needed = problems_needed(se, n, margin);
}

double gate_accuracy_detectable(const struct gate_accuracy *a, int n_tests) {
    double df = a->difference.n - 1, alpha = GATE_ALPHA_PCT / 100.0;
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

// malloc'ed [*n]: b - a.
static double *differences(const struct report_cell *a,
                           const struct report_cell *b, int *n) {
    double *x = xcalloc((size_t)b->n_problems + 1, sizeof *x);
    double *y = xcalloc((size_t)b->n_problems + 1, sizeof *y);
    *n = cell_pair_values(b, a, report_correct, x, y);
    for (int i = 0; i < *n; i++)
        x[i] -= y[i];
    free(y);
    return x;
}

// The SE of what two runs of the baseline differ by; 0: none.
static double aa_noise(const struct gate_sides *s) {
    if (!s->aa) return 0;
    int n;
    double *d = differences(s->a, s->aa, &n);
    double se = n < 2 ? 0 : stats_sd(d, n) / sqrt(n);
    free(d);
    return se;
}

void gate_accuracy_of_cells(struct gate_accuracy *a,
                            const struct gate_sides *s) {
    int n;
    double *d = differences(s->a, s->b, &n);
    double one_sample = 1.0 / ((double)s->b->k * fmax(n, 1));
    gate_accuracy_measure(a, d, n, s->o->max_accuracy_drop,
                          fmax(aa_noise(s), one_sample));
    free(d);
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
        gate_finding_set(f, outcome, "one problem has no interval");
        return;
    }
    gate_finding_set(f, outcome,
                     "%+.2f points, at least %+.2f (limit %+.2f), p %.3g; a "
                     "drop of %.2f is found in %d %% of runs%s",
                     100 * a->difference.value, 100 * a->lower, -100 * margin,
                     p_adjusted, 100 * f->min_detectable, POWER_PCT, needed);
}
