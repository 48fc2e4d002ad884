#include "harness/compare/cell_match.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Two folders of the hand-written store; a test changes one before they are
// written.
struct scene {
    struct helper_store a, b;
    char *dir_a, *dir_b;
    struct report ra, rb;
};

static void scene_init(struct scene *s) {
    *s = (struct scene){.dir_a = helper_dir_new(), .dir_b = helper_dir_new()};
    helper_store_init(&s->a);
    helper_store_init(&s->b);
}

static void scene_open(struct scene *s) {
    struct error err = {0};
    cr_assert_eq(report_open(&s->ra, s->dir_a, false, &err), 0, "%s", err.text);
    cr_assert_eq(report_open(&s->rb, s->dir_b, false, &err), 0, "%s", err.text);
}

static void scene_fill(struct scene *s) {
    helper_fill(&s->a, s->dir_a);
    helper_fill(&s->b, s->dir_b);
    scene_open(s);
}

static void scene_release(struct scene *s) {
    report_release(&s->ra);
    report_release(&s->rb);
    helper_dir_free(s->dir_a);
    helper_dir_free(s->dir_b);
}

// `expected` with A and B for the folders' names.
static void expect_text(const struct scene *s, const char *text,
                        const char *expected) {
    struct buf out;
    buf_init(&out);
    for (const char *c = text; *c;) {
        const char *dirs[] = {s->dir_a, s->dir_b};
        int found = -1;
        for (int i = 0; i < 2; i++) {
            if (!strncmp(c, dirs[i], strlen(dirs[i]))) found = i;
        }
        buf_addc(&out, found < 0 ? *c : "AB"[found]);
        c += found < 0 ? 1 : strlen(dirs[found]);
    }
    cr_assert_str_eq(out.text, expected);
    buf_release(&out);
}

static void expect_refused(struct scene *s, const char *expected) {
    struct cell_match *matches;
    struct error err = {0};
    int n;
    cr_assert_eq(cell_match_all(&s->ra, &s->rb, &matches, &n, NULL, &err), -1);
    cr_assert_eq(err.kind, ERR_INCOMPARABLE);
    cr_assert_null(matches);
    cr_assert_eq(n, 0);
    expect_text(s, err.text, expected);
}

static struct cell_match *match(struct scene *s, int expected_n,
                                struct buf *unmatched) {
    struct cell_match *matches;
    struct error err = {0};
    int n;
    int rc = cell_match_all(&s->ra, &s->rb, &matches, &n, unmatched, &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_assert_eq(n, expected_n);
    return matches;
}

// What differs between the first cells, as flags and in words.
static void expect_differs(struct scene *s, unsigned flags, const char *words) {
    struct buf out;
    struct error err = {0};
    unsigned differs = 99;
    buf_init(&out);
    const struct report_cell *a = &s->ra.cells[0], *b = &s->rb.cells[0];
    int rc = cell_match_check(&s->ra, a, &s->rb, b, &differs, &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_assert_eq(differs, flags, "%u", differs);
    cell_identity_print(&s->ra, a, &s->rb, b, &out);
    cr_assert_str_eq(out.text, words);
    buf_release(&out);
}

Test(cell_match, the_same_cells_answer_each_other) {
    struct scene s;
    scene_init(&s);
    scene_fill(&s);
    struct buf unmatched;
    buf_init(&unmatched);
    struct cell_match *m = match(&s, HELPER_CELLS, &unmatched);
    for (int i = 0; i < HELPER_CELLS; i++) {
        cr_assert_eq(m[i].a, &s.ra.cells[i]);
        cr_assert_eq(m[i].b, &s.rb.cells[i]);
        cr_assert(m[i].same);
        cr_assert_eq(m[i].differs, 0);
    }
    cr_assert_str_eq(unmatched.text, "");
    expect_differs(&s, 0, "");
    buf_release(&unmatched);
    free(m);
    scene_release(&s);
}

// Ids, order in the config and folders do not matter; a threshold does.
Test(cell_match, cells_are_matched_by_what_they_are) {
    struct scene s;
    scene_init(&s);
    struct manifest_cell first = s.b.cells[0];
    s.b.cells[0] = s.b.cells[2];
    s.b.cells[2] = first;
    s.b.cells[0].id = "dddddddddd";
    s.b.cells[1].threshold = 9;
    scene_fill(&s);
    struct buf unmatched;
    buf_init(&unmatched);
    struct cell_match *m = match(&s, 2, &unmatched);
    cr_assert_str_eq(m[0].b->cell->label, "vanilla");
    cr_assert(m[0].same);
    cr_assert_str_eq(m[1].b->cell->label, "specdecode");
    cr_assert_not(m[1].same);
    expect_text(&s, unmatched.text,
                "A alone has specreason@7 (base big, draft small, set)\n"
                "B alone has specreason@9 (base big, draft small, set)\n");
    buf_release(&unmatched);
    free(m);
    scene_release(&s);
}

static void expect_no_match(void (*change)(struct helper_store *)) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.n_cells = s.b.manifest.n_cells = 2;
    change(&s.b);
    scene_fill(&s);
    cr_assert_null(cell_match_find(&s.rb, &s.ra.cells[1]));
    scene_release(&s);
}

static void other_base(struct helper_store *h) {
    h->cells[1].base = "bigger";
}

static void other_draft(struct helper_store *h) {
    h->cells[1].draft = "tiny";
}

static void other_prm(struct helper_store *h) {
    h->cells[1].prm = "prm";
}

static void other_label(struct helper_store *h) {
    h->cells[1].label = "specreason x";
}

static void other_variant(struct helper_store *h) {
    h->cells[1].variant = "temperature=0";
}

static void other_set(struct helper_store *h) {
    h->dataset.name = "another set";
}

static void no_threshold(struct helper_store *h) {
    h->cells[1].threshold = NAN;
}

Test(cell_match, every_name_must_agree) {
    expect_no_match(other_base);
    expect_no_match(other_draft);
    expect_no_match(other_prm);
    expect_no_match(other_label);
    expect_no_match(other_variant);
    expect_no_match(other_set);
    expect_no_match(no_threshold);
}

Test(cell_match, nothing_in_common_is_no_comparison) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.n_cells = s.b.manifest.n_cells = 1;
    other_set(&s.b);
    scene_fill(&s);
    expect_refused(&s, "A and B have no cell in common (models, data set, "
                       "label, threshold and variant); the first of A is "
                       "vanilla (base big, set), of B vanilla (base big, "
                       "another set)");
    scene_release(&s);
}

