#include "harness/report.h"

#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"
#include "tests/helper_table.h"
#include "tests/helper_tree.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

// Whole tables of the hand-written folder (helper_store.h), worked out by hand;
// t quantile qt(.975, 2) = 4.302653.

static char *make_folder(struct helper_store *h) {
    char *dir = helper_dir_new();
    helper_store_init(h);
    helper_fill(h, dir);
    return dir;
}

// B: problem means 1, 1, .5: mean .8333, sd .288675, se .166667, interval
// .8333 -+ .717109, cut at 1.
Test(tables, accuracy) {
    struct helper_store h;
    char *dir = make_folder(&h);
    helper_expect_rows(
        dir, &table_accuracy,
        "big,,set,vanilla,,3,2,1.0000,0.0000,1.0000,1.0000,0.0,0.0,"
        "0.0,10.0,1.0000,1.0000,,,,,1.0000,1.0000,,,,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,3,2,0.8333,0.1667,0.1162,1.0000,"
        "0.0,0.0,0.0,10.0,0.5000,1.0000,,,,,0.8333,0.8333,,,,,bbbbbbbb\n"
        "big,small,set,specdecode,,3,2,1.0000,0.0000,1.0000,1.0000,"
        "0.0,0.0,0.0,10.0,1.0000,1.0000,,,,,1.0000,1.0000,,,,,cccccccc\n");
    helper_dir_free(dir);
}

// A: 10, 10, 20, 20, 40, 40 ms: mean 23.333, median 20, mad() 14.826; six
// samples give no p90, three problems no interval; 10 tokens / 23.333 ms =
// 428.6 / s; se = sd(10, 20, 40) / sqrt(3) = 8.819.
Test(tables, latency) {
    struct helper_store h;
    char *dir = make_folder(&h);
    helper_expect_rows(
        dir, &table_latency,
        "big,,set,vanilla,,23.333,20.000,,,,,,,,,14.826,10.0,428.6,"
        "8.819,6,0.000,23.333,0.000,0.000,0.000,0.000,,,,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,11.667,10.000,,,,,,,,,7.413,10.0,"
        "857.1,4.410,6,0.000,11.667,0.000,0.000,0.000,0.000,,,,,bbbbbbbb\n"
        "big,small,set,specdecode,,23.333,20.000,,,,,,,,,14.826,10.0,"
        "428.6,8.819,6,0.000,23.333,0.000,0.000,0.000,0.000,,,,,cccccccc\n");
    helper_dir_free(dir);
}

// B: every ratio is 2, so the interval has no width and p is 0; accuracy
// differences 0, 0, -.5: mean -.1667, se .1667, t = -1, p_t = 2 * pt(-1, 2)
// = .4226, p = 1 (the one that is not 0 may have any sign); detectable
// (4.302653 + 1.060660) * .166667 = .8939. A is always right: no correlation.
Test(tables, speedup) {
    struct helper_store h;
    char *dir = make_folder(&h);
    helper_expect_rows(
        dir, &table_speedup,
        "big,small,set,specreason,7.0,2.000,2.000,2.000,0.0000,0.0000,"
        "0.0000,2.000,-0.1667,-0.8838,0.5504,0.4226,1.0000,1.0000,"
        "1.0000,,0.8939,2.000,2.000,2.000,1.000,3,,,,bbbbbbbb\n"
        "big,small,set,specdecode,,1.000,1.000,1.000,1.0000,1.0000,"
        "1.0000,1.000,0.0000,0.0000,0.0000,1.0000,1.0000,1.0000,1.0000,"
        ",,1.000,1.000,1.000,1.000,3,,,,cccccccc\n");
    helper_dir_free(dir);
}

// The numbers of "apart" in tests/golden/cell_pair.csv, twice: Holm doubles
// both p values, Benjamini and Hochberg's rule leaves two equal ones alone.
Test(tables, speedup_adjusts_p_values) {
    static const int ms[3][6] = {{10, 12, 20, 30, 40, 44},
                                 {5, 7, 25, 15, 22, 20},
                                 {5, 7, 25, 15, 22, 20}};
    static const int tokens[3][6] = {{10, 10, 20, 20, 30, 40},
                                     {8, 12, 20, 10, 30, 20},
                                     {8, 12, 20, 10, 30, 20}};
    static const bool right[3][6] = {
        {1, 0, 1, 1, 0, 0}, {1, 1, 1, 1, 0, 1}, {1, 0, 1, 1, 0, 0}};
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < HELPER_CELLS * 6; i++) {
        int cell = i / 6, at = i % 6;
        struct sample s = helper_sample(&h, cell, at / 2, at % 2, ms[cell][at],
                                        tokens[cell][at], right[cell][at]);
        helper_add(dir, &s);
    }
    helper_expect_rows(
        dir, &table_speedup,
        "big,small,set,specreason,7.0,1.661,0.893,3.091,0.0723,0.1445,"
        "0.0723,1.660,0.3333,-0.3838,1.0504,0.1835,0.5000,1.0000,"
        "1.0000,0.866,0.8939,1.325,0.554,3.167,0.769,3,,,,bbbbbbbb\n"
        "big,small,set,specdecode,,1.661,0.893,3.091,0.0723,0.1445,"
        "0.0723,1.660,0.0000,0.0000,0.0000,1.0000,1.0000,1.0000,"
        "1.0000,1.000,,1.325,0.554,3.167,0.769,3,,,,cccccccc\n");
    helper_dir_free(dir);
}

