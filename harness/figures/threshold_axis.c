#include "harness/figures/axis_rows.h"
#include "harness/figures/scene.h"
#include "harness/figures/figure.h"
#include "harness/table.h"

#include <stddef.h>

// As the SpecReason paper shows its threshold. Scores of different judges have
// different scales, hence a panel each.

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS, {"threshold", 1, false}, AXIS_COLUMNS,
};
// clang-format on

static void fill(const struct report *r, struct table *t) {
    axis_rows_add(r, "threshold", "judge", t);
}

const struct figure figure_threshold = {
    .name = "threshold",
    .title = "Accuracy and latency by threshold",
    .note = "Horizontal lines are the baseline, their intervals at the ends.",
    .needs = "a method with several thresholds (threshold: [3, 5, 7])",
    .columns = columns,
    .fill = fill,
};
