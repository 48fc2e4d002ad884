#include "harness/report.h"

#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"
#include "tests/helper_table.h"

#include <criterion/criterion.h>

// Worked out by hand from helper_store.h; t quantile qt(.975, 2) = 4.302653.

// The baseline's times 10 10 20 20 40 40 have their type 7 quantile .9 at 40,
// the end. A: areas .75, .5 and 0, mean .4167, se .2205: all of [0, 1]. B:
// .875, .75 and half of .5: mean .6250, se .1909. C takes three times as long
// as A and does not move the end: .25, 0, 0, mean .0833, se .0833. At a
// quarter, 10 ms, A has p0, B p0 and p1; at the half, 20 ms, A two of three, B
// also one of two of p2.
Test(table_deadline, areas_up_to_the_baselines_end) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K; i++) {
        int p = i / HELPER_K, k = i % HELPER_K;
        double ms = 10 << p;
        struct sample a = helper_sample(&h, 0, p, k, ms, 10, true);
        struct sample b =
            helper_sample(&h, 1, p, k, ms / 2, 10, p != 2 || k != 1);
        struct sample c = helper_sample(&h, 2, p, k, 3 * ms, 10, true);
        helper_add(dir, &a);
        helper_add(dir, &b);
        helper_add(dir, &c);
    }
    helper_expect_rows(
        dir, &table_deadline,
        "big,,set,vanilla,,3,40.000,0.4167,0.0000,1.0000,0.3333,0.6667,1.0000,"
        ",,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,3,40.000,0.6250,0.0000,1.0000,0.6667,"
        "0.8333,0.8333,,,,bbbbbbbb\n"
        "big,small,set,specdecode,,3,40.000,0.0833,0.0000,0.4419,0.0000,0.0000,"
        "0.3333,,,,cccccccc\n");
    helper_dir_free(dir);
}

// Without a baseline the slowest cell's end counts for all. What takes longer
// than that counts as never.
Test(table_deadline, without_a_baseline) {
    struct helper_store h;
    char *dir = helper_dir_new();
    struct error err;
    helper_store_init(&h);
    h.manifest.baseline = "none";
    h.manifest.n_cells = 2;
    h.manifest.k = 1;
    h.dataset.n_problems = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int p = 0; p < 2; p++) {
        struct sample a = helper_sample(&h, 0, p, 0, 10 + 10 * p, 10, true);
        struct sample b = helper_sample(&h, 1, p, 0, 4, 10, p);
        helper_add(dir, &a);
        helper_add(dir, &b);
    }
    // 10 and 20: end 19. A: 9 / 19 and 0; B: 0 and 15 / 19.
    helper_expect_rows(
        dir, &table_deadline,
        "big,,set,vanilla,,2,19.000,0.2368,0.0000,1.0000,0.0000,0.0000,0.5000,"
        ",,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,2,19.000,0.3947,0.0000,1.0000,0.5000,"
        "0.5000,0.5000,,,,bbbbbbbb\n");
    helper_dir_free(dir);
}

// A failed sample is never solved, and has no time to move the end with.
Test(table_deadline, what_failed_is_never_solved) {
    struct helper_store h;
    char *dir = helper_dir_new();
    struct error err;
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.dataset.n_problems = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    struct sample a = helper_sample(&h, 0, 0, 0, 10, 10, true);
    struct sample b = helper_sample(&h, 0, 0, 1, 500, 10, true);
    b.error = "no";
    b.verdict = VERDICT_UNGRADED;
    helper_add(dir, &a);
    helper_add(dir, &b);
    helper_expect_rows(dir, &table_deadline,
                       "big,,set,vanilla,,1,10.000,0.0000,,,0.0000,0.0000,"
                       "0.5000,,1,,aaaaaaaa\n");
    helper_dir_free(dir);
}
