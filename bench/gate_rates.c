// How often is the gate wrong? Resamples real runs.
//
//   gate_rates FOLDER [TRIALS]
//
// A trial makes, for each cell of a family, two runs out of one: problems are
// drawn with replacement, and the samples of each draw are cut into two halves
// at random (or by when they ran). Both halves are of one method, so whatever
// the gate calls a regression is a false alarm; then one cell of the second
// half is slowed down or loses correct verdicts, which the gate must find. What
// is judged goes through the gate's own functions and Holm's adjustment.
//
// Prints each rate with its standard error. Exit code 1 when one of the gate's
// promises does not hold: at most 5 % false alarms in a whole family; at least
// 95 % of slowdowns by 10 % found with 100 problems, and of accuracy drops of
// twice the difference that such runs detect.

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "harness/gate/gate.h"
#include "harness/report.h"
#include "harness/stats/stats_multiple.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_TRIALS = 2000,
    SE_TRIALS = 200,
    FAMILY_MAX = 8,
    OF_ACCURACY = 0,
    OF_SPEED = 1
};

static const struct clusters no_clusters; // each problem is its own
static const double max_drop = 0.02, max_slowdown = 0.05, slowdown = 1.10;

enum effect { NO_EFFECT, SLOWER, WORSE };

struct design {
    int n, family; // problems, cells
    bool by_time;  // halves by when the samples ran
    enum effect effect;
    double drop; // of WORSE
};

struct draws { // numbers of a stream
    struct rng rng;
    uint64_t next;
};

static int below(struct draws *d, int n) {
    return (int)rng_below(&d->rng, RNG_ORDER, d->next++, (uint64_t)n);
}

// ---- one cell --------------------------------------------------------------

struct pair { // two runs of n problems, one value per problem
    double *difference, *log_ratio;
    int *correct; // [n] in the second run
    int n, half;  // samples of a problem in each run
};

static int compare_order(const void *a, const void *b) {
    int64_t x = (*(const struct report_sample *const *)a)->order,
            y = (*(const struct report_sample *const *)b)->order;
    return x < y ? -1 : x > y;
}

static void arrange(const struct report_sample **s, int k, bool by_time,
                    struct draws *d) {
    if (by_time) {
        qsort(s, (size_t)k, sizeof *s, compare_order);
        return;
    }
    for (int i = k - 1; i > 0; i--) {
        int j = below(d, i + 1);
        const struct report_sample *kept = s[i];
        s[i] = s[j];
        s[j] = kept;
    }
}

static void sum_half(const struct report_sample *const *s, int n, int *correct,
                     double *ms) {
    *correct = 0;
    *ms = 0;
    for (int i = 0; i < n; i++) {
        *correct += s[i]->verdict == VERDICT_CORRECT;
        *ms += report_ms(s[i]);
    }
}

static void draw_pair(struct pair *p, const struct report_cell *c, bool by_time,
                      struct draws *d) {
    const struct report_sample **s = xcalloc((size_t)c->k, sizeof *s);
    for (int i = 0; i < p->n; i++) {
        int problem = below(d, c->n_problems), correct;
        double ms_a, ms_b;
        for (int j = 0; j < c->k; j++)
            s[j] = &c->samples[problem * c->k + j];
        arrange(s, c->k, by_time, d);
        sum_half(s, p->half, &correct, &ms_a);
        sum_half(s + p->half, p->half, &p->correct[i], &ms_b);
        p->difference[i] = (double)(p->correct[i] - correct) / p->half;
        p->log_ratio[i] = log(ms_b / ms_a);
    }
    free(s);
}

static double one_sample(const struct pair *p) {
    return 1.0 / ((double)p->half * p->n);
}

// Takes away correct verdicts of the second run. False: it has too few.
static bool lose_verdicts(struct pair *p, double drop, struct draws *d) {
    int wanted = (int)ceil(drop * p->half * p->n), total = 0;
    for (int i = 0; i < p->n; i++)
        total += p->correct[i];
    if (wanted > total) return false;
    for (; wanted > 0; wanted--, total--) {
        int nth = below(d, total), i = 0;
        while (nth >= p->correct[i])
            nth -= p->correct[i++];
        p->correct[i]--;
        p->difference[i] -= 1.0 / p->half;
    }
    return true;
}

