#include "harness/sweep_models.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "harness/prompt_group.h"
#include "harness/scripted_models.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

// Rows kept per sequence: those of a verification and a few around it.
enum { SPARE_ROWS = 4 };

static int rows_needed(const struct sweep *s) {
    int n = 1;
    for (int i = 0; i < s->n_cells; i++) {
        int drafted = s->cells[i].settings.draft_tokens;
        if (drafted > n) n = drafted;
    }
    return n + SPARE_ROWS;
}

static struct method_seqs seqs_needed(const struct sweep *s, int model) {
    struct prompt_groups groups;
    prompt_groups_init(&groups, s);
    struct method_seqs n = prompt_groups_seqs(&groups, s, model);
    prompt_groups_release(&groups);
    return n;
}

// Of all workers; too many are refused where the memory is counted.
static int of_workers(int n_workers, int n) {
    return n > INT_MAX / n_workers ? INT_MAX : n_workers * n;
}

static struct lm_native_options options_of(const struct sweep *s, int model,
                                           int n_workers) {
    const struct engine_config *e = &s->config->engine;
    struct method_seqs seqs = seqs_needed(s, model);
    return (struct lm_native_options){
        .isa = engine_isa_names[e->isa],
        .n_threads = e->threads,
        .n_ctx = e->context,
        .n_seq = of_workers(n_workers, seqs.n_seq),
        .n_forks = of_workers(n_workers, seqs.n_forks),
        .fork_tokens = seqs.fork_tokens,
        .n_rows = rows_needed(s),
        .prefill_blas = e->prefill == PREFILL_BLAS,
        .kv = engine_kv_names[e->kv],
    };
}

static struct lm *open_model(struct sweep_models *m, const struct sweep *s,
                             int model, int n_workers, struct batcher *batcher,
                             struct error *err) {
    const struct config *c = s->config;
    const struct model_spec *spec = &c->models[model];
    // Several threads would race on the virtual clock, and samples of a
    // throughput run carry no times anyway.
    if (spec->scripted)
        return scripted_model_open(spec->scripted, rows_needed(s),
                                   c->engine.context,
                                   n_workers > 1 ? NULL : &m->virtual_ns, err);
    struct lm_native_options o = options_of(s, model, n_workers);
    o.batcher = batcher;
    return lm_native_open(spec->path, &o, err);
}

struct models sweep_models_of_cell(const struct sweep_models *m,
                                   const struct cell *c) {
    struct models models = {{NULL}};
    for (int r = 0; r < ROLE_N; r++) {
        int model = cell_model(c, (enum model_role)r);
        if (model >= 0) models.lm[r] = m->lms[model];
    }
    return models;
}

static int check_cells(const struct sweep_models *m, const struct sweep *s,
                       int n_workers, struct error *err) {
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        struct models models = sweep_models_of_cell(m, c);
        if (method_check(c->method, &models, &c->settings, err))
            return place_prefix(&c->place, err);
        for (int r = 0; r < ROLE_N && n_workers > 1; r++) {
            const struct lm *lm = models.lm[r];
            if (!lm || (lm_caps(lm) & LM_CAP_SHARED)) continue;
            return place_error(&c->place, err,
                               "mode throughput needs models that several "
                               "samples can share; backend %s cannot",
                               lm_facts(lm)->backend);
        }
    }
    return 0;
}

int sweep_models_open(struct sweep_models *m, const struct sweep *s,
                      int n_workers, struct batcher *batcher,
                      struct error *err) {
    int n = s->config->n_models;
    *m = (struct sweep_models){.n = n, .is_virtual = true};
    m->lms = xcalloc((size_t)n, sizeof *m->lms);
    for (int i = 0; i < n; i++) {
        const struct model_spec *spec = &s->config->models[i];
        if (!sweep_uses_model(s, i)) continue;
        if (!spec->scripted) m->is_virtual = false;
        m->lms[i] = open_model(m, s, i, n_workers, batcher, err);
        if (m->lms[i]) continue;
        place_prefix(&spec->place, err);
        sweep_models_close(m);
        return -1;
    }
    if (check_cells(m, s, n_workers, err) == 0) return 0;
    sweep_models_close(m);
    return -1;
}

