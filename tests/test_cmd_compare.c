#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "harness/sample_record.h"
#include "tests/helper_cli.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// Two folders of the hand-written store (helper_store.h). Scenes change what
// the second says before it is written; only its first n cells are compared.
struct scene {
    struct helper_store a, b;
    char *dir_a, *dir_b;
    char *out, *log;
};

static void scene_init(struct scene *s, int n_cells) {
    *s = (struct scene){.dir_a = helper_dir_new(), .dir_b = helper_dir_new()};
    helper_store_init(&s->a);
    helper_store_init(&s->b);
    s->a.manifest.n_cells = s->b.manifest.n_cells = n_cells;
}

static void scene_release(struct scene *s) {
    free(s->out);
    free(s->log);
    helper_dir_free(s->dir_a);
    helper_dir_free(s->dir_b);
}

// B's folder: its samples take ms_b and are right where `right`.
static void fill_b(struct scene *s, double ms, bool right) {
    cr_assert_eq(manifest_save(&s->b.manifest, s->dir_b, NULL), 0);
    for (int i = 0; i < s->b.manifest.n_cells * HELPER_PROBLEMS * HELPER_K;
         i++) {
        int cell = i % s->b.manifest.n_cells, at = i / s->b.manifest.n_cells;
        int problem = at / HELPER_K;
        struct sample x = helper_sample(&s->b, cell, problem, at % HELPER_K,
                                        ms * (1 << problem), 10, right);
        helper_add(s->dir_b, &x);
    }
}

static void compare_sides(struct scene *s, const char *a, const char *b,
                          const char *option, int expected_rc) {
    const char *args[] = {"compare", a, b, option, NULL};
    free(s->out);
    free(s->log);
    int rc = helper_main(args, &s->out, &s->log);
    cr_assert_eq(rc, expected_rc, "exit code %d: %s%s", rc, s->out, s->log);
}

static void compare(struct scene *s, const char *option, int expected_rc) {
    compare_sides(s, s->dir_a, s->dir_b, option, expected_rc);
}

static void expect_out(const struct scene *s, const char *text) {
    cr_assert(strstr(s->out, text), "expected %s in\n%s", text, s->out);
}

static void expect_log(const struct scene *s, const char *text) {
    cr_assert(strstr(s->log, text), "expected %s in\n%s", text, s->log);
}

static void expect_no_log(const struct scene *s, const char *text) {
    cr_assert_null(strstr(s->log, text), "unexpected %s in\n%s", text, s->log);
}

// ---- tables ---------------------------------------------------------------

// A takes 10, 20, 40 ms and is right, B half of it and wrong.
Test(cmd_compare, a_row_for_each_pair) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    fill_b(&s, 5, false);
    compare(&s, "--format=csv", 0);
    char *rows = strchr(s.out, '\n') + 1;
    cr_assert_str_eq(rows,
                     "big,,set,vanilla,,,,1.0000,0.0000,-1.0000,-1.0000,"
                     "-1.0000,0.0000,0.2500,0.2500,0.2500,,,~,2.000,2.000,"
                     "2.000,0.0000,0.0000,0.0000,2.000,2.000,2.000,2.000,"
                     "1.000,faster,3,3,2,,aaaaaaaa,aaaaaaaa\n");
    compare(&s, "--confidence=0.7", 0); // .25 < .3
    expect_out(&s, "| worse ");
    expect_out(&s, "| -1.0000 [-1.0000, -1.0000] |");
    compare_sides(&s, s.dir_b, s.dir_a, "--confidence=0.7", 0);
    expect_out(&s, "| better ");
    expect_out(&s, "| slower ");
    expect_out(&s, "| 0.500 [0.500, 0.500] |");
    scene_release(&s);
}

// Three comparisons, each of p = .25: by Holm .75, by Benjamini and Hochberg
// .25, below .3.
Test(cmd_compare, p_values_are_adjusted_over_all_rows) {
    struct scene s;
    scene_init(&s, HELPER_CELLS);
    helper_fill(&s.a, s.dir_a);
    fill_b(&s, 10, false);
    compare(&s, "--format=csv", 0);
    expect_out(&s, ",-1.0000,0.0000,0.2500,0.7500,0.2500,,,~,1.000,");
    expect_out(&s, "specreason,7.0,,,0.8333,0.0000,-0.8333,-1.5504,-0.1162,"
                   "0.0377,0.2500,0.7500,0.2500,,0.8939,~,0.500,");
    compare(&s, NULL, 0);
    expect_out(&s, "| ~ -0.8333 [-1.5504, -0.1162] |");
    expect_out(&s, "| ~ 1.000 [1.000, 1.000] |");
    compare(&s, "--confidence=0.7", 0);
    expect_out(&s, "| worse ");
    scene_release(&s);
}

