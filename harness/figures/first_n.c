#include "harness/figures/axis_rows.h"
#include "harness/figures/scene.h"
#include "harness/figures/figure.h"
#include "harness/table.h"

#include <stddef.h>

// The base alone writes the first n steps, then draft and judge take over.

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS, {"first_n_base", 0, false}, AXIS_COLUMNS,
};
// clang-format on

static void fill(const struct report *r, struct table *t) {
    axis_rows_add(r, "first_n_base", NULL, t);
}

const struct figure figure_first_n = {
    .name = "first_n",
    .title = "Accuracy and latency by first base steps",
    .note = "Horizontal lines are the baseline, their intervals at the ends.",
    .needs = "a method with several first_n_base: [0, 1, 2]",
    .columns = columns,
    .fill = fill,
};
