#pragma once
// Private to engine/methods: a search in progress, and what a workspace keeps
// for searches.
//
//   search.c      the methods: search, choose, give the chosen path to the
//                 sample; record every thought as a step of the trace
//   beam.c mcts.c which thoughts to go on from
//   expand.c      the thoughts after a thought: written, scored, rejected,
//                 rewritten (SpecSearch, 2505.02865; facts in expand.h)
//   thoughts.c    writing many thoughts in shared batches (writing.c: one of
//                 them, writing_round.c: a token or more of each)
//   evaluator.c   scoring them (scoring.c: those of a tree)
//   transcript.c  the models' transcripts along the tree
//   choose.c      which path is the answer (answer.c: the answer of a text)
//   threshold.c tree.c  pure

#include "engine/methods/threshold.h"
#include "engine/methods/tree.h"
#include "engine/methods/workspace.h"

// Sequences that are made once and handed out one by one.
struct seq_pool {
    struct lm_seq **free; // [n] those not in use first
    int n, n_free;        // made; free
};

// The answer of a finished path, by its hash (choose.c).
struct vote {
    bool answered;
    char answer[HASH_HEX_SIZE];
};

struct search {
    struct workspace *w;
    struct tree tree;
    // By role; empty where the method does not use it.
    struct seq_pool live[ROLE_N];  // keep rows: thoughts being written, scored
    struct seq_pool pasts[ROLE_N]; // keep none: pasts of nodes
    struct writer *writer;         // writing.h
    int n_live;                    // thoughts that are worked on at once
    int n_layer;                   // most that one node is followed by
    // The sample at hand.
    const struct method *method;
    const struct settings *s;
    const struct rng *rng;
    struct trace *t;
    struct threshold threshold;
    uint64_t n_drawn; // thoughts drawn so far, copies included
    int *finished;    // [n_finished] nodes that paths ended with, in order; one
    int n_finished;   // may stand there twice (two iterations)
    struct vote *votes; // [n_finished]
    int *frontier;      // [n_frontier] nodes to go on from
    int n_frontier;
    int *scratch;                 // [tree.cap_nodes] for sorting and paths
    double *scores;               // [tree.cap_nodes] of a layer
    size_t cap_scratch, cap_ends; // of those two; of finished and its like
};

enum { SEARCH_NODES_MAX = 1 << 18 };

// What a search of this method with these settings needs at most; zeroed where
// the method is no search.
struct search_size {
    int n_nodes;     // thoughts of all kinds, or SEARCH_NODES_MAX + 1
    int n_layer;     // of those, after one node
    int n_live;      // thoughts that are worked on at once, <= LM_SHARED_MAX
    int n_pasts;     // pasts that are worth keeping
    int n_full;      // paths that may grow to full length side by side
    int fork_tokens; // of a thought, at most
};
void search_size(const struct method *m, const struct settings *s,
                 struct search_size *size);

// Make or grow w->search for this method. Allocates; called before the clock
// starts. -1 with an error.
int search_fit(struct workspace *w, const struct method *m,
               const struct settings *s, struct error *err);
void search_free(struct search *x); // NULL is fine

extern const struct method method_search_ar, method_search_sps,
    method_specsearch;