static void add_steps(struct sample *s, struct sample_step *steps) {
    static const char text[] = "x";
    // The draft's first step is kept with 9, its second dropped with 3 and
    // rewritten by the base. Five tokens each.
    for (int i = 0; i < 3; i++) {
        steps[i] =
            (struct sample_step){.author = i < 2 ? AUTHOR_DRAFT : AUTHOR_BASE,
                                 .kept = i != 1,
                                 .judged = i < 2,
                                 .score = i ? 3 : 9,
                                 .threshold = 7,
                                 .n_tokens = 5,
                                 .text = text,
                                 .n_bytes = 1};
    }
    s->steps = steps;
    s->n_steps = 3;
    s->count.step_tokens_drafted = 10;
    s->count.step_tokens_discarded = 5;
    s->count.judge_calls = 2;
    s->count.judge_tokens = 4;
    s->phase_ns[PHASE_DRAFT] = 2000000; // 10 tokens: .2 ms each
    s->phase_ns[PHASE_JUDGE] = 3000000; // 2 calls: 1.5 ms each
    s->phase_ns[PHASE_BASE] = 5000000;
}

// Base alone: 1 ms a token. c = .2, L = 5, v = 1.5, a = .5: predicted
// 1 / (.2 + .3 + .5) = 1. Measured: 10 ms / 10 tokens against the same: 1.
Test(tables, steps_and_cost_model) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    h.dataset.n_problems = 1;
    h.manifest.k = 1;
    struct error err;
    struct sample_step steps[3];
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    struct sample a = helper_sample(&h, 0, 0, 0, 10, 10, true);
    struct sample b = helper_sample(&h, 1, 0, 0, 10, 10, true);
    add_steps(&b, steps);
    helper_add(dir, &a);
    helper_add(dir, &b);
    helper_expect_rows(
        dir, &table_steps,
        "big,,set,vanilla,,0.00,,,,,,,,,,,0.0,,0.0,,,,,,,,,,,,"
        "aaaaaaaa\n"
        "big,small,set,specreason,7.0,2.00,50.0,6.00,,10.0,5.0,2.00,"
        "2.00,50.0,4.0,,0.0,0.0,0.0,0.2000,5.00,1.500,0.5000,1.000,"
        "1.000,,,,,,bbbbbbbb\n");
    helper_dir_free(dir);
}

Test(tables, samples_have_a_row_for_what_is_missing) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.dataset.n_problems = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    struct sample s = helper_sample(&h, 0, 0, 1, 2.5, 10, false);
    helper_add(dir, &s);
    helper_expect_rows(
        dir, &table_samples,
        "big,,set,vanilla,,p0,0,missing,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"
        ",,,,1,,,aaaaaaaa\n"
        "big,,set,vanilla,,p0,1,wrong,1,,answer,0,2.500000,0.000000,"
        "2.500000,0.000000,0.000000,0.000000,0.000000,0,10,0,0,0,0,0,0,0,0,0,"
        "0,0,0,0,0,0,0,0,0,0,0,0,,0,t,,1,,,aaaaaaaa\n");
    helper_dir_free(dir);
}

Test(tables, incomplete_cells_have_no_estimates) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    helper_expect_rows(
        dir, &table_accuracy,
        "big,,set,vanilla,,,,,,,,,,,,,,,,,,,,invalid,6,,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,,,,,,,,,,,,,,,,,,,invalid,6,,,"
        "bbbbbbbb\n");
    helper_expect_rows(
        dir, &table_speedup,
        "big,small,set,specreason,7.0,,,,,,,,,,,,,,,,,,,,,,6,,,bbbbbbbb\n");
    helper_dir_free(dir);
}

// ---- trees ----------------------------------------------------------------

