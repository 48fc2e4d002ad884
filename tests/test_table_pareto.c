#include "harness/report.h"

#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"
#include "tests/helper_table.h"

#include <criterion/criterion.h>

// Worked out by hand from helper_store.h; t quantile qt(.975, 2) = 4.302653.

// The three problems, two samples each; C takes three times as long as A.
static void fill(struct helper_store *h, const char *dir) {
    struct error err;
    cr_assert_eq(manifest_save(&h->manifest, dir, &err), 0, "%s", err.text);
    for (int p = 0; p < HELPER_PROBLEMS; p++) {
        for (int k = 0; k < HELPER_K; k++) {
            double ms = 10 << p;
            struct sample a = helper_sample(h, 0, p, k, ms, 10, true);
            struct sample b =
                helper_sample(h, 1, p, k, ms / 2, 10, p != 2 || k != 1);
            struct sample c = helper_sample(h, 2, p, k, 3 * ms, 10, true);
            helper_add(dir, &a);
            helper_add(dir, &b);
            helper_add(dir, &c);
        }
    }
}

// B is cheaper than A in every resample, and as accurate only where p2 is not
// drawn: (2/3)^3 = .296, so A is on the front in about .704 of them (2000
// draws: .689); C never. ms: A 23.333 -+ 4.302653 * 8.819, cut at 0.
Test(table_pareto, says_how_sure_the_front_is) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    fill(&h, dir);
    helper_expect_rows(
        dir, &table_pareto,
        "big,,set,vanilla,,3,1.0000,1.0000,1.0000,23.333,0.000,61.279,1,0.689,"
        ",,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,3,0.8333,0.1162,1.0000,11.667,0.000,"
        "30.640,1,1.000,,,,bbbbbbbb\n"
        "big,small,set,specdecode,,3,1.0000,1.0000,1.0000,70.000,0.000,"
        "183.837,0,0.000,,,,cccccccc\n");
    helper_dir_free(dir);
}

// What is faster but of another base, or lacks samples, beats nobody.
Test(table_pareto, groups_are_those_of_a_base) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.cells[2].base = "zwerg";
    fill(&h, dir);
    helper_expect_rows(
        dir, &table_pareto,
        "big,,set,vanilla,,3,1.0000,1.0000,1.0000,23.333,0.000,61.279,1,0.689,"
        ",,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,3,0.8333,0.1162,1.0000,11.667,0.000,"
        "30.640,1,1.000,,,,bbbbbbbb\n"
        "zwerg,small,set,specdecode,,3,1.0000,1.0000,1.0000,70.000,0.000,"
        "183.837,1,1.000,,,,cccccccc\n");
    helper_dir_free(dir);
}

Test(table_pareto, a_cell_that_lacks_samples_is_on_no_front) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int i = 0; i < 6; i++) {
        struct sample a = helper_sample(&h, 0, i / 2, i % 2, 20, 10, i != 1);
        struct sample b = helper_sample(&h, 1, i / 2, i % 2, 10, 10, true);
        helper_add(dir, &a);
        if (i) helper_add(dir, &b);
    }
    helper_expect_rows(
        dir, &table_pareto,
        "big,,set,vanilla,,3,0.8333,0.1162,1.0000,20.000,20.000,20.000,1,1.000,"
        ",,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,,,,,,,,,,1,,,bbbbbbbb\n");
    helper_expect_partial_rows(
        dir, &table_pareto,
        "big,,set,vanilla,,3,0.8333,0.1162,1.0000,20.000,20.000,20.000,0,0.000,"
        ",,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,3,1.0000,1.0000,1.0000,10.000,10.000,"
        "10.000,1,1.000,1,,,bbbbbbbb\n");
    helper_dir_free(dir);
}

// Throughput mode has no times, and then there is no table.
Test(table_pareto, needs_times) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.mode = MODE_THROUGHPUT;
    h.manifest.n_cells = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int i = 0; i < 6; i++) {
        struct sample s = helper_sample(&h, 0, i / 2, i % 2, 10, 10, true);
        s.total_ns = s.other_ns = SAMPLE_NO_TIME;
        for (int p = 0; p < PHASE_N; p++)
            s.phase_ns[p] = SAMPLE_NO_TIME;
        helper_add(dir, &s);
    }
    helper_expect_rows(dir, &table_pareto, "");
    helper_expect_rows(dir, &table_deadline, "");
    helper_dir_free(dir);
}
