#pragma once
// Which columns of a table a paper shows, and how their numbers are printed.

#include <stdbool.h>

struct paper_column;
struct table;

enum {
    LATEX_COLUMNS_MAX = 32,
    LATEX_HEADING_BYTES = 96,
    LATEX_TEXT_CHARS = 30, // of a text that is not wrapped
    LATEX_NARROW_CHARS = 18,
};

struct latex_column {
    const struct paper_column *paper;
    int at, low, high; // columns of the table; low, high -1: no interval
    bool text;
    int wrap_chars; // width of a text that is wrapped; 0: it is not
    double scale;   // of the number in the table
    int decimals;   // all values of the column have
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
    bool narrow; // base and data set head their groups, texts wrap earlier
};

// Leaves out columns that are empty, and texts of PAPER_ONCE that all rows that
// have one share.
void latex_layout_init(struct latex_layout *l, const struct table *t,
                       bool narrow);

// The text that all rows share that have one; NULL: they differ, or have none.
const char *latex_shared_text(const struct table *t, int column);
