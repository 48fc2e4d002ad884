#include "harness/figures/axis_rows.h"
#include "harness/figures/scene.h"
#include "harness/figures/figure.h"
#include "harness/table.h"

#include <stddef.h>

// What a tighter limit on tokens leaves.

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS, {"budget_tokens", 0, false}, AXIS_COLUMNS,
};
// clang-format on

static void fill(const struct report *r, struct table *t) {
    axis_rows_add(r, "budget_tokens", NULL, t);
}

const struct figure figure_budget = {
    .name = "budget",
    .title = "Accuracy and latency by token budget",
    .note = "Bars are intervals.",
    .needs = "several budgets in settings: (budget_tokens: [256, 512])",
    .columns = columns,
    .fill = fill,
};
