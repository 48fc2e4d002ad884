#include "engine/methods/speculate.h"

#include "engine/base/error.h"
#include "engine/base/minmax.h"
#include "engine/methods/generate.h"
#include "engine/methods/spec_round.h"

#include <assert.h>
#include <string.h>

// Under the exact rule the draft draws with the target's own number, so that
// where the two distributions agree they pick the same token: the inverse of
// one cumulative distribution against that of another. Two tokens that share
// all the weight are matched as often as any coupling can, min(p, q) summed;
// with more tokens some matches are lost where weight moves between ids that
// lie apart. Simulated on 100 tokens at temperature 0.6, top_p 0.95, matches
// for the best coupling, this one, and Gumbel-max: .89 .85 .88 (peaked, close
// models), .70 .65 .68 (peaked, apart), .53 .40 .48 (flat, apart). Gumbel-max
// would have to be how the target samples in vanilla too: a logarithm and a
// random number for each token, with the same bits on every machine. On models
// trained for chains of arithmetic the two rules accept alike (exact .979 and
// .951, rejection .978 and .952 of drafted tokens on medium and hard problems),
// so the plain inverse stays.
//
// Under the rejection rule every number is of its own: draft, acceptance,
// residual, bonus. Numbers of drafted tokens that were never verified serve
// again for the same positions: what was kept does not depend on them.

// ---- drafting -------------------------------------------------------------

static int encode_missing(struct sample *m, bool *ready, struct error *err) {
    struct workspace *w = m->w;
    const int32_t *tokens;
    int n =
        lm_encode_more(w->lm[ROLE_DRAFT], w->scratch, w->text + m->draft_text,
                       m->n_text - m->draft_text, false, &tokens, err);
    if (n < 0) return error_prefix(err, "text for the draft model");
    *ready = n <= lm_n_free(w->seq[ROLE_DRAFT]);
    if (!*ready) return 0;
    m->draft_text = m->n_text;
    return lm_push(w->seq[ROLE_DRAFT], tokens, n, err);
}

int speculate_sync(struct sample *m, bool *ready, struct error *err) {
    struct workspace *w = m->w;
    if (w->map.relation == VOCAB_APART) return encode_missing(m, ready, err);
    assert(m->draft_kept <= m->n_kept);
    const int32_t *kept = lm_tokens(w->seq[ROLE_BASE]) + w->n_prompt[ROLE_BASE];
    return spec_catch_up(&w->map, w->seq[ROLE_DRAFT], kept, m->n_kept,
                         &m->draft_kept, ready, err);
}

int speculate_room(struct sample *m, bool one_step, struct error *err) {
    const struct workspace *w = m->w;
    bool ready;
    // A round gives one token more than it drafts.
    int n = min_int(m->s->draft_tokens, m->limit - m->n_kept - 1);
    n = min_int(n, lm_n_free(w->seq[ROLE_BASE]) - 1);
    if (one_step) n = min_int(n, m->s->step_tokens - m->scan.n_step_tokens - 1);
    if (n <= 0) return 0;
    if (speculate_sync(m, &ready, err)) return -1;
    if (!ready) return 0;
    // The last drafted token is not pushed to the draft.
    return min_int(n, lm_n_free(w->seq[ROLE_DRAFT]) + 1);
}

// A round of the sample's own transcripts.
struct round {
    struct spec_round spec;
    int n_draft; // of the draft's transcript before the drafted tokens
};

static void round_init(struct round *r, const struct sample *m, int n_draft) {
    spec_round_draw(&r->spec, m->rng, (uint64_t)m->n_kept, n_draft);
    r->spec.n = 0;
    r->n_draft = lm_n_tokens(m->w->seq[ROLE_DRAFT]);
}

static int draft_token(struct sample *m, struct round *r, struct error *err) {
    struct workspace *w = m->w;
    float *q = w->q + (size_t)r->spec.n * (size_t)w->n_vocab;
    const float *row;
    int at = lm_n_tokens(w->seq[ROLE_DRAFT]);
    if (workspace_row(w, ROLE_DRAFT, at, &row, err) ||
        workspace_weights(w, ROLE_DRAFT, row, q, &r->spec.q_total[r->spec.n],
                          err))
        return -1;
    double u =
        m->s->accept == ACCEPT_EXACT
            ? r->spec.u_target[r->spec.n]
            : rng_u01(m->rng, RNG_DRAFT, (uint64_t)(m->n_kept + r->spec.n));
    r->spec.draft[r->spec.n] =
        sample_pick(q, w->n_vocab, r->spec.q_total[r->spec.n], u);
    r->spec.n++;
    return 0;
}