// ---- memory ---------------------------------------------------------------

static size_t add_capped(size_t a, size_t b) {
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

// Logits rows of all live transcripts.
static size_t rows_bytes(const struct sweep *s, int model, int n_workers,
                         size_t row_bytes) {
    int n_live = of_workers(n_workers, seqs_needed(s, model).n_live);
    size_t n_rows = (size_t)n_live * (size_t)rows_needed(s), n_bytes;
    bool over = __builtin_mul_overflow(n_rows, row_bytes, &n_bytes);
    return over ? SIZE_MAX : n_bytes;
}

// What one model takes, added to *total and said.
static int add_need(const struct sweep *s, int model, int n_workers,
                    size_t *total, FILE *log, struct error *err) {
    const struct model_spec *spec = &s->config->models[model];
    struct lm_native_options o = options_of(s, model, n_workers);
    struct lm_need need;
    if (lm_native_need(spec->path, &o, &need, err))
        return place_prefix(&spec->place, err);
    size_t kv_bytes = need.kv_bytes ? need.kv_bytes : SIZE_MAX; // overflow
    size_t rows = rows_bytes(s, model, n_workers, need.row_bytes);
    *total = add_capped(*total, add_capped(need.weights_bytes, kv_bytes));
    *total = add_capped(*total, rows);
    fprintf(log,
            "model %s: %.1f MB of weights, %.1f MB of KV cache (%s, %d x %d "
            "tokens",
            spec->name, (double)need.weights_bytes / 1e6,
            (double)kv_bytes / 1e6, o.kv, o.n_seq, need.n_ctx);
    if (o.n_forks)
        fprintf(log, " and %d forks of %d", o.n_forks, o.fork_tokens);
    fprintf(log, "), %.1f MB of logits\n", (double)rows / 1e6);
    return 0;
}

static bool searches(const struct sweep *s) {
    for (int i = 0; i < s->n_cells; i++) {
        if (s->cells[i].method->needs & METHOD_SEARCHES) return true;
    }
    return false;
}

int sweep_models_check_memory(const struct sweep *s, int n_workers,
                              size_t available, FILE *log, struct error *err) {
    const struct config *c = s->config;
    size_t total = 0;
    for (int i = 0; i < c->n_models; i++) {
        if (c->models[i].scripted || !sweep_uses_model(s, i)) continue;
        if (add_need(s, i, n_workers, &total, log, err)) return -1;
    }
    if (total <= available) return 0;
    return error_set(
        err, ERR_MEMORY,
        "%s: weights, KV caches and logits take %.1f MB, %.1f MB of "
        "memory are free; lower engine.context or concurrency, or "
        "set engine.kv to f16 or q8_0%s",
        c->path, (double)total / 1e6, (double)available / 1e6,
        searches(s) ? ", or narrow the search" : "");
}

int sweep_n_workers(const struct sweep *s) {
    const struct top_config *top = &s->config->top;
    return top->mode == MODE_THROUGHPUT ? top->concurrency : 1;
}

void sweep_models_close(struct sweep_models *m) {
    for (int i = 0; m->lms && i < m->n; i++)
        lm_free(m->lms[i]);
    free(m->lms);
    *m = (struct sweep_models){0};
}

static int64_t virtual_now(void *ctx) {
    // Scripted models advance it from several threads.
    const struct sweep_models *m = ctx;
    return __atomic_load_n(&m->virtual_ns, __ATOMIC_RELAXED);
}

static int64_t monotonic_now(void *ctx) {
    (void)ctx;
    return clock_now_ns(NULL);
}

struct clock sweep_clock(struct sweep_models *m) {
    return (struct clock){.now_ns = m->is_virtual ? virtual_now : monotonic_now,
                          .ctx = m};
}
