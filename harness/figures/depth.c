#include "harness/figures/figure.h"

#include "engine/base/alloc.h"
#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/stats/stats_ratio.h"
#include "harness/table.h"
#include "harness/tables/tree_stats.h"

#include <math.h>
#include <stdlib.h>

// How good thoughts are by their depth in the tree, and the threshold that
// drafted ones had to pass: the figure of the SpecSearch paper. Means are those
// of depths.csv, each thought as often as it was drawn, and of the steps of the
// paths chosen at last; intervals are over problems. A panel for each cell that
// has drafted thoughts.

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS,
    {"depth", 0, false}, {"score", 4, false}, {"low", 4, false},
    {"high", 4, false}, {"n_thoughts", 0, false}, {"n_problems", 0, false},
    {"cell", COLUMN_TEXT, false},
    {NULL, 0, false},
};
// clang-format on

enum { BY_BASE, BY_DRAFT, KEPT, THRESHOLD, N_SERIES };
static const char *const series_names[N_SERIES] = {
    "thoughts of the base", "thoughts of the draft", "steps of the chosen path",
    "threshold"};

// Sum of scores and their number.
static void sums_at(const struct depth_sums *d, int series, double *x,
                    double *y) {
    *x = series == KEPT ? d->kept_score
         : series == THRESHOLD
             ? d->threshold
             : d->score[series == BY_DRAFT ? AUTHOR_DRAFT : AUTHOR_BASE];
    *y = series == KEPT ? d->n_kept
         : series == THRESHOLD
             ? d->n_threshold
             : d->n_scored[series == BY_DRAFT ? AUTHOR_DRAFT : AUTHOR_BASE];
}

struct drawing {
    struct scene *scene;
    const struct report_cell *cell;
    char *panel;
    struct tree_stats *trees; // [n_problems]
    double *x, *y;            // [n_problems]
};

static void add_point(struct drawing *d, int series, int depth,
                      struct table *t) {
    const struct report_cell *c = d->cell;
    double n_thoughts = 0;
    for (int p = 0; p < c->n_problems; p++) {
        d->x[p] = d->y[p] = 0;
        if (depth > d->trees[p].n_depths) continue;
        sums_at(&d->trees[p].at[depth - 1], series, &d->x[p], &d->y[p]);
        n_thoughts += d->y[p];
    }
    struct estimate e = stats_share(d->x, d->y, c->n_problems,
                                    d->scene->report->manifest.confidence);
    if (!e.n) return;
    scene_add_part(d->scene, d->panel, series + 1, series_names[series], t);
    table_set_number(t, "depth", depth);
    table_set_number(t, "score", e.value);
    table_set_number(t, "low", e.low);
    table_set_number(t, "high", e.high);
    table_set_number(t, "n_thoughts", n_thoughts);
    table_set_number(t, "n_problems", e.n);
    report_set_cell(t, c);
}

static char *panel_of(const struct scene *s, const struct report_cell *c) {
    char *panel = scene_panel_text(s, c), *cell = scene_cell_text(s, c);
    char *text = xasprintf("%s / %s", panel, cell);
    free(panel);
    free(cell);
    return text;
}

static void add_cell(struct scene *s, const struct report_cell *c,
                     struct table *t) {
    size_t n = (size_t)c->n_problems;
    struct drawing d = {.scene = s,
                        .cell = c,
                        .panel = panel_of(s, c),
                        .trees = xcalloc(n, sizeof *d.trees),
                        .x = xcalloc(n, sizeof *d.x),
                        .y = xcalloc(n, sizeof *d.y)};
    double n_drafted = 0;
    int n_depths = 0;
    for (int p = 0; p < c->n_problems; p++) {
        tree_stats_fill_problem(&d.trees[p], c, p);
        n_drafted += d.trees[p].all.n_scored[AUTHOR_DRAFT];
        if (d.trees[p].n_depths > n_depths) n_depths = d.trees[p].n_depths;
    }
    for (int i = 0; i < N_SERIES && n_drafted > 0; i++) {
        for (int depth = 1; depth <= n_depths; depth++)
            add_point(&d, i, depth, t);
    }
    for (int p = 0; p < c->n_problems; p++)
        tree_stats_release(&d.trees[p]);
    free(d.panel);
    free(d.trees);
    free(d.x);
    free(d.y);
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    scene_init(&s, r, NULL);
    scene_each_cell(&s, add_cell, t);
    scene_release(&s);
}

const struct figure figure_depth = {
    .name = "depth",
    .title = "Quality of thoughts by depth",
    .note =
        "Scores are those of the evaluator that decides, with intervals over "
        "problems. Depths that fewer than five problems reach are left out.",
    .needs = "a search in which a draft writes thoughts (specsearch)",
    .columns = columns,
    .fill = fill,
};