// Would drafting go past a stop? Looks only at tokens drafted so far, so the
// rules stay lossless.
static bool draft_is_done(struct sample *m, int32_t token, bool one_step,
                          struct stop_scan *scan, size_t *n_text) {
    const struct workspace *w = m->w;
    if (lm_token_is_end(w->lm[ROLE_DRAFT], vocab_map_own(&w->map, token)))
        return true;
    sample_add_text(m, w->lm[ROLE_BASE], token, n_text);
    stop_scan_token(scan, m->w->text, *n_text);
    return scan->answer || (one_step && scan->step_done);
}

static int draft_round(struct sample *m, struct round *r, int n_draft,
                       bool one_step, struct error *err) {
    struct stop_scan scan = m->scan;
    size_t n_text = m->n_text;
    for (;;) {
        if (draft_token(m, r, err)) return -1;
        int32_t token = r->spec.draft[r->spec.n - 1];
        if (r->spec.n == n_draft ||
            draft_is_done(m, token, one_step, &scan, &n_text))
            return 0;
        token = vocab_map_own(&m->w->map, token);
        if (lm_push(m->w->seq[ROLE_DRAFT], &token, 1, err)) return -1;
    }
}

// ---- verifying ------------------------------------------------------------

// Target weights after 0..r->spec.n of the drafted tokens, in one batch.
static int verify(struct sample *m, struct round *r, struct error *err) {
    struct workspace *w = m->w;
    struct lm_seq *base = w->seq[ROLE_BASE];
    int first = lm_n_tokens(base), positions[DRAFT_TOKENS_MAX + 1];
    const float *rows[DRAFT_TOKENS_MAX + 1];
    if (lm_push(base, r->spec.draft, r->spec.n, err)) return -1;
    for (int i = 0; i <= r->spec.n; i++)
        positions[i] = first + i;
    int skip = first == w->n_prompt[ROLE_BASE];
    if (skip) rows[0] = w->prompt_row[ROLE_BASE];
    if (lm_rows(base, positions + skip, r->spec.n + 1 - skip, rows + skip, err))
        return -1;
    for (int i = 0; i <= r->spec.n; i++) {
        float *p = w->p + (size_t)i * (size_t)w->n_vocab;
        if (workspace_weights(w, ROLE_BASE, rows[i], p, &r->spec.p_total[i],
                              err))
            return -1;
    }
    return 0;
}

// Keep what was accepted and leave both transcripts at the kept tokens (the
// draft's may lack the last one).
static int settle(struct sample *m, struct round *r, int n_accepted,
                  bool one_step, struct error *err) {
    struct workspace *w = m->w;
    struct lm_seq *base = w->seq[ROLE_BASE], *draft = w->seq[ROLE_DRAFT];
    int first = lm_n_tokens(base) - r->spec.n;
    int n_kept = generate_keep(m, r->spec.draft, n_accepted + 1, one_step);
    int used = n_kept + (m->stop == STOP_END);
    m->t->count.spec_passes++;
    m->t->count.spec_drafted += r->spec.n;
    m->t->count.spec_accepted += n_accepted;
    m->t->count.base_discarded += n_accepted + 1 - used;
    int shared = min_int(n_kept, n_accepted);
    lm_truncate(base, first + shared);
    lm_truncate(draft, min_int(lm_n_tokens(draft), r->n_draft + shared));
    m->draft_kept += lm_n_tokens(draft) - r->n_draft;
    if (n_kept == shared) return 0;
    return lm_push(base, &r->spec.draft[n_accepted], 1, err);
}

int speculate_round(struct sample *m, int n_draft, bool one_step,
                    struct error *err) {
    struct round r;
    assert(n_draft >= 1 && n_draft <= m->w->cap_draft);
    round_init(&r, m, n_draft);
    trace_begin(m->t, PHASE_DRAFT);
    if (draft_round(m, &r, n_draft, one_step, err)) return -1;
    trace_end(m->t);
    trace_begin(m->t, PHASE_VERIFY);
    if (verify(m, &r, err)) return -1;
    int32_t next;
    int n_accepted = spec_round_decide(&r.spec, m->w, m->s->accept, &next);
    r.spec.draft[n_accepted] = next;
    int rc = settle(m, &r, n_accepted, one_step, err);
    trace_end(m->t);
    return rc;
}
