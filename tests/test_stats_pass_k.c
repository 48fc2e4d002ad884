#include "harness/stats/stats_pass_k.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/report.h"
#include "harness/report_output.h"
#include "harness/table.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"
#include "tests/helper_table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    int n, c, k;
    double pass;
};

// Exact fractions, by Python 3.11.2 alone:
//   from fractions import Fraction; from math import comb
//   "%.17g" % float(1 - Fraction(comb(n - c, k), comb(n, k)))
// clang-format off
static const struct golden golden[] = {
    {1, 0, 1, 0},
    {1, 1, 1, 1},
    {2, 1, 1, 0.5},
    {2, 1, 2, 1},
    {5, 2, 3, 0.90000000000000002},
    {10, 1, 4, 0.40000000000000002},
    {10, 3, 1, 0.29999999999999999},
    {10, 3, 5, 0.91666666666666663},
    {10, 10, 10, 1},
    {10, 0, 10, 0},
    {16, 1, 8, 0.5},
    {16, 5, 4, 0.81868131868131866},
    {16, 12, 4, 0.99945054945054945},
    {16, 13, 4, 1},
    {20, 1, 10, 0.5},
    {100, 1, 10, 0.10000000000000001},
    {100, 7, 10, 0.53325958568278564},
    {100, 90, 10, 0.99999999999994227},
    {200, 13, 100, 0.99991949719880546},
    {200, 100, 100, 1},
    {200, 1, 100, 0.5},
    {1000, 3, 500, 0.87537537537537535},
    {1000, 500, 7, 0.9923509039500229},
    {5000, 2, 4096, 0.96734098819763947},
    {100000, 1, 50000, 0.5},
    {100000, 3, 1024, 0.030406801887575267},
    {100000, 99000, 999, 1},
};
// clang-format on

Test(stats_pass_k, golden_values) {
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        const struct golden *g = &golden[i];
        double pass = stats_pass_at_k(g->n, g->c, g->k);
        cr_expect_float_eq(pass, g->pass, 1e-14, "n %d c %d k %d: %.17g", g->n,
                           g->c, g->k, pass);
    }
}

// By counting: every subset of k of n samples, the first c of them correct.
Test(stats_pass_k, is_the_share_of_subsets) {
    for (int n = 1; n <= 10; n++) {
        for (int c = 0; c <= n; c++) {
            int n_sets[11] = {0}, n_pass[11] = {0};
            for (int set = 1; set < 1 << n; set++) {
                int k = __builtin_popcount((unsigned)set);
                n_sets[k]++;
                n_pass[k] += (set & ((1 << c) - 1)) != 0;
            }
            for (int k = 1; k <= n; k++)
                cr_expect_float_eq(stats_pass_at_k(n, c, k),
                                   (double)n_pass[k] / n_sets[k], 1e-15,
                                   "n %d c %d k %d", n, c, k);
        }
    }
}

Test(stats_pass_k, exact_at_the_ends) {
    for (int n = 1; n <= 200; n++) {
        for (int c = 0; c <= n; c++) {
            cr_expect(stats_pass_at_k(n, c, 1) == (double)c / n);
            cr_expect(stats_pass_at_k(n, c, n) == (c > 0));
            if (c) cr_expect(stats_pass_at_k(n, c, n - c + 1) == 1);
        }
    }
}

Test(stats_pass_k, nothing_to_estimate) {
    static const int none[][3] = {{4, 1, 5}, {4, 1, 0},  {4, 1, -1},
                                  {4, 5, 2}, {4, -1, 2}, {0, 0, 1}};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect(isnan(stats_pass_at_k(none[i][0], none[i][1], none[i][2])));
}

// ---- the table ------------------------------------------------------------

// One cell of three problems with five samples each; sample i of problem p is
// correct when bit i of correct[p] is set, missing when that of missing[p] is.
static char *make_folder(struct helper_store *h, const unsigned *correct,
                         const unsigned *missing) {
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(h);
    h->manifest.k = 5;
    h->manifest.n_cells = 1;
    cr_assert_eq(manifest_save(&h->manifest, dir, &err), 0, "%s", err.text);
    for (int p = 0; p < HELPER_PROBLEMS; p++) {
        for (int i = 0; i < 5; i++) {
            bool right = correct[p] >> i & 1;
            if (missing[p] >> i & 1) continue;
            struct sample s = helper_sample(h, 0, p, i, 10, 10, right);
            if (!right && i == 4) s.verdict = VERDICT_UNGRADED;
            helper_add(dir, &s);
        }
    }
    return dir;
}

