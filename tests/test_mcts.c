#include "engine/methods/mcts.h"

#include "engine/base/error.h"
#include "tests/helper_search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

struct child {
    double score, prior;
    int n_visits;
    double value_sum;
};

// Which of these children of a node that was visited so often is selected.
static int selected(const struct settings *s, int n_visits,
                    const struct child *children, int n) {
    struct error err = {0};
    struct tree t = {0};
    cr_assert_eq(tree_fit(&t, 16, 8, 8, &err), 0, "%s", err.text);
    tree_reset(&t);
    for (int i = 0; i < n; i++) {
        cr_assert_eq(tree_add(&t, TREE_ROOT, AUTHOR_BASE, NULL, 0, "", 0), i);
        t.nodes[i].score = children[i].score;
        t.nodes[i].prior = children[i].prior;
        t.nodes[i].n_visits = children[i].n_visits;
        t.nodes[i].value_sum = children[i].value_sum;
        tree_link(&t, i);
    }
    int child = mcts_select(&t, TREE_ROOT, n_visits, s);
    tree_release(&t);
    return child;
}

// Three children after 4 visits, exploration 1.25. The factor is log(19657 /
// 19652) + 1.25 = 1.250254; times sqrt(4) = 2.500509.
//   a  1.2 / 2 + 0.2 * 2.500509 / 3 = 0.6 + 0.166701 = 0.766701
//   b  0.5 / 1 + 0.3 * 2.500509 / 2 = 0.5 + 0.375076 = 0.875076
//   c  0.3     + 0.5 * 2.500509 / 1 = 0.3 + 1.250254 = 1.550254 (score, N = 0)
// With exploration 0 the factor is 0.000254, so a is first.
Test(mcts, puct_weighs_value_prior_and_visits) {
    struct settings s = {.selection = SELECT_PUCT, .exploration = 1.25};
    struct child abc[] = {
        {0.9, 0.2, 2, 1.2}, {0.9, 0.3, 1, 0.5}, {0.3, 0.5, 0, 0}};
    cr_expect_eq(selected(&s, 4, abc, 3), 2);
    // One visit worth 0.3 later c has 0.3 + 0.5 * 1.25025 * sqrt(5) / 2 =
    // 0.998908, b 0.5 + 0.3 * 1.25025 * sqrt(5) / 2 = 0.919345; two visits
    // later c has 0.3 + 0.5 * 1.25025 * sqrt(6) / 3 = 0.810410.
    abc[2] = (struct child){0.3, 0.5, 1, 0.3};
    cr_expect_eq(selected(&s, 5, abc, 3), 2);
    abc[2] = (struct child){0.3, 0.5, 2, 0.6};
    cr_expect_eq(selected(&s, 6, abc, 3), 1);
    s.exploration = 0;
    cr_expect_eq(selected(&s, 6, abc, 3), 0);
}

// Exploration goes with the root of the parent's visits: after 2 visits
//   a  0.8 / 1 + 0.1 * sqrt(2) * 1.25010 / 2 = 0.888393
//   b  0.3     + 0.3 * sqrt(2) * 1.25010 / 1 = 0.830369
// and with sqrt(3) = 1.732 a 0.908, b 0.950.
Test(mcts, puct_grows_with_the_root_of_visits) {
    const struct settings s = {.selection = SELECT_PUCT, .exploration = 1.25};
    const struct child ab[] = {{0.9, 0.1, 1, 0.8}, {0.3, 0.3, 0, 0}};
    cr_expect_eq(selected(&s, 2, ab, 2), 0);
    cr_expect_eq(selected(&s, 3, ab, 2), 1);
}

// The factor alone decides: equal Q, so the prior wins only as long as the
// logarithm is not nothing. At 4 visits 0.8 * 2 * 0.000254 = 0.0004 < 0.1; at
// 40000 visits 0.8 * 200 * log(59653 / 19652) = 177.7 > 0.1.
Test(mcts, the_factor_of_puct_grows_with_visits) {
    const struct settings s = {.selection = SELECT_PUCT, .exploration = 0};
    const struct child ab[] = {{0.5, 0.1, 0, 0}, {0.4, 0.9, 0, 0}};
    cr_expect_eq(selected(&s, 4, ab, 2), 0);
    cr_expect_eq(selected(&s, 40000, ab, 2), 1);
}

// sqrt(log(7) / N): 0.986370 for N = 2, 0.697469 for N = 4.
//   a  0.8 / 2 + 0.5 * 0.986370 = 0.893185
//   b  2.4 / 4 + 0.5 * 0.697469 = 0.948735
// With exploration 0.75: a 1.139778, b 1.123102.
Test(mcts, uct_weighs_value_and_visits_and_goes_first_where_it_never_was) {
    struct settings s = {.selection = SELECT_UCT, .exploration = 0.5};
    const struct child abcd[] = {
        {0.1, 0, 2, 0.8}, {0.1, 0, 4, 2.4}, {0.01, 0, 0, 0}, {0.99, 0, 0, 0}};
    cr_expect_eq(selected(&s, 7, abcd, 2), 1);
    s.exploration = 0.75;
    cr_expect_eq(selected(&s, 7, abcd, 2), 0);
    cr_expect_eq(selected(&s, 7, abcd, 4), 2);
}

