#include "harness/plan_measure.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/engine.h"
#include "harness/run.h"
#include "harness/sample_record.h"
#include "harness/sweep.h"
#include "harness/sweep_models.h"

#include <math.h>

const struct plan_measure plan_not_measured = {NAN, NAN, NAN, NAN, NAN};

static size_t line_bytes(const struct sweep *s, const struct cell *c,
                         int problem, const struct trace *t) {
    struct arena arena = {0};
    struct buf line;
    struct sample sample;
    buf_init(&line);
    run_describe(s, c, problem, 0, &sample);
    sample_from_trace(&sample, t, &arena);
    sample_print(&sample, &line);
    size_t n = line.n_bytes + 1; // its newline
    buf_release(&line);
    arena_release(&arena);
    return n;
}

static void add_sample(struct plan_measure *sum, const struct trace *t,
                       size_t n_bytes) {
    double prompt_ms = (double)t->phase_ns[PHASE_PROMPT] / 1e6;
    sum->prompt_ms += prompt_ms;
    sum->solve_ms += (double)t->total_ns / 1e6 - prompt_ms;
    sum->kept_tokens += (double)t->count.kept_tokens;
    for (int r = 0; r < ROLE_N; r++)
        sum->evaluated_tokens += (double)t->count.evaluated[r];
    sum->line_bytes += (double)n_bytes;
}

static int measure_problem(const struct sweep *s, const struct cell *c,
                           const struct clock *clock, struct workspace *w,
                           int index, struct plan_measure *sum,
                           struct error *err) {
    const struct problem *problem = &s->sets[c->dataset].problems[index];
    struct trace_size size = method_trace_size(c->method, &c->settings);
    struct rng rng = rng_make((uint64_t)s->config->top.seed, problem->id, 0);
    struct trace t;
    trace_init_size(&t, clock, &size);
    int status = workspace_load(w, problem->text, problem->question,
                                &c->settings, clock, err);
    if (!status)
        status = method_solve(c->method, w, &c->settings, &rng, &t, err);
    if (!status) add_sample(sum, &t, line_bytes(s, c, index, &t));
    trace_release(&t);
    if (status) return error_prefix(err, "%s, %s", c->label, problem->id);
    return 0;
}

static struct plan_measure mean_of(const struct plan_measure *sum, int n) {
    return (struct plan_measure){
        .prompt_ms = sum->prompt_ms / n,
        .solve_ms = sum->solve_ms / n,
        .kept_tokens = sum->kept_tokens / n,
        .evaluated_tokens = sum->evaluated_tokens / n,
        .line_bytes = sum->line_bytes / n,
    };
}

int plan_measure_cell(const struct sweep *s, const struct sweep_models *m,
                      const struct cell *c, const struct clock *clock,
                      int n_problems, struct plan_measure *out,
                      struct error *err) {
    const struct problem_set *set = &s->sets[c->dataset];
    struct models models = sweep_models_of_cell(m, c);
    struct workspace *w = workspace_new(&models, &c->settings, err);
    if (!w) return -1;
    int n = set->n < n_problems ? set->n : n_problems, status = 0;
    struct plan_measure sum = {0}, cold = {0};
    if (s->config->top.warmup)
        status = measure_problem(s, c, clock, w, 0, &cold, err);
    for (int i = 0; i < n && !status; i++)
        status = measure_problem(s, c, clock, w, i, &sum, err);
    workspace_free(w);
    *out = mean_of(&sum, n);
    return status;
}
