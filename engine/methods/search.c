#include "engine/methods/search.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/methods/thoughts.h"

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
    size->n_live = (int)min_i64(n_live, LM_SHARED_MAX);
    size->n_pasts = (int)min_i64(n_pasts, PASTS_MAX);
    size->n_full = (int)(s->search == SEARCH_BEAM ? side : rounds);
    size->fork_tokens = s->step_tokens;
}

// ---- life -----------------------------------------------------------------

static void pool_close(struct seq_pool *p) {
    for (int i = 0; i < p->n_free; i++)
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

static void fit_lists(struct search *x, const struct settings *s) {
    size_t n = (size_t)x->tree.cap_nodes;
    size_t n_ends = (size_t)s->beam_width + (size_t)s->iterations;
    x->scratch = xrealloc(x->scratch, n * sizeof *x->scratch);
    x->finished = xrealloc(x->finished, n_ends * sizeof *x->finished);
    x->frontier = xrealloc(x->frontier, n_ends * sizeof *x->frontier);
    x->votes = xrealloc(x->votes, n_ends * sizeof *x->votes);
    x->scores = xrealloc(x->scores, n * sizeof *x->scores);
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
    if (tree_fit(&x->tree, size.n_nodes, s->step_tokens, w->max_token_bytes,
                 err) ||
        fit_pools(x, m, s, &size, err))
        return -1;
    fit_lists(x, s);
    x->n_live = size.n_live;
    return 0;
}

void search_free(struct search *x) {
    if (!x) return;
    for (int r = 0; r < ROLE_N; r++) {
        pool_close(&x->live[r]);
        pool_close(&x->pasts[r]);
    }
    tree_release(&x->tree);
    free(x->scratch);
    free(x->finished);
    free(x->frontier);
    free(x->votes);
    free(x->scores);
    free(x);
}
