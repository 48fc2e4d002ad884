#include "harness/writers/latex_group.h"

#include "harness/table.h"
#include "harness/writers/latex_layout.h"
#include "harness/writers/latex_digits.h"

#include <math.h>
#include <string.h>

static bool same_cell(const struct table *t, int row, int other,
                      const char *column) {
    int at = table_find_column(t, column);
    const char *a = at < 0 ? NULL : table_cell(t, row, at);
    const char *b = at < 0 ? NULL : table_cell(t, other, at);
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_group(const struct table *t, int row, int other) {
    return same_cell(t, row, other, "base") &&
           same_cell(t, row, other, "dataset");
}

bool latex_begins_group(const struct table *t, int row) {
    return !row || !same_group(t, row, row - 1);
}

bool latex_continues_cell(const struct table *t, int row) {
    int at = table_find_column(t, "cell");
    return row && at >= 0 && table_cell(t, row, at) &&
           same_cell(t, row, row - 1, "cell");
}

static bool comparable(const struct table *t, int row, int other) {
    return same_group(t, row, other) && same_cell(t, row, other, "variant");
}

static bool is_whole(const struct table *t, int row) {
    int at = table_find_column(t, "n_missing");
    return at < 0 || !table_cell(t, row, at);
}

static bool is_better(enum best best, double a, double b) {
    return best == BEST_HIGH ? a > b : a < b;
}

bool latex_is_best(const struct latex_column *c, const struct table *t,
                   int row) {
    char text[LATEX_NUMBER_BYTES], other[LATEX_NUMBER_BYTES];
    double value = latex_value(c, t, row, c->at);
    if (c->paper->best == BEST_NONE || isnan(value) || !is_whole(t, row))
        return false;
    latex_format(c, value, text, sizeof text);
    bool beats = false;
    for (int i = 0; i < t->n_rows; i++) {
        double rival = latex_value(c, t, i, c->at);
        if (isnan(rival) || !is_whole(t, i) || !comparable(t, i, row)) continue;
        latex_format(c, rival, other, sizeof other);
        if (!strcmp(text, other)) continue;
        if (is_better(c->paper->best, rival, value)) return false;
        beats = true;
    }
    return beats;
}
