#include "harness/figures/figure.h"

#include "engine/base/error.h"
#include "harness/tables/evaluations.h"
#include "tests/helper_dir.h"
#include "tests/helper_figure.h"
#include "tests/helper_store.h"
#include "tests/helper_tree.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Data of the figures about steps and times, worked out by hand.

static char *folder_of(const struct helper_store *h) {
    char *dir = helper_dir_new();
    struct error err;
    cr_assert_eq(manifest_save(&h->manifest, dir, &err), 0, "%s", err.text);
    return dir;
}

// ---- acceptance -----------------------------------------------------------

// B has 3 drafted steps in p0, one of them rejected and rewritten, and 1 in p1;
// what the base writes is verified in p0. C drafts tokens alone.
static char *acceptance_folder(struct helper_store *h) {
    helper_store_init(h);
    h->manifest.k = 1;
    h->dataset.n_problems = 2;
    char *dir = folder_of(h);
    for (int i = 0; i < HELPER_CELLS * 2; i++) {
        int cell = i / 2, p = i % 2;
        struct sample s = helper_sample(h, cell, p, 0, 10, 40, true);
        struct sample_step steps[4];
        for (int j = 0; j < 4; j++) {
            steps[j] = (struct sample_step){.author = j == 2 ? AUTHOR_BASE
                                                             : AUTHOR_DRAFT,
                                            .kept = j != 1,
                                            .judged = true,
                                            .score = 7,
                                            .threshold = 7,
                                            .text = "x",
                                            .n_bytes = 1};
        }
        if (cell == 1) {
            s.steps = steps;
            s.n_steps = p ? 1 : 4;
            s.count.kept_from_draft = p ? 40 : 20;
            s.count.spec_drafted = p ? 0 : 16;
            s.count.spec_accepted = p ? 0 : 15;
            s.count.spec_passes = p ? 0 : 5;
        }
        if (cell == 2) {
            s.count.spec_drafted = 40;
            s.count.spec_accepted = 30;
            s.count.spec_passes = 10;
        }
        helper_add(dir, &s);
    }
    return dir;
}

// B: 60 of 80 tokens in drafted steps; of the 20 others 15 of 20 parts were
// accepted; residuals -+10, se sqrt(2 * 200) / 80 = .25, far beyond both ends
// with qt(.975, 1) = 12.706. 3 of 4 steps: residuals -+.25, se .125. p1 drafts
// no token, so one problem is left. C: no difference between problems, so no
// width. A has no draft.
Test(figures_steps, acceptance) {
    struct helper_store h;
    char *dir = acceptance_folder(&h);
    helper_expect_figure(
        dir, &figure_acceptance,
        "1,set / big,1,by draft in steps,1,specreason \u2265 7,"
        "75.00,0.00,100.00,0.00,75.00,2,bbbbbbbb\n"
        "1,set / big,2,by draft in tokens,1,specreason \u2265 7,"
        "18.75,0.00,100.00,75.00,93.75,2,bbbbbbbb\n"
        "1,set / big,3,by base,1,specreason \u2265 7,"
        "6.25,0.00,85.66,93.75,100.00,2,bbbbbbbb\n"
        "1,set / big,4,steps accepted,1,specreason \u2265 7,"
        "75.00,0.00,100.00,,,2,bbbbbbbb\n"
        "1,set / big,5,tokens accepted,1,specreason \u2265 7,"
        "93.75,,,,,1,bbbbbbbb\n"
        "1,set / big,2,by draft in tokens,2,specdecode,"
        "75.00,75.00,75.00,0.00,75.00,2,cccccccc\n"
        "1,set / big,3,by base,2,specdecode,"
        "25.00,25.00,25.00,75.00,100.00,2,cccccccc\n"
        "1,set / big,5,tokens accepted,2,specdecode,"
        "75.00,75.00,75.00,,,2,cccccccc\n");
    helper_dir_free(dir);
}

