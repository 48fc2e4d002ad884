#include "engine/methods/specreason.h"

#include "engine/base/error.h"
#include "engine/base/minmax.h"
#include "engine/methods/evaluator.h"
#include "engine/methods/generate.h"
#include "engine/methods/prm_judge.h"
#include "engine/methods/speculate.h"

#include <math.h>

// SpecReason (2504.07891, section 4): the draft writes a step, the base grades
// it, and keeps it or writes that step itself. +decode attaches the drafter to
// the base while it rewrites, and changes nothing else.
//
// Differences from the published code, all towards one rule for all methods:
// state is token ids, not text; a step ends with the token that completes the
// delimiter; the stop rule, the budget (never overshot) and the answer phase
// are those of sample.h. A draft that ends the text at once, without a token
// to grade, leaves the step to the base.
//
// What the draft tries is drawn with (RNG_DRAFT, position + attempt << 32), a
// number of its own for each attempt; the base's rewriting uses its ordinary
// numbers. So a sample whose drafts are all rejected is vanilla's, token by
// token.
//
// Neither model evaluates anything twice. The judge's batch gives the base the
// rows before and after the step: rewriting begins at the one, the next step
// at the other. The draft keeps its rows and is pushed what the base wrote.
//
// Two judges leave the base alone: a reward model (prm_judge.h) and the draft's
// own likelihood, the geometric mean of the step's token probabilities at
// temperature 1. The base then reads kept steps when it writes the next time,
// and a sample whose every step is kept not at all.
//
// Models of different tokenizer families exchange text: the step is encoded
// again for the other model, in the workspace's scratch, and stands in the
// base's transcript until it is decided.

// A step that the draft wrote, not final yet.
struct tried_step {
    int n_base, n_draft; // tokens of the transcripts before it
    size_t draft_text;
    const int32_t *tokens; // [n] the base's ids
    int n;
    int n_written; // by the draft
    double log_p;  // of these, for the likelihood
    bool ended;    // the draft ended its text
    int64_t begin_ns;
};

// Room for a drafted step, in tokens: within limit, step and both contexts,
// the suffix included; 0 when the base must write.
static int step_room(struct sample *m, struct error *err) {
    const struct workspace *w = m->w;
    bool ready;
    if (speculate_sync(m, &ready, err)) return -1;
    if (!ready) return 0;
    if (m->s->judge == JUDGE_PRM && prm_judge_is_full(w)) return 0;
    int n_suffix = m->s->judge == JUDGE_DIGIT ? w->n_suffix : 0;
    int n = min_int(m->s->step_tokens, m->limit - m->n_kept);
    n = min_int(n, lm_n_free(w->seq[ROLE_BASE]) - n_suffix);
    n = min_int(n, lm_n_free(w->seq[ROLE_DRAFT]));
    return n > 0 ? n : 0;
}

// The draft writes until the step or its text ends, or `room` is used up.
static int write_step(struct sample *m, struct tried_step *step, int room,
                      size_t *n_text, struct error *err) {
    struct workspace *w = m->w;
    struct lm_seq *draft = w->seq[ROLE_DRAFT];
    bool apart = w->map.relation == VOCAB_APART;
    const struct lm *speaks = w->lm[apart ? ROLE_DRAFT : ROLE_BASE];
    struct stop_scan scan = m->scan;
    uint64_t attempt = (uint64_t)m->n_attempts << 32;
    for (int n = 0; n < room; n++) {
        const float *row;
        double total;
        int at = lm_n_tokens(draft);
        if (workspace_row(w, ROLE_DRAFT, at, &row, err) ||
            workspace_weights(w, ROLE_DRAFT, row, w->q, &total, err))
            return -1;
        if (n == 0 && m->speculate) workspace_hold(w, at, row);
        uint64_t index = (uint64_t)(at - w->n_prompt[ROLE_DRAFT]) | attempt;
        int32_t token = sample_pick(w->q, w->n_vocab, total,
                                    rng_u01(m->rng, RNG_DRAFT, index));
        int32_t own = vocab_map_own(&w->map, token);
        step->ended = lm_token_is_end(w->lm[ROLE_DRAFT], own);
        if (step->ended) return 0;
        if (lm_push(draft, &own, 1, err)) return -1;
        if (m->s->judge == JUDGE_LIKELIHOOD)
            step->log_p += workspace_log_p(w, ROLE_DRAFT, row, token);
        w->tokens[step->n_written++] = token;
        sample_add_text(m, speaks, token, n_text);
        stop_scan_token(&scan, w->text, *n_text);
        if (scan.step_done || scan.answer) return 0;
    }
    return 0;
}

