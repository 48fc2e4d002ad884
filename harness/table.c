#include "harness/table.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/file_write.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct table_writer *const writers[] = {
    &writer_markdown, &writer_csv, &writer_latex, &writer_json, NULL};

void table_init(struct table *t, const char *name, const char *title,
                const struct table_column *columns) {
    *t = (struct table){.name = name, .title = title, .columns = columns};
    while (columns[t->n_columns].name)
        t->n_columns++;
}

void table_release(struct table *t) {
    for (int i = 0; i < t->n_rows * t->n_columns; i++) {
        free(t->cells[i]);
        free(t->marks[i]);
        free(t->intervals[i]);
    }
    free(t->cells);
    free(t->marks);
    free(t->intervals);
    free(t->numbers);
    *t = (struct table){0};
}

static char **grow(char **cells, size_t n, size_t more) {
    cells = xrealloc(cells, (n + more) * sizeof *cells);
    memset(cells + n, 0, more * sizeof *cells);
    return cells;
}

static void grow_numbers(struct table *t, size_t n) {
    size_t n_all = n + (size_t)t->n_columns;
    t->numbers = xrealloc(t->numbers, n_all * sizeof *t->numbers);
    for (size_t i = n; i < n_all; i++)
        t->numbers[i] = NAN;
}

void table_add_row(struct table *t) {
    size_t n = (size_t)t->n_rows * (size_t)t->n_columns;
    t->cells = grow(t->cells, n, (size_t)t->n_columns);
    t->marks = grow(t->marks, n, (size_t)t->n_columns);
    t->intervals = grow(t->intervals, n, (size_t)t->n_columns);
    if (t->paper) grow_numbers(t, n);
    t->n_rows++;
}

int table_find_column(const struct table *t, const char *name) {
    for (int i = 0; i < t->n_columns; i++) {
        if (!strcmp(t->columns[i].name, name)) return i;
    }
    return -1;
}

// Index into cells of a column of the last row.
static int last_cell(const struct table *t, const char *column, int *decimals) {
    int i = table_find_column(t, column);
    assert(t->n_rows > 0 && i >= 0);
    *decimals = t->columns[i].decimals;
    return (t->n_rows - 1) * t->n_columns + i;
}

static void replace(char **cell, char *text) {
    free(*cell);
    *cell = text;
}

void table_set_text(struct table *t, const char *column, const char *text) {
    int decimals;
    int i = last_cell(t, column, &decimals);
    replace(&t->cells[i], text && *text ? xstrdup(text) : NULL);
}

// "-0.00" says less than "0.00".
static char *drop_minus_zero(char *text) {
    if (text[0] == '-' && !strpbrk(text, "123456789")) {
        memmove(text, text + 1, strlen(text));
    }
    return text;
}

// malloc'ed; NULL for what is no number.
static char *print_decimals(int decimals, double value) {
    if (!isfinite(value)) return NULL;
    return drop_minus_zero(xasprintf("%.*f", decimals, value));
}

static void keep_number(struct table *t, int i, double value) {
    if (t->numbers) t->numbers[i] = isfinite(value) ? value : NAN;
}

void table_set_number(struct table *t, const char *column, double value) {
    int decimals;
    int i = last_cell(t, column, &decimals);
    assert(decimals != COLUMN_TEXT);
    keep_number(t, i, value);
    replace(&t->cells[i], print_decimals(decimals, value));
}

void table_set_setting(struct table *t, const char *column, double value) {
    int decimals;
    int i = last_cell(t, column, &decimals);
    char text[64];
    assert(decimals != COLUMN_TEXT);
    keep_number(t, i, value);
    for (; decimals < 6; decimals++) {
        snprintf(text, sizeof text, "%.*f", decimals, value);
        if (!(fabs(strtod(text, NULL) - value) > 1e-9)) break;
    }
    replace(&t->cells[i], print_decimals(decimals, value));
}

void table_set_mark(struct table *t, const char *column, const char *mark) {
    int decimals;
    int i = last_cell(t, column, &decimals);
    replace(&t->marks[i], mark ? xstrdup(mark) : NULL);
}

void table_set_interval(struct table *t, const char *column, double low,
                        double high) {
    int decimals;
    int i = last_cell(t, column, &decimals);
    assert(decimals != COLUMN_TEXT);
    char *from = print_decimals(decimals, low);
    char *to = print_decimals(decimals, high);
    replace(&t->intervals[i],
            from && to ? xasprintf("[%s, %s]", from, to) : NULL);
    free(from);
    free(to);
}

const char *table_cell(const struct table *t, int row, int column) {
    return t->cells[row * t->n_columns + column];
}

double table_number(const struct table *t, int row, int column) {
    return t->numbers ? t->numbers[row * t->n_columns + column] : NAN;
}

const struct table_writer *table_writer_get(const char *name,
                                            struct error *err) {
    struct buf names;
    buf_init(&names);
    const struct table_writer *found = NULL;
    for (int i = 0; writers[i]; i++) {
        if (!strcmp(writers[i]->name, name)) found = writers[i];
        buf_addf(&names, "%s%s", i ? ", " : "", writers[i]->name);
    }
    if (!found) {
        error_set(err, ERR_USAGE, "--format %s: expected one of %s", name,
                  names.text);
    }
    buf_release(&names);
    return found;
}

int table_save_as(const struct table *t, const struct table_writer *writer,
                  const char *dir, struct error *err) {
    struct buf out;
    buf_init(&out);
    writer->write(t, &out);
    char *path = xasprintf("%s/%s.%s", dir, t->name, writer->extension);
    int rc = file_write_atomic(path, out.text, out.n_bytes, err);
    free(path);
    buf_release(&out);
    return rc;
}
