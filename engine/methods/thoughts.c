#include "engine/methods/thoughts.h"

#include "engine/base/error.h"
#include "engine/methods/evaluator.h"
#include "engine/methods/transcript.h"
#include "engine/methods/writing_round.h"

#include <string.h>

// Members are numbered before anything is written, and waves take them in that
// order: what they draw does not depend on how many are in a wave (nor what
// they become, but under the rejection rule, where it matters who is the first
// of a transcript). Nodes are made at the end of a wave, so their order does
// not depend on which thoughts were shorter.

// ---- waves ------------------------------------------------------------------

// A node after the same thought, since `first`, with the text and the end of
// this writing; or -1.
static int find_equal(const struct search *x, const struct writing *w,
                      int first) {
    const struct tree *t = &x->tree;
    size_t n_text = w->n_text - w->n_before;
    for (int i = first; i < t->n_nodes; i++) {
        const struct node *n = &t->nodes[i];
        if (n->parent == w->parent && n->end == w->end && n->n_text == n_text &&
            memcmp(tree_text(t, i), w->text + w->n_before, n_text) == 0)
            return i;
    }
    return -1;
}

static int add_node(struct search *x, const struct writing *w,
                    struct error *err) {
    const struct writer *v = x->writer;
    int i = tree_add(&x->tree, w->parent, v->author, w->tokens, w->n_tokens,
                     w->text + w->n_before, w->n_text - w->n_before);
    if (i < 0)
        return error_set(err, ERR_INTERNAL, "the tree of %d thoughts is full",
                         x->tree.cap_nodes);
    struct node *n = &x->tree.nodes[i];
    n->drawn = v->first + (uint64_t)member_first(w->members);
    n->n_copies = 0;
    n->end = w->end;
    n->scan = w->scan;
    stop_scan_rebase(&n->scan, w->n_before);
    if (v->reads) n->log_p = w->log_p;
    return i;
}

static int keep_pasts(struct search *x, struct writing *w, int node,
                      struct error *err) {
    bool ready;
    transcript_keep(x, x->writer->role, node, w->seq);
    if (!w->drafter) return 0;
    if (spec_catch_up(&x->w->map, w->drafter, w->tokens, w->n_tokens,
                      &w->n_read, &ready, err))
        return -1;
    if (ready) transcript_keep(x, ROLE_DRAFT, node, w->drafter);
    return 0;
}

static int finish_writing(struct search *x, struct writing *w, int first,
                          int64_t ns, struct error *err) {
    int node = find_equal(x, w, first);
    if (node < 0) {
        node = add_node(x, w, err);
        if (node < 0 || keep_pasts(x, w, node, err)) return -1;
    }
    if (x->writer->author == AUTHOR_DRAFT)
        x->t->count.step_tokens_drafted += w->n_tokens;
    x->tree.nodes[node].n_copies += __builtin_popcountll(w->members);
    x->tree.nodes[node].time_ns += ns;
    return 0;
}

// Nodes in the order of their first members, whatever order the writings have.
static int finish_wave(struct search *x, int first, int64_t ns,
                       struct error *err) {
    struct writer *v = x->writer;
    int64_t n_tokens = 0;
    for (int i = 0; i < v->n; i++)
        n_tokens += v->items[i].n_tokens + 1;
    for (int m = 0; m < v->n_members; m++) {
        for (int i = 0; i < v->n; i++) {
            struct writing *w = &v->items[i];
            if (member_first(w->members) != m) continue;
            double share = (double)(w->n_tokens + 1) / (double)n_tokens;
            if (finish_writing(x, w, first, (int64_t)((double)ns * share), err))
                return -1;
        }
    }
    v->first += (uint64_t)v->n_members;
    v->n_members = 0;
    writing_clear(x);
    return 0;
}

// Members of the wave, n of those wished for, none where the path does not fit.
static int begin_writing(struct search *x, int parent, int n,
                         struct error *err) {
    struct writer *v = x->writer;
    uint64_t members = (n < 64 ? 1ull << n : 0) - 1;
    struct writing *w = writing_new(x, members << v->n_members, parent);
    bool fits;
    v->n_members += n;
    if (transcript_attach(x, v->role, parent, w->seq, 1, &fits, err)) return -1;
    if (!fits) {
        writing_pop(x);
        return 0;
    }
    if (!v->speculate) return 0;
    w->drafter = transcript_take(x, ROLE_DRAFT);
    if (transcript_attach(x, ROLE_DRAFT, parent, w->drafter, 0, &fits, err))
        return -1;
    if (fits) return 0;
    transcript_give(x, ROLE_DRAFT, w->drafter);
    w->drafter = NULL;
    return 0;
}

static bool is_done(const struct writer *v) {
    for (int i = 0; i < v->n; i++) {
        if (!v->items[i].done) return false;
    }
    return true;
}

static int write_wave(struct search *x, int first, int64_t begin_ns,
                      struct error *err) {
    while (!is_done(x->writer)) {
        if (writing_round(x, err)) return -1;
    }
    return finish_wave(x, first, trace_now(x->t) - begin_ns, err);
}

static int write_all(struct search *x, const struct wish *wishes, int n_wishes,
                     int first, struct error *err) {
    struct writer *v = x->writer;
    int64_t begin_ns = trace_now(x->t);
    for (int i = 0; i < n_wishes; i++) {
        for (int left = wishes[i].n; left > 0;) {
            int room = x->n_live - v->n_members;
            int n = left < room ? left : room;
            if (begin_writing(x, wishes[i].parent, n, err)) return -1;
            left -= n;
            if (v->n_members < x->n_live) continue;
            if (write_wave(x, first, begin_ns, err)) return -1;
            begin_ns = trace_now(x->t);
        }
    }
    return v->n_members ? write_wave(x, first, begin_ns, err) : 0;
}

int thoughts_write(struct search *x, enum author author, bool speculate,
                   const struct wish *wishes, int n_wishes, int *first, int *n,
                   struct error *err) {
    struct writer *v = x->writer;
    const struct settings *s = x->s;
    v->author = author;
    v->role = author == AUTHOR_BASE ? ROLE_BASE : ROLE_DRAFT;
    v->speculate = speculate;
    v->reads = evaluators[s->evaluator].reads ||
               evaluators[s->second_evaluator].reads ||
               (s->search == SEARCH_MCTS && s->selection == SELECT_PUCT);
    v->first = x->n_drawn;
    v->n = v->n_members = 0;
    for (int i = 0; i < n_wishes; i++)
        x->n_drawn += (uint64_t)wishes[i].n;
    *first = x->tree.n_nodes;
    int rc = write_all(x, wishes, n_wishes, *first, err);
    writing_clear(x);
    *n = x->tree.n_nodes - *first;
    return rc;
}
