#include "engine/methods/search.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/methods/beam.h"
#include "engine/methods/choose.h"
#include "engine/methods/mcts.h"
#include "engine/methods/sample.h"
#include "engine/methods/transcript.h"
#include "engine/methods/writing.h"

#include <math.h>
#include <stdlib.h>

// ---- size -----------------------------------------------------------------

enum { PASTS_MAX = 512 };

static int64_t min_i64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// Thoughts that the draft writes after one node.
static int64_t n_drafts(const struct method *m, const struct settings *s) {
    if (m->bit != BIT_SPECSEARCH) return 0;
    return (int64_t)ceil(s->draft_factor * s->tree_width);
}

void search_size(const struct method *m, const struct settings *s,
                 struct search_size *size) {
    *size = (struct search_size){0};
    if (!(m->needs & METHOD_SEARCHES)) return;
    int extra = m->bit == BIT_SPECSEARCH ? s->extra_thoughts : 0;
    int64_t drafts = n_drafts(m, s), written = s->tree_width + extra;
    int64_t side = s->search == SEARCH_BEAM ? s->beam_width : 1;
    int64_t rounds = s->search == SEARCH_BEAM ? 1 : s->iterations;
    int64_t layer = side * (drafts + written);
    int64_t n_nodes = rounds * s->max_depth * layer;
    int64_t n_pasts = s->search == SEARCH_BEAM ? side + layer : n_nodes;
    int64_t n_live = side * (drafts > written ? drafts : written);
    size->n_nodes = (int)min_i64(n_nodes, SEARCH_NODES_MAX + 1);
    size->n_layer = (int)(drafts + written);
    size->n_live = (int)min_i64(n_live, LM_SHARED_MAX);
    size->n_pasts = (int)min_i64(n_pasts, PASTS_MAX);
    size->n_full = (int)(s->search == SEARCH_BEAM ? side : rounds);
    size->fork_tokens = (int)min_i64(s->step_tokens, s->budget_tokens);
}

// ---- life -----------------------------------------------------------------

static void pool_close(struct seq_pool *p) {
    for (int i = 0; i < p->n; i++)
        lm_seq_free(p->free[i]);
    free(p->free);
    *p = (struct seq_pool){0};
}

// Grow a pool whose sequences are all free.
static int pool_fit(struct seq_pool *p, struct lm *lm, int n, bool keeps_rows,
                    struct error *err) {
    if (n <= p->n) return 0;
    p->free = xrealloc(p->free, (size_t)n * sizeof *p->free);
    while (p->n < n) {
        struct lm_seq *seq =
            keeps_rows ? lm_seq_new(lm, err) : lm_seq_new_past(lm, err);
        if (!seq) return -1;
        p->free[p->n_free++] = seq;
        p->n++;
    }
    return 0;
}

static int fit_pools(struct search *x, const struct method *m,
                     const struct settings *s, const struct search_size *size,
                     struct error *err) {
    unsigned roles = method_roles(m, s);
    for (int r = 0; r < ROLE_N; r++) {
        struct lm *lm = x->w->lm[r];
        if (!(roles & (1u << r))) continue;
        if (pool_fit(&x->live[r], lm, size->n_live, true, err) ||
            pool_fit(&x->pasts[r], lm, size->n_pasts, false, err))
            return error_prefix(err, "%s model", role_name[r]);
    }
    return 0;
}

// Tokens of a thought: no more than fit the context of who writes it.
static int thought_tokens(const struct workspace *w,
                          const struct search_size *size) {
    int n_ctx = 0;
    for (int r = ROLE_BASE; r <= ROLE_DRAFT; r++) {
        if (w->lm[r] && lm_facts(w->lm[r])->n_ctx > n_ctx)
            n_ctx = lm_facts(w->lm[r])->n_ctx;
    }
    return (int)min_i64(size->fork_tokens, n_ctx);
}

static void fit_lists(struct search *x, const struct settings *s) {
    size_t n = (size_t)x->tree.cap_nodes;
    size_t n_ends = (size_t)s->beam_width + (size_t)s->iterations;
    if (n > x->cap_scratch) {
        x->scratch = xrealloc(x->scratch, n * sizeof *x->scratch);
        x->scores = xrealloc(x->scores, n * sizeof *x->scores);
        x->cap_scratch = n;
    }
    if (n_ends > x->cap_ends) {
        x->finished = xrealloc(x->finished, n_ends * sizeof *x->finished);
        x->frontier = xrealloc(x->frontier, n_ends * sizeof *x->frontier);
        x->votes = xrealloc(x->votes, n_ends * sizeof *x->votes);
        x->cap_ends = n_ends;
    }
}

int search_fit(struct workspace *w, const struct method *m,
               const struct settings *s, struct error *err) {
    struct search_size size;
    search_size(m, s, &size);
    if (!w->search) {
        w->search = xcalloc(1, sizeof *w->search);
        w->search->w = w;
    }
    struct search *x = w->search;
    int n_tokens = thought_tokens(w, &size);
    if (tree_fit(&x->tree, size.n_nodes, n_tokens, w->max_token_bytes, err) ||
        fit_pools(x, m, s, &size, err))
        return -1;
    fit_lists(x, s);
    x->n_live = size.n_live;
    x->n_layer = size.n_layer;
    return writer_fit(x, n_tokens, err);
}

void search_free(struct search *x) {
    if (!x) return;
    for (int r = 0; r < ROLE_N; r++) {
        pool_close(&x->live[r]);
        pool_close(&x->pasts[r]);
    }
    tree_release(&x->tree);
    writer_free(x);
    free(x->scratch);
    free(x->finished);
    free(x->frontier);
    free(x->votes);
    free(x->scores);
    free(x);
}

// ---- solving --------------------------------------------------------------

