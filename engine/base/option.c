#include "engine/base/option.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Numbers are read with strtol and strtod in the C locale, which the program
// never leaves, and must be consumed to the last character: "3x", "", " 3" and
// "nan" are all refused.

enum { NAME_MAX_LENGTH = 63 };

// ---- names ----------------------------------------------------------------

static int min3(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

// Edit distance with transpositions of neighbours (optimal string alignment).
static int name_distance(const char *a, int n_a, const char *b, int n_b) {
    int rows[3][NAME_MAX_LENGTH + 1];
    int *before = rows[0], *last = rows[1], *now = rows[2];
    for (int j = 0; j <= n_b; j++)
        last[j] = before[j] = j;
    for (int i = 1; i <= n_a; i++) {
        now[0] = i;
        for (int j = 1; j <= n_b; j++) {
            int swap = a[i - 1] != b[j - 1];
            now[j] = min3(now[j - 1] + 1, last[j] + 1, last[j - 1] + swap);
            bool crossed =
                i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (crossed && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        int *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[n_b];
}

// Cost of taking `candidate` for `name`: an edit distance, 1 for a prefix of
// three letters or more ("temp"), large when nothing alike.
static int name_cost(const char *candidate, const char *name) {
    enum { FAR = 1000 };
    size_t n_c = strlen(candidate), n = strlen(name);
    if (n == 0 || n > NAME_MAX_LENGTH || n_c > NAME_MAX_LENGTH) return FAR;
    if (n >= 3 && strncmp(candidate, name, n) == 0) return 1;
    int cost = name_distance(candidate, (int)n_c, name, (int)n);
    int limit = n <= 3 ? 1 : n <= 6 ? 2 : (int)n / 3;
    return cost <= limit ? cost : FAR;
}

struct nearest {
    const char *name;
    int cost;
};

static void nearest_offer(struct nearest *best, const char *candidate,
                          const char *name) {
    int cost = name_cost(candidate, name);
    if (cost < best->cost) *best = (struct nearest){candidate, cost};
}

const char *nearest_name(const char *const *names, const char *name) {
    struct nearest best = {.cost = 1000};
    for (; *names; names++)
        nearest_offer(&best, *names, name);
    return best.name;
}

const struct option *option_find(const struct option *table, const char *name) {
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0) return table;
    }
    return NULL;
}

const char *option_nearest(const struct option *table, const char *name) {
    struct nearest best = {.cost = 1000};
    for (; table->name; table++)
        nearest_offer(&best, table->name, name);
    return best.name;
}

// ---- values ---------------------------------------------------------------

static int set_bool(const struct option *o, bool *field, const char *text,
                    struct error *err) {
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return error_set(err, ERR_USAGE, "%s: '%s' is not true or false",
                         o->name, text);
    *field = yes;
    return 0;
}

static bool starts_number(const char *text) {
    return (*text >= '0' && *text <= '9') || *text == '-' || *text == '.';
}

static int set_int(const struct option *o, int *field, const char *text,
                   struct error *err) {
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (!starts_number(text) || *end || end == text)
        return error_set(err, ERR_USAGE,
                         "%s: '%s' is not a whole number (%.0f to %.0f)",
                         o->name, text, o->min, o->max);
    if (errno == ERANGE || (double)v < o->min || (double)v > o->max)
        return error_set(err, ERR_USAGE, "%s: %s is not in %.0f to %.0f",
                         o->name, text, o->min, o->max);
    *field = (int)v;
    return 0;
}

static int set_float(const struct option *o, double *field, const char *text,
                     struct error *err) {
    char *end;
    double v = strtod(text, &end);
    bool hex = strpbrk(text, "xX") != NULL;
    if (!starts_number(text) || *end || end == text || hex || !isfinite(v))
        return error_set(err, ERR_USAGE, "%s: '%s' is not a number (%g to %g)",
                         o->name, text, o->min, o->max);
    if (v < o->min || v > o->max)
        return error_set(err, ERR_USAGE, "%s: %s is not in %g to %g", o->name,
                         text, o->min, o->max);
    *field = v == 0 ? 0 : v; // no negative zero: equal settings, equal text
    return 0;
}

static int set_choice(const struct option *o, int *field, const char *text,
                      struct error *err) {
    char list[256] = "";
    size_t used = 0;
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text) == 0) {
            *field = i;
            return 0;
        }
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                         o->choices[i]);
        if (n > 0 && used + (size_t)n < sizeof list) used += (size_t)n;
    }
    const char *near = nearest_name(o->choices, text);
    return error_set(err, ERR_USAGE, "%s: '%s' is not one of %s%s%s%s", o->name,
                     text, list, near ? "; did you mean '" : "",
                     near ? near : "", near ? "'?" : "");
}

static int set_text(const struct option *o, char *field, const char *text,
                    struct error *err) {
    size_t n = strlen(text);
    if (n >= o->text_size)
        return error_set(err, ERR_USAGE,
                         "%s: the text has %zu bytes, at most %zu fit", o->name,
                         n, o->text_size - 1);
    memset(field, 0, o->text_size);
    memcpy(field, text, n);
    return 0;
}

int option_set(const struct option *o, void *record, const char *text,
               struct error *err) {
    void *field = (char *)record + o->offset;
    switch (o->type) {
    case OPT_BOOL:
        return set_bool(o, field, text, err);
    case OPT_INT:
        return set_int(o, field, text, err);
    case OPT_FLOAT:
        return set_float(o, field, text, err);
    case OPT_CHOICE:
        return set_choice(o, field, text, err);
    case OPT_TEXT:
        return set_text(o, field, text, err);
    }
    return error_set(err, ERR_INTERNAL, "%s: unknown option type", o->name);
}

void option_set_defaults(const struct option *table, void *record) {
    for (; table->name; table++) {
        struct error err = {0};
        int rc = option_set(table, record, table->default_value, &err);
        assert(rc == 0);
        (void)rc;
    }
}

// ---- printing -------------------------------------------------------------

// Double-quoted YAML scalar.
static void print_text(const char *text, struct buf *out) {
    buf_addc(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\x%02X", c);
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}

// The fewest digits that read back as the same double.
static void print_float(double v, struct buf *out) {
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    buf_adds(out, text);
}

void option_print(const struct option *o, const void *record, struct buf *out) {
    const void *field = (const char *)record + o->offset;
    switch (o->type) {
    case OPT_BOOL:
        buf_adds(out, *(const bool *)field ? "true" : "false");
        break;
    case OPT_INT:
        buf_addf(out, "%d", *(const int *)field);
        break;
    case OPT_FLOAT:
        print_float(*(const double *)field, out);
        break;
    case OPT_CHOICE:
        buf_adds(out, o->choices[*(const int *)field]);
        break;
    case OPT_TEXT:
        print_text(field, out);
        break;
    }
}
