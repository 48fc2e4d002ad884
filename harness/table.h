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
// heading. An interval that was set is shown behind the value.
enum best { BEST_NONE, BEST_HIGH, BEST_LOW }; // which value is set in bold

struct paper_column {
    const char *column;  // of the table; the list ends with NULL
    const char *heading; // LaTeX: "pass@1", "Speedup"
    enum best best;      // among the rows of one base and data set
};

struct table {
    const char *name;  // "accuracy": file name without extension
    const char *title; // one line above it
    const struct table_column *columns; // borrowed
    const struct paper_column *paper;   // borrowed; NULL: no LaTeX form
    // What a caption says behind the title, plain text: n, k, seed, engine,
    // models, hash of the results. NULL: nothing. Borrowed.
    const char *provenance;
    int n_columns, n_rows;
    char **cells;     // [n_rows][n_columns], NULL: empty
    char **marks;     // [n_rows][n_columns], NULL: none
    char **intervals; // the same
};

// `columns` ends with a row whose name is NULL and outlives the table.
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

// ---- writers --------------------------------------------------------------

struct table_writer {
    const char *name; // "csv", "md", "json"
    const char *help;
    void (*write)(const struct table *t, struct buf *out);
};

extern const struct table_writer writer_csv; // RFC 4180, CRLF-free rows
extern const struct table_writer writer_markdown;
extern const struct table_writer writer_json; // array of objects

// NULL with ERR_USAGE that lists the names.
const struct table_writer *table_writer_get(const char *name,
                                            struct error *err);

// Write to DIR/<name>.csv: temporary file, fsync, rename. -1 with ERR_IO.
int table_save(const struct table *t, const char *dir, struct error *err);
