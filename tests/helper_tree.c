#include "tests/helper_tree.h"

#include "engine/base/error.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <math.h>

void helper_tree_scene(struct helper_store *h) {
    static struct manifest_setting settings[] = {
        {"temperature", "0.6", true},
        {"evaluator", "prm", false},
        {"second_evaluator", "judge", false}};
    static const char *const methods[] = {"search-ar", "specsearch",
                                          "search-sps"};
    helper_store_init(h);
    h->manifest.k = 1;
    h->manifest.baseline = "search-ar";
    h->manifest.versus = "search-sps";
    h->dataset.n_problems = 2;
    h->dataset.steps = "chain";
    h->problems[0].text = "1 a+2 b+3?";
    h->problems[1].text = "5 a-1?";
    for (int i = 0; i < HELPER_CELLS; i++) {
        h->cells[i].method = h->cells[i].label = methods[i];
        h->cells[i].threshold = NAN;
        h->cells[i].settings = settings;
        h->cells[i].n_settings = 3;
    }
}

#define NODE(who, after, was, n, first, other, limit, words)                   \
    {                                                                          \
        .author = AUTHOR_##who, .parent = after, .decision = DECISION_##was,   \
        .kept = DECISION_##was == DECISION_KEPT, .judged = true,               \
        .score = first, .second = other, .threshold = limit, .n_copies = n,    \
        .text = words, .n_bytes = sizeof words - 1                             \
    }

struct sample_step helper_first_tree[HELPER_TREE_STEPS] = {
    NODE(BASE, -1, KEPT, 1, 1.0, 0.8, NAN, "a:1+2;3\n\n"),
    NODE(BASE, -1, PRUNED, 2, 0.75, 0.4, NAN, "a:1+2;4\n\n"),
    NODE(DRAFT, 0, REJECTED, 3, 0.73, 0.7, 0.9, "b:3+3;1+2=3;6\n\n"),
    NODE(DRAFT, 0, REJECTED, 1, 0.2, 0.1, 0.9, "b:3+3;7\n\n"),
    NODE(BASE, 0, KEPT, 1, 0.7, 0.9, 0.9, "b:3+3;6\n\n"),
    NODE(DRAFT, 1, PRUNED, 3, 0.9, NAN, 0.9, "b:4+3;7\n\n"),
    NODE(BASE, 1, SURPLUS, 2, 0.9, NAN, 0.9, "b:4+3;7\n\n"),
};
static struct sample_step second_tree[] = {
    NODE(BASE, -1, KEPT, 1, 0.6, 0.6, NAN, "a:5-1;4\n\n")};

char *helper_tree_folder(struct helper_store *h) {
    static const double ms[HELPER_CELLS][2] = {{10, 20}, {5, 8}, {8, 16}};
    char *dir = helper_dir_new();
    struct error err;
    helper_tree_scene(h);
    cr_assert_eq(manifest_save(&h->manifest, dir, &err), 0);
    for (int i = 0; i < HELPER_CELLS * 2; i++) {
        int cell = i / 2, p = i % 2;
        struct sample s = helper_sample(h, cell, p, 0, ms[cell][p], 10, true);
        if (cell == 1) {
            s.tree = true;
            s.steps = p ? second_tree : helper_first_tree;
            s.n_steps = p ? 1 : HELPER_TREE_STEPS;
            s.count.calls[ROLE_BASE] = 4;
            s.count.evaluated[ROLE_BASE] = 20;
            s.count.calls[ROLE_DRAFT] = 3;
            s.count.evaluated[ROLE_DRAFT] = 6;
            s.count.calls[ROLE_PRM] = 2;
            s.count.evaluated[ROLE_PRM] = 10 + p;
        }
        helper_add(dir, &s);
    }
    return dir;
}
