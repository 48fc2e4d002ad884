#pragma once
// Private to engine/methods: the tree of thoughts of one search.
//
// A node is a thought: one step, as the stop rule cuts steps, that goes on from
// its parent's. Every thought that was written has a node, rejected ones too,
// in the order in which they were written; only those that got a place are
// linked to their parent. Token ids are the base's. All memory is reserved
// before the clock of a sample starts; nothing here knows a model.

#include "engine/methods/stop_scan.h"
#include "engine/methods/trace.h"

struct error;
struct lm_seq;

enum { TREE_ROOT = -1 }; // as a node: the prompt

struct node {
    int parent; // TREE_ROOT: the prompt
    int depth;  // 1: right after the prompt
    enum author author;
    int n_copies;   // equal thoughts that it stands for, itself included
    uint64_t drawn; // number of its first copy in the order of drawing: names
                    // its random draws
    // The step.
    size_t token_begin;          // in tree.tokens
    int n_tokens, n_path_tokens; // its own; from the prompt to its end
    int n_from_draft;            // of n_path_tokens, those that the draft wrote
    size_t text_begin, n_text;   // in tree.text
    double log_p;         // sum over its tokens of the author's log probability
                          // (temperature 1, no filters); NAN: was not asked for
    enum stop_reason end; // STOP_NONE: the path can go on from here
    struct stop_scan scan; // after it; offsets count from its own text's begin
    // What was thought of it.
    double score, second; // NAN: not scored
    double threshold;     // in force when it was decided on; NAN: none
    double worst;         // least score of its path
    enum decision decision;
    int64_t time_ns; // its share of writing and scoring
    // Its place; linked nodes only.
    bool linked;
    int first_child, next_sibling; // -1: none
    // Monte Carlo tree search.
    int n_visits;
    double value_sum, prior;
    // Evaluated pasts up to and with this thought (transcript.h); NULL: none.
    struct lm_seq *past[ROLE_N];
};

struct tree {
    struct node *nodes; // [cap_nodes]
    int n_nodes, cap_nodes;
    int32_t *tokens; // [cap_tokens]
    size_t n_tokens, cap_tokens;
    char *text; // [cap_text]
    size_t n_text, cap_text;
    int first_child; // of the prompt; -1: none
};

// Room for so many nodes, with step_tokens tokens of max_token_bytes bytes
// each. Keeps what is large enough. -1 with ERR_MEMORY.
int tree_fit(struct tree *t, int n_nodes, int step_tokens,
             size_t max_token_bytes, struct error *err);
void tree_release(struct tree *t); // safe on a zeroed struct
void tree_reset(struct tree *t);   // empty; memory kept; pasts must be gone

// A new unlinked node after `parent` with this step, which is copied: unscored,
// n_copies 1, DECISION_PRUNED, the counts of its path set. -1: the tree is
// full.
int tree_add(struct tree *t, int parent, enum author author,
             const int32_t *tokens, int n_tokens, const char *text,
             size_t n_text);
// Give it a place: it becomes the last child of its parent, and its `worst` is
// set.
void tree_link(struct tree *t, int node);
// First linked child of a node or of TREE_ROOT; next_sibling leads on.
int tree_first_child(const struct tree *t, int node);

const int32_t *tree_tokens(const struct tree *t, int node); // [n_tokens]
const char *tree_text(const struct tree *t, int node);      // [n_text]
// exp(log_p / n_tokens); NAN without log_p; 0 for a thought of no tokens.
double tree_likelihood(const struct tree *t, int node);
// Moves the n_best best scored of nodes[0..n) to the front, best first; equal
// ones and the rest stay in order. n_best <= n.
void tree_best_first(const struct tree *t, int *nodes, int n, int n_best);
// The nodes from the prompt's child to `node`, [depth]; returns the depth.
int tree_path(const struct tree *t, int node, int *path);
