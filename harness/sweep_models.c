#include "harness/sweep_models.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "harness/prompt_group.h"
#include "harness/scripted_models.h"

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

static int seqs_needed(const struct sweep *s, int model) {
    struct prompt_groups groups;
    prompt_groups_init(&groups, s);
    int n = prompt_groups_n_seq(&groups, model);
    prompt_groups_release(&groups);
    return n;
}

static struct lm *open_model(struct sweep_models *m, const struct sweep *s,
                             int model, int n_workers, struct batcher *batcher,
                             struct error *err) {
    const struct config *c = s->config;
    const struct model_spec *spec = &c->models[model];
    int n_rows = rows_needed(s);
    // Several threads would race on the virtual clock, and samples of a
    // throughput run carry no times anyway.
    if (spec->scripted)
        return scripted_model_open(spec->scripted, n_rows, c->engine.context,
                                   n_workers > 1 ? NULL : &m->virtual_ns, err);
    const struct lm_native_options o = {
        .isa = engine_isa_names[c->engine.isa],
        .n_threads = c->engine.threads,
        .n_ctx = c->engine.context,
        .n_seq = n_workers * seqs_needed(s, model),
        .n_rows = n_rows,
        .prefill_blas = c->engine.prefill == PREFILL_BLAS,
        .batcher = batcher,
    };
    return lm_native_open(spec->path, &o, err);
}

static int check_cells(const struct sweep_models *m, const struct sweep *s,
                       int n_workers, struct error *err) {
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        const struct lm *base = m->lms[c->base];
        const struct lm *draft = c->draft < 0 ? NULL : m->lms[c->draft];
        if (method_check(c->method, base, draft, &c->settings, err))
            return place_prefix(&c->place, err);
        unsigned caps = lm_caps(base) & (draft ? lm_caps(draft) : ~0u);
        if (n_workers > 1 && !(caps & LM_CAP_SHARED))
            return place_error(&c->place, err,
                               "mode throughput needs models that several "
                               "samples can share; backend %s cannot",
                               lm_facts(base)->backend);
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
