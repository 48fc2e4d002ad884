#include "harness/figures/figure.h"

#include "engine/base/alloc.h"
#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/stats/stats_front.h"
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Each cell at its mean time and pass@1. Cells of a series come by rising
// threshold, so that the script can join them.

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS,
    {"threshold", 1, false}, {"is_end", 0, false},
    {"mean_ms", 3, false}, {"ms_low", 3, false}, {"ms_high", 3, false},
    {"pass_at_1", 4, false}, {"pass_low", 4, false}, {"pass_high", 4, false},
    {"on_front", 0, false}, {"n_problems", 0, false},
    {"cell", COLUMN_TEXT, false}, {NULL, 0, false},
};
// clang-format on

struct point {
    const struct report_cell *cell, *panel; // panel: a cell of it
    struct estimate time, pass;
    int series, order; // first cell of the series; place in the report
};

struct points {
    struct point *items; // [n]
    int n;
};

static int first_of_series(const struct scene *s, const struct report_cell *c) {
    int i = 0;
    while (!scene_same_series(s, &s->report->cells[i], c))
        i++;
    return i;
}

static void add_point(const struct scene *s, const struct report_cell *panel,
                      int order, struct points *list) {
    const struct report *r = s->report;
    const struct report_cell *c = &r->cells[order];
    if (!c->usable || !scene_belongs(s, panel, c)) return;
    struct point *p = &list->items[list->n];
    p->time = report_estimate(r, c, report_ms);
    p->pass = report_estimate(r, c, report_correct);
    if (isnan(p->time.value) || isnan(p->pass.value)) return;
    p->cell = c;
    p->panel = panel;
    p->series = first_of_series(s, c);
    p->order = order;
    list->n++;
}

static int compare_points(const void *x, const void *y) {
    const struct point *a = x, *b = y;
    if (a->series != b->series) return a->series - b->series;
    double left = a->cell->cell->threshold, right = b->cell->cell->threshold;
    if (left < right || left > right) return left < right ? -1 : 1;
    return a->order - b->order;
}

static bool goes_on(const struct points *list, int i, int step) {
    return i + step >= 0 && i + step < list->n &&
           list->items[i + step].series == list->items[i].series;
}

// First or last threshold of several?
static bool is_end(const struct points *list, int i) {
    return goes_on(list, i, -1) != goes_on(list, i, 1);
}

static void add_row(struct scene *s, const struct points *list, int i,
                    bool on_front, struct table *t) {
    const struct point *p = &list->items[i];
    scene_add_row_in(s, p->panel, p->cell, t);
    table_set_setting(t, "threshold", p->cell->cell->threshold);
    table_set_number(t, "is_end", is_end(list, i));
    scene_set_estimate(t, "mean_ms", "ms_low", "ms_high", &p->time, INFINITY);
    scene_set_estimate(t, "pass_at_1", "pass_low", "pass_high", &p->pass, 1);
    table_set_number(t, "on_front", on_front);
    table_set_number(t, "n_problems", p->pass.n);
    report_set_cell(t, p->cell);
}

static void add_panel(struct scene *s, const struct points *list,
                      struct table *t) {
    size_t n = (size_t)list->n;
    double *cost = xcalloc(n + 1, sizeof *cost);
    double *value = xcalloc(n + 1, sizeof *value);
    bool *on_front = xcalloc(n + 1, sizeof *on_front);
    for (size_t i = 0; i < n; i++) {
        cost[i] = list->items[i].time.value;
        value[i] = list->items[i].pass.value;
    }
    stats_pareto(cost, value, list->n, on_front);
    for (int i = 0; i < list->n; i++)
        add_row(s, list, i, on_front[i], t);
    free(cost);
    free(value);
    free(on_front);
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    scene_init(&s, r, NULL);
    struct points list = {
        .items = xcalloc((size_t)r->n_cells + 1, sizeof *list.items)};
    for (int i = 0; i < r->n_cells; i++) {
        if (!scene_opens_panel(&s, &r->cells[i])) continue;
        list.n = 0;
        for (int j = 0; j < r->n_cells; j++)
            add_point(&s, &r->cells[i], j, &list);
        if (list.n > 1)
            qsort(list.items, (size_t)list.n, sizeof *list.items,
                  compare_points);
        add_panel(&s, &list, t);
    }
    free(list.items);
    scene_release(&s);
}

const struct figure figure_accuracy_latency = {
    .name = "accuracy_latency",
    .title = "Accuracy against latency",
    .note = "Bars are intervals. Thresholds of a method are joined in their "
            "order; the first and the last stand beside their points. The grey "
            "line is the Pareto front.",
    .needs = "a complete cell of a run in latency mode",
    .columns = columns,
    .fill = fill,
};
