#include "engine/base/error.h"
#include "engine/methods/tree.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

// A node whose tokens and text are these bytes.
static int add(struct tree *t, int parent, enum author author,
               const char *text) {
    int32_t tokens[16];
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        tokens[i] = text[i];
    return tree_add(t, parent, author, tokens, (int)n, text, n);
}

static void fit(struct tree *t, int n_nodes) {
    struct error err = {0};
    cr_assert_eq(tree_fit(t, n_nodes, 4, 1, &err), 0, "%s", err.text);
    tree_reset(t);
}

Test(tree, nodes_know_their_place) {
    struct tree t = {0};
    fit(&t, 8);
    cr_expect_eq(add(&t, TREE_ROOT, AUTHOR_BASE, "abc"), 0);
    cr_expect_eq(add(&t, 0, AUTHOR_DRAFT, "de"), 1);
    cr_expect_eq(add(&t, 1, AUTHOR_BASE, ""), 2);
    cr_expect_eq(add(&t, TREE_ROOT, AUTHOR_DRAFT, "f"), 3);
    static const int expected[4][5] = {
        // parent, depth, n_tokens, n_path_tokens, n_from_draft
        {TREE_ROOT, 1, 3, 3, 0},
        {0, 2, 2, 5, 2},
        {1, 3, 0, 5, 2},
        {TREE_ROOT, 1, 1, 1, 1},
    };
    for (int i = 0; i < 4; i++) {
        const struct node *n = &t.nodes[i];
        const int got[5] = {n->parent, n->depth, n->n_tokens, n->n_path_tokens,
                            n->n_from_draft};
        cr_expect_arr_eq(got, expected[i], sizeof got, "node %d", i);
        cr_expect_eq(n->n_copies, 1);
        cr_expect_eq(n->decision, DECISION_PRUNED);
        cr_expect(!n->linked && isnan(n->score) && isnan(n->second) &&
                  isnan(n->threshold) && isnan(n->log_p));
        for (int r = 0; r < ROLE_N; r++)
            cr_expect_null(n->past[r]);
    }
    cr_expect_eq(memcmp(tree_text(&t, 1), "de", 2), 0);
    cr_expect_eq(tree_tokens(&t, 3)[0], 'f');
    int path[3];
    cr_expect_eq(tree_path(&t, 2, path), 3);
    cr_expect(path[0] == 0 && path[1] == 1 && path[2] == 2);
    cr_expect_eq(tree_path(&t, TREE_ROOT, path), 0);
    tree_release(&t);
}

Test(tree, linked_children_are_in_the_order_of_linking) {
    struct tree t = {0};
    fit(&t, 8);
    for (int i = 0; i < 3; i++)
        add(&t, TREE_ROOT, AUTHOR_BASE, "a");
    cr_expect_eq(tree_first_child(&t, TREE_ROOT), -1);
    tree_link(&t, 2);
    tree_link(&t, 0);
    cr_expect_eq(tree_first_child(&t, TREE_ROOT), 2);
    cr_expect_eq(t.nodes[2].next_sibling, 0);
    cr_expect_eq(t.nodes[0].next_sibling, -1);
    cr_expect(t.nodes[0].linked && !t.nodes[1].linked);
    add(&t, 2, AUTHOR_BASE, "b");
    tree_link(&t, 3);
    cr_expect_eq(tree_first_child(&t, 2), 3);
    cr_expect_eq(tree_first_child(&t, 0), -1);
    tree_reset(&t);
    cr_expect_eq(tree_first_child(&t, TREE_ROOT), -1);
    tree_release(&t);
}

