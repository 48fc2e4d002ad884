#include "tests/helper_alone.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// What thoughts.h says a thought is, written token by token in a transcript of
// its own, without any of the module's code.
struct alone {
    int32_t tokens[64];
    int n;
    char text[256];
    size_t n_text;
    enum stop_reason end;
    double log_p;
};

static int path_tokens(const struct search *x, int node, int32_t *out) {
    if (node == TREE_ROOT) return 0;
    const struct node *n = &x->tree.nodes[node];
    int before = path_tokens(x, n->parent, out);
    memcpy(out + before, tree_tokens(&x->tree, node),
           (size_t)n->n_tokens * sizeof *out);
    return before + n->n_tokens;
}

static void push_read(struct workspace *w, struct lm_seq *seq, int32_t token) {
    const int32_t *ids = &token;
    int n = 1;
    if (lm_seq_lm(seq) == w->lm[ROLE_DRAFT])
        n = vocab_map_read(&w->map, &token, &ids);
    cr_assert_eq(lm_push(seq, ids, n, NULL), 0);
}

static void write_alone(struct bench *b, enum author author, int parent,
                        uint64_t drawn, struct alone *a) {
    struct workspace *w = b->p.w;
    enum model_role role = author == AUTHOR_BASE ? ROLE_BASE : ROLE_DRAFT;
    struct error err = {0};
    int32_t path[512];
    char text[1024];
    size_t n_text = 0;
    struct stop_scan scan;
    float *weights = malloc((size_t)w->n_vocab * sizeof *weights);
    struct lm_seq *seq = lm_seq_new(w->lm[role], &err);
    int n_path = path_tokens(b->x, parent, path);
    stop_scan_init(&scan, &b->p.s);
    lm_push(seq, lm_tokens(w->seq[role]), w->n_prompt[role], &err);
    for (int i = 0; i < n_path; i++) {
        push_read(w, seq, path[i]);
        if (path[i] < 256) text[n_text++] = (char)path[i];
        stop_scan_token(&scan, text, n_text);
    }
    *a = (struct alone){0};
    for (size_t before = n_text;;) {
        const float *row;
        int at = lm_n_tokens(seq);
        double total;
        cr_assert_eq(lm_rows(seq, &at, 1, &row, &err), 0, "%s", err.text);
        workspace_weights(w, role, row, weights, &total, &err);
        double u =
            rng_u01(&b->rng, author == AUTHOR_BASE ? RNG_TARGET : RNG_DRAFT,
                    (drawn + 1) << 32 | (uint64_t)a->n);
        int32_t token = sample_pick(weights, w->n_vocab, total, u);
        if (token == 256) {
            a->end = STOP_END;
            break;
        }
        a->log_p += workspace_log_p(w, role, row, token);
        push_read(w, seq, token);
        a->tokens[a->n++] = token;
        if (token < 256) text[n_text++] = (char)token;
        stop_scan_token(&scan, text, n_text);
        memcpy(a->text, text + before, n_text - before);
        a->n_text = n_text - before;
        if (scan.answer) a->end = STOP_ANSWER;
        if (a->end || scan.step_done) break;
    }
    if (!a->end && scan.repeated) a->end = STOP_REPETITION;
    if (!a->end && n_path + a->n >= b->p.s.budget_tokens) a->end = STOP_BUDGET;
    lm_seq_free(seq);
    free(weights);
}

static void check_node(const struct bench *b, int node, const struct alone *a) {
    const struct node *n = &b->x->tree.nodes[node];
    cr_assert_eq(n->n_text, a->n_text);
    cr_assert_eq(memcmp(tree_text(&b->x->tree, node), a->text, a->n_text), 0);
    cr_assert_eq(n->end, a->end, "end %d, not %d", n->end, a->end);
    cr_assert_eq(n->n_tokens, a->n);
    cr_assert_eq(memcmp(tree_tokens(&b->x->tree, node), a->tokens,
                        (size_t)a->n * sizeof *a->tokens),
                 0);
    if (!isnan(n->log_p)) cr_assert_float_eq(n->log_p, a->log_p, 1e-9);
}

void alone_check(struct bench *b, enum author author, int parent, int n,
                 uint64_t drawn, int first, int n_nodes) {
    struct alone a;
    int copies[64] = {0}, last = -1;
    for (int i = 0; i < n; i++) {
        write_alone(b, author, parent, drawn + (uint64_t)i, &a);
        int node = first;
        while (node < first + n_nodes &&
               (b->x->tree.nodes[node].parent != parent ||
                b->x->tree.nodes[node].end != a.end ||
                b->x->tree.nodes[node].n_text != a.n_text ||
                memcmp(tree_text(&b->x->tree, node), a.text, a.n_text) != 0))
            node++;
        cr_assert_lt(node, first + n_nodes, "thought %d has no node", i);
        check_node(b, node, &a);
        if (copies[node - first]++) continue;
        cr_assert_gt(node, last, "nodes are not in the order of drawing");
        cr_assert_eq(b->x->tree.nodes[node].drawn, drawn + (uint64_t)i);
        last = node;
    }
    for (int i = 0; i < n_nodes; i++) {
        if (b->x->tree.nodes[first + i].parent == parent)
            cr_assert_eq(b->x->tree.nodes[first + i].n_copies, copies[i]);
    }
}

void alone_check_layers(struct bench *b, enum author author, bool speculate,
                        int n) {
    int parent = TREE_ROOT;
    for (int depth = 0; depth < 3; depth++) {
        int first;
        uint64_t drawn = b->x->n_drawn;
        int n_nodes = bench_write(b, author, speculate, parent, n, &first);
        cr_assert_eq(b->x->n_drawn, drawn + (uint64_t)n);
        alone_check(b, author, parent, n, drawn, first, n_nodes);
        parent = bench_find_open(b->x);
    }
}
