#pragma once
// Which columns of a table a paper shows, and how their numbers are printed.

#include <stdbool.h>

struct buf;
struct paper_column;
struct table;

enum {
    LATEX_COLUMNS_MAX = 32,
    LATEX_HEADING_BYTES = 96,
    LATEX_TEXT_CHARS = 30, // of a text that is not wrapped
};

struct latex_column {
    const struct paper_column *paper;
    int at, low, high; // columns of the table; low, high -1: no interval
    bool text;
    bool wraps;   // text that is longer than LATEX_TEXT_CHARS
    double scale; // of the number in the table
    int decimals; // all values of the column have
    char heading[LATEX_HEADING_BYTES]; // lines parted by "|", unit included
    int n_integer;     // digits before the decimal point, at most
    bool negative;     // any value is
    bool marked;       // any value is ("~")
    int n_low, n_high; // characters of the bounds, at most; 0: none
    int n_chars; // of texts or numbers and the lines of the heading, at most
};

struct latex_layout {
    struct latex_column columns[LATEX_COLUMNS_MAX];
    int n_columns;
};

// Leaves out columns that are empty, and those of texts that are the same in
// every row that has one (base, draft, data set: latex_layout_said). The method
// always stays.
void latex_layout_init(struct latex_layout *l, const struct table *t);

// Is this a text that all rows share, so that the caption has it? Returns it.
const char *latex_shared_text(const struct table *t, int column);

// The value of a row without mark, "-1.26"; nothing where there is none.
void latex_print_value(const struct latex_column *c, const struct table *t,
                       int row, struct buf *out);
// "[1.07, 1.49]" with its comma below that of the others; nothing where neither
// bound is there.
void latex_print_interval(const struct latex_column *c, const struct table *t,
                          int row, struct buf *out);

// Rows of one base and data set follow one another; does a group begin here?
bool latex_begins_group(const struct table *t, int row);
// Is the value the best of its group and variant? Never of rows that lack
// samples, nor where all that have a value print the same.
bool latex_is_best(const struct latex_column *c, const struct table *t,
                   int row);
