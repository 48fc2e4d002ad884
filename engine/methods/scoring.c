#include "engine/methods/scoring.h"

#include "engine/methods/evaluator.h"
#include "engine/methods/transcript.h"

#include <assert.h>

// As many thoughts as there are live transcripts are scored in one batch. Each
// is attached to its node, so that only what its path lacks is evaluated: the
// thought, as a rule, and the tag or suffix.

struct scoring {
    struct search *x;
    enum evaluator_kind kind;
    int role; // of the model that is asked; -1: none
    int nodes[LM_SHARED_MAX];
    struct claim claims[LM_SHARED_MAX];
    int n;
};

static int rows(void *ctx, const struct lm_ask *asks, int n,
                struct error *err) {
    const struct scoring *c = ctx;
    return transcript_rows(c->x, (enum model_role)c->role, asks, n, err);
}

static double *score_of(const struct scoring *c, int node) {
    struct node *n = &c->x->tree.nodes[node];
    bool first = (int)c->kind == c->x->s->evaluator;
    return first ? &n->score : &n->second;
}

// Nodes that do not fit are scored here; the others become claims.
static int claim(struct scoring *c, int node, struct error *err) {
    struct search *x = c->x;
    struct claim claim = {
        .likelihood = tree_likelihood(&x->tree, node),
        .draw = x->tree.nodes[node].drawn,
    };
    bool fits = true;
    if (c->role >= 0) {
        enum model_role role = (enum model_role)c->role;
        int n_suffix = evaluator_n_suffix(c->kind, x->w);
        claim.seq = transcript_take(x, role);
        int rc =
            transcript_attach(x, role, node, claim.seq, n_suffix, &fits, err);
        if (rc || !fits) transcript_give(x, role, claim.seq);
        if (rc) return -1;
    }
    *score_of(c, node) = 0;
    if (!fits) return 0;
    c->nodes[c->n] = node;
    c->claims[c->n++] = claim;
    return 0;
}

static int ask(struct scoring *c, struct error *err) {
    struct search *x = c->x;
    if (evaluator_score(c->kind, x->w, x->s, x->rng, x->t, c->claims, c->n,
                        rows, c, err))
        return -1;
    for (int i = 0; i < c->n; i++) {
        *score_of(c, c->nodes[i]) = c->claims[i].score;
        if (c->role >= 0)
            transcript_keep(x, (enum model_role)c->role, c->nodes[i],
                            c->claims[i].seq);
    }
    return 0;
}

static void give_back(struct scoring *c) {
    for (int i = 0; i < c->n && c->role >= 0; i++)
        transcript_give(c->x, (enum model_role)c->role, c->claims[i].seq);
}

// What a thought costs is read with its tokens, and once it is asked for.
static void share_time(struct search *x, int first, int n, int64_t ns) {
    struct node *nodes = x->tree.nodes + first;
    int64_t n_all = 0;
    for (int i = 0; i < n; i++)
        n_all += nodes[i].n_tokens + 1;
    for (int i = 0; i < n; i++)
        nodes[i].time_ns +=
            (int64_t)((double)ns * (nodes[i].n_tokens + 1) / (double)n_all);
}

static int score_some(struct search *x, enum evaluator_kind kind, int first,
                      int n, struct error *err) {
    struct scoring c = {.x = x, .kind = kind, .role = evaluators[kind].role};
    int64_t begin_ns = trace_now(x->t);
    int rc = 0;
    for (int i = 0; i < n && !rc; i++)
        rc = claim(&c, first + i, err);
    if (!rc) rc = ask(&c, err);
    give_back(&c);
    share_time(x, first, n, trace_now(x->t) - begin_ns);
    return rc;
}

static int score_all(struct search *x, enum evaluator_kind kind, int first,
                     int n, struct error *err) {
    assert(x->n_live >= 1 && x->n_live <= LM_SHARED_MAX);
    if (kind == EVALUATOR_NONE) return 0;
    for (int at = 0; at < n; at += x->n_live) {
        int n_some = n - at < x->n_live ? n - at : x->n_live;
        if (score_some(x, kind, first + at, n_some, err)) return -1;
    }
    return 0;
}

int scoring_run(struct search *x, int first, int n, struct error *err) {
    trace_begin(x->t, PHASE_JUDGE);
    if (score_all(x, (enum evaluator_kind)x->s->evaluator, first, n, err) ||
        score_all(x, (enum evaluator_kind)x->s->second_evaluator, first, n,
                  err))
        return -1;
    trace_end(x->t);
    return 0;
}