// Of the five thoughts that the draft of the tree wrote (two of its copies are
// the base's) four were rejected. No one of the kept steps is its.
Test(figures_steps, acceptance_of_trees) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    helper_expect_figure(dir, &figure_acceptance,
                         "1,set / big,3,by base,1,specsearch,100.00,34.24,"
                         "100.00,0.00,100.00,2,bbbbbbbb\n"
                         "1,set / big,4,steps accepted,1,specsearch,20.00,,,,,"
                         "1,bbbbbbbb\n");
    helper_dir_free(dir);
}

// ---- times ----------------------------------------------------------------

// Times 10 and 20 ms: mean 15, se 5, interval 15 -+ 63.531 cut at 0. The split
// is 1 ms of prompt, 2 of rest, and writing. A failed sample has no times.
Test(figures_steps, latency_split) {
    struct helper_store h;
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.dataset.n_problems = 3;
    h.manifest.k = 1;
    char *dir = folder_of(&h);
    for (int p = 0; p < 3; p++) {
        struct sample s = helper_sample(&h, 0, p, 0, 10 + 10 * p, 40, true);
        s.phase_ns[PHASE_PROMPT] = 1000000;
        s.phase_ns[PHASE_BASE] -= 3000000;
        s.other_ns = 2000000;
        if (p == 2) s.error = "out of luck";
        helper_add(dir, &s);
    }
    helper_expect_figure(
        dir, &figure_latency_split,
        "1,set / big,1,prompt is read,1,vanilla,1.000,0.000,1.000,6.7,15.000,"
        "0.000,78.531,2,aaaaaaaa\n"
        "1,set / big,2,base writes,1,vanilla,12.000,1.000,13.000,80.0,15.000,"
        "0.000,78.531,2,aaaaaaaa\n"
        "1,set / big,6,rest,1,vanilla,2.000,13.000,15.000,13.3,15.000,"
        "0.000,78.531,2,aaaaaaaa\n");
    helper_dir_free(dir);
}

// Steps from the least time, at 0, to the greatest, at 1.
Test(figures_steps, latency_cdf) {
    struct helper_store h;
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.manifest.k = 1;
    char *dir = folder_of(&h);
    for (int p = 0; p < 3; p++) {
        struct sample s = helper_sample(&h, 0, p, 0, 30 - 10 * p, 40, true);
        helper_add(dir, &s);
    }
    helper_expect_figure(dir, &figure_latency_cdf,
                         "1,set / big,1,vanilla,10.000,0.0000,3,aaaaaaaa\n"
                         "1,set / big,1,vanilla,10.000,0.3333,3,aaaaaaaa\n"
                         "1,set / big,1,vanilla,20.000,0.6667,3,aaaaaaaa\n"
                         "1,set / big,1,vanilla,30.000,1.0000,3,aaaaaaaa\n");
    helper_dir_free(dir);
}

// Of many samples two hundred steps are left, the ends among them.
Test(figures_steps, latency_cdf_is_thinned) {
    struct helper_store h;
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.manifest.k = 1500;
    h.dataset.n_problems = 1;
    char *dir = folder_of(&h);
    for (int k = 0; k < 1500; k++) {
        struct sample s = helper_sample(&h, 0, 0, k, k + 1, 40, true);
        helper_add(dir, &s);
    }
    char *csv = helper_figure_data(dir, &figure_latency_cdf);
    int n_lines = 0;
    for (const char *at = csv; (at = strchr(at, '\n')); at++)
        n_lines++;
    cr_expect_eq(n_lines, 202);
    cr_expect(strstr(csv, ",1.000,0.0000,1500,"));
    cr_expect(strstr(csv, ",750.000,0.5000,1500,"));
    cr_expect(strstr(csv, ",1500.000,1.0000,1500,"));
    free(csv);
    helper_dir_free(dir);
}

// A run in throughput mode has no times.
Test(figures_steps, no_times_no_rows) {
    struct helper_store h;
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.manifest.k = 1;
    h.dataset.n_problems = 1;
    char *dir = folder_of(&h);
    struct sample s = helper_sample(&h, 0, 0, 0, 10, 40, true);
    s.mode = MODE_THROUGHPUT;
    s.total_ns = s.other_ns = SAMPLE_NO_TIME;
    for (int i = 0; i < PHASE_N; i++)
        s.phase_ns[i] = SAMPLE_NO_TIME;
    helper_add(dir, &s);
    helper_expect_figure(dir, &figure_latency_split, "");
    helper_expect_figure(dir, &figure_latency_cdf, "");
    helper_expect_figure(dir, &figure_acceptance, "");
    helper_expect_figure(dir, &figure_depth, "");
    helper_expect_figure(dir, &figure_judge_prm, "");
    helper_dir_free(dir);
}

