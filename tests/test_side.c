#include "harness/compare/side.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *make_folder(struct helper_store *h) {
    char *dir = helper_dir_new();
    helper_fill(h, dir);
    return dir;
}

static void open_side(struct side *s, const char *dir, const char *cell) {
    struct error err = {0};
    char *name = cell ? xasprintf("%s:%s", dir, cell) : xstrdup(dir);
    cr_assert_eq(side_open(s, name, &err), 0, "%s", err.text);
    free(name);
}

static void expect_one(const char *dir, const char *cell, const char *id) {
    struct side s;
    open_side(&s, dir, cell);
    cr_assert_not(s.whole);
    cr_assert_eq(s.n_cells, 1, "%s", cell);
    cr_assert_str_eq(s.cells[0]->cell->id, id);
    side_release(&s);
}

static void expect_refused(const char *dir, const char *cell,
                           const char *expected) {
    struct side s;
    struct error err = {0};
    char *name = xasprintf("%s:%s", dir, cell);
    cr_assert_eq(side_open(&s, name, &err), -1, "%s", cell);
    cr_assert_eq(err.kind, ERR_USAGE);
    cr_assert(strstr(err.text, expected), "%s", err.text);
    cr_assert_null(s.cells);
    free(name);
}

Test(side, names_cells_of_a_folder) {
    struct helper_store h;
    helper_store_init(&h);
    char *dir = make_folder(&h);
    struct side s;
    open_side(&s, dir, NULL);
    cr_assert(s.whole);
    cr_assert_eq(s.n_cells, HELPER_CELLS);
    side_release(&s);
    expect_one(dir, "vanilla", "aaaaaaaaaa");
    expect_one(dir, "specreason", "bbbbbbbbbb");
    expect_one(dir, "specreason@7", "bbbbbbbbbb");
    expect_one(dir, "specreason@7.0", "bbbbbbbbbb");
    expect_one(dir, "cccc", "cccccccccc");
    helper_dir_free(dir);
}

Test(side, lists_the_cells_when_it_knows_none) {
    struct helper_store h;
    helper_store_init(&h);
    char *dir = make_folder(&h);
    static const char *const names[] = {"specreason@9",
                                        "specreason@",
                                        "specreason@7x",
                                        "vanilla@7",
                                        "vanill",
                                        "ccc",
                                        "",
                                        "ccccccccccc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_refused(dir, names[i],
                       "names no cell; expected a label, LABEL@THRESHOLD or "
                       "the beginning of an id: aaaaaaaa vanilla (base big, "
                       "set), bbbbbbbb specreason@7 (base big, draft small, "
                       "set), cccccccc specdecode (base big, draft small, "
                       "set)");
    helper_dir_free(dir);
}

Test(side, refuses_names_of_several_cells) {
    struct helper_store h;
    helper_store_init(&h);
    h.cells[2].label = "specreason";
    h.cells[2].threshold = 9;
    h.cells[2].id = "bbbbbbbbcc";
    char *dir = make_folder(&h);
    expect_refused(dir, "specreason",
                   "'specreason' names several cells of one base and data set; "
                   "say which by LABEL@THRESHOLD or id: bbbbbbbb specreason@7 "
                   "(base big, draft small, set), bbbbbbbb specreason@9");
    expect_refused(dir, "bbbbbbbb", "'bbbbbbbb' begins several ids");
    expect_one(dir, "specreason@9", "bbbbbbbbcc");
    expect_one(dir, "bbbbbbbbc", "bbbbbbbbcc");
    helper_dir_free(dir);
}

// Colons are allowed in the names of folders, and in labels.
Test(side, folders_may_have_colons) {
    struct helper_store h;
    helper_store_init(&h);
    h.cells[2].label = "a:b";
    char *outer = helper_dir_new();
    char *dir = helper_path(outer, "run:1");
    cr_assert_eq(mkdir(dir, 0777), 0);
    helper_fill(&h, dir);
    struct side s;
    open_side(&s, dir, NULL);
    cr_assert(s.whole);
    side_release(&s);
    expect_one(dir, "a:b", "cccccccccc");
    free(dir);
    helper_dir_free(outer);
}