static void add_effect(struct pair *p, const struct design *of,
                       struct draws *d) {
    for (int i = 0; i < p->n && of->effect == SLOWER; i++)
        p->log_ratio[i] += log(slowdown);
    if (of->effect == WORSE && !lose_verdicts(p, of->drop, d))
        fprintf(stderr, "gate_rates: too few correct samples to lose\n");
}

// ---- a family of cells -----------------------------------------------------

struct result { // of a trial: first cell, any cell
    bool found[2], alarm, open[2];
};

struct cell_evidence {
    struct gate_accuracy accuracy;
    struct gate_timing timing;
};

static struct result decide(const struct cell_evidence *e, const double *p,
                            int family) {
    struct result r = {.alarm = false};
    for (int i = 0; i < family; i++) {
        enum gate_outcome outcome[2] = {
            gate_accuracy_decide(&e[i].accuracy, max_drop, p[2 * i]),
            gate_speed_decide(&e[i].timing, max_slowdown, 1, p[2 * i + 1]),
        };
        for (int rule = 0; rule < 2; rule++) {
            bool fails = outcome[rule] == GATE_REGRESSION;
            r.alarm = r.alarm || fails;
            if (i == 0) r.found[rule] = fails;
            if (outcome[rule] == GATE_CANNOT_JUDGE) r.open[rule] = true;
        }
    }
    return r;
}

static struct result run_trial(const struct report *r, const struct design *of,
                               struct pair *pair, struct draws *d) {
    struct cell_evidence e[FAMILY_MAX];
    double p[2 * FAMILY_MAX];
    for (int i = 0; i < of->family; i++) {
        draw_pair(pair, &r->cells[i % r->n_cells], of->by_time, d);
        if (i == 0) add_effect(pair, of, d);
        gate_accuracy_measure(&e[i].accuracy, pair->difference, of->n,
                              no_clusters, max_drop, one_sample(pair));
        gate_speed_measure(&e[i].timing, pair->log_ratio, of->n, no_clusters,
                           max_slowdown);
        p[2 * i + OF_ACCURACY] = e[i].accuracy.p;
        p[2 * i + OF_SPEED] = e[i].timing.p;
    }
    stats_holm(p, 2 * of->family);
    return decide(e, p, of->family);
}

// ---- rates -----------------------------------------------------------------

static struct pair new_pair(const struct report *r, int n) {
    return (struct pair){
        .difference = xcalloc((size_t)n, sizeof(double)),
        .log_ratio = xcalloc((size_t)n, sizeof(double)),
        .correct = xcalloc((size_t)n, sizeof(int)),
        .n = n,
        .half = r->cells[0].k / 2,
    };
}

static void free_pair(struct pair *p) {
    free(p->difference);
    free(p->log_ratio);
    free(p->correct);
}

static struct draws draws_of(int trial) {
    return (struct draws){rng_make((uint64_t)trial, "gate-rates", 0), 0};
}

// Root mean square of the standard errors of runs with this effect.
static double typical_se(const struct report *r, const struct design *of) {
    struct pair p = new_pair(r, of->n);
    double sum = 0;
    for (int t = 0; t < SE_TRIALS; t++) {
        struct draws d = draws_of(t);
        draw_pair(&p, &r->cells[0], false, &d);
        add_effect(&p, of, &d);
        double sd = stats_sd(p.difference, p.n);
        sum += sd * sd / p.n;
    }
    free_pair(&p);
    return sqrt(sum / SE_TRIALS);
}

// Twice the difference that such runs detect (two-sided, 5 %, power 80 %, as
// tables print it). What is lost adds to the noise, so a fixed point.
static double twice_detectable(const struct report *r, struct design of) {
    of.effect = WORSE;
    of.drop = 0;
    for (int i = 0; i < 6; i++)
        of.drop = 2 * stats_min_detectable(typical_se(r, &of), of.n);
    return of.drop;
}

struct rates {
    double alarm, found[2], open[2];
    int n_trials;
};

