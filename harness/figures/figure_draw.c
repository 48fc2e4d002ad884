#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/figures/figure.h"
#include "harness/figures/figure_tex.h"
#include "harness/figures/gnuplot.h"
#include "harness/file_write.h"
#include "harness/provenance.h"
#include "harness/report.h"
#include "harness/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// gnuplot draws into NAME.tmp.KIND, which takes the place of NAME.KIND when it
// is done: a reader sees the old picture or the new one.

static const char *const kind_names[] = {"pdf", "svg", "png"};
enum { N_KINDS = 3, CSV_MAX = 1 << 28 };

// Is it a word of the list "pdf,svg"?
static bool is_asked(const char *kinds, const char *kind) {
    size_t n = strlen(kind);
    for (const char *at = kinds; (at = strstr(at, kind)); at += n) {
        if ((at == kinds || at[-1] == ',') && (!at[n] || at[n] == ','))
            return true;
    }
    return false;
}

int figure_check_kinds(const char *kinds, struct error *err) {
    size_t n_asked = 0;
    for (const char *at = kinds; *at; n_asked++) {
        size_t n = strcspn(at, ",");
        bool known = false;
        for (int i = 0; i < N_KINDS; i++) {
            known |=
                n == strlen(kind_names[i]) && !strncmp(at, kind_names[i], n);
        }
        if (!known) {
            return error_set(err, ERR_USAGE,
                             "--kinds %s: '%.*s' is none of pdf, svg, png",
                             kinds, (int)n, at);
        }
        at += n + (at[n] == ',');
    }
    return n_asked ? 0
                   : error_set(err, ERR_USAGE,
                               "--kinds: expected some of pdf, svg, png");
}

char *figure_path(const struct figure *f, const char *dir,
                  const char *extension) {
    return xasprintf("%s/figures/%s.%s", dir, f->name, extension);
}

static void drop(const struct figure *f, const char *dir,
                 const char *extension) {
    char *path = figure_path(f, dir, extension);
    unlink(path);
    free(path);
}

static void drop_all(const struct figure *f, const char *dir) {
    for (int i = 0; i < N_KINDS; i++)
        drop(f, dir, kind_names[i]);
    drop(f, dir, "csv");
    drop(f, dir, "tex");
}

// ---- data and float -------------------------------------------------------

// Writes the table; *changed: it is not what was there before.
static int save_data(const struct figure *f, const struct table *t,
                     const char *dir, bool *changed, struct error *err) {
    struct buf csv;
    buf_init(&csv);
    writer_csv.write(t, &csv);
    char *path = figure_path(f, dir, "csv");
    size_t n = 0;
    char *old = file_read(path, CSV_MAX, &n, NULL);
    *changed = !old || n != csv.n_bytes || memcmp(old, csv.text, n);
    int rc = file_write_atomic(path, csv.text, csv.n_bytes, err);
    free(old);
    free(path);
    buf_release(&csv);
    return rc;
}

// Does any row stand in a panel other than the first?
static bool has_panels(const struct table *t) {
    int panel = 0;
    while (panel < t->n_columns && strcmp(t->columns[panel].name, "panel"))
        panel++;
    for (int i = 0; panel < t->n_columns && i < t->n_rows; i++) {
        const char *number = table_cell(t, i, panel);
        if (number && strcmp(number, "1")) return true;
    }
    return false;
}

static int save_float(const struct figure *f, const struct table *t,
                      const struct report *r, const char *dir,
                      const char *provenance, struct error *err) {
    struct buf tex;
    buf_init(&tex);
    figure_tex_print(f, r->manifest.name, has_panels(t), provenance, &tex);
    char *path = figure_path(f, dir, "tex");
    int rc = file_write_atomic(path, tex.text, tex.n_bytes, err);
    free(path);
    buf_release(&tex);
    return rc;
}

// ---- pictures -------------------------------------------------------------

// cairo 1.16 writes the time of day into a PDF; the same data shall give the
// same bytes. The new date is as long as the old one, so offsets stay.
static void fix_pdf_date(char *bytes, size_t n) {
    static const char key[] = "/CreationDate (D:";
    static const char date[] = "19700101000000";
    char *at = memmem(bytes, n, key, sizeof key - 1);
    if (!at) return;
    at += sizeof key - 1;
    if ((size_t)(bytes + n - at) >= sizeof date - 1)
        memcpy(at, date, sizeof date - 1);
}

