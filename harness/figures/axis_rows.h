#pragma once
// Rows of the figures that have a setting on their x axis: accuracy and time of
// every cell whose panel and series has several values of it.
//
// Cells of the baseline that do not have the setting are references: rows of
// their panel without a value on the axis.

struct report;
struct table;

// Columns behind that of the axis, whose name is the setting's.
// clang-format off
#define AXIS_COLUMNS                                                           \
    {"is_reference", 0, false},                                                \
    {"pass_at_1", 4, false}, {"pass_low", 4, false}, {"pass_high", 4, false},  \
    {"mean_ms", 3, false}, {"ms_low", 3, false}, {"ms_high", 3, false},        \
    {"n_problems", 0, false}, {"cell", COLUMN_TEXT, false}, {NULL, 0, false}
// clang-format on

// Adds the rows, panel by panel, by series and rising value. `split`: as in
// scene.h, only where cells on the axis differ in it; NULL: never.
void axis_rows_add(const struct report *r, const char *axis, const char *split,
                   struct table *t);
