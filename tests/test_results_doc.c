// docs/RESULTS.md names every column of every table, and no other ones.

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "harness/report.h"
#include "harness/table.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char SHARED[] = "\n## First and last columns of every table\n";

// The text under a heading, malloc'ed; fails when there is no such heading.
static char *section(const char *doc, const char *heading) {
    const char *start = strstr(doc, heading);
    cr_assert(start, "docs/RESULTS.md has no '%s'", heading);
    start += strlen(heading);
    const char *end = strstr(start, "\n## ");
    return xstrndup(start, end ? (size_t)(end - start) : strlen(start));
}

static char *section_of(const char *doc, const struct report_table *t) {
    struct buf heading;
    buf_init(&heading);
    buf_addf(&heading, "\n## %s.csv\n", t->name);
    char *text = section(doc, t == &table_main ? "\n## LaTeX\n" : heading.text);
    buf_release(&heading);
    return text;
}

static bool names(const char *text, const char *column, size_t n_bytes,
                  const char *rest) {
    struct buf wanted;
    buf_init(&wanted);
    buf_addf(&wanted, "`%.*s%s`", (int)n_bytes, column, rest);
    bool found = strstr(text, wanted.text) != NULL;
    buf_release(&wanted);
    return found;
}

// As `name`, or as one of a family: `calls_*`.
static bool documents(const char *text, const char *column) {
    const char *end = strchr(column, '_');
    return names(text, column, strlen(column), "") ||
           (end && names(text, column, (size_t)(end - column), "_*"));
}

static bool is_column(const struct report_table *t, const char *name,
                      size_t n_bytes) {
    for (const struct table_column *c = t->columns; c->name; c++) {
        if (strlen(c->name) == n_bytes && !strncmp(c->name, name, n_bytes))
            return true;
    }
    return false;
}

// The names in the first cell of a row of the section's tables.
static int check_row(const struct report_table *t, const char *row) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *end = strstr(row, " | ");
    int n = 0;
    for (const char *at = row; at && at < end; at = strchr(at + 1, '`')) {
        size_t n_bytes = strspn(at + 1, letters);
        if (*at != '`' || !n_bytes || at[1 + n_bytes] != '`') continue;
        cr_expect(is_column(t, at + 1, n_bytes),
                  "docs/RESULTS.md: %s has no column %.*s", t->name,
                  (int)n_bytes, at + 1);
        n++;
        at += n_bytes + 1;
    }
    return n;
}

Test(results_doc, names_every_column) {
    char *doc = helper_read("docs/RESULTS.md");
    char *shared = section(doc, SHARED);
    for (int i = 0; report_tables[i]; i++) {
        const struct report_table *t = report_tables[i];
        char *text = section_of(doc, t);
        for (const struct table_column *c = t->columns; c->name; c++) {
            cr_expect(documents(shared, c->name) || documents(text, c->name),
                      "docs/RESULTS.md does not name %s of %s", c->name,
                      t->name);
        }
        free(text);
    }
    free(shared);
    free(doc);
}

Test(results_doc, names_no_other_column) {
    char *doc = helper_read("docs/RESULTS.md");
    int n = 0;
    for (int i = 0; report_tables[i]; i++) {
        char *text = section_of(doc, report_tables[i]);
        const char *row = strstr(text, "\n| `");
        for (; row; row = strstr(row + 1, "\n| `"))
            n += check_row(report_tables[i], row + 3);
        free(text);
    }
    cr_assert_gt(n, 100); // else the rows are not found
    free(doc);
}
