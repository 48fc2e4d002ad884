#include "harness/writers/latex_layout.h"

#include "engine/base/buf.h"
#include "harness/table.h"
#include "harness/writers/latex_digits.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- decimals -------------------------------------------------------------

static double least_magnitude(const struct table *t, int column) {
    double least = NAN;
    for (int row = 0; row < t->n_rows; row++) {
        double value = fabs(table_number(t, row, column));
        if (value > 0 && !(value >= least)) least = value;
    }
    return least;
}

// So many that the least value has three digits.
static int three_digits(double least, int max) {
    int n = isnan(least) ? 0 : 2 - (int)floor(log10(least));
    return n < 0 ? 0 : n > max ? max : n;
}

static int most_decimals(const struct table *t, int column) {
    int most = 0;
    for (int row = 0; row < t->n_rows; row++) {
        double value = table_number(t, row, column);
        int n = isnan(value) ? 0 : latex_setting_decimals(value);
        if (n > most) most = n;
    }
    return most;
}

// One unit and one number of decimals for all times of a table.
static const char *choose_time(struct latex_column *c, const struct table *t) {
    const struct paper_column *first = t->paper;
    while (first->form != PAPER_TIME)
        first++;
    double least = least_magnitude(t, table_find_column(t, first->column));
    c->scale = least >= 1000 ? 1e-3 : 1;
    c->decimals = three_digits(c->scale * least, 3);
    return least >= 1000 ? "s" : "ms";
}

// Sets scale and decimals; returns the unit or NULL.
static const char *choose_form(struct latex_column *c, const struct table *t) {
    c->scale = 1;
    c->decimals = t->columns[c->at].decimals;
    switch (c->paper->form) {
    case PAPER_AS_IS:
    case PAPER_ONCE:
        break;
    case PAPER_PERCENT:
    case PAPER_POINTS:
        c->scale = 100;
        c->decimals = 1;
        return c->paper->form == PAPER_POINTS ? "points" : "\\%";
    case PAPER_RATIO:
        c->decimals = 2;
        break;
    case PAPER_TIME:
        return choose_time(c, t);
    case PAPER_COUNT:
        c->decimals = three_digits(least_magnitude(t, c->at), c->decimals);
        break;
    case PAPER_SETTING:
        c->decimals = most_decimals(t, c->at);
        break;
    }
    return NULL;
}

// ---- columns --------------------------------------------------------------

const char *latex_shared_text(const struct table *t, int column) {
    const char *shared = NULL;
    for (int row = 0; row < t->n_rows; row++) {
        const char *text = table_cell(t, row, column);
        if (!text) continue;
        if (shared && strcmp(shared, text)) return NULL;
        shared = text;
    }
    return shared;
}

static bool is_empty(const struct table *t, int column) {
    for (int row = 0; row < t->n_rows; row++) {
        if (table_cell(t, row, column)) return false;
    }
    return true;
}

static int count_chars(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void measure_value(struct latex_column *c, const struct table *t,
                          int row) {
    char text[LATEX_NUMBER_BYTES];
    double value = latex_value(c, t, row, c->at);
    if (isnan(value)) return;
    latex_format(c, value, text, sizeof text);
    bool negative = text[0] == '-';
    int n = (int)strcspn(text + negative, ".");
    if (n > c->n_integer) c->n_integer = n;
    c->negative |= negative;
    c->marked |= t->marks[row * t->n_columns + c->at] != NULL;
}

static void measure_bounds(struct latex_column *c, const struct table *t,
                           int row) {
    double low = latex_value(c, t, row, c->low),
           high = latex_value(c, t, row, c->high);
    if (isnan(low) && isnan(high)) return;
    int n_low = latex_bound_chars(c, low), n_high = latex_bound_chars(c, high);
    if (n_low > c->n_low) c->n_low = n_low;
    if (n_high > c->n_high) c->n_high = n_high;
}

static void measure_text(struct latex_column *c, const struct table *t,
                         int row) {
    const char *text = table_cell(t, row, c->at);
    int n = text ? count_chars(text) : 0;
    if (n > c->n_chars) c->n_chars = n;
}

static void measure(struct latex_column *c, const struct table *t,
                    int max_chars) {
    for (int row = 0; row < t->n_rows; row++) {
        if (c->text) {
            measure_text(c, t, row);
        } else {
            measure_value(c, t, row);
            measure_bounds(c, t, row);
        }
    }
    if (c->n_chars > max_chars) c->n_chars = c->wrap_chars = max_chars;
    if (c->text) return;
    c->n_chars = c->negative + c->n_integer + (c->decimals > 0) + c->decimals;
    if (c->n_low) c->n_chars += c->n_low + c->n_high + 4;
    if (c->marked) c->n_chars += 2;
}

// The unit goes on a line of its own where it would widen the column.
static void set_heading(struct latex_column *c, const char *unit) {
    const char *heading = c->paper->heading, *line = heading;
    while (strchr(line, '|'))
        line = strchr(line, '|') + 1;
    if (unit) {
        int n = (int)(strlen(line) + strlen(unit)) + 3;
        snprintf(c->heading, sizeof c->heading, "%s%c(%s)", heading,
                 n > c->n_chars ? '|' : ' ', unit);
    } else {
        snprintf(c->heading, sizeof c->heading, "%s", heading);
    }
    for (const char *h = c->heading; *h; h += *h == '|') {
        int n_line = (int)strcspn(h, "|");
        h += n_line;
        if (n_line > c->n_chars) c->n_chars = n_line;
    }
}

static bool is_head(const char *name) {
    return !strcmp(name, "base") || !strcmp(name, "dataset");
}

static bool is_shown(const struct latex_layout *l, const struct table *t,
                     const struct paper_column *p, int column) {
    if (is_empty(t, column)) return false;
    if (l->narrow && is_head(p->column)) return false;
    return p->form != PAPER_ONCE || !latex_shared_text(t, column);
}

void latex_layout_init(struct latex_layout *l, const struct table *t,
                       bool narrow) {
    *l = (struct latex_layout){.narrow = narrow};
    int max_chars = narrow ? LATEX_NARROW_CHARS : LATEX_TEXT_CHARS;
    for (const struct paper_column *p = t->paper; p->column; p++) {
        int at = table_find_column(t, p->column);
        assert(at >= 0 && l->n_columns < LATEX_COLUMNS_MAX);
        if (!is_shown(l, t, p, at)) continue;
        struct latex_column *c = &l->columns[l->n_columns++];
        *c = (struct latex_column){
            .paper = p,
            .at = at,
            .low = p->low ? table_find_column(t, p->low) : -1,
            .high = p->high ? table_find_column(t, p->high) : -1,
            .text = t->columns[at].decimals == COLUMN_TEXT,
        };
        assert(!p->low || (c->low >= 0 && c->high >= 0));
        const char *unit = c->text ? NULL : choose_form(c, t);
        measure(c, t, max_chars);
        set_heading(c, unit);
    }
}