// The written tokens as the base's, text cut to `room`.
static int translate_step(struct sample *m, struct tried_step *step, int room,
                          size_t n_text, struct error *err) {
    struct workspace *w = m->w;
    step->tokens = w->tokens;
    step->n = step->n_written;
    if (w->map.relation != VOCAB_APART) return 0;
    step->n = lm_encode_more(w->lm[ROLE_BASE], w->scratch, w->text + m->n_text,
                             n_text - m->n_text, false, &step->tokens, err);
    if (step->n < 0) return error_prefix(err, "text of a drafted step");
    step->n = min_int(step->n, room);
    return 0;
}

static void record_step(struct sample *m, const struct tried_step *step,
                        const struct verdict *v, int n_tokens, size_t n_text) {
    bool random = m->s->judge == JUDGE_RANDOM;
    struct step record = {
        .author = AUTHOR_DRAFT,
        .kept = v && v->keep,
        .judged = v != NULL,
        .score = v ? v->score : NAN,
        .second = NAN,
        .threshold = v && !random ? m->s->threshold : NAN,
        .n_tokens = n_tokens,
        .time_ns = trace_now(m->t) - step->begin_ns,
    };
    trace_step(m->t, &record, m->w->text + m->step_text, n_text - m->step_text);
}

static void keep_step(struct sample *m, const struct tried_step *step,
                      const struct verdict *v, size_t n_text) {
    struct workspace *w = m->w;
    int n = 0;
    while (n < step->n && !m->stop) {
        if (!sample_keep(m, step->tokens[n], AUTHOR_DRAFT)) break;
        n++;
    }
    lm_truncate(w->seq[ROLE_BASE], step->n_base + n);
    if (!m->stop && step->ended) m->stop = STOP_END;
    m->draft_text = m->n_text;
    if (n < step->n || m->n_text != n_text) {
        // Only part was kept (a stop or a cut inside a translated step): the
        // draft starts again from what it had, should it go on.
        lm_truncate(w->seq[ROLE_DRAFT], step->n_draft);
        m->draft_text = step->draft_text;
    } else {
        m->draft_kept = m->n_kept;
    }
    record_step(m, step, v, n, m->n_text);
    sample_step_begin(m);
}

static int drop_step(struct sample *m, const struct tried_step *step,
                     const struct verdict *v, size_t n_text,
                     struct error *err) {
    struct workspace *w = m->w;
    lm_truncate(w->seq[ROLE_BASE], step->n_base);
    lm_truncate(w->seq[ROLE_DRAFT], step->n_draft);
    m->draft_text = step->draft_text;
    m->t->count.step_tokens_discarded += step->n_written;
    record_step(m, step, v, step->n_written, n_text);
    sample_step_begin(m);
    return generate(m, true, err);
}

static int judge_likelihood(struct sample *m, const struct tried_step *step,
                            struct verdict *v, struct error *err) {
    struct claim claim = {.likelihood = exp(step->log_p / step->n_written)};
    if (evaluator_score(EVALUATOR_LIKELIHOOD, m->w, m->s, m->rng, m->t, &claim,
                        1, NULL, NULL, err))
        return -1;
    v->score = claim.score;
    v->keep = v->score >= m->s->threshold;
    return 0;
}

