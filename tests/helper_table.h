#pragma once
// A table of a results folder (helper_store.h), against what it should be.

#include <stdbool.h>

struct report_table;

// The table as CSV, malloc'ed; `partial` as in report_open().
char *helper_table_csv(const char *dir, const struct report_table *of,
                       bool partial);

// The rows as CSV, without the header. Cells that lack samples have no
// estimates.
void helper_expect_rows(const char *dir, const struct report_table *of,
                        const char *expected);
// With --partial: from the samples that are there.
void helper_expect_partial_rows(const char *dir, const struct report_table *of,
                                const char *expected);
