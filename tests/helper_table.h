#pragma once
// A table of a results folder (helper_store.h), against what it should be.

struct report_table;

// The rows as CSV, without the header. Cells that lack samples have no
// estimates.
void helper_expect_rows(const char *dir, const struct report_table *of,
                        const char *expected);
// With --partial: from the samples that are there.
void helper_expect_partial_rows(const char *dir, const struct report_table *of,
                                const char *expected);