static struct rates measure(const struct report *r, const struct design *of,
                            int n_trials) {
    struct pair pair = new_pair(r, of->n);
    struct rates sum = {.n_trials = n_trials};
    for (int t = 0; t < n_trials; t++) {
        struct draws d = draws_of(t);
        struct result got = run_trial(r, of, &pair, &d);
        sum.alarm += (double)got.alarm / n_trials;
        for (int i = 0; i < 2; i++) {
            sum.found[i] += (double)got.found[i] / n_trials;
            sum.open[i] += (double)got.open[i] / n_trials;
        }
    }
    free_pair(&pair);
    return sum;
}

static void print_rate(const char *what, double rate, int n, const char *more) {
    printf("  %-52s %6.2f %% (SE %.2f)%s\n", what, 100 * rate,
           100 * sqrt(rate * (1 - rate) / n), more);
}

// A promise is broken where chance does not explain it.
static int hold(const char *what, double rate, int n, bool at_most,
                double limit) {
    double se = sqrt(limit * (1 - limit) / n);
    bool holds = at_most ? rate <= limit + 2 * se : rate >= limit - 2 * se;
    print_rate(what, rate, n, holds ? "  ok" : "  BROKEN");
    return !holds;
}

static int print_aa(const struct report *r, struct design of, int n_trials) {
    of.effect = NO_EFFECT;
    of.by_time = false;
    struct rates got = measure(r, &of, n_trials);
    int broken = hold("A/A: a regression in any cell, at most 5 %", got.alarm,
                      n_trials, true, 0.05);
    print_rate("A/A: accuracy of any cell cannot be judged",
               got.open[OF_ACCURACY], n_trials, "");
    print_rate("A/A: speed of any cell cannot be judged", got.open[OF_SPEED],
               n_trials, "");
    of.by_time = true;
    got = measure(r, &of, n_trials);
    print_rate("A/A, halves by time: a regression in any cell", got.alarm,
               n_trials, "");
    return broken;
}

static int print_effects(const struct report *r, struct design of,
                         int n_trials) {
    of.by_time = false;
    of.effect = SLOWER;
    struct rates got = measure(r, &of, n_trials);
    int broken = 0;
    if (of.n >= 100)
        broken += hold("10 % slower: found, at least 95 %", got.found[OF_SPEED],
                       n_trials, false, 0.95);
    else
        print_rate("10 % slower: found", got.found[OF_SPEED], n_trials, "");
    char what[64];
    of.effect = WORSE;
    of.drop = twice_detectable(r, of);
    snprintf(what, sizeof what,
             "accuracy lower by %.1f points: found, at "
             "least 95 %%",
             100 * of.drop);
    got = measure(r, &of, n_trials);
    return broken + hold(what, got.found[OF_ACCURACY], n_trials, false, 0.95);
}

static int check(const struct report *r, struct error *err) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        if (c->usable && !c->n_failed && c->k >= 4 &&
            !isnan(report_mean(c, report_ms)))
            continue;
        return error_set(err, ERR_INPUT,
                         "%s: expected cells without missing or failed "
                         "samples, with times and 4 samples per problem",
                         r->dir);
    }
    if (r->n_cells) return 0;
    return error_set(err, ERR_INPUT, "%s: no cells", r->dir);
}

int main(int argc, char **argv) {
    static const int ns[] = {30, 100}, families[] = {1, FAMILY_MAX};
    struct report r;
    struct error err = {0};
    int n_trials = argc > 2 ? atoi(argv[2]) : DEFAULT_TRIALS, broken = 0;
    stats_init();
    if (argc < 2 || n_trials < 1) {
        fputs("usage: gate_rates FOLDER [TRIALS]\n", stderr);
        return 2;
    }
    if (report_open(&r, argv[1], false, &err) || check(&r, &err)) {
        fprintf(stderr, "gate_rates: %s\n", err.text);
        return 2;
    }
    printf("%s: %d problems, halves of %d samples; %d trials each\n", argv[1],
           r.cells[0].n_problems, r.cells[0].k / 2, n_trials);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            struct design of = {.n = ns[i], .family = families[j]};
            printf("%d problems, %d cells:\n", of.n, of.family);
            broken += print_aa(&r, of, n_trials);
            broken += print_effects(&r, of, n_trials);
        }
    }
    report_release(&r);
    return broken ? 1 : 0;
}