// Of B's three cells one is wrong: p = .25 alone is below .3, of three it is
// .75.
Test(cmd_compare, verdicts_allow_for_the_number_of_comparisons) {
    struct scene s;
    scene_init(&s, HELPER_CELLS);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    helper_fill(&s.a, s.dir_a);
    for (int i = 0; i < HELPER_CELLS * HELPER_PROBLEMS * HELPER_K; i++) {
        int at = i / HELPER_CELLS;
        struct sample x = helper_sample(&s.b, i % HELPER_CELLS, at / HELPER_K,
                                        at % HELPER_K, 10, 10, i % 3 != 2);
        helper_add(s.dir_b, &x);
    }
    compare(&s, "--confidence=0.7", 0);
    cr_assert_null(strstr(s.out, "worse"), "%s", s.out);
    char *b = xasprintf("%s:specdecode", s.dir_b);
    compare_sides(&s, s.dir_a, b, "--confidence=0.7", 0);
    expect_out(&s, "| worse ");
    free(b);
    scene_release(&s);
}

// Times of "apart" in tests/golden/cell_pair.csv, twice.
Test(cmd_compare, p_values_of_times_are_adjusted) {
    static const int ms_a[] = {10, 12, 20, 30, 40, 44};
    static const int ms_b[] = {5, 7, 25, 15, 22, 20};
    struct scene s;
    scene_init(&s, 2);
    cr_assert_eq(manifest_save(&s.a.manifest, s.dir_a, NULL), 0);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    for (int i = 0; i < 12; i++) {
        int at = i / 2;
        struct sample x =
            helper_sample(&s.a, i % 2, at / 2, at % 2, ms_a[at], 10, true);
        helper_add(s.dir_a, &x);
        x = helper_sample(&s.b, i % 2, at / 2, at % 2, ms_b[at], 10, true);
        helper_add(s.dir_b, &x);
    }
    compare(&s, "--format=csv", 0);
    expect_out(&s, ",1.661,0.893,3.091,0.0723,0.1445,0.0723,1.660,");
    expect_out(&s, ",~,3,3,2,,aaaaaaaa,aaaaaaaa\n");
    compare(&s, "--confidence=0.9", 0);
    expect_out(&s, "| faster ");
    scene_release(&s);
}

Test(cmd_compare, two_cells_of_one_folder) {
    struct scene s;
    scene_init(&s, HELPER_CELLS);
    helper_fill(&s.a, s.dir_a);
    char *a = xasprintf("%s:vanilla", s.dir_a);
    char *b = xasprintf("%s:specreason@7", s.dir_a);
    compare_sides(&s, a, b, "--format=csv", 0);
    expect_out(&s, "big,small,set,specreason,7.0,,\"vanilla (base big, set)\","
                   "1.0000,0.8333,-0.1667,");
    expect_out(&s, ",faster,3,3,2,settings,aaaaaaaa,bbbbbbbb\n");
    expect_log(&s, "note: method differs: vanilla against specreason\n");
    expect_no_log(&s, "side by side");
    expect_no_log(&s, "warning");
    free(a);
    free(b);
    scene_release(&s);
}

Test(cmd_compare, every_format) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    fill_b(&s, 5, false);
    compare(&s, "--format=json", 0);
    expect_out(&s, "\"speed_verdict\":\"faster\"");
    compare(&s, "--format=latex", 0);
    expect_out(&s, "\\toprule");
    expect_out(&s, "pass@1");
    expect_out(&s, "A: config hand");
    expect_out(&s, "B: config hand");
    compare(&s, "--format=xml", 2);
    expect_log(&s, "--format xml: expected one of");
    scene_release(&s);
}

// ---- notes ----------------------------------------------------------------

