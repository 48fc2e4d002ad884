#include "harness/compare/cell_match.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/compare/cell_name.h"
#include "harness/compare/engine_facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Two cells under examination. Places are what errors call them: the folders,
// or of one folder the cells.
struct pair {
    const struct report *ra, *rb;
    const struct report_cell *a, *b;
    char place_a[256], place_b[256];
    char set[256]; // "data set chain-medium"
};

static void name_place(char *place, size_t size, const struct report *r,
                       const struct report_cell *c, bool one_folder) {
    if (one_folder)
        snprintf(place, size, "%.200s:%.8s", r->dir, c->cell->id);
    else
        snprintf(place, size, "%.200s", r->dir);
}

static void name_pair(struct pair *p) {
    const char *a = p->a->dataset->name, *b = p->b->dataset->name;
    bool one_folder = !strcmp(p->ra->dir, p->rb->dir);
    name_place(p->place_a, sizeof p->place_a, p->ra, p->a, one_folder);
    name_place(p->place_b, sizeof p->place_b, p->rb, p->b, one_folder);
    if (!strcmp(a, b))
        snprintf(p->set, sizeof p->set, "data set %.100s", a);
    else
        snprintf(p->set, sizeof p->set, "data sets %.100s and %.100s", a, b);
}

// ---- the same problems? ---------------------------------------------------

static int compare_hashes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted_hashes(const struct manifest_dataset *d) {
    const char **hashes = xcalloc((size_t)d->n_problems + 1, sizeof *hashes);
    for (int i = 0; i < d->n_problems; i++)
        hashes[i] = d->problems[i].hash;
    qsort(hashes, (size_t)d->n_problems, sizeof *hashes, compare_hashes);
    return hashes;
}

// The first problem of `d` that `other` does not have; NULL: it has them all.
static const struct manifest_problem *
first_alone(const struct manifest_dataset *d,
            const struct manifest_dataset *other) {
    const char **hashes = sorted_hashes(other);
    const struct manifest_problem *alone = NULL;
    for (int i = 0; i < d->n_problems && !alone; i++) {
        const char *hash = d->problems[i].hash;
        if (!bsearch(&hash, hashes, (size_t)other->n_problems, sizeof *hashes,
                     compare_hashes))
            alone = &d->problems[i];
    }
    free(hashes);
    return alone;
}

static bool has_id(const struct manifest_dataset *d, const char *id) {
    for (int i = 0; i < d->n_problems; i++) {
        if (!strcmp(d->problems[i].id, id)) return true;
    }
    return false;
}

static int check_alone(const struct pair *p, const struct manifest_problem *x,
                       const char *place, const struct manifest_dataset *other,
                       struct error *err) {
    if (!x) return 0;
    if (has_id(other, x->id))
        return error_set(err, ERR_INCOMPARABLE,
                         "%s: problem %s has another text or reference in %s "
                         "than in %s; expected the same problems",
                         p->set, x->id, p->place_a, p->place_b);
    return error_set(err, ERR_INCOMPARABLE,
                     "%s: problem %s is in %s alone; expected the same "
                     "problems",
                     p->set, x->id, place);
}

static int check_problems(const struct pair *p, struct error *err) {
    const struct manifest_dataset *a = p->a->dataset, *b = p->b->dataset;
    if (a->n_problems != b->n_problems)
        return error_set(err, ERR_INCOMPARABLE,
                         "%s: %d problems in %s, %d in %s; expected the same "
                         "problems",
                         p->set, a->n_problems, p->place_a, b->n_problems,
                         p->place_b);
    if (check_alone(p, first_alone(a, b), p->place_a, b, err)) return -1;
    return check_alone(p, first_alone(b, a), p->place_b, a, err);
}

static int check_k(const struct pair *p, struct error *err) {
    if (p->a->k == p->b->k) return 0;
    return error_set(err, ERR_INCOMPARABLE,
                     "%s: %d samples per problem in %s, %d in %s; expected the "
                     "same number",
                     p->set, p->a->k, p->place_a, p->b->k, p->place_b);
}

// ---- the same graders? ----------------------------------------------------

static int check_regraded(const struct report *r, struct error *err) {
    if (r->manifest.grader_version) return 0;
    return error_set(err, ERR_INCOMPARABLE,
                     "%s: a regrade did not end; again: specsweep grade "
                     "--regrade %s",
                     r->dir, r->dir);
}

static int check_graders(const struct pair *p, struct error *err) {
    const char *a = manifest_grader(p->a->dataset);
    const char *b = manifest_grader(p->b->dataset);
    int va = p->ra->manifest.grader_version;
    int vb = p->rb->manifest.grader_version;
    if (check_regraded(p->ra, err) || check_regraded(p->rb, err)) return -1;
    if (strcmp(a, b))
        return error_set(err, ERR_INCOMPARABLE,
                         "%s: verdicts of grader %s in %s, of %s in %s; "
                         "expected the same: specsweep grade --regrade "
                         "--grader %s %s",
                         p->set, a, p->place_a, b, p->place_b, a, p->rb->dir);
    if (va != vb)
        return error_set(err, ERR_INCOMPARABLE,
                         "verdicts are of grader version %d in %s, of %d in "
                         "%s; expected the same: specsweep grade --regrade %s",
                         va, p->place_a, vb, p->place_b,
                         va < vb ? p->ra->dir : p->rb->dir);
    return 0;
}

