#include "engine/base/buf.h"
#include "harness/table.h"

#include <assert.h>
#include <stdbool.h>

// Pipe tables, padded so that they can be read as plain text too: texts left,
// numbers right. Columns of detail, and those that are empty in every row, are
// left out here (the CSV has them), so that tables stay readable.

enum { MAX_COLUMNS = 64, MIN_WIDTH = 3 };

// Width on a terminal, one column per character.
static int width_of(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

// The cell as shown: mark, value, interval; pipes escaped, line breaks as
// blanks.
static void show_cell(const struct table *t, int row, int column,
                      struct buf *out) {
    buf_clear(out);
    const char *mark = t->marks[row * t->n_columns + column];
    const char *interval = t->intervals[row * t->n_columns + column];
    const char *cell = table_cell(t, row, column);
    if (mark && cell) {
        buf_adds(out, mark);
        buf_addc(out, ' ');
    }
    for (const char *c = cell; c && *c; c++) {
        if (*c == '|') buf_addc(out, '\\');
        buf_addc(out, (unsigned char)*c < 0x20 ? ' ' : *c);
    }
    if (interval && cell) buf_addf(out, " %s", interval);
}

static void add_padded(struct buf *out, const char *text, int width,
                       bool right) {
    int pad = width - width_of(text);
    buf_adds(out, "| ");
    if (right) buf_addf(out, "%*s", pad, "");
    buf_adds(out, text);
    if (!right) buf_addf(out, "%*s", pad, "");
    buf_addc(out, ' ');
}

static int column_width(const struct table *t, int column, struct buf *cell) {
    int width = 0;
    if (t->columns[column].detail) return 0;
    for (int row = 0; row < t->n_rows; row++) {
        show_cell(t, row, column, cell);
        int n = width_of(cell->text);
        if (n > width) width = n;
    }
    if (!width) return 0;
    int n = width_of(t->columns[column].name);
    if (n < MIN_WIDTH) n = MIN_WIDTH;
    return n > width ? n : width;
}

static void add_rule(const struct table *t, const int *width, struct buf *out) {
    for (int i = 0; i < t->n_columns; i++) {
        if (!width[i]) continue;
        bool right = t->columns[i].decimals != COLUMN_TEXT;
        buf_adds(out, "| ");
        for (int j = right; j < width[i]; j++)
            buf_addc(out, '-');
        buf_adds(out, right ? ": " : " ");
    }
    buf_adds(out, "|\n");
}

static void write_markdown(const struct table *t, struct buf *out) {
    assert(t->n_columns <= MAX_COLUMNS);
    int width[MAX_COLUMNS];
    struct buf cell;
    buf_init(&cell);
    for (int i = 0; i < t->n_columns; i++) {
        width[i] = column_width(t, i, &cell);
    }
    buf_addf(out, "### %s\n\n", t->title);
    for (int i = 0; i < t->n_columns; i++) {
        bool right = t->columns[i].decimals != COLUMN_TEXT;
        if (width[i]) add_padded(out, t->columns[i].name, width[i], right);
    }
    buf_adds(out, "|\n");
    add_rule(t, width, out);
    for (int row = 0; row < t->n_rows; row++) {
        for (int i = 0; i < t->n_columns; i++) {
            if (!width[i]) continue;
            show_cell(t, row, i, &cell);
            add_padded(out, cell.text, width[i],
                       t->columns[i].decimals != COLUMN_TEXT);
        }
        buf_adds(out, "|\n");
    }
    buf_release(&cell);
}

const struct table_writer writer_markdown = {.name = "md",
                                             .help = "Markdown tables",
                                             .extension = "md",
                                             .write = write_markdown};
