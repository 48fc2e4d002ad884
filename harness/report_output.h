#pragma once
// Where tables go: CSV files in the results folder, a stream for the reader.

#include <stdio.h>

struct error;
struct report;
struct table_writer;

// DIR/<table>.csv for every table; each is replaced as a whole. Tables that
// need searches are left out where there are none.
int report_save(const struct report *r, const char *dir, struct error *err);
// The same in another form, DIR/<table>.<extension>, for the tables that have
// it; of the LaTeX form without those that have no rows.
int report_save_as(const struct report *r, const struct table_writer *writer,
                   const char *dir, struct error *err);

// The tables that are printed by default (of the LaTeX form all that have it),
// or the one named `only` (NULL: no choice). ERR_USAGE lists the names; ERR_IO
// when `out` cannot be written.
int report_print(const struct report *r, const struct table_writer *writer,
                 const char *only, FILE *out, struct error *err);

// One line on `log` for what a reader of the tables must know: cells that lack
// samples, samples that failed, times from different machines, foreign samples,
// cells that are not valid.
void report_print_notices(const struct report *r, FILE *log);
