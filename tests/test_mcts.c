#include "engine/methods/mcts.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static int add(struct tree *t, int parent, double score, double prior,
               int n_visits, double value_sum) {
    int i = tree_add(t, parent, AUTHOR_BASE, NULL, 0, "", 0);
    cr_assert(i >= 0);
    t->nodes[i].score = score;
    t->nodes[i].prior = prior;
    t->nodes[i].n_visits = n_visits;
    t->nodes[i].value_sum = value_sum;
    tree_link(t, i);
    return i;
}

static void open_tree(struct tree *t) {
    struct error err = {0};
    *t = (struct tree){0};
    cr_assert_eq(tree_fit(t, 16, 8, 8, &err), 0, "%s", err.text);
    tree_reset(t);
}

// Three children after 4 visits, exploration 1.25. The factor is log(19657 /
// 19652) + 1.25 = 1.250254; times sqrt(4) = 2.500509.
//   a  1.2 / 2 + 0.2 * 2.500509 / 3 = 0.6 + 0.166701 = 0.766701
//   b  0.5 / 1 + 0.3 * 2.500509 / 2 = 0.5 + 0.375076 = 0.875076
//   c  0.3     + 0.5 * 2.500509 / 1 = 0.3 + 1.250254 = 1.550254 (score, N = 0)
// With exploration 0 the factor is 0.000254, so a is first.
Test(mcts, puct_weighs_value_prior_and_visits) {
    struct settings s = {.selection = SELECT_PUCT, .exploration = 1.25};
    struct tree t;
    open_tree(&t);
    int a = add(&t, TREE_ROOT, 0.9, 0.2, 2, 1.2);
    int b = add(&t, TREE_ROOT, 0.9, 0.3, 1, 0.5);
    int c = add(&t, TREE_ROOT, 0.3, 0.5, 0, 0);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 4, &s), c);
    // One visit worth 0.3 later c has 0.3 + 0.5 * 1.25025 * sqrt(5) / 2 =
    // 0.998908, b 0.5 + 0.3 * 1.25025 * sqrt(5) / 2 = 0.919345; two visits
    // later c has 0.3 + 0.5 * 1.25025 * sqrt(6) / 3 = 0.810410.
    t.nodes[c].n_visits = 1;
    t.nodes[c].value_sum = 0.3;
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 5, &s), c);
    t.nodes[c].n_visits = 2;
    t.nodes[c].value_sum = 0.6;
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 6, &s), b);
    s.exploration = 0;
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 6, &s), a);
    tree_release(&t);
}

// Exploration goes with the root of the parent's visits: after 2 visits
//   a  0.8 / 1 + 0.1 * sqrt(2) * 1.25010 / 2 = 0.888393
//   b  0.3     + 0.3 * sqrt(2) * 1.25010 / 1 = 0.830369
Test(mcts, puct_grows_with_the_root_of_visits) {
    struct settings s = {.selection = SELECT_PUCT, .exploration = 1.25};
    struct tree t;
    open_tree(&t);
    int a = add(&t, TREE_ROOT, 0.9, 0.1, 1, 0.8);
    int b = add(&t, TREE_ROOT, 0.3, 0.3, 0, 0);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 2, &s), a);
    // sqrt(3) = 1.732: a 0.908, b 0.950.
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 3, &s), b);
    tree_release(&t);
}

// The factor alone decides: equal Q, so the prior wins only as long as the
// logarithm is not nothing.
Test(mcts, the_factor_of_puct_grows_with_visits) {
    struct settings s = {.selection = SELECT_PUCT, .exploration = 0};
    struct tree t;
    open_tree(&t);
    int a = add(&t, TREE_ROOT, 0.5, 0.1, 0, 0);
    int b = add(&t, TREE_ROOT, 0.4, 0.9, 0, 0);
    // At 4 visits 0.8 * 2 * 0.000254 = 0.0004 < 0.1; at 40000 visits
    // 0.8 * 200 * log(59653 / 19652) = 177.7 > 0.1.
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 4, &s), a);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 40000, &s), b);
    tree_release(&t);
}

// sqrt(log(7) / N): 0.986370 for N = 2, 0.697469 for N = 4.
//   a  0.8 / 2 + 0.5 * 0.986370 = 0.893185
//   b  2.4 / 4 + 0.5 * 0.697469 = 0.948735
// With exploration 0.75: a 1.139778, b 1.123102.
Test(mcts, uct_weighs_value_and_visits_and_goes_first_where_it_never_was) {
    struct settings s = {.selection = SELECT_UCT, .exploration = 0.5};
    struct tree t;
    open_tree(&t);
    int a = add(&t, TREE_ROOT, 0.1, 0, 2, 0.8);
    int b = add(&t, TREE_ROOT, 0.1, 0, 4, 2.4);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 7, &s), b);
    s.exploration = 0.75;
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 7, &s), a);
    int c = add(&t, TREE_ROOT, 0.01, 0, 0, 0);
    add(&t, TREE_ROOT, 0.99, 0, 0, 0);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 7, &s), c);
    tree_release(&t);
}

Test(mcts, equal_children_go_in_order_and_none_is_none) {
    struct settings s = {.selection = SELECT_PUCT, .exploration = 1.25};
    struct tree t;
    open_tree(&t);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 0, &s), -1);
    int a = add(&t, TREE_ROOT, 0.5, 0.5, 0, 0);
    add(&t, TREE_ROOT, 0.5, 0.5, 0, 0);
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 1, &s), a);
    s.selection = SELECT_UCT;
    cr_expect_eq(mcts_select(&t, TREE_ROOT, 1, &s), a);
    cr_expect_eq(mcts_select(&t, a, 0, &s), -1);
    tree_release(&t);
}
