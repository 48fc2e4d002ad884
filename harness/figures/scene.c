#include "harness/figures/scene.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "harness/report.h"
#include "harness/table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Labels and variants hold the axes of a config as "name=value" between blanks
// (sweep.c); the one on the x axis is taken out again. gnuplot cannot read
// quotes within quotes, nor line breaks, and ends a quoted text at a comma, so
// texts are freed of all three.

static char clean(char c) {
    if (iscntrl((unsigned char)c)) return ' ';
    return c == '"' ? '\'' : c == ',' ? ';' : c;
}

static void add_clean(struct buf *out, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        buf_addc(out, clean(text[i]));
}

// Appends `text` without its word "axis=...".
static void add_without(struct buf *out, const char *text, const char *axis) {
    size_t n_axis = axis ? strlen(axis) : 0;
    const char *separator = out->n_bytes ? " / " : "";
    while (*text) {
        size_t n = strcspn(text, " ");
        bool skip = axis && n > n_axis && text[n_axis] == '=' &&
                    !strncmp(text, axis, n_axis);
        if (n && !skip) {
            buf_adds(out, separator);
            add_clean(out, text, n);
            separator = " ";
        }
        text += n + (text[n] != '\0');
    }
}

// The text of a buf, which is released.
static char *take(struct buf *text) {
    char *own = buf_detach(text);
    buf_release(text);
    return own;
}

static bool draft_is_unique(const struct report *r,
                            const struct report_cell *c) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct manifest_cell *other = r->cells[i].cell;
        if (*other->draft && strcmp(other->draft, c->cell->draft)) return false;
    }
    return true;
}

// Are both the same but for the axis?
static bool same_words(const struct scene *s, const char *a, const char *b) {
    struct buf texts[2];
    for (int i = 0; i < 2; i++) {
        buf_init(&texts[i]);
        add_without(&texts[i], i ? b : a, s->axis);
    }
    bool same = !strcmp(texts[0].text, texts[1].text);
    buf_release(&texts[0]);
    buf_release(&texts[1]);
    return same;
}

static bool has_thresholds(const struct scene *s, const struct report_cell *c) {
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *other = &s->report->cells[i];
        double is = c->cell->threshold, there = other->cell->threshold;
        if ((is < there || is > there) &&
            same_words(s, c->cell->label, other->cell->label))
            return true;
    }
    return false;
}

static bool is_baseline(const struct scene *s, const struct report_cell *c) {
    return !strcmp(c->cell->label, s->report->manifest.baseline);
}

// The draft is named where there are several, and so is the threshold.
static char *series_text(const struct scene *s, const struct report_cell *c) {
    struct buf text;
    buf_init(&text);
    add_without(&text, c->cell->label, s->axis);
    if (*c->cell->draft && !draft_is_unique(s->report, c))
        add_without(&text, c->cell->draft, NULL);
    if (s->by_threshold && has_thresholds(s, c))
        buf_addf(&text, " \u2265 %.6g", c->cell->threshold);
    return take(&text);
}

char *scene_panel_text(const struct scene *s, const struct report_cell *c) {
    struct buf text;
    buf_init(&text);
    add_without(&text, c->dataset->name, NULL);
    add_without(&text, c->cell->base, NULL);
    add_without(&text, c->cell->variant, s->axis);
    const char *value = s->split ? report_setting(c, s->split) : NULL;
    if (value) {
        add_without(&text, s->split, NULL);
        buf_addc(&text, ' ');
        add_clean(&text, value, strlen(value));
    }
    return take(&text);
}

// Number from 1 of the text in the list; takes the text over.
static int number_of(char ***texts, int *n, char *text) {
    for (int i = 0; i < *n; i++) {
        if (strcmp((*texts)[i], text)) continue;
        free(text);
        return i + 1;
    }
    *texts = xrealloc(*texts, ((size_t)*n + 1) * sizeof **texts);
    (*texts)[(*n)++] = text;
    return *n;
}

static void number_series(struct scene *s) {
    const struct report *r = s->report;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < r->n_cells; i++) {
            const struct report_cell *c = &r->cells[i];
            if (!pass && !is_baseline(s, c)) continue;
            number_of(&s->series, &s->n_series, series_text(s, c));
        }
    }
}

void scene_init(struct scene *s, const struct report *r, const char *axis) {
    *s = (struct scene){.report = r, .axis = axis};
    s->by_threshold = axis && strcmp(axis, "threshold") != 0;
    number_series(s);
}

void scene_init_cells(struct scene *s, const struct report *r) {
    *s = (struct scene){.report = r, .by_threshold = true};
    number_series(s);
}