Test(mcts, equal_children_go_in_order_and_none_is_none) {
    static const struct child equal[] = {{0.5, 0.5, 0, 0}, {0.5, 0.5, 0, 0}};
    for (int rule = SELECT_PUCT; rule <= SELECT_UCT; rule++) {
        const struct settings s = {.selection = rule, .exploration = 1.25};
        cr_expect_eq(selected(&s, 0, NULL, 0), -1);
        cr_expect_eq(selected(&s, 1, equal, 2), 0);
    }
}

// ---- searches ---------------------------------------------------------------

enum { SEED = 2 };

// Tree width 2, 4 iterations. Siblings have equal priors, 0.5 each, as they are
// drawn from equally likely letters; a thought drawn twice has prior 1.
//   The base's draws: at the prompt 0-1 c b; at c 2-3 a a; at ca 4-5 2 1; at b
//   6-7 b a; at bb 8-9 3 3; at ba 10-11 4 1.
// puct with exploration 2; the factor is 2.0001 to 2.0003:
//   1  the prompt is expanded: c 0.80, b 0.60. By the best scores c, ca 0.50,
//      then of ca2 0.30 and ca1 0.40 the second, an answer: 0.40 for c, ca, ca1
//   2  c 0.40 + 0.5 * 1 * 2 / 2 = 0.90, b 0.60 + 0.5 * 1 * 2 = 1.60: b, new:
//      bb 0.70, ba 0.20; on with bb to bb3: 0.90 for b, bb, bb3
//   3  c 0.40 + 0.5 * 1.414 * 2 / 2 = 1.107, b 0.90 + 0.707 = 1.607: b; bb 0.90
//      + 0.5 * 1 * 2 / 2 = 1.40, ba 0.20 + 0.5 * 1 * 2 = 1.20: bb3 again
//   4  c 0.40 + 0.5 * 1.732 * 2 / 2 = 1.266, b 0.90 + 1.732 / 3 = 1.477: b; bb
//      0.90 + 0.5 * 1.414 * 2 / 3 = 1.371, ba 0.20 + 1.414 = 1.614: ba, new:
//      of ba4 0.55 and ba1 0.45 the first
// Finished: ca1 0.40, bb3 0.90 twice, ba4 0.55.
//
// uct with exploration 1.25: iterations 1 and 2 are the same, as what was never
// visited goes first. 3: c 0.40 + 1.25 * sqrt(log 2) = 1.441, b 0.90 + 1.041:
// b; ba was never visited: ba4, so b has 1.45 of 2. 4: c 0.40 + 1.25 * sqrt(log
// 3) = 1.710, b 0.725 + 1.25 * sqrt(log 3 / 2) = 1.651: c, ca, and ca2, never
// visited.
static const struct wood_place places[] = {
    {"", 0, "abc", NULL},      {"b", 0.6, "ab", NULL},
    {"c", 0.8, "ab", NULL},    {"ca", 0.5, "12", NULL},
    {"ca1", 0.4, NULL, NULL},  {"ca2", 0.3, NULL, NULL},
    {"ba", 0.2, "14", NULL},   {"bb", 0.7, "3", NULL},
    {"ba1", 0.45, NULL, NULL}, {"ba4", 0.55, NULL, NULL},
    {"bb3", 0.9, NULL, NULL},  {NULL, 0, NULL, NULL},
};

static const char grown[] = "c base pruned 0.80 - 1\n"
                            "b base kept 0.60 - 1\n"
                            "ca base pruned 0.50 - 2\n"
                            "ca2 base pruned 0.30 - 1\n"
                            "ca1 base pruned 0.40 - 1\n"
                            "bb base kept 0.70 - 1\n"
                            "ba base pruned 0.20 - 1\n"
                            "bb3 base kept 0.90 - 2\n"
                            "ba4 base pruned 0.55 - 1\n"
                            "ba1 base pruned 0.45 - 1\n";

static void open_wood(struct wood *p, enum selection_rule rule) {
    wood_open(p, places, SEED);
    p->s.search = SEARCH_MCTS;
    p->s.tree_width = 2;
    p->s.iterations = 4;
    p->s.selection = (int)rule;
    p->s.exploration = rule == SELECT_PUCT ? 2 : 1.25;
    wood_expect_drawn(p, RNG_TARGET, 0, "abc", "cb");
    wood_expect_drawn(p, RNG_TARGET, 2, "ab", "aa");
    wood_expect_drawn(p, RNG_TARGET, 4, "12", "21");
    wood_expect_drawn(p, RNG_TARGET, 6, "ab", "ba");
    wood_expect_drawn(p, RNG_TARGET, 10, "14", "41");
}

static void expect_tree(struct wood *p, enum choice_rule rule,
                        const char *want) {
    p->s.choose = (int)rule;
    wood_solve(p, "search-ar");
    wood_expect(p, want);
}