// The finished picture from gnuplot's file.
static int take_picture(const char *from, const char *to, bool pdf,
                        struct error *err) {
    size_t n;
    char *bytes = file_read(from, CSV_MAX, &n, err);
    if (!bytes) return -1;
    if (pdf) fix_pdf_date(bytes, n);
    int rc = n ? file_write_atomic(to, bytes, n, err)
               : error_set(err, ERR_INTERNAL, "%s: gnuplot drew nothing", to);
    free(bytes);
    return rc;
}

struct drawing {
    const struct figure *figure;
    const struct figure_output *output;
    const char *provenance;
};

static int draw_kind(const struct drawing *d, const char *kind,
                     struct error *err) {
    const char *dir = d->output->dir, *scripts = d->output->scripts;
    // gnuplot runs names that begin with "<" or "|".
    const char *here = *dir == '/' ? "" : "./";
    char *csv = xasprintf("%s%s/figures/%s.csv", here, dir, d->figure->name);
    char *out = xasprintf("%s%s/figures/%s.tmp", here, dir, d->figure->name);
    char *drawn = xasprintf("%s.%s", out, kind);
    char *picture = figure_path(d->figure, dir, kind);
    const char *there = *scripts == '/' ? "" : "./";
    char *script = xasprintf("%s%s/%s.gp", there, scripts, d->figure->name);
    char *style = xasprintf("%s%s/style.gp", there, scripts);
    const struct gnuplot_variable variables[] = {
        {"style", style},
        {"csv", csv},
        {"out", out},
        {"kind", kind},
        {"title", d->figure->title},
        {"subtitle", d->provenance},
        {NULL, NULL},
    };
    int rc = gnuplot_run(d->output->gnuplot, script, variables, err);
    if (!rc) rc = take_picture(drawn, picture, !strcmp(kind, "pdf"), err);
    unlink(drawn);
    free(csv);
    free(out);
    free(drawn);
    free(picture);
    free(script);
    free(style);
    return rc;
}

static int draw_kinds(const struct drawing *d, bool changed,
                      struct error *err) {
    int rc = 0;
    for (int i = 0; i < N_KINDS; i++) {
        bool asked = is_asked(d->output->kinds, kind_names[i]);
        if (asked || changed) drop(d->figure, d->output->dir, kind_names[i]);
        if (asked && !rc) rc = draw_kind(d, kind_names[i], err);
    }
    if (rc && err && err->kind == ERR_UNSUPPORTED) {
        char *csv = figure_path(d->figure, d->output->dir, "csv");
        struct error why = *err;
        error_set(err, why.kind,
                  "%s; install gnuplot (gnuplot-nox) or name it with "
                  "--gnuplot; the CSV is in %s",
                  why.text, csv);
        free(csv);
    }
    return rc;
}

static int draw_table(const struct figure *f, const struct report *r,
                      const struct table *t, const struct figure_output *o,
                      struct error *err) {
    struct buf provenance;
    buf_init(&provenance);
    provenance_print(r, &provenance);
    struct drawing d = {f, o, provenance.text};
    char *dir = xasprintf("%s/figures", o->dir);
    bool changed = false;
    int rc = dir_create(dir, err);
    if (!rc) rc = save_data(f, t, o->dir, &changed, err);
    if (!rc) rc = save_float(f, t, r, o->dir, provenance.text, err);
    if (!rc) rc = draw_kinds(&d, changed, err);
    free(dir);
    buf_release(&provenance);
    return rc;
}

int figure_draw(const struct figure *f, const struct report *r,
                const struct figure_output *o, struct error *err) {
    struct table t;
    table_init(&t, f->name, f->title, f->columns);
    f->fill(r, &t);
    int rc = 1;
    if (t.n_rows)
        rc = draw_table(f, r, &t, o, err);
    else
        drop_all(f, o->dir);
    table_release(&t);
    return rc;
}
