#include "harness/figures/figure.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"

#include <stddef.h>
#include <string.h>

const struct figure *const figures[] = {
    &figure_accuracy_latency,
    &figure_threshold,
    &figure_budget,
    &figure_first_n,
    &figure_deadline,
    &figure_acceptance,
    &figure_latency_split,
    &figure_latency_cdf,
    &figure_judge_prm,
    &figure_depth,
    NULL,
};

const struct figure *figure_get(const char *name, struct error *err) {
    struct buf names;
    buf_init(&names);
    const struct figure *found = NULL;
    for (int i = 0; figures[i]; i++) {
        if (!strcmp(figures[i]->name, name)) found = figures[i];
        buf_addf(&names, "%s%s", i ? ", " : "", figures[i]->name);
    }
    if (!found) {
        error_set(err, ERR_USAGE, "figure '%s': expected one of %s", name,
                  names.text);
    }
    buf_release(&names);
    return found;
}