// ---- complete? ------------------------------------------------------------

static int check_complete(const struct report *r, const struct report_cell *c,
                          struct error *err) {
    if (c->usable && !c->n_missing) return 0;
    struct buf name;
    buf_init(&name);
    cell_name_print(c, &name);
    if (!c->n_problems)
        error_set(err, ERR_INCOMPARABLE, "%s: cell %.8s, %s, has no problems",
                  r->dir, c->cell->id, name.text);
    else
        error_set(err, ERR_INCOMPARABLE,
                  "%s: cell %.8s, %s, lacks %d of %d samples; the `specsweep "
                  "run` that made the folder goes on with it",
                  r->dir, c->cell->id, name.text, c->n_missing,
                  c->n_problems * c->k);
    buf_release(&name);
    return -1;
}

int cell_match_check(const struct report *ra, const struct report_cell *a,
                     const struct report *rb, const struct report_cell *b,
                     unsigned *differs, struct error *err) {
    struct pair p = {.ra = ra, .rb = rb, .a = a, .b = b};
    name_pair(&p);
    if (check_problems(&p, err) || check_k(&p, err) || check_graders(&p, err) ||
        check_complete(ra, a, err) || check_complete(rb, b, err))
        return -1;
    *differs = cell_identity_differs(ra, a, rb, b);
    return 0;
}

// ---- matches --------------------------------------------------------------

static bool same_threshold(double a, double b) {
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : fabs(a - b) < 1e-9;
}

static bool answers(const struct report_cell *x, const struct report_cell *y) {
    const struct manifest_cell *a = x->cell, *b = y->cell;
    return !strcmp(a->base, b->base) && !strcmp(a->draft, b->draft) &&
           !strcmp(a->prm, b->prm) &&
           !strcmp(x->dataset->name, y->dataset->name) &&
           !strcmp(a->label, b->label) && !strcmp(a->variant, b->variant) &&
           same_threshold(a->threshold, b->threshold);
}

const struct report_cell *cell_match_find(const struct report *r,
                                          const struct report_cell *c) {
    for (int i = 0; i < r->n_cells; i++) {
        if (answers(&r->cells[i], c)) return &r->cells[i];
    }
    return NULL;
}

int cell_match_make(struct cell_match *m, const struct report *ra,
                    const struct report_cell *a, const struct report *rb,
                    const struct report_cell *b, struct error *err) {
    struct engine_facts facts;
    *m = (struct cell_match){.a = a, .b = b};
    if (cell_match_check(ra, a, rb, b, &m->differs, err)) return -1;
    engine_facts_read(&facts, &ra->manifest);
    m->same =
        !strcmp(a->cell->id, b->cell->id) && engine_facts_portable(&facts);
    return 0;
}

static void list_unmatched(const struct report *r, const struct report *other,
                           struct buf *out) {
    for (int i = 0; i < r->n_cells && out; i++) {
        if (cell_match_find(other, &r->cells[i])) continue;
        buf_addf(out, "%s alone has ", r->dir);
        cell_name_print(&r->cells[i], out);
        buf_addc(out, '\n');
    }
}

static int no_match(const struct report *a, const struct report *b,
                    struct error *err) {
    struct buf names;
    buf_init(&names);
    if (a->n_cells && b->n_cells) {
        buf_addf(&names, "; the first of %.150s is ", a->dir);
        cell_name_print(&a->cells[0], &names);
        buf_addf(&names, ", of %.150s ", b->dir);
        cell_name_print(&b->cells[0], &names);
    }
    error_set(err, ERR_INCOMPARABLE,
              "%.150s and %.150s have no cell in common (models, data set, "
              "label, threshold and variant)%s",
              a->dir, b->dir, names.text);
    buf_release(&names);
    return -1;
}

int cell_match_all(const struct report *a, const struct report *b,
                   struct cell_match **matches, int *n, struct buf *unmatched,
                   struct error *err) {
    struct cell_match *found = xcalloc((size_t)a->n_cells + 1, sizeof *found);
    *matches = NULL;
    *n = 0;
    int rc = 0, n_found = 0;
    for (int i = 0; i < a->n_cells && !rc; i++) {
        const struct report_cell *c = cell_match_find(b, &a->cells[i]);
        if (c)
            rc = cell_match_make(&found[n_found++], a, &a->cells[i], b, c, err);
    }
    if (!rc && !n_found) rc = no_match(a, b, err);
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
