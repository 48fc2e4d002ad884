#include "harness/table.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/file_write.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct table_column columns[] = {
    {"name", COLUMN_TEXT, false}, {"n", 0, false},     {"share", 3, false},
    {"unused", 1, false},         {"detail", 0, true}, {NULL, 0, false}};

static void fill(struct table *t) {
    table_init(t, "demo", "Demo", columns);
    table_add_row(t);
    table_set_text(t, "name", "a, \"b\"");
    table_set_number(t, "n", 12);
    table_set_number(t, "share", -0.0001);
    table_set_interval(t, "share", NAN, 1); // none
    table_set_number(t, "detail", 1);
    table_add_row(t);
    table_set_text(t, "name", "c|d");
    table_set_number(t, "n", NAN);
    table_set_number(t, "share", 0.6666666);
    table_set_mark(t, "share", "~");
    table_set_interval(t, "share", 0.5, 0.83333);
}

static void expect(const struct table_writer *w, const char *expected) {
    struct table t;
    struct buf out;
    fill(&t);
    buf_init(&out);
    w->write(&t, &out);
    cr_assert_str_eq(out.text, expected);
    buf_release(&out);
    table_release(&t);
}

Test(table, csv_quotes_and_leaves_missing_empty) {
    expect(&writer_csv, "name,n,share,unused,detail\n"
                        "\"a, \"\"b\"\"\",12,0.000,,1\n"
                        "c|d,,0.667,,\n");
}

Test(table, markdown_aligns_and_marks) {
    expect(&writer_markdown, "### Demo\n\n"
                             "| name   |   n |                  share |\n"
                             "| ------ | --: | ---------------------: |\n"
                             "| a, \"b\" |  12 |                  0.000 |\n"
                             "| c\\|d   |     | ~ 0.667 [0.500, 0.833] |\n");
}

Test(table, json_has_null_for_missing) {
    expect(&writer_json,
           "{\"name\":\"demo\",\"rows\":[\n"
           " {\"name\":\"a, \\\"b\\\"\",\"n\":12,\"share\":0.000,"
           "\"unused\":null,\"detail\":1},\n"
           " {\"name\":\"c|d\",\"n\":null,\"share\":0.667,\"unused\":null,"
           "\"detail\":null}]}"
           "\n");
}

Test(table, unknown_format_lists_the_known) {
    struct error err;
    cr_assert_null(table_writer_get("xml", &err));
    cr_assert_eq(err.kind, ERR_USAGE);
    cr_assert(strstr(err.text, "md, csv, latex, json"));
    cr_assert_eq(table_writer_get("latex", &err), &writer_latex);
    cr_assert_eq(table_writer_get("csv", &err), &writer_csv);
}

Test(table, is_saved_whole_or_not_at_all) {
    struct table t;
    struct error err = {0};
    char *dir = helper_dir_new();
    fill(&t);
    cr_assert_eq(table_save_as(&t, &writer_csv, dir, &err), 0, "%s", err.text);
    char *path = helper_path(dir, "demo.csv");
    size_t n;
    char *text = file_read(path, 1000, &n, &err);
    cr_assert(text);
    cr_assert_eq(strncmp(text, "name,n,share", 12), 0);
    free(text);
    cr_assert_eq(table_save_as(&t, &writer_csv, "/nonexistent-folder", &err),
                 -1);
    cr_assert_eq(err.kind, ERR_IO);
    table_release(&t);
    free(path);
    helper_dir_free(dir);
}

Test(table, settings_have_the_decimals_that_they_need) {
    static const double values[] = {7, 3.5, 0.85, 0.125, 1.0 / 3, NAN};
    static const char *const want[] = {"7.0",   "3.5",      "0.85",
                                       "0.125", "0.333333", NULL};
    struct table t;
    table_init(&t, "demo", "Demo", columns);
    for (int i = 0; i < 6; i++) {
        table_add_row(&t);
        table_set_setting(&t, "unused", values[i]);
        const char *got = table_cell(&t, i, 3);
        cr_assert_eq(!got, !want[i], "%d", i);
        if (got) cr_assert_str_eq(got, want[i]);
    }
    table_release(&t);
}
