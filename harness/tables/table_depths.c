#include "harness/report.h"
#include "harness/table.h"
#include "harness/tables/tree_stats.h"

#include <math.h>

// How good thoughts are at each depth of the trees, and what the threshold made
// of them: a row for each cell and depth.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"depth", 0, false}, {"n_samples", 0, false}, {"n_base", 0, false},
    {"n_draft", 0, false}, {"mean_score", 3, false}, {"base_score", 3, false},
    {"draft_score", 3, false}, {"mean_threshold", 3, false},
    {"rejected_pct", 1, false}, {"above_base_pct", 1, false},
    REPORT_LAST_COLUMNS,
};
// clang-format on

static double percent(double x, double of) {
    return of > 0 ? 100 * x / of : NAN;
}

static void fill_depth(const struct depth_sums *d, struct table *t) {
    bool has_base = d->n_scored[AUTHOR_BASE] > 0;
    table_set_number(t, "n_samples", d->n_samples);
    table_set_number(t, "n_base", d->n[AUTHOR_BASE]);
    table_set_number(t, "n_draft", d->n[AUTHOR_DRAFT]);
    table_set_number(t, "mean_score", depth_score(d));
    table_set_number(t, "base_score", depth_author_score(d, AUTHOR_BASE));
    table_set_number(t, "draft_score", depth_author_score(d, AUTHOR_DRAFT));
    table_set_number(t, "mean_threshold", depth_threshold(d));
    table_set_number(t, "rejected_pct",
                     percent(d->n_rejected, d->n[AUTHOR_DRAFT]));
    table_set_number(t, "above_base_pct",
                     has_base ? percent(d->n_above, d->n_scored[AUTHOR_DRAFT])
                              : NAN);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        struct tree_stats s = {0};
        if (c->usable) tree_stats_fill(&s, c);
        for (int d = 1; d <= s.n_depths; d++) {
            report_begin_row(t, c);
            table_set_number(t, "depth", d);
            fill_depth(&s.at[d - 1], t);
            report_end_row(t, c);
        }
        tree_stats_release(&s);
    }
}

const struct report_table table_depths = {
    .name = "depths",
    .title = "Thoughts by depth",
    .columns = columns,
    .fill = fill,
    .printed = false,
    .optional = true,
};