// ---- the same problems ----------------------------------------------------

Test(cell_match, problems_may_stand_in_another_order) {
    struct scene s;
    scene_init(&s);
    struct manifest_problem first = s.b.problems[0];
    s.b.problems[0] = s.b.problems[2];
    s.b.problems[2] = first;
    scene_fill(&s);
    free(match(&s, HELPER_CELLS, NULL));
    scene_release(&s);
}

Test(cell_match, refuses_another_number_of_problems) {
    struct scene s;
    scene_init(&s);
    s.b.dataset.n_problems = 2;
    scene_fill(&s);
    expect_refused(&s, "data set set: 3 problems in A, 2 in B; expected the "
                       "same problems");
    scene_release(&s);
}

Test(cell_match, refuses_problems_of_one_side_alone) {
    struct scene s;
    scene_init(&s);
    s.b.problems[1] = (struct manifest_problem){.id = "q1", .hash = "g1"};
    scene_fill(&s);
    expect_refused(&s, "data set set: problem p1 is in A alone; expected the "
                       "same problems");
    scene_release(&s);
}

// One problem twice hides nothing.
Test(cell_match, refuses_problems_that_b_alone_has) {
    struct scene s;
    scene_init(&s);
    s.a.problems[1].hash = s.a.problems[0].hash;
    scene_fill(&s);
    struct error err = {0};
    unsigned differs;
    cr_assert_eq(
        cell_match_check(&s.ra, s.ra.cells, &s.rb, s.rb.cells, &differs, &err),
        -1);
    expect_text(&s, err.text,
                "data set set: problem p1 has another text or reference in A "
                "than in B; expected the same problems");
    scene_release(&s);
}

Test(cell_match, refuses_problems_with_another_text) {
    struct scene s;
    scene_init(&s);
    s.b.problems[2].hash = "other";
    scene_fill(&s);
    expect_refused(&s, "data set set: problem p2 has another text or reference "
                       "in A than in B; expected the same problems");
    scene_release(&s);
}

Test(cell_match, refuses_another_number_of_samples) {
    struct scene s;
    scene_init(&s);
    s.b.manifest.k = 1;
    scene_fill(&s);
    expect_refused(&s, "data set set: 2 samples per problem in A, 1 in B; "
                       "expected the same number");
    scene_release(&s);
}

// ---- the same graders -----------------------------------------------------

Test(cell_match, refuses_other_graders) {
    struct scene s;
    scene_init(&s);
    s.b.dataset.verdict_grader = "math";
    scene_fill(&s);
    expect_refused(&s, "data set set: verdicts of grader number in A, of math "
                       "in B; expected the same: specsweep grade --regrade "
                       "--grader number B");
    scene_release(&s);
}

