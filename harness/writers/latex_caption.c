#include "harness/writers/latex_caption.h"

#include "engine/base/buf.h"
#include "harness/table.h"
#include "harness/writers/latex_group.h"
#include "harness/writers/latex_layout.h"
#include "harness/writers/latex_digits.h"
#include "harness/writers/latex_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NAMED_MAX = 8 }; // rows with gaps that are named, the rest is counted

static const char *cell_text(const struct table *t, int row, const char *name) {
    int column = table_find_column(t, name);
    return column < 0 ? NULL : table_cell(t, row, column);
}

// ---- what all rows share --------------------------------------------------

static bool is_column_shown(const struct latex_layout *l, int at) {
    for (int i = 0; i < l->n_columns; i++) {
        if (l->columns[i].at == at) return true;
    }
    return false;
}

// Within a sentence; abbreviations keep their capitals.
static void add_heading(struct buf *out, const char *heading, bool first) {
    for (size_t i = 0; heading[i]; i++) {
        char c = heading[i] == '|' ? ' ' : heading[i];
        bool word = !i && islower((unsigned char)heading[1]);
        buf_addc(out, word && !first ? (char)tolower((unsigned char)c) : c);
    }
}

static void add_shared(const struct latex_layout *l, const struct table *t,
                       struct buf *out) {
    bool any = false;
    for (const struct paper_column *p = t->paper; p->column; p++) {
        int at = table_find_column(t, p->column);
        if (is_column_shown(l, at) || t->columns[at].decimals != COLUMN_TEXT)
            continue;
        const char *text = latex_shared_text(t, at);
        if (!text) continue;
        buf_adds(out, any ? "; " : " ");
        add_heading(out, p->heading, !any);
        buf_adds(out, ": ");
        latex_add_text(out, text);
        any = true;
    }
    if (any) buf_addc(out, '.');
}

// ---- signs ----------------------------------------------------------------

static bool has_best(const struct latex_layout *l, const struct table *t) {
    for (int i = 0; i < l->n_columns; i++) {
        for (int row = 0; row < t->n_rows; row++) {
            if (latex_is_best(&l->columns[i], t, row)) return true;
        }
    }
    return false;
}

static bool has_groups(const struct table *t) {
    for (int row = 1; row < t->n_rows; row++) {
        if (latex_begins_group(t, row)) return true;
    }
    return false;
}

static void add_signs(const struct latex_layout *l, const struct table *t,
                      struct buf *out) {
    bool intervals = false, marks = false;
    for (int i = 0; i < l->n_columns; i++) {
        intervals |= l->columns[i].n_low > 0;
        marks |= l->columns[i].marked;
    }
    if (has_best(l, t)) {
        buf_adds(out, has_groups(t) ? " Bold: best of a base and data set."
                                    : " Bold: best.");
    }
    if (intervals) buf_adds(out, " Brackets: intervals.");
    if (marks) buf_adds(out, " $\\sim$: not resolved from no difference.");
}

// ---- gaps -----------------------------------------------------------------

static bool has_gaps(const struct table *t, int row) {
    return cell_text(t, row, "n_missing") || cell_text(t, row, "n_failed");
}

// A cell may have several rows.
static bool is_first_of_cell(const struct table *t, int row) {
    const char *cell = cell_text(t, row, "cell");
    for (int i = 0; cell && i < row; i++) {
        const char *other = cell_text(t, i, "cell");
        if (other && !strcmp(other, cell)) return false;
    }
    return true;
}

static void add_threshold(const struct latex_layout *l, const struct table *t,
                          int row, struct buf *out) {
    for (int i = 0; i < l->n_columns; i++) {
        const struct latex_column *c = &l->columns[i];
        if (strcmp(t->columns[c->at].name, "threshold") ||
            !table_cell(t, row, c->at)) {
            continue;
        }
        buf_adds(out, " at threshold ");
        latex_print_value(c, t, row, out);
    }
}

// What tells the row from others: its texts that not all rows share.
static void add_row_name(const struct latex_layout *l, const struct table *t,
                         int row, struct buf *out) {
    static const char *const names[] = {"method", "base", "draft", "dataset",
                                        "variant"};
    size_t start = out->n_bytes;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int at = table_find_column(t, names[i]);
        if (at < 0 || !table_cell(t, row, at)) continue;
        if (i && latex_shared_text(t, at)) continue;
        if (out->n_bytes > start) buf_adds(out, ", ");
        latex_add_text(out, table_cell(t, row, at));
        if (!i) add_threshold(l, t, row, out);
    }
}

static void add_count(const char *n, const char *what, struct buf *out) {
    buf_addf(out, "%s sample%s %s", n, strcmp(n, "1") ? "s" : "", what);
}

static void add_gap(const struct latex_layout *l, const struct table *t,
                    int row, struct buf *out) {
    const char *missing = cell_text(t, row, "n_missing");
    const char *failed = cell_text(t, row, "n_failed");
    add_row_name(l, t, row, out);
    buf_adds(out, " (");
    if (missing) add_count(missing, "missing", out);
    if (missing && failed) buf_adds(out, ", ");
    if (failed) add_count(failed, "failed", out);
    buf_addc(out, ')');
}

static void add_gaps(const struct latex_layout *l, const struct table *t,
                     struct buf *out) {
    int n = 0;
    for (int row = 0; row < t->n_rows; row++) {
        if (!has_gaps(t, row) || !is_first_of_cell(t, row)) continue;
        if (++n > NAMED_MAX) continue;
        buf_adds(out, n > 1 ? "; " : " Incomplete: ");
        add_gap(l, t, row, out);
    }
    if (n > NAMED_MAX) buf_addf(out, " and %d more", n - NAMED_MAX);
    if (n) buf_adds(out, ". --: no estimate.");
}

void latex_add_caption(const struct latex_layout *l, const struct table *t,
                       struct buf *out) {
    size_t n = strlen(t->title);
    latex_add_text(out, t->title);
    if (n && !strchr(".?!", t->title[n - 1])) buf_addc(out, '.');
    add_shared(l, t, out);
    add_signs(l, t, out);
    add_gaps(l, t, out);
    if (!t->provenance) return;
    buf_adds(out, " Source: ");
    latex_add_text(out, t->provenance);
    buf_addc(out, '.');
}
