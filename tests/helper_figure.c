#include "tests/helper_figure.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/figures/figure.h"
#include "harness/report.h"
#include "harness/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

char *helper_figure_data(const char *dir, const struct figure *f) {
    struct report r;
    struct error err = {0};
    struct table t;
    struct buf out;
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    table_init(&t, f->name, f->title, f->columns);
    f->fill(&r, &t);
    buf_init(&out);
    writer_csv.write(&t, &out);
    table_release(&t);
    report_release(&r);
    char *csv = buf_detach(&out);
    buf_release(&out);
    return csv;
}

void helper_expect_figure(const char *dir, const struct figure *f,
                          const char *expected) {
    char *csv = helper_figure_data(dir, f);
    cr_assert_str_eq(strchr(csv, '\n') + 1, expected, "%s", csv);
    free(csv);
}
