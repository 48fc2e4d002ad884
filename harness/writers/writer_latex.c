#include "engine/base/buf.h"
#include "harness/table.h"
#include "harness/writers/latex_caption.h"
#include "harness/writers/latex_group.h"
#include "harness/writers/latex_layout.h"
#include "harness/writers/latex_digits.h"
#include "harness/writers/latex_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// A float of the width of a page (table*) with rules of booktabs and columns of
// siunitx, in the smallest of three sizes that a page needs. Intervals are a
// column of their own behind the value, in smaller type. Where not even the
// smallest size fits, base and data set head their groups instead of being
// columns. A table that is longer than a page goes on in further floats.

enum {
    ROWS_MAX = 42,      // of a float
    WIDTH_POINTS = 455, // of two columns in the narrowest of usual classes
};

// ---- width ----------------------------------------------------------------

static const struct size {
    const char *command;
    double char_points, gap_points; // of a digit; \tabcolsep
} sizes[] = {
    {"\\small", 4.7, 5},
    {"\\footnotesize", 4.3, 4},
    {"\\scriptsize", 3.9, 2.5},
};

enum { N_SIZES = sizeof sizes / sizeof *sizes };

// An interval's characters are those of the smallest size.
static double column_points(const struct latex_column *c,
                            const struct size *s) {
    int n_interval = c->n_low ? c->n_low + c->n_high + 4 : 0;
    double smaller =
        n_interval * (s->char_points - sizes[N_SIZES - 1].char_points);
    return c->n_chars * s->char_points - smaller + 2 * s->gap_points;
}

// NULL: none is small enough.
static const struct size *choose_size(const struct latex_layout *l) {
    for (size_t i = 0; i < N_SIZES; i++) {
        double width = 0;
        for (int j = 0; j < l->n_columns; j++)
            width += column_points(&l->columns[j], &sizes[i]);
        if (width <= WIDTH_POINTS) return &sizes[i];
    }
    return NULL;
}

// ---- head -----------------------------------------------------------------

static const double EM_PER_CHAR = 0.47;

static void add_column_type(const struct latex_column *c, struct buf *out) {
    if (c->text) {
        if (c->wrap_chars) {
            buf_addf(out, "  >{\\raggedright\\arraybackslash}p{%.1fem}\n",
                     EM_PER_CHAR * c->wrap_chars);
        } else {
            buf_adds(out, "  l\n");
        }
        return;
    }
    buf_addf(out, "  S[table-format=%s%d.%d", c->negative ? "-" : "",
             c->n_integer, c->decimals);
    if (c->paper->best) buf_adds(out, ", detect-weight, mode=text");
    if (c->marked) buf_adds(out, ", table-space-text-pre={$\\sim$\\,}");
    buf_adds(out, "]");
    if (c->n_low) buf_adds(out, "@{\\,}>{\\scriptsize}l");
    buf_addc(out, '\n');
}

static void add_heading_text(const struct latex_column *c, struct buf *out) {
    bool lines = strchr(c->heading, '|') != NULL;
    if (lines) {
        buf_addf(out, "\\begin{tabular}[b]{@{}%c@{}}", c->text ? 'l' : 'c');
    }
    for (const char *h = c->heading; *h; h++) {
        if (*h == '|')
            buf_adds(out, "\\\\");
        else
            buf_addc(out, *h);
    }
    if (lines) buf_adds(out, "\\end{tabular}");
}

static void add_heading(const struct latex_column *c, struct buf *out) {
    if (c->text) {
        add_heading_text(c, out);
        return;
    }
    buf_adds(out, c->n_low ? "\\multicolumn{2}{c}{" : "{");
    add_heading_text(c, out);
    buf_addc(out, '}');
}

static void add_head(const struct latex_layout *l, const struct size *s,
                     struct buf *out) {
    buf_addf(out, "\\setlength{\\tabcolsep}{%gpt}\n\\begin{tabular}{@{}\n",
             s->gap_points);
    for (int i = 0; i < l->n_columns; i++)
        add_column_type(&l->columns[i], out);
    buf_adds(out, "@{}}\n\\toprule\n");
    for (int i = 0; i < l->n_columns; i++) {
        if (i) buf_adds(out, " & ");
        add_heading(&l->columns[i], out);
    }
    buf_adds(out, " \\\\\n\\midrule\n");
}

// ---- rows -----------------------------------------------------------------

// Base and data set stand in the first row of their group alone, names and
// settings in the first row of their cell.
static bool is_repeated(const struct latex_column *c, const struct table *t,
                        int row, bool first) {
    const char *name = t->columns[c->at].name;
    if (first || latex_begins_group(t, row)) return false;
    if (!strcmp(name, "base") || !strcmp(name, "dataset")) return true;
    return (c->text || c->paper->form == PAPER_SETTING) &&
           latex_continues_cell(t, row);
}

static void add_text_cell(const struct latex_column *c, const struct table *t,
                          int row, struct buf *out) {
    const char *text = table_cell(t, row, c->at);
    if (text)
        latex_add_text(out, text);
    else
        buf_adds(out, "--");
}

