#include "tests/helper_golden.h"

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 40 };

struct vector {
    const char *name;
    const double *values;
    int n;
};

struct golden_case {
    struct arena *arena;
    const char *file, *function, *name;
    int line;
    struct vector vectors[NAMES_MAX];
    int n_vectors;
};

static double number_of(const char *file, int line, char **text) {
    if (!strncmp(*text, "NA", 2) && strncmp(*text, "NAN", 3)) {
        *text += 2;
        return NAN;
    }
    char *end;
    double value = strtod(*text, &end);
    cr_assert(end != *text && (!*end || *end == ' '), "%s:%d: no number: '%s'",
              file, line, *text);
    *text = end;
    return value;
}

static void add_vector(struct golden_case *c, int line, const char *name,
                       char *text) {
    cr_assert_lt(c->n_vectors, NAMES_MAX, "%s:%d", c->file, line);
    for (int i = 0; i < c->n_vectors; i++)
        cr_assert_str_neq(c->vectors[i].name, name, "%s:%d", c->file, line);
    double *values =
        arena_alloc(c->arena, (strlen(text) / 2 + 1) * sizeof *values);
    int n = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " "))
        values[n++] = number_of(c->file, line, &text);
    c->vectors[c->n_vectors++] =
        (struct vector){.name = name, .values = values, .n = n};
}

// The next of four fields; the last one goes to the end of the line.
static char *next_field(const char *file, int line, char **rest) {
    char *field = strsep(rest, ",");
    cr_assert(field && *rest, "%s:%d: expected four fields", file, line);
    return field;
}

void golden_each(const char *file, const char *function,
                 void (*check)(const struct golden_case *c)) {
    struct arena arena = {0};
    char *path = helper_path("tests/golden", file), *text = helper_read(path);
    struct golden_case c = {.arena = &arena, .file = file};
    bool in_body = false;
    int n_cases = 0, line = 0;
    char *rest = text, *row;
    while ((row = strsep(&rest, "\n"))) {
        line++;
        if (!*row || *row == '#') continue;
        if (!in_body) {
            cr_assert_str_eq(row, "function,case,name,values", "%s", path);
            in_body = true;
            continue;
        }
        char *of = next_field(file, line, &row);
        char *name = next_field(file, line, &row);
        char *what = next_field(file, line, &row);
        if (strcmp(of, function)) continue;
        if (c.n_vectors && strcmp(name, c.name)) {
            check(&c);
            c.n_vectors = 0;
        }
        if (!c.n_vectors) {
            c.function = of;
            c.name = name;
            c.line = line;
            n_cases++;
        }
        add_vector(&c, line, what, row);
    }
    cr_assert_gt(n_cases, 0, "%s has no case of %s", path, function);
    check(&c);
    arena_release(&arena);
    free(text);
    free(path);
}

const char *golden_name(const struct golden_case *c) {
    return c->name;
}

static const struct vector *find(const struct golden_case *c,
                                 const char *name) {
    for (int i = 0; i < c->n_vectors; i++) {
        if (!strcmp(c->vectors[i].name, name)) return &c->vectors[i];
    }
    return NULL;
}

static const struct vector *get(const struct golden_case *c, const char *name) {
    const struct vector *v = find(c, name);
    cr_assert(v, "%s:%d: %s %s has no %s", c->file, c->line, c->function,
              c->name, name);
    return v;
}

bool golden_has(const struct golden_case *c, const char *name) {
    return find(c, name);
}

const double *golden_vector(const struct golden_case *c, const char *name,
                            int *n) {
    const struct vector *v = get(c, name);
    if (n) *n = v->n;
    return v->values;
}

const int *golden_ints(const struct golden_case *c, const char *name, int *n) {
    const struct vector *v = get(c, name);
    int *ints = arena_alloc(c->arena, ((size_t)v->n + 1) * sizeof *ints);
    for (int i = 0; i < v->n; i++) {
        ints[i] = (int)v->values[i];
        cr_assert(ints[i] == v->values[i], "%s:%d: %s is not whole", c->file,
                  c->line, name);
    }
    if (n) *n = v->n;
    return ints;
}

double golden_number(const struct golden_case *c, const char *name) {
    const struct vector *v = get(c, name);
    cr_assert_eq(v->n, 1, "%s:%d: %s: expected one number, not %d", c->file,
                 c->line, name, v->n);
    return v->values[0];
}

int golden_int(const struct golden_case *c, const char *name) {
    golden_number(c, name);
    return golden_ints(c, name, NULL)[0];
}

static void expect(const struct golden_case *c, const char *name, int i,
                   double expected, double actual, double tolerance) {
    bool same = isnan(expected)   ? isnan(actual)
                : isinf(expected) ? actual == expected
                                  : fabs(actual - expected) <=
                                        tolerance * fmax(1, fabs(expected));
    cr_expect(same, "%s:%d: %s of %s: %s[%d] is %.15g, expected %.15g", c->file,
              c->line, c->function, c->name, name, i, actual, expected);
}

void golden_expect_near(const struct golden_case *c, const char *name,
                        double actual, double tolerance) {
    expect(c, name, 0, golden_number(c, name), actual, tolerance);
}

void golden_expect(const struct golden_case *c, const char *name,
                   double actual) {
    golden_expect_near(c, name, actual, 1e-10);
}

void golden_expect_vector(const struct golden_case *c, const char *name,
                          const double *actual, int n) {
    const struct vector *v = get(c, name);
    cr_assert_eq(v->n, n, "%s:%d: %s has %d values, not %d", c->file, c->line,
                 name, v->n, n);
    for (int i = 0; i < n; i++)
        expect(c, name, i, v->values[i], actual[i], 1e-10);
}