Test(side, a_folder_that_is_not_there_is_named) {
    struct side s;
    struct error err = {0};
    cr_assert_eq(side_open(&s, "/nonexistent:vanilla", &err), -1);
    cr_assert_eq(err.kind, ERR_INPUT);
    cr_assert(strstr(err.text, "/nonexistent/manifest.json: not found"), "%s",
              err.text);
    cr_assert_null(s.cells);
}

// ---- matches --------------------------------------------------------------

static int match(const char *dir, const char *a, const char *b,
                 struct cell_match *first, struct buf *unmatched,
                 struct error *err) {
    struct side x, y;
    struct cell_match *matches;
    int n;
    open_side(&x, dir, a);
    open_side(&y, dir, b);
    int rc = side_match(&x, &y, &matches, &n, unmatched, err);
    if (!rc) *first = matches[0];
    free(matches);
    side_release(&x);
    side_release(&y);
    return rc ? rc : n;
}

Test(side, two_cells_are_compared_as_named) {
    struct helper_store h;
    struct cell_match m;
    struct error err = {0};
    helper_store_init(&h);
    char *dir = make_folder(&h);
    cr_assert_eq(match(dir, "vanilla", "specreason@7", &m, NULL, &err), 1);
    cr_assert_eq(m.differs, DIFFERS_SETTINGS);
    cr_assert_not(m.same);
    cr_assert_eq(match(dir, "vanilla", NULL, &m, NULL, &err), 1);
    cr_assert(m.same);
    helper_dir_free(dir);
}

// Two base models: vanilla of each against specreason of each.
Test(side, several_cells_of_a_label_are_matched_by_base_and_data_set) {
    struct helper_store h;
    struct cell_match m;
    struct error err = {0};
    struct buf unmatched;
    struct manifest_cell cells[4];
    buf_init(&unmatched);
    helper_store_init(&h);
    memcpy(cells, h.cells, 2 * sizeof *cells);
    memcpy(cells + 2, h.cells, 2 * sizeof *cells);
    cells[2].id = "dddddddddd";
    cells[3].id = "eeeeeeeeee";
    cells[2].base = cells[3].base = "large";
    h.manifest.cells = cells;
    h.manifest.n_cells = 4;
    char *dir = helper_dir_new();
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K * 4; i++) {
        int cell = i % 4, p = i / 4 / HELPER_K, k = i / 4 % HELPER_K;
        h.cells[0] = cells[cell];
        struct sample s = helper_sample(&h, 0, p, k, 1, 1, true);
        helper_add(dir, &s);
    }
    cr_assert_eq(match(dir, "vanilla", "specreason", &m, &unmatched, &err), 2);
    cr_assert_str_eq(unmatched.text, "");
    cr_assert_eq(match(dir, "vanilla", "eeee", &m, &unmatched, &err), 1, "%s",
                 err.text); // of the same base
    cr_assert(strstr(unmatched.text, "has no answer to vanilla (base big"),
              "%s", unmatched.text);
    buf_release(&unmatched);
    helper_dir_free(dir);
}

Test(side, a_label_that_the_other_folder_lacks_is_named) {
    struct helper_store h, other;
    struct side a, b;
    struct cell_match *matches;
    struct error err = {0};
    int n;
    helper_store_init(&h);
    helper_store_init(&other);
    char *dir_a = make_folder(&h);
    other.cells[1].threshold = 9;
    char *dir_b = make_folder(&other);
    open_side(&a, dir_a, NULL);
    open_side(&b, dir_b, "specreason");
    cr_assert_eq(side_match(&a, &b, &matches, &n, NULL, &err), -1);
    cr_assert_eq(err.kind, ERR_INCOMPARABLE);
    cr_assert(strstr(err.text, "has no cell that answers specreason@9 (base "
                               "big, draft small, set) of "),
              "%s", err.text);
    cr_assert_null(matches);
    side_release(&a);
    side_release(&b);
    helper_dir_free(dir_a);
    helper_dir_free(dir_b);
}
