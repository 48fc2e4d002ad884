#include "harness/tables/evaluations.h"

#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/step_checker.h"

#include <math.h>
#include <stdlib.h>

// What the steps of one problem are checked with; no checker: all unknown.
struct check {
    const struct step_checker *checker;
    const char *problem;
    const char **path; // room for the deepest
};

static double right_of(const struct check *k, const struct report_sample *s,
                       int step) {
    if (!k->checker || !k->problem) return NAN;
    int n = s->steps[step].depth;
    for (int i = step, at = n; at > 0; i = s->steps[i].parent)
        k->path[--at] = s->steps[i].text;
    enum step_verdict v = k->checker->judge(k->problem, k->path, n);
    return v == STEP_UNKNOWN ? NAN : v == STEP_RIGHT;
}

static void add_sample(struct evaluations *e, const struct report_sample *s,
                       int problem, struct check *k) {
    k->path = xcalloc((size_t)s->n_steps + 1, sizeof *k->path);
    for (int i = 0; i < s->n_steps; i++) {
        const struct report_step *step = &s->steps[i];
        if (!isfinite(step->score)) continue;
        e->score[e->n] = step->score;
        e->second[e->n] = isfinite(step->second) ? step->second : NAN;
        e->right[e->n] = right_of(k, s, i);
        e->problem[e->n++] = problem;
    }
    free(k->path);
}

static bool counts(const struct report_sample *s) {
    return s->present && !s->failed;
}

void evaluations_fill(struct evaluations *e, const struct report_cell *c) {
    *e = (struct evaluations){0};
    size_t n = 0;
    for (int i = 0; i < c->n_problems * c->k; i++)
        n += counts(&c->samples[i]) ? (size_t)c->samples[i].n_steps : 0;
    e->score = xcalloc(n, sizeof *e->score);
    e->second = xcalloc(n, sizeof *e->second);
    e->right = xcalloc(n, sizeof *e->right);
    e->problem = xcalloc(n, sizeof *e->problem);
    const char *steps = c->dataset->steps;
    struct check k = {.checker = steps ? step_checker_find(steps) : NULL};
    for (int i = 0; i < c->n_problems * c->k; i++) {
        int problem = i / c->k;
        k.problem = c->dataset->problems[problem].text;
        if (counts(&c->samples[i])) add_sample(e, &c->samples[i], problem, &k);
    }
}

void evaluations_release(struct evaluations *e) {
    free(e->score);
    free(e->second);
    free(e->right);
    free(e->problem);
    *e = (struct evaluations){0};
}

void evaluations_keep(struct evaluations *e, bool second, bool right) {
    int n = 0;
    for (int i = 0; i < e->n; i++) {
        if (second && isnan(e->second[i])) continue;
        if (right && isnan(e->right[i])) continue;
        e->score[n] = e->score[i];
        e->second[n] = e->second[i];
        e->right[n] = e->right[i];
        e->problem[n++] = e->problem[i];
    }
    e->n = n;
}

// 0.3 is less than 3 * 0.1 in binary; no bin should show it.
int evaluation_bin(double score) {
    double bin = floor(score * EVALUATION_BINS + 1e-9);
    if (bin < 0) return 0;
    return bin >= EVALUATION_BINS ? EVALUATION_BINS - 1 : (int)bin;
}
