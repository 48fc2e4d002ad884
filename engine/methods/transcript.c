#include "engine/methods/transcript.h"

#include "engine/base/error.h"

#include <assert.h>
#include <string.h>

// A past is the whole path of its node: what was evaluated of it is shared, the
// rest (the last token, as a rule) is pending there too. So a transcript is
// that of the nearest past and the thoughts after it, whatever ids the model
// reads for them.

// ---- sequences --------------------------------------------------------------

// A pool's array holds all of its sequences, the free ones first.
static struct lm_seq *pool_take(struct seq_pool *p) {
    assert(p->n_free > 0);
    return p->free[--p->n_free];
}

static void pool_give(struct seq_pool *p, struct lm_seq *seq) {
    int i = p->n_free;
    while (i < p->n && p->free[i] != seq)
        i++;
    assert(i < p->n);
    p->free[i] = p->free[p->n_free];
    p->free[p->n_free++] = seq;
    lm_truncate(seq, 0);
}

struct lm_seq *transcript_take(struct search *x, enum model_role role) {
    return pool_take(&x->live[role]);
}

void transcript_give(struct search *x, enum model_role role,
                     struct lm_seq *seq) {
    pool_give(&x->live[role], seq);
}

// ---- paths ------------------------------------------------------------------

static int push_tokens(const struct search *x, enum model_role role, int node,
                       struct lm_seq *seq, bool *fits, struct error *err) {
    const int32_t *tokens = tree_tokens(&x->tree, node), *ids;
    for (int i = 0; i < x->tree.nodes[node].n_tokens; i++) {
        int n = 1;
        ids = &tokens[i];
        if (role == ROLE_DRAFT) n = vocab_map_read(&x->w->map, ids, &ids);
        *fits = n >= 0 && n <= lm_n_free(seq);
        if (!*fits) return 0;
        if (lm_push(seq, ids, n, err)) return -1;
    }
    return 0;
}

static int push_thought(const struct search *x, enum model_role role, int node,
                        struct lm_seq *seq, bool *fits, struct error *err) {
    const struct node *n = &x->tree.nodes[node];
    if (role != ROLE_PRM) return push_tokens(x, role, node, seq, fits, err);
    const struct prm_step step = {
        .number = n->depth,
        .tokens = tree_tokens(&x->tree, node),
        .n_tokens = n->n_tokens,
        .text = tree_text(&x->tree, node),
        .n_bytes = n->n_text,
    };
    return prm_push_step(&x->w->prm, seq, x->w->scratch, &step, fits, err);
}

// The thoughts after node `from`, up to and with `node`.
static int push_path(const struct search *x, enum model_role role, int from,
                     int node, struct lm_seq *seq, bool *fits,
                     struct error *err) {
    if (node == from) return 0;
    int parent = x->tree.nodes[node].parent;
    if (push_path(x, role, from, parent, seq, fits, err)) return -1;
    return *fits ? push_thought(x, role, node, seq, fits, err) : 0;
}

// The node itself or the nearest one before it that has a past, or TREE_ROOT.
static int nearest_past(const struct tree *t, enum model_role role, int node) {
    while (node != TREE_ROOT && !t->nodes[node].past[role])
        node = t->nodes[node].parent;
    return node;
}

int transcript_attach(struct search *x, enum model_role role, int node,
                      struct lm_seq *seq, int n_more, bool *fits,
                      struct error *err) {
    struct lm_seq *past = x->w->seq[role];
    int from = nearest_past(&x->tree, role, node), n = x->w->n_prompt[role];
    if (from != TREE_ROOT) {
        past = x->tree.nodes[from].past[role];
        n = lm_n_tokens(past);
    }
    lm_seq_copy(seq, past, n);
    *fits = true;
    if (push_path(x, role, from, node, seq, fits, err)) return -1;
    *fits = *fits && lm_n_free(seq) >= n_more;
    return 0;
}

// ---- pasts ------------------------------------------------------------------

void transcript_keep(struct search *x, enum model_role role, int node,
                     struct lm_seq *seq) {
    if (node == TREE_ROOT || x->tree.nodes[node].past[role] ||
        x->pasts[role].n_free == 0)
        return;
    struct lm_seq *past = pool_take(&x->pasts[role]);
    lm_seq_copy(past, seq, lm_n_tokens(seq));
    x->tree.nodes[node].past[role] = past;
}

static void drop_past(struct search *x, enum model_role role, int node) {
    struct lm_seq **past = &x->tree.nodes[node].past[role];
    if (*past) pool_give(&x->pasts[role], *past);
    *past = NULL;
}

static void drop_pasts(struct search *x, enum model_role role) {
    for (int i = 0; i < x->tree.n_nodes; i++)
        drop_past(x, role, i);
}

void transcript_drop(struct search *x, int node) {
    for (int r = 0; r < ROLE_N; r++)
        drop_past(x, (enum model_role)r, node);
}

void transcript_drop_others(struct search *x, const int *nodes, int n) {
    const struct tree *t = &x->tree;
    int *used = x->scratch;
    memset(used, 0, (size_t)t->n_nodes * sizeof *used);
    for (int i = 0; i < n; i++) {
        for (int r = 0; r < ROLE_N; r++) {
            int node = nearest_past(t, (enum model_role)r, nodes[i]);
            if (node != TREE_ROOT) used[node] = 1;
        }
    }
    for (int i = 0; i < t->n_nodes; i++)
        if (!used[i]) transcript_drop(x, i);
}

void transcript_drop_all(struct search *x) {
    for (int r = 0; r < ROLE_N; r++) {
        struct seq_pool *live = &x->live[r];
        drop_pasts(x, (enum model_role)r);
        while (live->n_free < live->n)
            pool_give(live, live->free[live->n_free]);
    }
}

// ---- rows -------------------------------------------------------------------

static struct lm_work work_of(const struct lm_ask *asks, int n) {
    struct lm_work sum = {0};
    for (int i = 0; i < n; i++) {
        struct lm_work one = lm_work(asks[i].seq);
        sum.n_tokens += one.n_tokens;
        sum.n_repeated += one.n_repeated;
    }
    return sum;
}

static int counted_rows(struct search *x, enum model_role role,
                        const struct lm_ask *asks, int n, struct error *err) {
    struct counters *c = &x->t->count;
    struct lm_work before = work_of(asks, n);
    if (lm_rows_batch(asks, n, err)) return -1;
    struct lm_work after = work_of(asks, n);
    c->calls[role] += after.n_tokens > before.n_tokens;
    c->evaluated[role] += after.n_tokens - before.n_tokens;
    c->repeated[role] += after.n_repeated - before.n_repeated;
    return 0;
}

int transcript_rows(struct search *x, enum model_role role,
                    const struct lm_ask *asks, int n, struct error *err) {
    struct error why = {0};
    int rc = counted_rows(x, role, asks, n, &why);
    if (rc && why.kind == ERR_MEMORY) {
        drop_pasts(x, role);
        rc = counted_rows(x, role, asks, n, &why);
    }
    if (rc && err) *err = why;
    return rc;
}
