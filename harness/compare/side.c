#include "harness/compare/side.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/compare/cell_name.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ID_DIGITS_MIN = 4, CELLS_LISTED_MAX = 12 };

// ---- which folder ---------------------------------------------------------

static bool is_folder(const char *path, size_t n_bytes) {
    struct stat st;
    char *copy = xstrndup(path, n_bytes);
    bool is = !stat(copy, &st) && S_ISDIR(st.st_mode);
    free(copy);
    return is;
}

// Bytes of the folder's name: all of it, or up to the first colon before which
// a folder is named. A name of neither kind is taken for that of a folder, or
// of one before its last colon.
static size_t folder_length(const char *name) {
    size_t n_bytes = strlen(name);
    if (is_folder(name, n_bytes)) return n_bytes;
    for (const char *c = strchr(name, ':'); c; c = strchr(c + 1, ':')) {
        if (is_folder(name, (size_t)(c - name))) return (size_t)(c - name);
    }
    const char *last = strrchr(name, ':');
    return last ? (size_t)(last - name) : n_bytes;
}

// ---- which cells ----------------------------------------------------------

// Does "label" or "label@threshold" name it?
static bool has_label(const struct manifest_cell *c, const char *name) {
    if (!strcmp(c->label, name)) return true;
    size_t n = strlen(c->label);
    if (strncmp(c->label, name, n) || name[n] != '@') return false;
    char *end;
    double threshold = strtod(name + n + 1, &end);
    return end != name + n + 1 && !*end &&
           fabs(threshold - c->threshold) < 1e-9;
}

static bool has_id(const struct manifest_cell *c, const char *name) {
    size_t n = strlen(name);
    return n >= ID_DIGITS_MIN && !strncmp(c->id, name, n);
}

static void choose(struct side *s, const char *name,
                   bool (*has)(const struct manifest_cell *, const char *)) {
    for (int i = 0; i < s->report.n_cells; i++) {
        const struct report_cell *c = &s->report.cells[i];
        if (!name || has(c->cell, name)) s->cells[s->n_cells++] = c;
    }
}

static bool same_place(const struct report_cell *a,
                       const struct report_cell *b) {
    return !strcmp(a->cell->base, b->cell->base) &&
           !strcmp(a->dataset->name, b->dataset->name) &&
           !strcmp(a->cell->variant, b->cell->variant);
}

static void list_cells(const struct side *s, bool chosen, struct buf *out) {
    int n = chosen ? s->n_cells : s->report.n_cells;
    for (int i = 0; i < n && i < CELLS_LISTED_MAX; i++) {
        const struct report_cell *c =
            chosen ? s->cells[i] : &s->report.cells[i];
        buf_addf(out, "%s%.8s ", i ? ", " : "", c->cell->id);
        cell_name_print(c, out);
    }
    if (n > CELLS_LISTED_MAX) buf_adds(out, ", ...");
}

static int refuse(const struct side *s, const char *name, bool chosen,
                  const char *what, struct error *err) {
    struct buf cells;
    buf_init(&cells);
    list_cells(s, chosen, &cells);
    error_set(err, ERR_USAGE, "%.150s: '%.80s' %s: %s", s->report.dir, name,
              what, cells.text);
    buf_release(&cells);
    return -1;
}

static int choose_cells(struct side *s, const char *name, struct error *err) {
    choose(s, name, has_label);
    bool by_label = s->n_cells > 0;
    if (!by_label) choose(s, name, has_id);
    if (!s->n_cells)
        return refuse(s, name, false,
                      "names no cell; expected a label, LABEL@THRESHOLD or the "
                      "beginning of an id",
                      err);
    for (int i = 0; i < s->n_cells; i++) {
        for (int j = 0; j < i; j++) {
            if (by_label && !same_place(s->cells[i], s->cells[j])) continue;
            return refuse(s, name, true,
                          by_label ? "names several cells of one base and data "
                                     "set; say which by LABEL@THRESHOLD or id"
                                   : "begins several ids",
                          err);
        }
    }
    return 0;
}

int side_open(struct side *s, const char *name, struct error *err) {
    size_t n_bytes = folder_length(name);
    const char *cell = name[n_bytes] ? name + n_bytes + 1 : NULL;
    char *dir = xstrndup(name, n_bytes);
    *s = (struct side){.whole = !cell};
    int rc = report_open(&s->report, dir, false, err);
    free(dir);
    if (rc) return -1;
    s->cells = xcalloc((size_t)s->report.n_cells + 1, sizeof(void *));
    if (!cell) choose(s, NULL, NULL);
    if (cell && choose_cells(s, cell, err)) {
        side_release(s);
        return -1;
    }
    return 0;
}

void side_release(struct side *s) {
    report_release(&s->report);
    free(s->cells);
    *s = (struct side){0};
}

// ---- matches --------------------------------------------------------------

static bool has_cell(const struct side *s, const struct report_cell *c) {
    for (int i = 0; i < s->n_cells; i++) {
        if (s->cells[i] == c) return true;
    }
    return false;
}

static const struct report_cell *answer(const struct side *a,
                                        const struct report_cell *c,
                                        const struct side *b) {
    if (a->whole || b->whole) {
        const struct report_cell *found = cell_match_find(&b->report, c);
        return found && has_cell(b, found) ? found : NULL;
    }
    if (a->n_cells == 1 && b->n_cells == 1) return b->cells[0];
    for (int i = 0; i < b->n_cells; i++) {
        if (same_place(c, b->cells[i])) return b->cells[i];
    }
    return NULL;
}

// Cells that were named, and have no answer.
static void list_unmatched(const struct side *s, const struct side *other,
                           struct buf *out) {
    for (int i = 0; i < s->n_cells && out && !s->whole; i++) {
        if (answer(s, s->cells[i], other)) continue;
        buf_addf(out, "%s has no answer to ", other->report.dir);
        cell_name_print(s->cells[i], out);
        buf_addf(out, " of %s\n", s->report.dir);
    }
}

static int no_answer(const struct side *a, const struct side *b,
                     struct error *err) {
    const struct side *named = a->whole ? b : a;
    const struct side *other = a->whole ? a : b;
    struct buf name;
    buf_init(&name);
    cell_name_print(named->cells[0], &name);
    error_set(err, ERR_INCOMPARABLE,
              "%.150s has no cell that answers %s of %.150s; name one on "
              "either side (FOLDER:CELL)",
              other->report.dir, name.text, named->report.dir);
    buf_release(&name);
    return -1;
}

int side_match(const struct side *a, const struct side *b,
               struct cell_match **matches, int *n, struct buf *unmatched,
               struct error *err) {
    if (a->whole && b->whole)
        return cell_match_all(&a->report, &b->report, matches, n, unmatched,
                              err);
    struct cell_match *found = xcalloc((size_t)a->n_cells + 1, sizeof *found);
    int rc = 0, n_found = 0;
    *matches = NULL;
    *n = 0;
    for (int i = 0; i < a->n_cells && !rc; i++) {
        const struct report_cell *c = answer(a, a->cells[i], b);
        if (!c) continue;
        rc = cell_match_make(&found[n_found++], &a->report, a->cells[i],
                             &b->report, c, err);
    }
    if (!rc && !n_found) rc = no_answer(a, b, err);
    if (rc) {
        free(found);
        return -1;
    }
    list_unmatched(a, b, unmatched);
    list_unmatched(b, a, unmatched);
    *matches = found;
    *n = n_found;
    return 0;
}