Test(cell_match, refuses_other_grader_versions) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.grader_version = 2;
    s.b.manifest.grader_version = 1;
    scene_fill(&s);
    expect_refused(&s, "verdicts are of grader version 2 in A, of 1 in B; "
                       "expected the same: specsweep grade --regrade B");
    scene_release(&s);
}

Test(cell_match, refuses_a_regrade_that_did_not_end) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.grader_version = s.b.manifest.grader_version = 0;
    scene_fill(&s);
    expect_refused(&s, "A: a regrade did not end; again: specsweep grade "
                       "--regrade A");
    scene_release(&s);
}

// ---- complete -------------------------------------------------------------

Test(cell_match, refuses_missing_samples_on_either_side) {
    for (int side = 0; side < 2; side++) {
        struct scene s;
        scene_init(&s);
        s.a.manifest.n_cells = s.b.manifest.n_cells = 1;
        helper_fill(side ? &s.a : &s.b, side ? s.dir_a : s.dir_b);
        const char *dir = side ? s.dir_b : s.dir_a;
        struct helper_store *h = side ? &s.b : &s.a;
        cr_assert_eq(manifest_save(&h->manifest, dir, NULL), 0);
        struct sample one = helper_sample(h, 0, 1, 0, 1, 1, true);
        helper_add(dir, &one);
        scene_open(&s);
        expect_refused(&s, side ? "B: cell aaaaaaaa, vanilla (base big, set), "
                                  "lacks 5 of 6 samples; the `specsweep run` "
                                  "that made the folder goes on with it"
                                : "A: cell aaaaaaaa, vanilla (base big, set), "
                                  "lacks 5 of 6 samples; the `specsweep run` "
                                  "that made the folder goes on with it");
        scene_release(&s);
    }
}

// Opened with --partial a cell is usable, but of a wrong denominator.
Test(cell_match, refuses_partial_cells) {
    struct scene s;
    struct error err = {0};
    scene_init(&s);
    s.a.manifest.n_cells = s.b.manifest.n_cells = 1;
    helper_fill(&s.a, s.dir_a);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    struct sample one = helper_sample(&s.b, 0, 1, 0, 1, 1, true);
    helper_add(s.dir_b, &one);
    cr_assert_eq(report_open(&s.ra, s.dir_a, true, &err), 0);
    cr_assert_eq(report_open(&s.rb, s.dir_b, true, &err), 0);
    cr_assert(s.rb.cells[0].usable);
    expect_refused(&s, "B: cell aaaaaaaa, vanilla (base big, set), lacks 5 of "
                       "6 samples; the `specsweep run` that made the folder "
                       "goes on with it");
    scene_release(&s);
}

Test(cell_match, an_empty_store_is_no_comparison) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.n_cells = s.b.manifest.n_cells = 1;
    helper_fill(&s.a, s.dir_a);
    cr_assert_eq(manifest_save(&s.b.manifest, s.dir_b, NULL), 0);
    scene_open(&s);
    expect_refused(&s, "B: cell aaaaaaaa, vanilla (base big, set), lacks 6 of "
                       "6 samples; the `specsweep run` that made the folder "
                       "goes on with it");
    scene_release(&s);
}

Test(cell_match, a_broken_line_in_the_middle_is_named) {
    struct scene s;
    struct error err = {0};
    scene_init(&s);
    helper_fill(&s.a, s.dir_a);
    char *path = helper_path(s.dir_a, "samples.jsonl");
    char *text = helper_read(path);
    char *second = strchr(text, '\n') + 1;
    second[0] = 'x';
    helper_write(path, text);
    cr_assert_eq(report_open(&s.ra, s.dir_a, false, &err), -1);
    cr_assert_eq(err.kind, ERR_INPUT);
    cr_assert(strstr(err.text, "samples.jsonl:2: not JSON"), "%s", err.text);
    free(text);
    free(path);
    helper_dir_free(s.dir_a);
    helper_dir_free(s.dir_b);
}

// ---- what may differ ------------------------------------------------------

Test(cell_match, another_model_is_told) {
    struct scene s;
    scene_init(&s);
    s.b.model.hash = "0123456789abcdef";
    scene_fill(&s);
    expect_differs(&s, DIFFERS_MODEL,
                   "model big differs: m against 01234567\n");
    scene_release(&s);
}

// Drafts and reward models count as the base does.
Test(cell_match, another_draft_is_told) {
    struct scene s;
    scene_init(&s);
    struct manifest_model more[2] = {s.b.model, s.b.model};
    more[1].name = "small";
    s.b.manifest.models = more;
    s.b.manifest.n_models = 2;
    scene_fill(&s);
    unsigned differs;
    struct error err;
    cr_assert_eq(cell_match_check(&s.ra, &s.ra.cells[1], &s.rb, &s.rb.cells[1],
                                  &differs, &err),
                 0);
    cr_assert_eq(differs, DIFFERS_MODEL);
    expect_differs(&s, 0, ""); // vanilla has no draft
    scene_release(&s);
}

