#include "engine/methods/prm_judge.h"

#include "engine/methods/evaluator.h"

void prm_judge_begin(struct workspace *w) {
    w->prm_reading =
        (struct prm_reading){.n_tokens = lm_n_tokens(w->seq[ROLE_PRM])};
}

bool prm_judge_is_full(const struct workspace *w) {
    return w->prm_reading.is_full;
}

static int push_step(struct workspace *w, const int32_t *tokens, int n,
                     size_t end, bool *fits, struct error *err) {
    const struct prm_reading *r = &w->prm_reading;
    const struct prm_step step = {
        .number = r->n_steps + 1,
        .tokens = tokens,
        .n_tokens = n,
        .text = w->text + r->n_text,
        .n_bytes = end - r->n_text,
    };
    return prm_push_step(&w->prm, w->seq[ROLE_PRM], w->scratch, &step, fits,
                         err);
}

static int rows_alone(void *ctx, const struct lm_ask *asks, int n,
                      struct error *err) {
    (void)ctx;
    return lm_rows_batch(asks, n, err);
}

int prm_judge_step(struct sample *m, const int32_t *tokens, int n,
                   size_t n_text, struct verdict *v, struct error *err) {
    struct workspace *w = m->w;
    struct prm_reading *r = &w->prm_reading;
    struct claim claim = {.seq = w->seq[ROLE_PRM]};
    bool fits;
    if (push_step(w, tokens, n, n_text, &fits, err)) return -1;
    if (fits && evaluator_score(EVALUATOR_PRM, w, m->s, m->rng, m->t, &claim, 1,
                                rows_alone, NULL, err))
        return -1;
    v->score = claim.score;
    v->keep = v->score >= m->s->threshold;
    if (!v->keep) lm_truncate(claim.seq, r->n_tokens);
    r->has_judged = v->keep && fits;
    r->judged_kept = m->n_kept + n;
    r->judged_text = n_text;
    return 0;
}

int prm_judge_follow(struct sample *m, struct error *err) {
    struct workspace *w = m->w;
    struct lm_seq *seq = w->seq[ROLE_PRM];
    struct prm_reading *r = &w->prm_reading;
    bool is_read = r->has_judged && r->judged_kept == m->n_kept &&
                   r->judged_text == m->n_text;
    r->has_judged = false;
    if (r->is_full || m->n_kept == r->n_kept) return 0;
    if (!is_read) {
        const int32_t *tokens = lm_tokens(w->seq[ROLE_BASE]);
        bool fits;
        lm_truncate(seq, r->n_tokens);
        if (push_step(w, tokens + w->n_prompt[ROLE_BASE] + r->n_kept,
                      m->n_kept - r->n_kept, m->n_text, &fits, err))
            return -1;
        r->is_full = !fits;
    }
    r->n_steps++;
    r->n_tokens = lm_n_tokens(seq);
    r->n_kept = m->n_kept;
    r->n_text = m->n_text;
    return 0;
}
