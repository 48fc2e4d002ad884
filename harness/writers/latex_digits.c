#include "harness/writers/latex_digits.h"

#include "engine/base/buf.h"
#include "harness/table.h"
#include "harness/writers/latex_layout.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Numbers are printed from the values, not from the table's texts: rounding
// twice is wrong in the last digit.

double latex_value(const struct latex_column *c, const struct table *t, int row,
                   int column) {
    return column < 0 ? NAN : c->scale * table_number(t, row, column);
}

enum { SETTING_DECIMALS = 6 };

int latex_setting_decimals(double value) {
    char text[LATEX_NUMBER_BYTES];
    int n = 0;
    for (; n < SETTING_DECIMALS; n++) {
        snprintf(text, sizeof text, "%.*f", n, value);
        if (!(fabs(strtod(text, NULL) - value) > 1e-9)) break;
    }
    return n;
}

void latex_format(const struct latex_column *c, double value, char *text,
                  size_t size) {
    bool setting = c->paper->form == PAPER_SETTING;
    snprintf(text, size, "%.*f",
             setting ? latex_setting_decimals(value) : c->decimals, value);
    if (text[0] == '-' && !strpbrk(text, "123456789"))
        memmove(text, text + 1, strlen(text));
}

void latex_print_value(const struct latex_column *c, const struct table *t,
                       int row, struct buf *out) {
    char text[LATEX_NUMBER_BYTES];
    double value = latex_value(c, t, row, c->at);
    if (isnan(value)) return;
    latex_format(c, value, text, sizeof text);
    buf_adds(out, text);
}

int latex_bound_chars(const struct latex_column *c, double value) {
    char text[LATEX_NUMBER_BYTES];
    if (isnan(value)) return 2; // "--"
    latex_format(c, value, text, sizeof text);
    return (int)strlen(text);
}

static void add_bound(const struct latex_column *c, double value,
                      struct buf *out) {
    char text[LATEX_NUMBER_BYTES];
    latex_format(c, value, text, sizeof text);
    if (isnan(value))
        buf_adds(out, "--");
    else if (text[0] == '-')
        buf_addf(out, "$-$%s", text + 1);
    else
        buf_adds(out, text);
}

// Digits have one width, so that a digit's blank aligns what stands below.
void latex_print_interval(const struct latex_column *c, const struct table *t,
                          int row, struct buf *out) {
    double low = latex_value(c, t, row, c->low),
           high = latex_value(c, t, row, c->high);
    if (isnan(low) && isnan(high)) return;
    for (int n = latex_bound_chars(c, low); n < c->n_low; n++)
        buf_adds(out, "\\phantom{0}");
    buf_addc(out, '[');
    add_bound(c, low, out);
    buf_adds(out, ", ");
    add_bound(c, high, out);
    buf_addc(out, ']');
}
