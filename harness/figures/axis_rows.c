#include "harness/figures/axis_rows.h"

#include "engine/base/alloc.h"
#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct axis_cell {
    const struct report_cell *cell, *panel; // panel: a cell of it
    int panel_order, series_order;          // first cell of each
    double value;                           // NAN: a reference
};

struct axis_cells {
    struct axis_cell *items; // [n]
    int n;
};

static bool is_on_axis(const struct scene *s, const struct report_cell *c) {
    return c->usable && scene_varies(s, c, s->axis);
}

// Do cells on the axis differ in this setting? (A panel of each value then.)
static bool differs(const struct scene *s, const char *setting) {
    const char *first = NULL;
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *c = &s->report->cells[i];
        if (!is_on_axis(s, c)) continue;
        const char *value = report_setting(c, setting);
        if (first && value && strcmp(first, value) != 0) return true;
        if (!first) first = value;
    }
    return false;
}

typedef bool (*same_fn)(const struct scene *s, const struct report_cell *a,
                        const struct report_cell *b);

static int first_same(const struct scene *s, const struct report_cell *c,
                      same_fn same) {
    int i = 0;
    while (!same(s, &s->report->cells[i], c))
        i++;
    return i;
}

static void add(const struct scene *s, const struct report_cell *panel,
                const struct report_cell *c, double value,
                struct axis_cells *list) {
    list->items =
        xrealloc(list->items, ((size_t)list->n + 1) * sizeof *list->items);
    list->items[list->n++] = (struct axis_cell){
        .cell = c,
        .panel = panel,
        .panel_order = first_same(s, panel, scene_same_panel),
        .series_order = first_same(s, c, scene_same_series),
        .value = value};
}

static bool has_reference(const struct scene *s, const struct axis_cells *list,
                          const struct report_cell *panel,
                          const struct report_cell *c) {
    for (int i = 0; i < list->n; i++) {
        if (list->items[i].cell == c &&
            scene_same_panel(s, list->items[i].panel, panel)) {
            return true;
        }
    }
    return false;
}

// The baseline's cell for what is measured against it here.
static void add_reference(const struct scene *s,
                          const struct report_cell *panel,
                          const struct report_cell *c,
                          struct axis_cells *list) {
    const struct report_cell *reference = c->baseline;
    if (reference && reference->usable &&
        isnan(scene_setting(reference, s->axis)) &&
        !has_reference(s, list, panel, reference)) {
        add(s, panel, reference, NAN, list);
    }
}

static void collect(const struct scene *s, struct axis_cells *list) {
    const struct report *r = s->report;
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *panel = &r->cells[i];
        if (!scene_opens_panel(s, panel)) continue;
        for (int j = 0; j < r->n_cells; j++) {
            const struct report_cell *c = &r->cells[j];
            if (!is_on_axis(s, c) || !scene_belongs(s, panel, c)) continue;
            add(s, panel, c, scene_setting(c, s->axis), list);
            add_reference(s, panel, c, list);
        }
    }
}

static int compare(const void *x, const void *y) {
    const struct axis_cell *a = x, *b = y;
    if (a->panel_order != b->panel_order)
        return a->panel_order - b->panel_order;
    if (a->series_order != b->series_order)
        return a->series_order - b->series_order;
    return a->value < b->value ? -1 : a->value > b->value;
}

static void add_row(struct scene *s, const struct axis_cell *a,
                    struct table *t) {
    const struct report *r = s->report;
    struct estimate pass = report_estimate(r, a->cell, report_correct);
    struct estimate time = report_estimate(r, a->cell, report_ms);
    scene_add_row_in(s, a->panel, a->cell, t);
    table_set_setting(t, s->axis, a->value);
    table_set_number(t, "is_reference", isnan(a->value));
    scene_set_estimate(t, "pass_at_1", "pass_low", "pass_high", &pass, 1);
    scene_set_estimate(t, "mean_ms", "ms_low", "ms_high", &time, INFINITY);
    table_set_number(t, "n_problems", pass.n);
    report_set_cell(t, a->cell);
}

void axis_rows_add(const struct report *r, const char *axis, const char *split,
                   struct table *t) {
    struct scene s;
    struct axis_cells list = {0};
    scene_init(&s, r, axis);
    s.split = split && differs(&s, split) ? split : NULL;
    collect(&s, &list);
    if (list.n) qsort(list.items, (size_t)list.n, sizeof *list.items, compare);
    for (int i = 0; i < list.n; i++)
        add_row(&s, &list.items[i], t);
    free(list.items);
    scene_release(&s);
}