static void add_number_cell(const struct latex_column *c, const struct table *t,
                            int row, struct buf *out) {
    size_t before = out->n_bytes;
    const char *mark = t->marks[row * t->n_columns + c->at];
    if (!table_cell(t, row, c->at)) {
        buf_adds(out, c->n_low ? "{--} &" : "{--}");
        return;
    }
    if (latex_is_best(c, t, row)) buf_adds(out, "\\bfseries ");
    if (mark) buf_adds(out, "{$\\sim$\\,}");
    latex_print_value(c, t, row, out);
    if (out->n_bytes == before) buf_adds(out, "{--}");
    if (!c->n_low) return;
    buf_adds(out, " & ");
    latex_print_interval(c, t, row, out);
}

static void add_row(const struct latex_layout *l, const struct table *t,
                    int row, bool first, struct buf *out) {
    for (int i = 0; i < l->n_columns; i++) {
        const struct latex_column *c = &l->columns[i];
        if (i) buf_adds(out, " & ");
        if (is_repeated(c, t, row, first)) continue;
        if (c->text)
            add_text_cell(c, t, row, out);
        else
            add_number_cell(c, t, row, out);
    }
    buf_adds(out, " \\\\\n");
}

// Base and data set over the rows of their group.
static void add_group_head(const struct latex_layout *l, const struct table *t,
                           int row, struct buf *out) {
    static const char *const names[] = {"base", "dataset"};
    int n = 0, n_cells = 0;
    for (int i = 0; i < l->n_columns; i++)
        n_cells += 1 + (l->columns[i].n_low > 0);
    for (int i = 0; i < 2; i++) {
        int at = table_find_column(t, names[i]);
        if (at < 0 || !table_cell(t, row, at) || latex_shared_text(t, at))
            continue;
        if (!n++)
            buf_addf(out, "\\multicolumn{%d}{@{}l}{\\emph{", n_cells);
        else
            buf_adds(out, ", ");
        latex_add_text(out, table_cell(t, row, at));
    }
    if (n) buf_adds(out, "}} \\\\\n");
}

// ---- floats ---------------------------------------------------------------

// The row that the next float begins with: that of a group if there is one in
// the second half, else that of a cell.
static int find_end(const struct table *t, int first) {
    if (t->n_rows - first <= ROWS_MAX) return t->n_rows;
    int last = first + ROWS_MAX, half = first + ROWS_MAX / 2;
    for (int end = last; end > half; end--) {
        if (latex_begins_group(t, end)) return end;
    }
    for (int end = last; end > half; end--) {
        if (!latex_continues_cell(t, end)) return end;
    }
    return last;
}

// Space before a cell where cells have several rows.
static bool has_long_cells(const struct table *t) {
    for (int row = 1; row < t->n_rows; row++) {
        if (latex_continues_cell(t, row)) return true;
    }
    return false;
}

static void add_caption(const struct latex_layout *l, const struct table *t,
                        bool first, struct buf *out) {
    if (!first) {
        buf_adds(out, "\\addtocounter{table}{-1}\n\\caption{");
        latex_add_text(out, t->title);
        buf_adds(out, " (continued).}\n");
        return;
    }
    buf_adds(out, "\\caption{");
    latex_add_caption(l, t, out);
    buf_adds(out, "}\n\\label{tab:");
    if (t->source) {
        latex_add_label(out, t->source);
        buf_addc(out, '-');
    }
    latex_add_label(out, t->name);
    buf_adds(out, "}\n");
}

static void add_float(const struct latex_layout *l, const struct table *t,
                      int from, int end, struct buf *out) {
    const struct size *size = choose_size(l);
    bool spaced = has_long_cells(t);
    if (!size) size = &sizes[N_SIZES - 1];
    buf_addf(out,
             "\\begin{table*}[t]\n\\centering\n"
             "\\setlength{\\belowcaptionskip}{5pt}\n%s\n",
             size->command);
    add_caption(l, t, !from, out);
    add_head(l, size, out);
    for (int row = from; row < end; row++) {
        bool begins = latex_begins_group(t, row);
        if (row > from && begins)
            buf_adds(out, "\\midrule\n");
        else if (row > from && spaced && !latex_continues_cell(t, row))
            buf_adds(out, "\\addlinespace\n");
        if (l->narrow && (row == from || begins))
            add_group_head(l, t, row, out);
        add_row(l, t, row, row == from, out);
    }
    buf_adds(out, "\\bottomrule\n\\end{tabular}\n\\end{table*}\n");
}

static void write_latex(const struct table *t, struct buf *out) {
    struct latex_layout layout;
    if (!t->paper || !t->n_rows) return;
    latex_layout_init(&layout, t, false);
    if (!choose_size(&layout)) latex_layout_init(&layout, t, true);
    buf_adds(out, "% needs \\usepackage{booktabs} and \\usepackage{siunitx}\n");
    for (int row = 0; row < t->n_rows;) {
        int end = find_end(t, row);
        add_float(&layout, t, row, end, out);
        row = end;
    }
}

const struct table_writer writer_latex = {
    .name = "latex",
    .help = "LaTeX floats with booktabs and siunitx",
    .extension = "tex",
    .for_papers = true,
    .write = write_latex,
};
