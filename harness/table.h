#pragma once
// A table of texts with named columns, and the writers that print it.
//
// Columns are described by a static array; a value is formatted when it is set,
// with the fixed number of decimals of its column, so every writer shows the
// same digits. A cell that was never set, or set to NAN, is empty: missing, not
// zero. Rows keep the order in which they were added. Names are those of
// docs/RESULTS.md.

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

enum { COLUMN_TEXT = -1 }; // decimals of a column of texts

struct table_column {
    const char *name;
    int decimals; // 0: whole numbers
    bool detail;  // left out of the Markdown form, which people read
};

// A column as papers show it (the LaTeX form): which, in this order, under this
// heading.
enum best { BEST_NONE, BEST_HIGH, BEST_LOW }; // which value is set in bold

enum paper_form {
    PAPER_AS_IS,   // the column's decimals; a text
    PAPER_ONCE,    // a text; where all rows share it the caption has it instead
    PAPER_PERCENT, // a share, as per cent with one decimal
    PAPER_POINTS,  // a difference of shares, the same
    PAPER_RATIO,   // two decimals
    PAPER_TIME,    // ms; in ms or s with three digits of the least of the first
                   // such column
    PAPER_COUNT,   // three digits of the least, at most the column's decimals
    PAPER_SETTING, // as few decimals as all of them need
};

struct paper_column {
    const char *column;  // of the table; the list ends with NULL
    const char *heading; // LaTeX; lines parted by "|", a time's unit is added
    enum paper_form form;
    enum best best;         // of the rows of one base, data set, variant
    const char *low, *high; // columns of its interval; NULL: it has none
};

struct table {
    const char *name;  // "accuracy": file name without extension
    const char *title; // one line above it
    const struct table_column *columns; // borrowed
    const struct paper_column *paper;   // borrowed; NULL: no LaTeX form
    const char *source;                 // config, for labels; NULL: none
    // What a caption says behind the title, plain text: n, k, seed, engine,
    // models, hash of the results. NULL: nothing. Borrowed.
    const char *provenance;
    int n_columns, n_rows;
    // [n_rows][n_columns] as they were set, NAN: none. Kept where there is
    // `paper`, which has other decimals; else NULL.
    double *numbers;
    char **cells;     // [n_rows][n_columns], NULL: empty
    char **marks;     // [n_rows][n_columns], NULL: none
    char **intervals; // the same
};

// `columns` ends with a row whose name is NULL and outlives the table. `paper`,
// where it has one, is set before the first row.
void table_init(struct table *t, const char *name, const char *title,
                const struct table_column *columns);
void table_release(struct table *t);

// Adds an empty row; the setters below write into the last one. A column that
// the table does not have is a bug (assert).
void table_add_row(struct table *t);
void table_set_text(struct table *t, const char *column, const char *text);
void table_set_number(struct table *t, const char *column, double value);
// The same with as many decimals as the value needs, up to six and no fewer
// than the column's: for what somebody chose, such as a threshold.
void table_set_setting(struct table *t, const char *column, double value);
// A sign that the Markdown form shows before the value ("~": not resolved).
void table_set_mark(struct table *t, const char *column, const char *mark);
// An interval that the Markdown form shows behind the value, with the column's
// decimals: "1.50 [1.20, 1.80]"; NAN: there is none.
void table_set_interval(struct table *t, const char *column, double low,
                        double high);

const char *table_cell(const struct table *t, int row, int column); // or NULL
// NAN: none, or not kept.
double table_number(const struct table *t, int row, int column);
int table_find_column(const struct table *t, const char *name); // -1: none

// ---- writers --------------------------------------------------------------

struct table_writer {
    const char *name; // "csv", "latex", "md", "json"
    const char *help;
    const char *extension; // of files
    bool for_papers;       // of tables that have `paper` alone
    void (*write)(const struct table *t, struct buf *out);
};

extern const struct table_writer writer_csv; // RFC 4180, CRLF-free rows
extern const struct table_writer writer_markdown;
extern const struct table_writer writer_json; // array of objects
// A fragment with booktabs and siunitx for each table that has rows; see
// writers/writer_latex.c. Text is escaped, so that any label compiles.
extern const struct table_writer writer_latex;

// NULL with ERR_USAGE that lists the names.
const struct table_writer *table_writer_get(const char *name,
                                            struct error *err);

// Write to DIR/<name>.<extension>: temporary file, fsync, rename. -1 with
// ERR_IO.
int table_save_as(const struct table *t, const struct table_writer *writer,
                  const char *dir, struct error *err);