Test(cmd_compare, says_what_both_sides_do_not_share) {
    struct scene s;
    scene_init(&s, HELPER_CELLS);
    s.b.model.hash = "0123456789abcdef";
    s.b.manifest.seed = 2;
    s.b.cells[1].threshold = 9;
    s.b.settings[0].value = "0.8";
    s.b.cells[2].settings = NULL;
    s.b.cells[2].n_settings = 0;
    helper_fill(&s.a, s.dir_a);
    helper_fill(&s.b, s.dir_b);
    compare(&s, NULL, 0);
    expect_log(&s, "note: model big differs: m against 01234567\n");
    expect_log(&s, "note: seed differs: 1 against 2\n");
    expect_log(&s, "note: setting temperature differs: 0.6 against 0.8 (in "
                   "vanilla (base big, set))\n");
    expect_log(&s, "note: setting temperature differs: 0.6 against none (in "
                   "specdecode (base big, draft small, set))\n");
    expect_log(&s, " alone has specreason@7 (base big, draft small, set)\n");
    expect_log(&s, " alone has specreason@9 (base big, draft small, set)\n");
    expect_log(&s, "note: times were not taken side by side, so a machine "
                   "that became slower or faster in between is not excluded; "
                   "run both in one config to exclude it\n");
    expect_log(&s, "note: no difference in accuracy can be shown with 3 "
                   "problems (at least 6 for p < 0.05)\n");
    expect_out(&s, "| model settings seed |");
    compare(&s, "--confidence=0.7", 0);
    expect_no_log(&s, "can be shown with");
    scene_release(&s);
}

Test(cmd_compare, a_folder_against_itself) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    compare_sides(&s, s.dir_a, s.dir_a, NULL, 0);
    expect_log(&s, "note: both sides are the same samples\n");
    expect_out(&s, "| ~ 0.0000 [0.0000, 0.0000] |");
    scene_release(&s);
}

static void expect_not_comparable(void (*change)(struct helper_store *),
                                  const char *reason) {
    struct scene s;
    scene_init(&s, 1);
    change(&s.b);
    helper_fill(&s.a, s.dir_a);
    fill_b(&s, 5, true);
    compare(&s, "--format=csv", 0);
    expect_out(&s, "0.0000,1.0000,1.0000,1.0000,1.0000,,,~,,,,,,,,,,,1.000,"
                   "not comparable,3,0,2,,aaaaaaaa,aaaaaaaa\n");
    char *line = xasprintf("note: speed is not compared: %s\n", reason);
    expect_log(&s, line);
    expect_no_log(&s, "side by side");
    free(line);
    scene_release(&s);
}

static void on_another_machine(struct helper_store *h) {
    h->session.machine = "m1";
}

static void of_a_virtual_clock(struct helper_store *h) {
    h->manifest.virtual_time = true;
}

Test(cmd_compare, times_that_cannot_be_compared_have_no_numbers) {
    expect_not_comparable(on_another_machine, "times of different machines");
    expect_not_comparable(of_a_virtual_clock,
                          "times of a virtual clock against real ones");
}

static void add_untimed(struct scene *s, int problem, int index) {
    struct sample x = helper_sample(&s->b, 0, problem, index, 5, 10, true);
    x.total_ns = x.other_ns = SAMPLE_NO_TIME;
    for (int i = 0; i < PHASE_N; i++)
        x.phase_ns[i] = SAMPLE_NO_TIME;
    helper_add(s->dir_b, &x);
}

Test(cmd_compare, throughput_mode_has_no_times) {
    struct scene s;
    scene_init(&s, 1);
    s.b.manifest.mode = MODE_THROUGHPUT;
    helper_fill(&s.a, s.dir_a);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K; i++)
        add_untimed(&s, i / HELPER_K, i % HELPER_K);
    compare(&s, NULL, 0);
    expect_out(&s, "| not comparable |");
    expect_log(&s, "note: speed is not compared: B has no times\n");
    scene_release(&s);
}

// Accuracy is of all problems, and the times of those that have them on both
// sides, which is told.
Test(cmd_compare, failed_samples_are_told) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K; i++) {
        struct sample x =
            helper_sample(&s.b, 0, i / HELPER_K, i % HELPER_K, 5, 10, true);
        if (i < HELPER_K) x.error = "does not fit";
        if (x.error) x.verdict = VERDICT_UNGRADED;
        helper_add(s.dir_b, &x);
    }
    compare(&s, "--format=csv", 0);
    expect_out(&s, ",1.0000,0.6667,-0.3333,");
    expect_out(&s, ",3,2,2,,aaaaaaaa,aaaaaaaa\n");
    expect_log(&s, "note: speed is of 2 of 3 problems, the others have no time "
                   "on one side\n");
    expect_log(&s, ": aaaaaaaa vanilla (base big, set) is invalid: 33.3 % ");
    scene_release(&s);
}

// ---- what cannot be compared ----------------------------------------------

