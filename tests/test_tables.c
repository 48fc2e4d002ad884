#include "harness/report.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/table.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// Whole tables of the hand-written folder (helper_store.h), worked out by hand;
// t quantile qt(.975, 2) = 4.302653.

static void expect_csv(const char *dir, const struct report_table *of,
                       const char *expected) {
    struct report r;
    struct error err = {0};
    struct table t;
    struct buf out;
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    table_init(&t, of->name, of->title, of->columns);
    of->fill(&r, &t);
    buf_init(&out);
    writer_csv.write(&t, &out);
    char *rows = strchr(out.text, '\n') + 1;
    cr_assert_str_eq(rows, expected, "%s", out.text);
    buf_release(&out);
    table_release(&t);
    report_release(&r);
}

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
    expect_csv(dir, &table_accuracy,
               "big,,set,vanilla,,3,2,1.0000,0.0000,1.0000,1.0000,0.0,0.0,"
               "0.0,10.0,,,,aaaaaaaa\n"
               "big,small,set,specreason,7.0,3,2,0.8333,0.1667,0.1162,1.0000,"
               "0.0,0.0,0.0,10.0,,,,bbbbbbbb\n"
               "big,small,set,specdecode,,3,2,1.0000,0.0000,1.0000,1.0000,"
               "0.0,0.0,0.0,10.0,,,,cccccccc\n");
    helper_dir_free(dir);
}

// A: 10, 10, 20, 20, 40, 40 ms: mean 23.333, median 20; six samples give no
// p90; 10 tokens / 23.333 ms = 428.6 / s; se = sd(10, 20, 40) / sqrt(3)
// = 8.819.
Test(tables, latency) {
    struct helper_store h;
    char *dir = make_folder(&h);
    expect_csv(dir, &table_latency,
               "big,,set,vanilla,,23.333,20.000,,10.0,428.6,8.819,6,0.000,"
               "23.333,0.000,0.000,0.000,0.000,,,,aaaaaaaa\n"
               "big,small,set,specreason,7.0,11.667,10.000,,10.0,857.1,4.410,"
               "6,0.000,11.667,0.000,0.000,0.000,0.000,,,,bbbbbbbb\n"
               "big,small,set,specdecode,,23.333,20.000,,10.0,428.6,8.819,6,"
               "0.000,23.333,0.000,0.000,0.000,0.000,,,,cccccccc\n");
    helper_dir_free(dir);
}

// B: every ratio is 2, so the interval has no width; accuracy differences 0, 0,
// -.5: mean -.1667, se .1667, p = 1 (the one that is not 0 may have any sign);
// detectable (4.302653 + 1.060660) * .166667 = .8939.
Test(tables, speedup) {
    struct helper_store h;
    char *dir = make_folder(&h);
    expect_csv(dir, &table_speedup,
               "big,small,set,specreason,7.0,2.000,2.000,2.000,2.000,-0.1667,"
               "-0.8838,0.5504,1.0000,1.0000,0.8939,2.000,1.000,3,,,,"
               "bbbbbbbb\n"
               "big,small,set,specdecode,,1.000,1.000,1.000,1.000,0.0000,"
               "0.0000,0.0000,1.0000,1.0000,,1.000,1.000,3,,,,cccccccc\n");
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
    expect_csv(dir, &table_steps,
               "big,,set,vanilla,,0.00,,,,,,,,,,,0.0,,0.0,,,,,,,,,,aaaaaaaa\n"
               "big,small,set,specreason,7.0,2.00,50.0,6.00,,10.0,5.0,2.00,"
               "2.00,50.0,4.0,,0.0,0.0,0.0,0.2000,5.00,1.500,0.5000,1.000,"
               "1.000,,,,bbbbbbbb\n");
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
    expect_csv(dir, &table_samples,
               "big,,set,vanilla,,p0,0,missing,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"
               ",,,,1,,,aaaaaaaa\n"
               "big,,set,vanilla,,p0,1,wrong,1,,answer,0,2.500000,0.000000,"
               "2.500000,0.000000,0.000000,0.000000,0.000000,0,10,0,0,0,0,0,0,"
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
    expect_csv(dir, &table_accuracy,
               "big,,set,vanilla,,,,,,,,,,,,6,,,aaaaaaaa\n"
               "big,small,set,specreason,7.0,,,,,,,,,,,6,,,bbbbbbbb\n");
    expect_csv(dir, &table_speedup,
               "big,small,set,specreason,7.0,,,,,,,,,,,,,,6,,,bbbbbbbb\n");
    helper_dir_free(dir);
}
