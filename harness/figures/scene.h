#pragma once
// Panels and series: where a cell stands in a figure.
//
// A panel is a base and a data set (and values of shared settings); a series is
// a method with its draft. Both are numbered from 1 in the order of the cells,
// the baseline's series first, so a method has one colour in all panels. The
// setting that a figure has on its x axis (`axis`, NULL: none) tells neither
// panels nor series apart. Thresholds are points of a series where there is no
// axis or they are the axis; else they are series ("specreason ≥ 7").

#include <stdbool.h>

struct report;
struct report_cell;
struct table;

struct scene {
    const struct report *report;
    const char *axis;
    bool by_threshold;       // thresholds are series
    const char *split;       // setting that tells panels apart; NULL: none
    char **series, **panels; // texts
    char **bars, **parts;    // texts
    int n_series, n_panels, n_bars, n_parts;
};

// Columns that every figure's table begins with; style.gp reads them.
// clang-format off
#define SCENE_COLUMNS                                                          \
    {"panel", 0, false}, {"panel_title", COLUMN_TEXT, false},                  \
    {"series", 0, false}, {"label", COLUMN_TEXT, false}
// clang-format on

void scene_init(struct scene *s, const struct report *r, const char *axis);
// No axis, thresholds are series: each cell of a panel is a series.
void scene_init_cells(struct scene *s, const struct report *r);
void scene_release(struct scene *s);

// Opens a row of `c` in the panel of `panel_of` (`c` itself, or another cell),
// and sets panel, panel_title, series, label. Panels get their
// numbers from the first row, so that a figure has no empty ones.
void scene_add_row_in(struct scene *s, const struct report_cell *panel_of,
                      const struct report_cell *c, struct table *t);
// A row of a part of a cell, in a figure whose series are parts (phases,
// authors), numbered and named by the figure.
void scene_add_part(struct scene *s, const char *panel, int part,
                    const char *label, struct table *t);
// The same, numbered in the order in which the names first come.
void scene_add_named(struct scene *s, const char *panel, const char *label,
                     struct table *t);

// A part of the bar of cell `c`. Bars are numbered from 1 in the order of the
// cells, a method and threshold alike in all panels, so that panels that stand
// side by side can share their names.
// clang-format off
#define SCENE_BAR_COLUMNS                                                      \
    SCENE_COLUMNS, {"bar", 0, false}, {"bar_label", COLUMN_TEXT, false}
// clang-format on
void scene_add_bar(struct scene *s, const struct report_cell *panel_of,
                   const struct report_cell *c, int part, const char *label,
                   struct table *t);
// A mean and its interval, which is cut where a value cannot be ("0 to `most`",
// INFINITY: no upper limit) and empty where there is none.
struct estimate;
void scene_set_estimate(struct table *t, const char *column, const char *low,
                        const char *high, const struct estimate *e,
                        double most);

// Text of a cell's panel, of the cell itself (series and threshold); malloc'ed.
char *scene_panel_text(const struct scene *s, const struct report_cell *c);
char *scene_cell_text(const struct scene *s, const struct report_cell *c);

// A base that is only there because it is the draft of others (the draft alone)
// is shown in their panels, not in one of its own. Is `c` the first cell of a
// panel that is one? Is `c` shown in the panel of another cell?
bool scene_opens_panel(const struct scene *s, const struct report_cell *c);
bool scene_belongs(const struct scene *s, const struct report_cell *panel,
                   const struct report_cell *c);

// Calls `add` for all usable cells in their own panels; or, panel by panel, for
// all that are shown in it (scene_opens_panel, scene_belongs).
typedef void (*scene_cell_fn)(struct scene *s, const struct report_cell *c,
                              struct table *t);
typedef void (*scene_panel_fn)(struct scene *s, const struct report_cell *panel,
                               const struct report_cell *c, struct table *t);
void scene_each_cell(struct scene *s, scene_cell_fn add, struct table *t);
void scene_each_in_panels(struct scene *s, scene_panel_fn add, struct table *t);

// Are both of one panel, of one series?
bool scene_same_panel(const struct scene *s, const struct report_cell *a,
                      const struct report_cell *b);
bool scene_same_series(const struct scene *s, const struct report_cell *a,
                       const struct report_cell *b);

// The number that a cell has for a setting; NAN: its method does not know it.
double scene_setting(const struct report_cell *c, const char *name);
// Do the cells of `c`'s panel and series differ in this setting?
bool scene_varies(const struct scene *s, const struct report_cell *c,
                  const char *setting);