// c = 1, 2, 0 of 5. k = 1: .2, .4, 0; k = 2: .4, .7, 0; k = 4: .8, 1, 0; k = 5:
// 1, 1, 0. Means, SDs and qt(.975, 2) = 4.302653 as in the other tables, worked
// out by Python's fractions and statistics. All answers have the same text, but
// right ones and others are apart: maj@k .2 .4 0, .2 .4 0, 0 .3 0, 0 0 0.
Test(stats_pass_k, table_has_a_row_per_number_of_samples) {
    static const unsigned correct[] = {1, 6, 0}, missing[] = {0, 0, 0};
    struct helper_store h;
    char *dir = make_folder(&h, correct, missing);
    char *csv = helper_table_csv(dir, &table_pass_at_k, false);
    cr_expect_str_eq(
        csv,
        "base,draft,dataset,method,threshold,n_problems,k,pass_at_k,se,ci_low,"
        "ci_high,maj_at_k,maj_se,maj_ci_low,maj_ci_high,n_missing,n_failed,"
        "variant,cell\n"
        "big,,set,vanilla,,3,1,0.2000,0.1155,0.0000,0.6968,"
        "0.2000,0.1155,0.0000,0.6968,,,,aaaaaaaa\n"
        "big,,set,vanilla,,3,2,0.3667,0.2028,0.0000,1.0000,"
        "0.2000,0.1155,0.0000,0.6968,,,,aaaaaaaa\n"
        "big,,set,vanilla,,3,4,0.6000,0.3055,0.0000,1.0000,"
        "0.1000,0.1000,0.0000,0.5303,,,,aaaaaaaa\n"
        "big,,set,vanilla,,3,5,0.6667,0.3333,0.0000,1.0000,"
        "0.0000,0.0000,0.0000,0.0000,,,,aaaaaaaa\n",
        "%s", csv);
    // pass@1 here and there are the same digits.
    char *accuracy = helper_table_csv(dir, &table_accuracy, false);
    cr_expect(strstr(accuracy, ",3,5,0.2000,0.1155,0.0000,0.6968,"), "%s",
              accuracy);
    free(accuracy);
    free(csv);
    helper_dir_free(dir);
}

// Without all its samples a cell has no estimate; with --partial a problem
// counts where it has enough.
Test(stats_pass_k, table_of_missing_samples) {
    static const unsigned correct[] = {1, 6, 0}, missing[] = {16, 1, 30};
    struct helper_store h;
    char *dir = make_folder(&h, correct, missing);
    char *csv = helper_table_csv(dir, &table_pass_at_k, false);
    cr_expect(strstr(csv, "vanilla,,,1,,,,,,,,,6,,,aaaaaaaa\n"), "%s", csv);
    free(csv);
    // c of n: 1 of 4, 2 of 4, 0 of 1.
    csv = helper_table_csv(dir, &table_pass_at_k, true);
    cr_expect(strstr(csv, "vanilla,,3,1,0.2500,"), "%s", csv);
    cr_expect(strstr(csv, "vanilla,,2,2,0.6667,0.1667,"), "%s", csv);
    cr_expect(strstr(csv, "vanilla,,2,4,1.0000,0.0000,"), "%s", csv);
    cr_expect(strstr(csv, "vanilla,,0,5,,,,,,,,,6,,,"), "%s", csv);
    free(csv);
    helper_dir_free(dir);
}

// By hand, from all subsets: maj@1 .4 .2 .4, maj@2 the same, maj@4 .7 0 .4
// (four answers of one vote have a quarter each), maj@5 1 0 .4: two texts of
// one value are two answers, and so are two samples without an answer.
Test(stats_pass_k, votes_are_for_the_text_of_an_answer) {
    static const char *const answers[][5] = {{"1", "2", "1", "3", ""},
                                             {"2", "2", "1", "2", "2"},
                                             {"0.5", "", "1/2", "", "2"}};
    static const unsigned correct[] = {5, 4, 5};
    struct helper_store h;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.k = 5;
    h.manifest.n_cells = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0, "%s", err.text);
    for (int i = 0; i < HELPER_PROBLEMS * 5; i++) {
        bool right = correct[i / 5] >> i % 5 & 1;
        struct sample s = helper_sample(&h, 0, i / 5, i % 5, 10, 10, right);
        s.answer = answers[i / 5][i % 5];
        helper_add(dir, &s);
    }
    char *csv = helper_table_csv(dir, &table_pass_at_k, false);
    cr_expect(strstr(csv, ",0.3333,0.0667,0.0465,0.6202,,,,"), "%s", csv);
    cr_expect(strstr(csv, ",3,2,0.6000,0.1000,0.1697,1.0000,0.3333,0.0667,"
                          "0.0465,0.6202,,,,"),
              "%s", csv);
    cr_expect(strstr(csv, ",0.3667,0.2028,0.0000,1.0000,,,,"), "%s", csv);
    cr_expect(strstr(csv, ",0.4667,0.2906,0.0000,1.0000,,,,"), "%s", csv);
    free(csv);
    helper_dir_free(dir);
}

// Programs are right or wrong without an answer.
Test(stats_pass_k, no_votes_without_answers) {
    struct helper_store h;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0, "%s", err.text);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K; i++) {
        struct sample s = helper_sample(&h, 0, i / 2, i % 2, 10, 10, i % 2);
        s.answer = "";
        helper_add(dir, &s);
    }
    char *csv = helper_table_csv(dir, &table_pass_at_k, false);
    cr_expect(strstr(csv, ",3,1,0.5000,0.0000,0.5000,0.5000,,,,,,,,"), "%s",
              csv);
    free(csv);
    helper_dir_free(dir);
}

// One sample per problem: neither printed nor saved.
Test(stats_pass_k, no_table_of_one_sample) {
    struct helper_store h;
    struct error err = {0};
    struct report r;
    char *dir = helper_dir_new(), *text;
    size_t n;
    helper_store_init(&h);
    h.manifest.k = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    cr_assert_eq(report_open(&r, dir, true, &err), 0, "%s", err.text);
    FILE *out = open_memstream(&text, &n);
    cr_expect_eq(report_print(&r, &writer_markdown, NULL, out, &err), 0);
    cr_expect_eq(report_save(&r, dir, &err), 0);
    fclose(out);
    cr_expect_null(strstr(text, "pass@k"), "%s", text);
    cr_expect(strstr(text, "Accuracy"), "%s", text);
    char *path = helper_path(dir, "pass_at_k.csv"), *csv = helper_read(path);
    cr_expect_str_empty(csv);
    free(csv);
    free(path);
    free(text);
    report_release(&r);
    helper_dir_free(dir);
}
