#include "harness/tables/deadline_end.h"

#include "engine/base/alloc.h"
#include "harness/report.h"

#include <math.h>
#include <stdlib.h>

double deadline_end(const struct report_cell *c, double share) {
    size_t n_all = (size_t)c->n_problems * (size_t)c->k;
    double *ms = xcalloc(n_all + 1, sizeof *ms);
    int n = 0;
    for (size_t i = 0; i < n_all; i++) {
        double value = c->samples[i].present ? report_ms(&c->samples[i]) : NAN;
        if (!isnan(value)) ms[n++] = value;
    }
    double end = stats_quantile(ms, n, share);
    free(ms);
    return end;
}
