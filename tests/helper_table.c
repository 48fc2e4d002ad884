#include "tests/helper_table.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/report.h"
#include "harness/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

char *helper_table_csv(const char *dir, const struct report_table *of,
                       bool partial) {
    struct report r;
    struct error err = {0};
    struct table t;
    struct buf out;
    cr_assert_eq(report_open(&r, dir, partial, &err), 0, "%s", err.text);
    table_init(&t, of->name, of->title, of->columns);
    of->fill(&r, &t);
    buf_init(&out);
    writer_csv.write(&t, &out);
    table_release(&t);
    report_release(&r);
    return buf_detach(&out);
}

static void expect_rows(const char *dir, const struct report_table *of,
                        bool partial, const char *expected) {
    char *csv = helper_table_csv(dir, of, partial);
    cr_assert_str_eq(strchr(csv, '\n') + 1, expected, "%s", csv);
    free(csv);
}

void helper_expect_rows(const char *dir, const struct report_table *of,
                        const char *expected) {
    expect_rows(dir, of, false, expected);
}

void helper_expect_partial_rows(const char *dir, const struct report_table *of,
                                const char *expected) {
    expect_rows(dir, of, true, expected);
}
