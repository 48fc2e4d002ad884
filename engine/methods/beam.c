#include "engine/methods/beam.h"

#include "engine/methods/expand.h"
#include "engine/methods/transcript.h"

// Children that got a place, of the nodes from `first` on; into x->scratch.
static int collect(struct search *x, int first) {
    int n = 0;
    for (int i = first; i < x->tree.n_nodes; i++)
        if (x->tree.nodes[i].linked) x->scratch[n++] = i;
    return n;
}

// Paths of the frontier that turned out to fit no context are over.
static void end_full(struct search *x) {
    int n = 0;
    for (int i = 0; i < x->n_frontier; i++) {
        int node = x->frontier[i];
        bool full =
            node != TREE_ROOT && x->tree.nodes[node].end == STOP_CONTEXT;
        if (full)
            x->finished[x->n_finished++] = node;
        else
            x->frontier[n++] = node;
    }
    x->n_frontier = n;
}

// The next frontier: children in x->scratch.
static void go_on(struct search *x, int n_children) {
    int n = x->s->beam_width - x->n_finished;
    if (n > n_children) n = n_children;
    tree_best_first(&x->tree, x->scratch, n_children, n);
    x->n_frontier = 0;
    for (int i = 0; i < n; i++) {
        int node = x->scratch[i];
        if (x->tree.nodes[node].end)
            x->finished[x->n_finished++] = node;
        else
            x->frontier[x->n_frontier++] = node;
    }
}

int beam_search(struct search *x, struct error *err) {
    x->n_finished = 0;
    x->frontier[0] = TREE_ROOT;
    x->n_frontier = 1;
    for (int depth = 0; depth < x->s->max_depth && x->n_frontier; depth++) {
        int first = x->tree.n_nodes;
        if (expand(x, x->frontier, x->n_frontier, err)) return -1;
        end_full(x);
        int n = collect(x, first);
        if (n == 0) return 0; // the frontier is as far as it goes
        go_on(x, n);
        transcript_drop_others(x, x->frontier, x->n_frontier);
    }
    return 0;
}