static void free_texts(char **texts, int n) {
    for (int i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

void scene_release(struct scene *s) {
    free_texts(s->series, s->n_series);
    free_texts(s->panels, s->n_panels);
    free_texts(s->bars, s->n_bars);
    free_texts(s->parts, s->n_parts);
    *s = (struct scene){0};
}

char *scene_cell_text(const struct scene *s, const struct report_cell *c) {
    char *series = series_text(s, c);
    if (isnan(c->cell->threshold) || s->by_threshold) return series;
    char *text = xasprintf("%s \u2265 %.6g", series, c->cell->threshold);
    free(series);
    return text;
}

static void add_row(struct scene *s, char *title, int series, const char *label,
                    struct table *t) {
    int panel = number_of(&s->panels, &s->n_panels, title);
    table_add_row(t);
    table_set_number(t, "panel", panel);
    table_set_text(t, "panel_title", s->panels[panel - 1]);
    table_set_number(t, "series", series);
    table_set_text(t, "label", label);
}

void scene_add_row_in(struct scene *s, const struct report_cell *panel_of,
                      const struct report_cell *c, struct table *t) {
    int series = number_of(&s->series, &s->n_series, series_text(s, c));
    add_row(s, scene_panel_text(s, panel_of), series, s->series[series - 1], t);
}

void scene_add_part(struct scene *s, const char *panel, int part,
                    const char *label, struct table *t) {
    add_row(s, xstrdup(panel), part, label, t);
}

void scene_add_named(struct scene *s, const char *panel, const char *label,
                     struct table *t) {
    int part = number_of(&s->parts, &s->n_parts, xstrdup(label));
    add_row(s, xstrdup(panel), part, label, t);
}

void scene_add_bar(struct scene *s, const struct report_cell *panel_of,
                   const struct report_cell *c, int part, const char *label,
                   struct table *t) {
    int bar = number_of(&s->bars, &s->n_bars, scene_cell_text(s, c));
    add_row(s, scene_panel_text(s, panel_of), part, label, t);
    table_set_number(t, "bar", bar);
    table_set_text(t, "bar_label", s->bars[bar - 1]);
}

void scene_set_estimate(struct table *t, const char *column, const char *low,
                        const char *high, const struct estimate *e,
                        double most) {
    table_set_number(t, column, e->value);
    table_set_number(t, low, e->low < 0 ? 0 : e->low);
    table_set_number(t, high, e->high > most ? most : e->high);
}

// Does `alone` write by itself what it drafts in cells like `with`?
static bool is_draft_of(const struct scene *s, const struct report_cell *alone,
                        const struct report_cell *with) {
    return alone->dataset == with->dataset && !*alone->cell->draft &&
           !strcmp(with->cell->draft, alone->cell->base) &&
           strcmp(with->cell->base, alone->cell->base) != 0 &&
           same_words(s, alone->cell->variant, with->cell->variant);
}

bool scene_opens_panel(const struct scene *s, const struct report_cell *c) {
    const struct report *r = s->report;
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *other = &r->cells[i];
        if (is_draft_of(s, c, other)) return false;
        if (other < c && scene_same_panel(s, other, c)) return false;
    }
    return true;
}

bool scene_belongs(const struct scene *s, const struct report_cell *panel,
                   const struct report_cell *c) {
    if (scene_same_panel(s, panel, c)) return true;
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *other = &s->report->cells[i];
        if (scene_same_panel(s, panel, other) && is_draft_of(s, c, other))
            return true;
    }
    return false;
}

static bool same_text(char *a, char *b) {
    bool same = !strcmp(a, b);
    free(a);
    free(b);
    return same;
}

bool scene_same_panel(const struct scene *s, const struct report_cell *a,
                      const struct report_cell *b) {
    return same_text(scene_panel_text(s, a), scene_panel_text(s, b));
}

bool scene_same_series(const struct scene *s, const struct report_cell *a,
                       const struct report_cell *b) {
    return same_text(series_text(s, a), series_text(s, b));
}

double scene_setting(const struct report_cell *c, const char *name) {
    if (!strcmp(name, "threshold")) return c->cell->threshold;
    const char *text = report_setting(c, name);
    if (!text) return NAN;
    char *end;
    double value = strtod(text, &end);
    return *text && !*end ? value : NAN;
}

bool scene_varies(const struct scene *s, const struct report_cell *c,
                  const char *setting) {
    double value = scene_setting(c, setting);
    if (isnan(value)) return false;
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *other = &s->report->cells[i];
        double there = scene_setting(other, setting);
        if (!isnan(there) && there != value && scene_same_panel(s, c, other) &&
            scene_same_series(s, c, other)) {
            return true;
        }
    }
    return false;
}

void scene_each_cell(struct scene *s, scene_cell_fn add, struct table *t) {
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *c = &s->report->cells[i];
        if (c->usable) add(s, c, t);
    }
}

void scene_each_in_panels(struct scene *s, scene_panel_fn add,
                          struct table *t) {
    for (int i = 0; i < s->report->n_cells; i++) {
        const struct report_cell *panel = &s->report->cells[i];
        if (!scene_opens_panel(s, panel)) continue;
        for (int j = 0; j < s->report->n_cells; j++) {
            const struct report_cell *c = &s->report->cells[j];
            if (c->usable && scene_belongs(s, panel, c)) add(s, panel, c, t);
        }
    }
}
