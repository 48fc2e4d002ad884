#include "engine/methods/tree.h"

#include "engine/base/error.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Tokens and texts may be large but are rarely used to the end: plain
// allocations, which cost nothing until they are touched.

static int renew(void **p, size_t count, size_t size, size_t *cap,
                 const char *what, struct error *err) {
    size_t n_bytes;
    if (*p && count <= *cap) return 0;
    free(*p);
    *cap = 0;
    *p = __builtin_mul_overflow(count, size, &n_bytes) ? NULL : malloc(n_bytes);
    if (!*p)
        return error_set(err, ERR_MEMORY, "no memory for %zu x %zu bytes of %s",
                         count, size, what);
    *cap = count;
    return 0;
}

int tree_fit(struct tree *t, int n_nodes, int step_tokens,
             size_t max_token_bytes, struct error *err) {
    size_t n_tokens, n_text, cap_nodes = (size_t)t->cap_nodes;
    if (__builtin_mul_overflow((size_t)n_nodes, (size_t)step_tokens,
                               &n_tokens) ||
        __builtin_mul_overflow(n_tokens, max_token_bytes, &n_text))
        return error_set(err, ERR_MEMORY, "a tree of %d thoughts does not fit",
                         n_nodes);
    int rc = renew((void **)&t->nodes, (size_t)n_nodes, sizeof *t->nodes,
                   &cap_nodes, "thoughts", err);
    t->cap_nodes = (int)cap_nodes;
    if (rc) return -1;
    return renew((void **)&t->tokens, n_tokens, sizeof *t->tokens,
                 &t->cap_tokens, "thoughts' tokens", err) ||
                   renew((void **)&t->text, n_text, 1, &t->cap_text,
                         "thoughts' texts", err)
               ? -1
               : 0;
}

void tree_release(struct tree *t) {
    free(t->nodes);
    free(t->tokens);
    free(t->text);
    *t = (struct tree){0};
}

void tree_reset(struct tree *t) {
    t->n_nodes = 0;
    t->n_tokens = t->n_text = 0;
    t->first_child = -1;
}

int tree_add(struct tree *t, int parent, enum author author,
             const int32_t *tokens, int n_tokens, const char *text,
             size_t n_text) {
    assert(parent >= TREE_ROOT && parent < t->n_nodes);
    if (t->n_nodes == t->cap_nodes ||
        (size_t)n_tokens > t->cap_tokens - t->n_tokens ||
        n_text > t->cap_text - t->n_text)
        return -1;
    const struct node *up = parent == TREE_ROOT ? NULL : &t->nodes[parent];
    int drafted = author == AUTHOR_DRAFT ? n_tokens : 0;
    t->nodes[t->n_nodes] = (struct node){
        .parent = parent,
        .depth = up ? up->depth + 1 : 1,
        .author = author,
        .n_copies = 1,
        .token_begin = t->n_tokens,
        .n_tokens = n_tokens,
        .n_path_tokens = n_tokens + (up ? up->n_path_tokens : 0),
        .n_from_draft = drafted + (up ? up->n_from_draft : 0),
        .text_begin = t->n_text,
        .n_text = n_text,
        .log_p = NAN,
        .score = NAN,
        .second = NAN,
        .threshold = NAN,
        .worst = NAN,
        .decision = DECISION_PRUNED,
        .first_child = -1,
        .next_sibling = -1,
    };
    if (n_tokens)
        memcpy(t->tokens + t->n_tokens, tokens,
               (size_t)n_tokens * sizeof *tokens);
    if (n_text) memcpy(t->text + t->n_text, text, n_text);
    t->n_tokens += (size_t)n_tokens;
    t->n_text += n_text;
    return t->n_nodes++;
}

void tree_link(struct tree *t, int node) {
    struct node *n = &t->nodes[node];
    assert(!n->linked);
    int *at = n->parent == TREE_ROOT ? &t->first_child
                                     : &t->nodes[n->parent].first_child;
    while (*at >= 0)
        at = &t->nodes[*at].next_sibling;
    *at = node;
    n->linked = true;
    double above = n->parent == TREE_ROOT ? NAN : t->nodes[n->parent].worst;
    n->worst = fmin(n->score, above); // of a number and NAN: the number
}

int tree_first_child(const struct tree *t, int node) {
    return node == TREE_ROOT ? t->first_child : t->nodes[node].first_child;
}

const int32_t *tree_tokens(const struct tree *t, int node) {
    return t->tokens + t->nodes[node].token_begin;
}

const char *tree_text(const struct tree *t, int node) {
    return t->text + t->nodes[node].text_begin;
}

double tree_likelihood(const struct tree *t, int node) {
    const struct node *n = &t->nodes[node];
    return n->n_tokens > 0 ? exp(n->log_p / n->n_tokens) : n->log_p;
}

void tree_best_first(const struct tree *t, int *nodes, int n, int n_best) {
    for (int i = 0; i < n_best; i++) {
        int best = i;
        for (int j = i + 1; j < n; j++)
            if (t->nodes[nodes[j]].score > t->nodes[nodes[best]].score)
                best = j;
        int node = nodes[best];
        memmove(nodes + i + 1, nodes + i, (size_t)(best - i) * sizeof *nodes);
        nodes[i] = node;
    }
}

int tree_path(const struct tree *t, int node, int *path) {
    if (node == TREE_ROOT) return 0;
    int depth = t->nodes[node].depth;
    for (int i = depth; i-- > 0; node = t->nodes[node].parent)
        path[i] = node;
    return depth;
}
