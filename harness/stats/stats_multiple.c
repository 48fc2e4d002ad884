#include "harness/stats/stats_multiple.h"

#include "engine/base/alloc.h"

#include <gsl/gsl_sort.h>

#include <math.h>
#include <stdlib.h>

void stats_holm(double *p, int n) {
    if (n < 1) return;
    double *known = xcalloc((size_t)n, sizeof *known);
    size_t *place = xcalloc((size_t)n, sizeof *place);
    size_t *order = xcalloc((size_t)n, sizeof *order);
    size_t m = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(p[i])) continue;
        place[m] = (size_t)i;
        known[m++] = p[i];
    }
    if (m) gsl_sort_index(order, known, 1, m);
    double floor_p = 0; // adjusted values never fall
    for (size_t i = 0; i < m; i++) {
        double adjusted = fmin(1, (double)(m - i) * known[order[i]]);
        floor_p = fmax(floor_p, adjusted);
        p[place[order[i]]] = floor_p;
    }
    free(known);
    free(place);
    free(order);
}