// A: mean 15 ms, se sd(10, 20) / sqrt(2) = 5, interval -+ qt(.975, 1) * 5 =
// 12.706205 * 5, cut at 0. B against A is 10 / 5 and 20 / 8: sqrt(2 * 2.5), its
// logs have se log(2.5 / 2) / 2; of means 30 / 13. Against C 1.6 and 2, of
// means 24 / 13. C against A is 1.25 twice, so the interval has no width. B: 7
// thoughts of the base, 5 of the draft in 2 + 1 layers, 8 of 12 different; 4 of
// 5 rejected, three rewritten (beside drafts of the same thought).
Test(tables, search) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    helper_expect_rows(
        dir, &table_search,
        "big,,set,search-ar,,2,1,1.0000,1.0000,1.0000,15.000,0.000,78.531,,,,"
        ",0.800,0.800,0.800,0.800,,,,,,,,,,,,,,,,,,,,aaaaaaaa\n"
        "big,small,set,specsearch,,2,1,1.0000,1.0000,1.0000,6.500,0.000,25.559,"
        "2.236,0.542,9.229,2.308,1.789,0.433,7.383,1.846,0.0000,0.0000,0.0000,"
        "3.50,2.50,4.00,1.50,66.7,80.0,1.50,4.0,3.0,2.0,5.00,2.00,5.25,,,,"
        "bbbbbbbb\n"
        "big,small,set,search-sps,,2,1,1.0000,1.0000,1.0000,12.000,0.000,"
        "62.825,1.250,1.250,1.250,1.250,,,,,0.0000,0.0000,0.0000,,,,,,,,,,,,,,,"
        ",,"
        "cccccccc\n");
    helper_dir_free(dir);
}

// Depth 1: base (1 + 2 * .75 + .6) / 4. Depth 2: the base's (.7 + 2 * .9) / 3,
// the draft's (3 * .73 + .2 + .9) / 5, of which .9 is above .833 (.73 is above
// the mean of all, .724).
Test(tables, depths) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    helper_expect_rows(
        dir, &table_depths,
        "big,small,set,specsearch,,1,2,4,0,0.775,0.775,,,,,,,,"
        "bbbbbbbb\n"
        "big,small,set,specsearch,,2,1,3,5,0.724,0.833,0.658,0.900,80.0,"
        "20.0,,,,bbbbbbbb\n");
    helper_dir_free(dir);
}

// What the paths of a tree cost is not in the cost model of one path.
Test(tables, steps_of_trees) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    h.manifest.n_cells = 2;
    struct error err;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    helper_expect_rows(
        dir, &table_steps,
        "big,,set,search-ar,,0.00,,,,,,,,,,,0.0,,0.0,,,,,,,,,,,,"
        "aaaaaaaa\n"
        "big,small,set,specsearch,,1.50,0.0,0.72,,0.0,0.0,0.00,1.50,,"
        "0.0,,4.0,3.0,0.0,,,,,,2.236,0.775 0.724,- 0.900,,,,bbbbbbbb\n");
    helper_dir_free(dir);
}

// Ranks of the six thoughts that both scored, by falling first score: 6 5 4 3 2
// 1 and 5 2 4 6 3 1, so 1 - 6 * 20 / (6 * 35) = .429; the first problem alone
// 5 4 3 2 1 and 4 2 3 5 1, 1 - 6 * 14 / (5 * 24) = .3; the second has none.
// Right are 1 .73 .7 .6, wrong .75 and .2: 5 of 8 pairs; of the first problem
// alone 4 of 6. The second evaluator has all pairs right.
Test(tables, evaluators) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    helper_expect_rows(
        dir, &table_evaluators,
        "big,small,set,specsearch,,prm,judge,6,0.429,0.300,0.429,6,66.7,"
        "0.625,0.625,0.667,1.000,1.000,1.000,,,,bbbbbbbb\n");
    helper_expect_rows(
        dir, &table_evaluator_bins,
        "big,small,set,specsearch,,prm,judge,0.2,0.3,1,0.100,1,0.0,,,,"
        "bbbbbbbb\n"
        "big,small,set,specsearch,,prm,judge,0.6,0.7,1,0.600,1,100.0,,,,"
        "bbbbbbbb\n"
        "big,small,set,specsearch,,prm,judge,0.7,0.8,3,0.667,3,66.7,,,,"
        "bbbbbbbb\n"
        "big,small,set,specsearch,,prm,judge,0.9,1.0,1,0.800,1,100.0,,,,"
        "bbbbbbbb\n");
    helper_dir_free(dir);
}

// Without a second evaluator the first is still measured where steps can be
// checked (two nodes are behind a wrong one); without a
// checker there is nothing to say.
Test(tables, evaluators_need_something_to_compare_with) {
    struct helper_store h;
    struct sample_step steps[7];
    struct error err;
    char *dir = helper_dir_new();
    helper_tree_scene(&h);
    h.manifest.n_cells = 1;
    h.dataset.n_problems = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    memcpy(steps, helper_first_tree, sizeof steps);
    for (int i = 0; i < 7; i++)
        steps[i].second = NAN;
    struct sample s = helper_sample(&h, 0, 0, 0, 10, 10, true);
    s.tree = true;
    s.steps = steps;
    s.n_steps = 7;
    helper_add(dir, &s);
    helper_expect_rows(
        dir, &table_evaluators,
        "big,,set,search-ar,,prm,,7,,,,5,60.0,0.667,,,,,,,,,aaaaaaaa\n");
    helper_expect_rows(dir, &table_evaluator_bins, "");
    h.dataset.steps = NULL;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    helper_expect_rows(dir, &table_evaluators, "");
    helper_dir_free(dir);
}
