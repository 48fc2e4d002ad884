#pragma once
// Numbers of a column as LaTeX prints them: from the values, with the decimals
// of the column's layout.

#include <stddef.h>

struct buf;
struct latex_column;
struct table;

enum { LATEX_NUMBER_BYTES = 512 }; // of any double with six decimals

// Number of `column` in the unit of `c`; NAN: none, or column is -1.
double latex_value(const struct latex_column *c, const struct table *t, int row,
                   int column);
// Digits alone, never "-0.0".
void latex_format(const struct latex_column *c, double value, char *text,
                  size_t size);
// As few as the value needs, at most six.
int latex_setting_decimals(double value);
int latex_bound_chars(const struct latex_column *c, double value);

// The value of a row without mark, "-1.26"; nothing where there is none.
void latex_print_value(const struct latex_column *c, const struct table *t,
                       int row, struct buf *out);
// "[1.07, 1.49]" with its comma below that of the others, "--" for a bound that
// is not there; nothing where neither is.
void latex_print_interval(const struct latex_column *c, const struct table *t,
                          int row, struct buf *out);
