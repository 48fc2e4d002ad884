#pragma once
// The table of `specsweep compare`: a row for each pair of cells.
//
// Names, threshold and variant are those of b; `against` names a where they are
// others. "~" stands before what no verdict is given on, the smallest
// difference that would have been seen beside it.

struct comparison;
struct table;

// The columns and their paper form; table_release() afterwards.
void compare_table_make(const struct comparison *c, struct table *t);
