#include "harness/report.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/table.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The columns of detail, and what clusters of problems change; the others are
// in test_tables.c.

static struct table filled(const char *dir, const struct report_table *of) {
    struct report r;
    struct error err = {0};
    struct table t;
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    table_init(&t, of->name, of->title, of->columns);
    of->fill(&r, &t);
    report_release(&r);
    return t;
}

// The named columns of a row, blanks between them, "-" for what is empty.
static void expect_row(const struct table *t, int row, const char *names,
                       const char *expected) {
    struct buf got;
    char *copy = strdup(names), *rest = copy, *name;
    buf_init(&got);
    while ((name = strsep(&rest, " "))) {
        int column = 0;
        while (column < t->n_columns && strcmp(t->columns[column].name, name))
            column++;
        cr_assert_lt(column, t->n_columns, "no column %s", name);
        const char *text = table_cell(t, row, column);
        buf_addf(&got, "%s%s", got.n_bytes ? " " : "", text ? text : "-");
    }
    cr_expect_str_eq(got.text, expected, "%s: %s", names, got.text);
    buf_release(&got);
    free(copy);
}

static const char intervals[] =
    "ci_low ci_high boot_ci_low boot_ci_high wilson_ci_low wilson_ci_high";
static const char clusters[] = "se n_clusters unclustered_se";
static const char bounds[] = "pass_ungraded_wrong pass_ungraded_right";

// prop.test(2, 3, correct = FALSE): .2076596 .9385081. The third problem is
// ungraded. Of resamples of three problems 1 in 27 has a mean of 0 and 8 in 27
// one of 1, so the percentiles at 95 % are these.
Test(table_accuracy, one_sample_has_an_interval_of_a_proportion) {
    struct helper_store h;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.k = 1;
    h.manifest.n_cells = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int p = 0; p < HELPER_PROBLEMS; p++) {
        struct sample s = helper_sample(&h, 0, p, 0, 10, 10, p != 2);
        if (p == 2) s.verdict = VERDICT_UNGRADED;
        helper_add(dir, &s);
    }
    struct table t = filled(dir, &table_accuracy);
    expect_row(&t, 0, intervals, "0.0000 1.0000 0.0000 1.0000 0.2077 0.9385");
    expect_row(&t, 0, clusters, "0.3333 - -");
    expect_row(&t, 0, bounds, "0.6667 1.0000");
    table_release(&t);
    helper_dir_free(dir);
}

// B: problem means 1, 1, .5, the last two of one cluster: residuals 1/6 and
// 1/6 - 1/3, se sqrt(2 * 2/36) / 3 = .1111, interval -+ 12.706 * .1111. Two
// clusters that are drawn give means of 1, .75 and 5/6.
Test(table_accuracy, clusters_are_the_unit_where_there_are_some) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    struct table t = filled(dir, &table_accuracy);
    expect_row(&t, 1, clusters, "0.1667 - -");
    expect_row(&t, 1, intervals, "0.1162 1.0000 0.5000 1.0000 - -");
    table_release(&t);
    h.problems[1].cluster = h.problems[2].cluster = "x";
    struct error err = {0};
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    t = filled(dir, &table_accuracy);
    expect_row(&t, 1, clusters, "0.1111 2 0.1667");
    expect_row(&t, 1, intervals, "0.0000 1.0000 0.7500 1.0000 - -");
    table_release(&t);
    // The same digits here and there.
    t = filled(dir, &table_pass_at_k);
    expect_row(&t, 2, "k pass_at_k se ci_low ci_high",
               "1 0.8333 0.1111 0.0000 1.0000");
    table_release(&t);
    helper_dir_free(dir);
}

// One sample each of problems that are not independent: no such interval.
Test(table_accuracy, no_proportion_of_clusters) {
    struct helper_store h;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.k = 1;
    h.manifest.n_cells = 1;
    h.problems[0].cluster = h.problems[1].cluster = "x";
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int p = 0; p < HELPER_PROBLEMS; p++) {
        struct sample s = helper_sample(&h, 0, p, 0, 10, 10, p != 2);
        helper_add(dir, &s);
    }
    struct table t = filled(dir, &table_accuracy);
    expect_row(&t, 0, "pass_at_1 n_clusters wilson_ci_low wilson_ci_high",
               "0.6667 2 - -");
    expect_row(&t, 0, bounds, "0.6667 0.6667");
    table_release(&t);
    helper_dir_free(dir);
}