// ---- trees ----------------------------------------------------------------

// Means as in depths.csv (test_tables.c). Depth 1: 2.5 of 3 in p0, .6 in p1:
// mean .775, residuals .175 and -.175, se sqrt(2 * 2 * .175^2) / 4 = .0875. On
// the chosen paths 1 and .6: mean .8, se .2. Depth 2 is p0's alone.
Test(figures_steps, depth) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    helper_expect_figure(
        dir, &figure_depth,
        "1,set / big / specsearch,1,thoughts of the base,1,0.7750,0.0000,"
        "1.0000,4,2,bbbbbbbb\n"
        "1,set / big / specsearch,1,thoughts of the base,2,0.8333,,,3,1,"
        "bbbbbbbb\n"
        "1,set / big / specsearch,2,thoughts of the draft,2,0.6580,,,5,1,"
        "bbbbbbbb\n"
        "1,set / big / specsearch,3,steps of the chosen path,1,0.8000,0.0000,"
        "1.0000,2,2,bbbbbbbb\n"
        "1,set / big / specsearch,3,steps of the chosen path,2,0.7000,,,1,1,"
        "bbbbbbbb\n"
        "1,set / big / specsearch,4,threshold,2,0.9000,,,8,1,bbbbbbbb\n");
    helper_dir_free(dir);
}

#define AGREE                                                                  \
    "1,set / big / agreement,1,judge by prm,Score of prm,Mean score of judge,"
#define RIGHT_PRM                                                              \
    "2,set / big / correctness,2,prm,Score,Share of right thoughts,"
#define RIGHT_JUDGE                                                            \
    "2,set / big / correctness,3,judge,Score,Share of right thoughts,"

// Numbers of evaluators.csv (test_tables.c), bins by hand. Scores of the PRM
// that the judge knows too: 1 .75 .73 .2 .7, and .6 in p1; right are 1 .73 .7
// .6. Of the judge: .8 .4 .7 .1 .9 and .6, right .8 .7 .9 .6.
Test(figures_steps, judge_prm) {
    struct helper_store h;
    char *dir = helper_tree_folder(&h);
    helper_expect_figure(
        dir, &figure_judge_prm,
        AGREE "0.2,0.2000,0.1000,,,,1,1,bbbbbbbb\n" AGREE
              "0.6,0.6000,0.6000,,,,1,1,bbbbbbbb\n" AGREE
              "0.7,0.7267,0.6667,,,,3,1,bbbbbbbb\n" AGREE
              "0.9,1.0000,0.8000,,,,1,1,bbbbbbbb\n" AGREE
              ",,0.4286,0.3000,0.4286,Spearman,6,,bbbbbbbb\n" RIGHT_PRM
              "0.2,0.2000,0.0000,,,,1,1,bbbbbbbb\n" RIGHT_PRM
              "0.6,0.6000,1.0000,,,,1,1,bbbbbbbb\n" RIGHT_PRM
              "0.7,0.7267,0.6667,,,,3,1,bbbbbbbb\n" RIGHT_PRM
              "0.9,1.0000,1.0000,,,,1,1,bbbbbbbb\n" RIGHT_PRM
              ",,0.6250,0.6250,0.6667,AUC,6,,bbbbbbbb\n" RIGHT_JUDGE
              "0.1,0.1000,0.0000,,,,1,1,bbbbbbbb\n" RIGHT_JUDGE
              "0.4,0.4000,0.0000,,,,1,1,bbbbbbbb\n" RIGHT_JUDGE
              "0.6,0.6000,1.0000,,,,1,1,bbbbbbbb\n" RIGHT_JUDGE
              "0.7,0.7000,1.0000,,,,1,1,bbbbbbbb\n" RIGHT_JUDGE
              "0.8,0.8000,1.0000,,,,1,1,bbbbbbbb\n" RIGHT_JUDGE
              "0.9,0.9000,1.0000,,,,1,1,bbbbbbbb\n" RIGHT_JUDGE
              ",,1.0000,1.0000,1.0000,AUC,6,,bbbbbbbb\n");
    helper_dir_free(dir);
}