Test(cell_match, another_seed_is_told) {
    struct scene s;
    scene_init(&s);
    s.b.manifest.seed = 2;
    scene_fill(&s);
    expect_differs(&s, DIFFERS_SEED, "seed differs: 1 against 2\n");
    scene_release(&s);
}

static void expect_engine(const char *config_a, const char *config_b,
                          int sample_version, const char *words) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.config = config_a;
    s.b.manifest.config = config_b;
    s.b.manifest.sample_version = sample_version;
    scene_fill(&s);
    expect_differs(&s, words ? DIFFERS_ENGINE : 0, words ? words : "");
    scene_release(&s);
}

Test(cell_match, another_engine_is_told) {
    expect_engine("engine: {kv: f32, context: 0}\n", "name: old\n", 1, NULL);
    expect_engine("engine: {threads: 2, isa: ref}\n",
                  "engine: {threads: 1, isa: avx2}\n", 1, NULL);
    expect_engine("engine: {kv: f32}\n", "engine: {kv: q8_0}\n", 1,
                  "engine differs: kv f32 against q8_0\n");
    expect_engine("engine: {prefill: exact}\n", "engine: {prefill: blas}\n", 1,
                  "engine differs: prefill exact against blas\n");
    expect_engine("engine: {context: 512}\n", "engine: {context: 1024}\n", 1,
                  "engine differs: context 512 against 1024\n");
    expect_engine("x: 1\n", "x: 1\n", 2,
                  "engine differs: sample version 1 against 2\n");
}

// A config that is no YAML tells nothing, and breaks nothing.
Test(cell_match, a_broken_config_says_nothing_of_the_engine) {
    expect_engine("engine: {", "\t[", 1, NULL);
    expect_engine("engine: [kv]\n", "engine: {kv: [f32]}\n", 1, NULL);
}

// OpenBLAS adds up in an order that depends on the machine.
Test(cell_match, equal_samples_are_not_expected_of_blas) {
    struct scene s;
    scene_init(&s);
    s.a.manifest.config = s.b.manifest.config = "engine: {prefill: blas}\n";
    scene_fill(&s);
    struct cell_match *m = match(&s, HELPER_CELLS, NULL);
    cr_assert_not(m[0].same);
    cr_assert_eq(m[0].differs, 0);
    free(m);
    scene_release(&s);
}

Test(cell_match, other_settings_are_told) {
    struct scene s;
    scene_init(&s);
    s.b.settings[0].value = "0.8";
    s.b.cells[0].n_settings = 2;
    scene_fill(&s);
    expect_differs(&s, DIFFERS_SETTINGS,
                   "setting temperature differs: 0.6 against 0.8\n"
                   "setting threshold differs: none against 7\n");
    scene_release(&s);
}

// Two cells of one folder: only the method's own settings are its own.
Test(cell_match, two_cells_of_one_folder) {
    struct scene s;
    scene_init(&s);
    scene_fill(&s);
    struct error err = {0};
    unsigned differs;
    const struct report_cell *a = &s.ra.cells[0], *b = &s.ra.cells[1];
    cr_assert_eq(cell_match_check(&s.ra, a, &s.ra, b, &differs, &err), 0);
    cr_assert_eq(differs, DIFFERS_SETTINGS);
    struct buf out;
    buf_init(&out);
    cell_identity_print(&s.ra, a, &s.ra, b, &out);
    cr_assert_str_eq(out.text, "method differs: vanilla against specreason\n");
    buf_release(&out);
    scene_release(&s);
}

// Of one folder the cells are named, as the folder says nothing.
Test(cell_match, two_cells_of_one_folder_are_named_by_their_ids) {
    struct scene s;
    scene_init(&s);
    struct manifest_dataset two[2] = {s.a.dataset, s.a.dataset};
    two[1].name = "short";
    two[1].n_problems = 1;
    s.a.manifest.datasets = two;
    s.a.manifest.n_datasets = 2;
    s.a.cells[1].dataset = 1;
    scene_fill(&s);
    struct error err = {0};
    unsigned differs;
    cr_assert_eq(cell_match_check(&s.ra, &s.ra.cells[0], &s.ra, &s.ra.cells[2],
                                  &differs, &err),
                 -1);
    expect_text(&s, err.text,
                "data sets set and short: 3 problems in A:aaaaaaaa, 1 in "
                "A:bbbbbbbb; expected the same problems");
    scene_release(&s);
}
