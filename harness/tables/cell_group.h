#pragma once
// Cells that are shown against each other: those of one base and data set,
// which stand together in a report.

struct report;

// One past the last cell of the group that begins at cell `first`.
int cell_group_end(const struct report *r, int first);
