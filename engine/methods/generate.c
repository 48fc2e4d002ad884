#include "engine/methods/generate.h"

#include "engine/methods/speculate.h"

// Plain writing asks for one row per token and is one phase from first to
// last token: nothing but the model, the sampler and the stop rule runs.

int generate_keep(struct sample *m, const int32_t *tokens, int n,
                  bool one_step) {
    int i = 0;
    while (i < n && sample_keep(m, tokens[i], AUTHOR_BASE)) {
        i++;
        bool step_done = m->scan.step_done;
        if (step_done) sample_step_end(m);
        if (m->stop || (step_done && one_step)) break;
    }
    return i;
}

static int write_token(struct sample *m, bool one_step, struct error *err) {
    struct workspace *w = m->w;
    struct lm_seq *seq = w->seq[ROLE_BASE];
    const float *row;
    double total;
    if (workspace_row(w, ROLE_BASE, lm_n_tokens(seq), &row, err) ||
        workspace_weights(w, ROLE_BASE, row, w->p, &total, err))
        return -1;
    double u = rng_u01(m->rng, RNG_TARGET, (uint64_t)m->n_kept);
    int32_t token = sample_pick(w->p, w->n_vocab, total, u);
    if (generate_keep(m, &token, 1, one_step) == 0) return 0;
    return lm_push(seq, &token, 1, err);
}

int generate(struct sample *m, bool one_step, struct error *err) {
    struct workspace *w = m->w;
    int n_steps = m->scan.n_steps;
    if (!m->speculate) trace_begin(m->t, PHASE_BASE);
    while (!m->stop && !(one_step && m->scan.n_steps > n_steps)) {
        if (lm_n_free(w->seq[ROLE_BASE]) == 0) {
            m->stop = STOP_CONTEXT;
            break;
        }
        int n_draft = m->speculate ? speculate_room(m, one_step, err) : 0;
        if (n_draft < 0) return -1;
        if (n_draft > 0) {
            if (speculate_round(m, n_draft, one_step, err)) return -1;
            continue;
        }
        if (m->speculate) trace_begin(m->t, PHASE_BASE);
        if (write_token(m, one_step, err)) return -1;
        if (m->speculate) trace_end(m->t);
    }
    if (!m->speculate) trace_end(m->t);
    if (m->stop) sample_step_end(m);
    return 0;
}