static int judge(struct sample *m, const struct tried_step *step, size_t n_text,
                 struct verdict *v, struct error *err) {
    switch (m->s->judge) {
    case JUDGE_PRM:
        return prm_judge_step(m, step->tokens, step->n, n_text, v, err);
    case JUDGE_LIKELIHOOD:
        return judge_likelihood(m, step, v, err);
    default:
        return judge_step(m, step->n_base, v, err);
    }
}

static int judge_tried(struct sample *m, struct tried_step *step, size_t n_text,
                       struct error *err) {
    struct verdict v;
    if (step->n == 0) return drop_step(m, step, NULL, n_text, err);
    struct lm_seq *base = m->w->seq[ROLE_BASE];
    if (lm_push(base, step->tokens, step->n, err)) return -1;
    step->tokens = lm_tokens(base) + step->n_base; // a judge may encode, too
    trace_begin(m->t, PHASE_JUDGE);
    if (judge(m, step, n_text, &v, err)) return -1;
    trace_end(m->t);
    if (!v.keep) return drop_step(m, step, &v, n_text, err);
    keep_step(m, step, &v, n_text);
    return 0;
}

static int speculate_step(struct sample *m, struct error *err) {
    struct workspace *w = m->w;
    size_t n_text = m->n_text;
    struct tried_step step = {.begin_ns = trace_now(m->t)};
    sample_step_begin(m);
    trace_begin(m->t, PHASE_DRAFT);
    int room = step_room(m, err);
    if (room < 0) return -1;
    step.n_base = lm_n_tokens(w->seq[ROLE_BASE]);
    step.n_draft = lm_n_tokens(w->seq[ROLE_DRAFT]);
    step.draft_text = m->draft_text;
    m->n_attempts++;
    if (write_step(m, &step, room, &n_text, err) ||
        translate_step(m, &step, room, n_text, err))
        return -1;
    trace_end(m->t);
    m->t->count.step_tokens_drafted += step.n_written;
    return room > 0 ? judge_tried(m, &step, n_text, err)
                    : generate(m, true, err);
}

// The reward model's transcript goes along.
static int follow(struct sample *m, struct error *err) {
    if (m->s->judge != JUDGE_PRM || m->stop) return 0;
    trace_begin(m->t, PHASE_JUDGE);
    if (prm_judge_follow(m, err)) return -1;
    trace_end(m->t);
    return 0;
}

static int solve(struct sample *m, struct error *err) {
    if (m->s->judge == JUDGE_PRM) prm_judge_begin(m->w);
    while (!m->stop) {
        bool base_writes = m->scan.n_steps < m->s->first_n_base;
        int rc = base_writes ? generate(m, true, err) : speculate_step(m, err);
        if (rc || follow(m, err)) return -1;
    }
    return sample_finish(m, err);
}

static int specreason_solve(struct workspace *w, const struct settings *s,
                            const struct rng *rng, struct trace *t,
                            struct error *err) {
    struct sample m;
    sample_init(&m, w, s, rng, t);
    return solve(&m, err);
}

static int specreason_decode_solve(struct workspace *w,
                                   const struct settings *s,
                                   const struct rng *rng, struct trace *t,
                                   struct error *err) {
    struct sample m;
    sample_init(&m, w, s, rng, t);
    m.speculate = true;
    return solve(&m, err);
}

const struct method method_specreason = {
    .name = "specreason",
    .help = "the draft writes steps, the base grades them and rewrites the "
            "poor ones",
    .bit = BIT_SPECREASON,
    .needs = METHOD_NEEDS_DRAFT,
    .base_caps = LM_CAP_LOGITS,
    .draft_caps = LM_CAP_LOGITS,
    .solve = specreason_solve,
};

const struct method method_specreason_decode = {
    .name = "specreason+decode",
    .help = "specreason, with token-level speculation while the base rewrites",
    .bit = BIT_SPECREASON_DECODE,
    .needs = METHOD_NEEDS_DRAFT | METHOD_EXCHANGES_IDS,
    .base_caps = LM_CAP_LOGITS,
    .draft_caps = LM_CAP_LOGITS,
    .solve = specreason_decode_solve,
};