// Beside a pair, cells whose evaluator stands in it have no curve; others have
// one of their own thoughts. Thoughts of which nobody knows if they are right
// count for the agreement alone.
static void expect_beside_pair(const char *evaluator, bool shown) {
    struct helper_store h;
    struct error err;
    struct sample_step steps[HELPER_TREE_STEPS];
    char *dir = helper_dir_new();
    helper_tree_scene(&h);
    struct manifest_setting alone[] = {{"temperature", "0.6", true},
                                       {"evaluator", evaluator, false}};
    h.cells[0].settings = alone;
    h.cells[0].n_settings = 2;
    h.manifest.n_cells = 2;
    h.dataset.n_problems = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    memcpy(steps, helper_first_tree, sizeof steps);
    steps[HELPER_TREE_STEPS - 1].second = 0.5;
    for (int cell = 1; cell >= 0; cell--) {
        struct sample s = helper_sample(&h, cell, 0, 0, 10, 10, true);
        s.tree = true;
        s.steps = steps;
        s.n_steps = HELPER_TREE_STEPS;
        helper_add(dir, &s);
        for (int i = 0; i < HELPER_TREE_STEPS; i++)
            steps[i].second = NAN;
    }
    char *csv = helper_figure_data(dir, &figure_judge_prm);
    cr_expect(strstr(csv, ",Spearman,6,"), "%s", csv);
    cr_expect(
        strstr(csv, "2,prm,Score,Share of right thoughts,,,0.6667,,,AUC,5,"),
        "%s", csv);
    cr_expect_eq(strstr(csv, "aaaaaaaa") != NULL, shown, "%s", csv);
    cr_expect_eq(strstr(csv, ",likelihood (own thoughts),") != NULL, shown);
    free(csv);
    helper_dir_free(dir);
}

Test(figures_steps, evaluators_beside_a_pair) {
    expect_beside_pair("prm", false);
    expect_beside_pair("judge", false);
    expect_beside_pair("likelihood", true);
}

// 1 - .9 is less than .1 in binary.
Test(figures_steps, bins) {
    cr_expect_eq(evaluation_bin(0), 0);
    cr_expect_eq(evaluation_bin(1 - 0.9), 1);
    cr_expect_eq(evaluation_bin(0.3), 3);
    cr_expect_eq(evaluation_bin(1), EVALUATION_BINS - 1);
}

// Without a second evaluator each cell has a curve of its own; the evaluator is
// named with its cell where several have the same.
static void expect_single(int n_trees, const char *label) {
    struct helper_store h;
    struct error err;
    struct sample_step steps[HELPER_TREE_STEPS];
    char *dir = helper_dir_new();
    helper_tree_scene(&h);
    h.manifest.n_cells = 2;
    h.dataset.n_problems = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    memcpy(steps, helper_first_tree, sizeof steps);
    for (int i = 0; i < HELPER_TREE_STEPS; i++)
        steps[i].second = NAN;
    for (int cell = 0; cell < 2; cell++) {
        struct sample s = helper_sample(&h, cell, 0, 0, 10, 10, true);
        s.tree = cell >= 2 - n_trees;
        s.steps = steps;
        s.n_steps = s.tree ? HELPER_TREE_STEPS : 0;
        helper_add(dir, &s);
    }
    char *csv = helper_figure_data(dir, &figure_judge_prm);
    cr_expect_null(strstr(csv, "agreement"), "%s", csv);
    cr_expect(strstr(csv, label), "%s", csv);
    free(csv);
    helper_dir_free(dir);
}

Test(figures_steps, evaluators_on_their_own_thoughts) {
    expect_single(1, "\n1,set / big / correctness,1,prm (own thoughts),Score,"
                     "Share of right thoughts,,,0.6667,,,AUC,5,,bbbbbbbb\n");
    expect_single(2, ",2,prm of specsearch,");
}
