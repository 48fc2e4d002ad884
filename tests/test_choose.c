#include "engine/methods/choose.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// Paths of two thoughts each: the score of the first, of the last, and the text
// of the last.
struct path {
    double first, last;
    const char *text;
};

struct fixture {
    struct workspace w;
    struct settings s;
    struct search x;
    int finished[8], frontier[8], scratch[32];
    struct vote votes[8];
    char text[256];
};

static void fixture_init(struct fixture *f, enum choice_rule rule) {
    struct error err = {0};
    *f = (struct fixture){.s.choose = (int)rule};
    f->w.text = f->text;
    f->w.text_bytes = sizeof f->text;
    f->x = (struct search){.w = &f->w,
                           .s = &f->s,
                           .finished = f->finished,
                           .frontier = f->frontier,
                           .votes = f->votes,
                           .scratch = f->scratch};
    cr_assert_eq(tree_fit(&f->x.tree, 32, 8, 8, &err), 0, "%s", err.text);
    tree_reset(&f->x.tree);
}

static int add(struct tree *t, int parent, double score, const char *text) {
    int node = tree_add(t, parent, AUTHOR_BASE, NULL, 0, text, strlen(text));
    cr_assert(node >= 0);
    t->nodes[node].score = score;
    tree_link(t, node);
    return node;
}

static int add_path(struct tree *t, const struct path *p) {
    return add(t, add(t, TREE_ROOT, p->first, "x\n\n"), p->last, p->text);
}

// The chosen path's number in finished, then frontier; -1: none.
static int choose(enum choice_rule rule, const struct path *finished,
                  int n_finished, const struct path *frontier, int n_frontier) {
    struct fixture f;
    fixture_init(&f, rule);
    for (int i = 0; i < n_finished; i++)
        f.finished[f.x.n_finished++] = add_path(&f.x.tree, &finished[i]);
    for (int i = 0; i < n_frontier; i++)
        f.frontier[f.x.n_frontier++] = add_path(&f.x.tree, &frontier[i]);
    int node = choose_path(&f.x), at = -1;
    for (int i = n_frontier; i-- > 0;)
        if (f.frontier[i] == node) at = n_finished + i;
    for (int i = n_finished; i-- > 0;)
        if (f.finished[i] == node) at = i;
    cr_assert_eq(node == TREE_ROOT, at < 0);
    tree_release(&f.x.tree);
    return at;
}

#define FINISHED(rule, paths)                                                  \
    choose(rule, paths, (int)(sizeof(paths) / sizeof *(paths)), NULL, 0)

// Answers 1: paths 0 and 2, last scores 0.5 + 0.25 = 0.75; 2: path 1, 0.875;
// 3: paths 3, 4 and 5, 0.25 + 0.125 + 0.125 = 0.5. Path 6 has none.
static const struct path paths[] = {
    {0.75, 0.5, "\\boxed{1}"},       {0.25, 0.875, "\\boxed{2}"},
    {0.125, 0.25, "\\boxed{ 1 }"},   {0.5, 0.25, "\\boxed{3}"},
    {0.5, 0.125, "Answer: 3\n"},     {0.5, 0.125, "\\boxed{3}"},
    {0.9375, 0.9375, "nothing\n\n"},
};

Test(choose, goes_by_scores_or_votes_of_paths_with_an_answer) {
    cr_expect_eq(FINISHED(CHOOSE_LAST, paths), 1);
    cr_expect_eq(FINISHED(CHOOSE_MIN, paths), 0);
    cr_expect_eq(FINISHED(CHOOSE_MAJORITY, paths), 3);
    cr_expect_eq(FINISHED(CHOOSE_VOTE, paths), 1);
}

// Two paths each for 1 (0.5) and 2 (0.75): the larger sum, and its best path.
Test(choose, breaks_ties_of_votes_by_sums_then_by_order) {
    static const struct path tied[] = {
        {1, 0.25, "\\boxed{1}"},
        {1, 0.25, "\\boxed{1}"},
        {1, 0.25, "\\boxed{2}"},
        {1, 0.5, "\\boxed{2}"},
    };
    static const struct path equal[] = {
        {1, 0.25, "\\boxed{1}"},
        {1, 0.5, "\\boxed{2}"},
        {1, 0.5, "\\boxed{1}"},
        {1, 0.25, "\\boxed{2}"},
    };
    cr_expect_eq(FINISHED(CHOOSE_MAJORITY, tied), 3);
    cr_expect_eq(FINISHED(CHOOSE_MAJORITY, equal), 2);
    cr_expect_eq(FINISHED(CHOOSE_VOTE, equal), 2);
    cr_expect_eq(FINISHED(CHOOSE_LAST, equal), 1);
    cr_expect_eq(FINISHED(CHOOSE_MIN, equal), 1);
}

Test(choose, looks_at_all_paths_where_none_has_an_answer) {
    static const struct path over[] = {{0.5, 0.25, "a\n\n"},
                                       {0.5, 0.5, "b\n\n"}};
    static const struct path open[] = {{0.25, 0.75, "c\n\n"},
                                       {0.25, 0.5, "d\n\n"}};
    for (int rule = CHOOSE_LAST; rule <= CHOOSE_VOTE; rule++) {
        int want = rule == CHOOSE_MIN ? 1 : 2;
        cr_expect_eq(choose((enum choice_rule)rule, over, 2, open, 2), want);
        cr_expect_eq(choose((enum choice_rule)rule, NULL, 0, NULL, 0), -1);
    }
    // One finished answer, however poor, beats what is not finished.
    static const struct path poor[] = {{0, 0, "\\boxed{1}"}};
    cr_expect_eq(choose(CHOOSE_LAST, poor, 1, open, 2), 0);
}

// An answer that begins in one thought and ends in the next.
Test(choose, reads_answers_across_thoughts) {
    struct fixture f;
    fixture_init(&f, CHOOSE_LAST);
    struct tree *t = &f.x.tree;
    f.finished[0] = add(t, add(t, TREE_ROOT, 0.5, "\\boxed{1"), 0.25, "2}");
    f.finished[1] = add(t, TREE_ROOT, 0.5, "\\boxed{1");
    f.x.n_finished = 2;
    cr_expect_eq(choose_path(&f.x), f.finished[0]);
    tree_release(t);
}
