#include "tests/helper_table.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/report.h"
#include "harness/table.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_rows(const char *dir, const struct report_table *of,
                        bool partial, const char *expected) {
    struct report r;
    struct error err = {0};
    struct table t;
    struct buf out;
    cr_assert_eq(report_open(&r, dir, partial, &err), 0, "%s", err.text);
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

void helper_expect_rows(const char *dir, const struct report_table *of,
                        const char *expected) {
    expect_rows(dir, of, false, expected);
}

void helper_expect_partial_rows(const char *dir, const struct report_table *of,
                                const char *expected) {
    expect_rows(dir, of, true, expected);
}