Test(tree, worst_is_the_least_score_of_the_path) {
    static const double scores[] = {0.7, 0.9, NAN, 0.2, NAN};
    static const double worst[] = {0.7, 0.7, 0.7, 0.2};
    struct tree t = {0};
    fit(&t, 8);
    for (int i = 0; i < 4; i++) {
        int node = add(&t, i - 1, AUTHOR_BASE, "a");
        t.nodes[node].score = scores[i];
        tree_link(&t, node);
        cr_expect_eq(t.nodes[node].worst, worst[i]);
    }
    int node = add(&t, TREE_ROOT, AUTHOR_BASE, "b"); // not scored
    tree_link(&t, node);
    cr_expect(isnan(t.nodes[node].worst));
    tree_release(&t);
}

Test(tree, best_first_moves_the_best_and_keeps_the_order_of_equals) {
    static const double scores[6] = {0.5, 0.9, 0.5, 0.7, 0.9, 0.1};
    static const int expected[3][6] = {
        {0, 1, 2, 3, 4, 5}, {1, 4, 3, 0, 2, 5}, {1, 4, 3, 0, 2, 5}};
    struct tree t = {0};
    fit(&t, 8);
    for (int i = 0; i < 6; i++)
        t.nodes[add(&t, TREE_ROOT, AUTHOR_BASE, "a")].score = scores[i];
    for (int n_best = 0; n_best <= 6; n_best += 3) {
        int nodes[6] = {0, 1, 2, 3, 4, 5};
        tree_best_first(&t, nodes, 6, n_best);
        for (int i = 0; i < 6; i++)
            cr_expect_eq(nodes[i], expected[n_best / 3][i], "%d of %d", i,
                         n_best);
    }
    tree_release(&t);
}

Test(tree, likelihood_is_the_geometric_mean) {
    struct tree t = {0};
    fit(&t, 8);
    int node = add(&t, TREE_ROOT, AUTHOR_BASE, "abc");
    cr_expect(isnan(tree_likelihood(&t, node)));
    t.nodes[node].log_p = log(0.5 * 0.25 * 0.125);
    cr_expect_float_eq(tree_likelihood(&t, node), 0.25, 1e-15);
    node = add(&t, TREE_ROOT, AUTHOR_BASE, "");
    cr_expect(isnan(tree_likelihood(&t, node)));
    t.nodes[node].log_p = 0;
    cr_expect_eq(tree_likelihood(&t, node), 0);
    tree_release(&t);
}

// What does not fit changes nothing.
Test(tree, a_full_tree_takes_no_more) {
    struct tree t = {0};
    fit(&t, 2); // 8 tokens and 8 bytes in all
    cr_expect_eq(add(&t, TREE_ROOT, AUTHOR_BASE, "abcde"), 0);
    cr_expect_eq(add(&t, 0, AUTHOR_BASE, "fghi"), -1);
    cr_expect_eq(tree_add(&t, 0, AUTHOR_BASE, (int32_t[]){1}, 1, "fghi", 4),
                 -1);
    cr_expect(t.n_nodes == 1 && t.n_tokens == 5 && t.n_text == 5);
    cr_expect_eq(add(&t, 0, AUTHOR_BASE, "fgh"), 1);
    cr_expect_eq(add(&t, 0, AUTHOR_BASE, ""), -1);
    cr_expect_eq(t.n_nodes, 2);
    tree_release(&t);
}

Test(tree, keeps_memory_that_is_large_enough) {
    struct tree t = {0};
    fit(&t, 8);
    const struct node *nodes = t.nodes;
    fit(&t, 4);
    cr_expect(t.nodes == nodes && t.cap_nodes == 8);
    fit(&t, 16);
    cr_expect(t.cap_nodes == 16 && t.cap_tokens == 64 && t.cap_text == 64);
    tree_release(&t);
    tree_release(&t);
    cr_expect_null(t.nodes);
}

Test(tree, sizes_that_overflow_are_an_error) {
    struct error err = {0};
    struct tree t = {0};
    cr_expect_eq(tree_fit(&t, 1 << 18, 100000, SIZE_MAX / 1000, &err), -1);
    cr_expect_eq(err.kind, ERR_MEMORY);
    tree_release(&t);
}
