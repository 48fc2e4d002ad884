#include "harness/stats/stats_multiple.h"

#include "engine/base/alloc.h"

#include <gsl/gsl_sort.h>

#include <math.h>
#include <stdlib.h>

// The values of a family in ascending order, and where they stand in p.
struct family {
    double *value; // [n]
    size_t *place; // [n]
    size_t n;
};

static struct family family_of(const double *p, int n_values) {
    size_t room = n_values > 0 ? (size_t)n_values : 1;
    struct family f = {.value = xcalloc(room, sizeof *f.value),
                       .place = xcalloc(room, sizeof *f.place)};
    for (int i = 0; i < n_values; i++) {
        if (isnan(p[i])) continue;
        f.value[f.n] = p[i];
        f.place[f.n++] = (size_t)i;
    }
    double *value = xcalloc(room, sizeof *value);
    size_t *place = xcalloc(room, sizeof *place);
    size_t *order = xcalloc(room, sizeof *order);
    if (f.n) gsl_sort_index(order, f.value, 1, f.n);
    for (size_t i = 0; i < f.n; i++) {
        value[i] = f.value[order[i]];
        place[i] = f.place[order[i]];
    }
    free(order);
    free(f.value);
    free(f.place);
    f.value = value;
    f.place = place;
    return f;
}

static void release(struct family *f) {
    free(f->value);
    free(f->place);
}

void stats_holm(double *p, int n) {
    struct family f = family_of(p, n);
    double adjusted = 0; // never falls
    for (size_t i = 0; i < f.n; i++) {
        adjusted = fmax(adjusted, (double)(f.n - i) * f.value[i]);
        p[f.place[i]] = fmin(1, adjusted);
    }
    release(&f);
}

void stats_benjamini_hochberg(double *p, int n) {
    struct family f = family_of(p, n);
    double adjusted = 1; // never rises, from the largest on
    for (size_t i = f.n; i-- > 0;) {
        adjusted = fmin(adjusted, (double)f.n / (double)(i + 1) * f.value[i]);
        p[f.place[i]] = adjusted;
    }
    release(&f);
}
