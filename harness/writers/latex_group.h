#pragma once
// Rows of one base and data set follow one another: what is compared.

#include <stdbool.h>

struct latex_column;
struct table;

// Does a group begin at this row?
bool latex_begins_group(const struct table *t, int row);
// Is this row of the same cell as the one before it?
bool latex_continues_cell(const struct table *t, int row);
// Is the value the best of its group and variant? Never of rows that lack
// samples, nor where all that have a value print the same.
bool latex_is_best(const struct latex_column *c, const struct table *t,
                   int row);