static void expect_incomparable(void (*change)(struct helper_store *),
                                const char *expected) {
    struct scene s;
    scene_init(&s, 1);
    change(&s.b);
    helper_fill(&s.a, s.dir_a);
    helper_fill(&s.b, s.dir_b);
    compare(&s, NULL, 3);
    cr_assert_str_eq(s.out, "");
    expect_log(&s, expected);
    scene_release(&s);
}

static void of_fewer_problems(struct helper_store *h) {
    h->dataset.n_problems = 2;
}

static void of_another_problem(struct helper_store *h) {
    h->problems[1] = (struct manifest_problem){.id = "q", .hash = "g"};
}

static void of_another_text(struct helper_store *h) {
    h->problems[1].hash = "g";
}

static void of_another_k(struct helper_store *h) {
    h->manifest.k = 1;
}

static void of_another_grader(struct helper_store *h) {
    h->dataset.grader = "math";
}

static void of_another_grader_version(struct helper_store *h) {
    h->manifest.grader_version = 1;
}

static void of_another_set(struct helper_store *h) {
    h->dataset.name = "other";
}

Test(cmd_compare, exits_with_3_where_nothing_can_be_judged) {
    expect_incomparable(of_fewer_problems, "data set set: 3 problems in ");
    expect_incomparable(of_another_problem, "data set set: problem p1 is in ");
    expect_incomparable(of_another_text,
                        "data set set: problem p1 has another text or "
                        "reference in ");
    expect_incomparable(of_another_k,
                        "data set set: 2 samples per problem in ");
    expect_incomparable(of_another_grader,
                        "data set set: verdicts of grader number in ");
    expect_incomparable(of_another_grader_version,
                        "verdicts are of grader version ");
    expect_incomparable(of_another_set, "have no cell in common");
}

Test(cmd_compare, exits_with_3_where_samples_are_missing) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    compare(&s, NULL, 3); // an empty store
    expect_log(&s, "lacks 6 of 6 samples");
    struct sample x = helper_sample(&s.b, 0, 0, 0, 5, 10, true);
    helper_add(s.dir_b, &x);
    compare(&s, NULL, 3);
    cr_assert_str_eq(s.out, "");
    expect_log(&s, ": cell aaaaaaaa, vanilla (base big, set), lacks 5 of 6 "
                   "samples; the `specsweep run` that made the folder goes on "
                   "with it\n");
    scene_release(&s);
}

// ---- what is broken -------------------------------------------------------

// The second line of B's samples with `from` replaced.
static void expect_broken(const char *from, const char *to,
                          const char *expected) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    fill_b(&s, 5, true);
    char *path = helper_path(s.dir_b, "samples.jsonl");
    char *text = helper_read(path);
    char *at = strstr(strchr(text, '\n') + 1, from);
    cr_assert(at);
    helper_write(path, "");
    char kept = *at;
    *at = '\0';
    helper_append(path, text);
    *at = kept;
    helper_append(path, to);
    helper_append(path, at + strlen(from));
    compare(&s, NULL, 2);
    cr_assert_str_eq(s.out, "");
    expect_log(&s, expected);
    free(text);
    free(path);
    scene_release(&s);
}

Test(cmd_compare, exits_with_2_where_a_folder_is_broken) {
    expect_broken("{", "x", "samples.jsonl:2: not JSON");
    expect_broken("\"total_ms\":5.000000", "\"total_ms\":NaN",
                  "samples.jsonl:2: not JSON");
    expect_broken("\"total_ms\":5.000000", "\"total_ms\":-5",
                  "samples.jsonl:2: \"total_ms\"");
    expect_broken("\"total_ms\":5.000000", "\"total_ms\":1e400",
                  "samples.jsonl:2: ");
    expect_broken("\"total_ms\":5.000000", "\"total_ms\":\"5\"",
                  "samples.jsonl:2: \"total_ms\"");
}

Test(cmd_compare, exits_with_2_where_something_is_not_there) {
    struct scene s;
    scene_init(&s, 1);
    helper_fill(&s.a, s.dir_a);
    compare(&s, NULL, 2);
    expect_log(&s, "manifest.json: not found; expected a folder that");
    char *b = xasprintf("%s:nothing", s.dir_a);
    compare_sides(&s, s.dir_a, b, NULL, 2);
    expect_log(&s, "'nothing' names no cell");
    compare_sides(&s, s.dir_a, s.dir_a, "--confidence=1", 2);
    expect_log(&s, "--confidence");
    const char *one_side[] = {"compare", s.dir_a, NULL};
    cr_assert_eq(helper_main(one_side, NULL, NULL), 2);
    free(b);
    scene_release(&s);
}