Test(mcts, grows_the_tree_worked_out_by_hand) {
    struct wood p;
    open_wood(&p, SELECT_PUCT);
    expect_tree(&p, CHOOSE_LAST, grown);
    cr_expect_eq(p.t.stop, STOP_ANSWER);
    cr_expect_str_eq(p.t.response, "b\n\nb\n\n3\\boxed{3}");
    // Least scores: ca1 0.40, bb3 0.60, ba4 0.20.
    p.s.choose = CHOOSE_MIN;
    wood_solve(&p, "search-ar");
    wood_expect_kept(&p, "bb3", STOP_ANSWER);
    wood_close(&p);
}

Test(mcts, uct_grows_another_tree) {
    struct wood p;
    open_wood(&p, SELECT_UCT);
    // All answers differ: the vote goes to the best score.
    expect_tree(&p, CHOOSE_VOTE, grown);
    // What the last iteration came to shows in the tree of one less: with three
    // ba4 is there, and with puct it is not.
    p.s.iterations = 3;
    wood_solve(&p, "search-ar");
    cr_expect_eq(p.t.n_steps, 10);
    p.s.selection = SELECT_PUCT;
    p.s.exploration = 2;
    wood_solve(&p, "search-ar");
    cr_expect_eq(p.t.n_steps, 8);
    wood_close(&p);
}

// SpecSearch: 4 drafts a parent, 2 iterations, uct.
//   1  the base writes c 0.80, b 0.60: threshold 0.80. c, drafts 2-5: a a b a,
//      so ca thrice 0.50, rejected, cb 0.82, one place left: draw 6: b, cb
//      again, merged. Threshold 0.9 * 0.80 + 0.1 * 0.82 = 0.802. cb, drafts
//      7-10: 5 5 5 5, so cb5 four times 0.81, an answer
//      Threshold 0.9 * 0.802 + 0.1 * 0.81 = 0.8028
//   2  b was never visited. Drafts 11-14: a a b b, so ba twice 0.20 and bb
//      twice 0.70, rejected; the base, 15-16: b b, so bb twice 0.70. Threshold
//      0.9 * 0.8028 + 0.1 * 0.70 = 0.79252. bb, drafts 17-20: 3 3 3 3, so bb3
//      four times 0.90, an answer
static const struct wood_place drafted[] = {
    {"", 0, "abc", NULL},   {"b", 0.6, "ab", NULL},  {"c", 0.8, "ab", NULL},
    {"ca", 0.5, "1", NULL}, {"cb", 0.82, "5", NULL}, {"cb5", 0.81, NULL, NULL},
    {"ba", 0.2, "1", NULL}, {"bb", 0.7, "3", NULL},  {"bb3", 0.9, NULL, NULL},
    {NULL, 0, NULL, NULL},
};

Test(mcts, specsearch_moves_one_threshold_through_all_expansions) {
    struct wood p;
    wood_open(&p, drafted, SEED);
    p.s.search = SEARCH_MCTS;
    p.s.tree_width = 2;
    p.s.iterations = 2;
    p.s.selection = SELECT_UCT;
    wood_expect_drawn(&p, RNG_DRAFT, 2, "ab", "aaba");
    wood_expect_drawn(&p, RNG_TARGET, 6, "ab", "b");
    wood_expect_drawn(&p, RNG_DRAFT, 11, "ab", "aabb");
    wood_expect_drawn(&p, RNG_TARGET, 15, "ab", "bb");
    wood_solve(&p, "specsearch");
    wood_expect(&p, "c base pruned 0.80 - 1\n"
                    "b base kept 0.60 - 1\n"
                    "ca draft rejected 0.50 0.8000 3\n"
                    "cb draft pruned 0.82 0.8000 2\n"
                    "cb base surplus 0.82 0.8000 1\n"
                    "cb5 draft pruned 0.81 0.8020 4\n"
                    "ba draft rejected 0.20 0.8028 2\n"
                    "bb draft rejected 0.70 0.8028 2\n"
                    "bb base kept 0.70 0.8028 2\n"
                    "bb3 draft kept 0.90 0.7925 4\n");
    wood_close(&p);
}

// No draft survives and nothing is rewritten: c 0.80 is a dead end, worth
// nothing, so the second iteration goes to b 0.60, which is one too: 0.60 + 0.5
// * 0.2 against 0 + 0.5 * 0.2 / 2 (with its score c would have 0.85). The
// better of both is what there is.
Test(mcts, dead_ends_end_iterations) {
    struct wood p;
    wood_open(&p, drafted, SEED);
    p.s.search = SEARCH_MCTS;
    p.s.tree_width = 2;
    p.s.iterations = 2;
    p.s.exploration = 0.2;
    p.s.rewrite = REWRITE_NONE;
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 1.1;
    wood_solve(&p, "specsearch");
    wood_expect_kept(&p, "c", STOP_NO_THOUGHT);
    cr_expect_eq(p.t.n_steps, 6);
    // Nothing is expanded twice.
    p.s.iterations = 6;
    wood_solve(&p, "specsearch");
    cr_expect_eq(p.t.n_steps, 6);
    wood_close(&p);
}