static void begin(struct search *x, const struct method *m,
                  const struct settings *s, const struct rng *rng,
                  struct trace *t) {
    tree_reset(&x->tree);
    x->method = m;
    x->s = s;
    x->rng = rng;
    x->t = t;
    x->threshold.value = NAN;
    x->n_drawn = 0;
    x->n_finished = x->n_frontier = 0;
    t->tree = true;
}

// Why a path that ends with this node is over.
static enum stop_reason stop_of(const struct search *x, int node) {
    const struct tree *t = &x->tree;
    if (node == TREE_ROOT)
        return t->n_nodes > 0 ? STOP_NO_THOUGHT : STOP_CONTEXT;
    if (t->nodes[node].end) return t->nodes[node].end;
    bool deep = t->nodes[node].depth >= x->s->max_depth;
    return deep ? STOP_STEPS : STOP_NO_THOUGHT;
}

// A thought becomes part of the sample, and of the base's transcript, where it
// stays pending unless an answer phase asks for more.
static int keep_thought(struct search *x, struct sample *m, int node,
                        struct error *err) {
    struct lm_seq *base = x->w->seq[ROLE_BASE];
    const int32_t *tokens = tree_tokens(&x->tree, node);
    struct node *n = &x->tree.nodes[node];
    n->decision = DECISION_KEPT;
    for (int i = 0; i < n->n_tokens && !m->stop; i++) {
        if (lm_n_free(base) == 0)
            m->stop = STOP_CONTEXT;
        else if (lm_push(base, &tokens[i], 1, err))
            return -1;
        else
            sample_keep(m, tokens[i], n->author);
    }
    return 0;
}

static int keep_path(struct search *x, struct sample *m, int node,
                     struct error *err) {
    int *path = x->scratch, depth = tree_path(&x->tree, node, path);
    for (int i = 0; i < depth; i++)
        if (keep_thought(x, m, path[i], err)) return -1;
    if (!m->stop) m->stop = stop_of(x, node);
    struct counters *c = &x->t->count;
    c->step_tokens_discarded = c->step_tokens_drafted - c->kept_from_draft;
    sample_step_begin(m); // of an answer phase
    return 0;
}

// Every node is a step: numbers of nodes are numbers of steps.
static void record(const struct search *x) {
    for (int i = 0; i < x->tree.n_nodes; i++) {
        const struct node *n = &x->tree.nodes[i];
        struct step step = {
            .author = n->author,
            .kept = n->decision == DECISION_KEPT,
            .judged = !isnan(n->score),
            .score = n->score,
            .second = n->second,
            .threshold = n->threshold,
            .n_tokens = n->n_tokens,
            .time_ns = n->time_ns,
            .decision = n->decision,
            .parent = n->parent,
            .n_copies = n->n_copies,
        };
        trace_step(x->t, &step, tree_text(&x->tree, i), n->n_text);
    }
}

// Steps of an answer phase go on from the chosen path, one after the other.
static void place_answer(const struct search *x, int node) {
    for (int i = x->tree.n_nodes; i < x->t->n_steps; i++) {
        struct step *step = &x->t->steps[i];
        step->second = NAN;
        step->decision = DECISION_KEPT;
        step->parent = i == x->tree.n_nodes ? node : i - 1;
        step->n_copies = 1;
    }
}

static int search_run(struct search *x, struct error *err) {
    struct sample m;
    int rc =
        x->s->search == SEARCH_BEAM ? beam_search(x, err) : mcts_search(x, err);
    transcript_drop_all(x);
    if (rc) return -1;
    int node = choose_path(x);
    sample_init(&m, x->w, x->s, x->rng, x->t);
    if (keep_path(x, &m, node, err)) return -1;
    record(x);
    if (sample_finish(&m, err)) return -1;
    place_answer(x, node);
    return 0;
}

static int search_ar_solve(struct workspace *w, const struct settings *s,
                           const struct rng *rng, struct trace *t,
                           struct error *err) {
    begin(w->search, &method_search_ar, s, rng, t);
    return search_run(w->search, err);
}

static int search_sps_solve(struct workspace *w, const struct settings *s,
                            const struct rng *rng, struct trace *t,
                            struct error *err) {
    begin(w->search, &method_search_sps, s, rng, t);
    return search_run(w->search, err);
}

static int specsearch_solve(struct workspace *w, const struct settings *s,
                            const struct rng *rng, struct trace *t,
                            struct error *err) {
    begin(w->search, &method_specsearch, s, rng, t);
    return search_run(w->search, err);
}

const struct method method_search_ar = {
    .name = "search-ar",
    .help = "tree search over thoughts, all written by the base alone",
    .bit = BIT_SEARCH_AR,
    .needs = METHOD_SEARCHES,
    .base_caps = LM_CAP_LOGITS,
    .solve = search_ar_solve,
};

const struct method method_search_sps = {
    .name = "search-sps",
    .help = "search-ar, with token-level speculation while the base writes",
    .bit = BIT_SEARCH_SPS,
    .needs = METHOD_SEARCHES | METHOD_NEEDS_DRAFT | METHOD_EXCHANGES_IDS,
    .base_caps = LM_CAP_LOGITS,
    .draft_caps = LM_CAP_LOGITS,
    .solve = search_sps_solve,
};

const struct method method_specsearch = {
    .name = "specsearch",
    .help = "tree search in which the draft writes thoughts, an evaluator "
            "rejects the poor ones and the base rewrites those",
    .bit = BIT_SPECSEARCH,
    .needs = METHOD_SEARCHES | METHOD_NEEDS_DRAFT | METHOD_EXCHANGES_IDS,
    .base_caps = LM_CAP_LOGITS,
    .draft_caps = LM_CAP_LOGITS,
    .solve = specsearch_solve,
};
