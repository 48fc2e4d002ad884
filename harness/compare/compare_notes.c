#include "harness/compare/compare_notes.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "harness/compare/cell_name.h"
#include "harness/compare/comparison.h"
#include "harness/validity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Lines are collected with the number of cells that they hold for.
struct note {
    char *text;
    int n_cells, first; // how many, and the first of them
};

struct notes {
    struct note *items; // [n]
    size_t n;
};

static void add_note(struct notes *all, const char *text, size_t n_bytes,
                     int cell) {
    for (size_t i = 0; i < all->n; i++) {
        struct note *note = &all->items[i];
        if (strncmp(note->text, text, n_bytes) || note->text[n_bytes]) continue;
        note->n_cells++;
        return;
    }
    all->items = xrealloc(all->items, (all->n + 1) * sizeof *all->items);
    all->items[all->n++] = (struct note){xstrndup(text, n_bytes), 1, cell};
}

static void add_lines(struct notes *all, const char *lines, int cell) {
    while (*lines) {
        size_t n_bytes = strcspn(lines, "\n");
        add_note(all, lines, n_bytes, cell);
        lines += n_bytes + (lines[n_bytes] == '\n');
    }
}

static void add_text(struct notes *all, const char *text, int cell) {
    add_note(all, text, strlen(text), cell);
}

// ---- of one pair ----------------------------------------------------------

static void note_identity(const struct comparison *c, int i,
                          struct notes *all) {
    const struct cell_match *m = &c->cells[i].match;
    struct buf lines;
    buf_init(&lines);
    cell_identity_print(&c->a->report, m->a, &c->b->report, m->b, &lines);
    add_lines(all, lines.text, i);
    if (m->a->cell == m->b->cell ||
        (m->same && !strcmp(c->a->report.hash, c->b->report.hash)))
        add_text(all, "both sides are the same samples", i);
    buf_release(&lines);
}

static void note_times(const struct comparison *c, int i, struct notes *all) {
    const struct compared *x = &c->cells[i];
    struct buf line;
    buf_init(&line);
    if (x->times.obstacle != TIMES_COMPARABLE) {
        buf_addf(&line, "speed is not compared: %s", x->times.text);
        add_text(all, line.text, i);
    } else if (!x->times.interleaved) {
        add_text(all,
                 "times were not taken side by side, so a machine that became "
                 "slower or faster in between is not excluded; run both in one "
                 "config to exclude it",
                 i);
    }
    if (x->times.obstacle == TIMES_COMPARABLE &&
        x->pair.time.n < x->pair.accuracy.n) {
        buf_clear(&line);
        buf_addf(&line,
                 "speed is of %d of %d problems, the others have no "
                 "time on one side",
                 x->pair.time.n, x->pair.accuracy.n);
        add_text(all, line.text, i);
    }
    buf_release(&line);
}

static void note_validity(const struct report *r, const struct report_cell *c,
                          int i, struct notes *all) {
    const struct validity_report *v = c->validity;
    struct buf line;
    if (v->verdict == VALIDITY_VALID) return;
    buf_init(&line);
    buf_addf(&line, "%s: %.8s ", r->dir, c->cell->id);
    cell_name_print(c, &line);
    buf_addf(&line, " is %s: ", validity_name[v->verdict]);
    validity_print(v, &line);
    add_text(all, line.text, i);
    buf_release(&line);
}

// The least p of n problems by flipping signs is 2 / 2^n.
static void note_power(const struct comparison *c, int i, struct notes *all) {
    int n = c->cells[i].pair.accuracy.n;
    double alpha = 1 - c->confidence;
    if (ldexp(1, 1 - n) < alpha) return;
    struct buf line;
    buf_init(&line);
    buf_addf(&line,
             "no difference in accuracy can be shown with %d problems "
             "(at least %d for p < %.2g)",
             n, (int)floor(1 - log2(alpha)) + 1, alpha);
    add_text(all, line.text, i);
    buf_release(&line);
}

// ---- all ------------------------------------------------------------------

static void print_note(const struct comparison *c, const struct note *note,
                       FILE *log) {
    fprintf(log, "note: %s", note->text);
    if (note->n_cells < c->n) {
        struct buf name;
        buf_init(&name);
        cell_name_print(c->cells[note->first].match.b, &name);
        if (note->n_cells == 1)
            fprintf(log, " (in %s)", name.text);
        else
            fprintf(log, " (in %d of %d cells)", note->n_cells, c->n);
        buf_release(&name);
    }
    fputc('\n', log);
}

static void print_and_release(const struct comparison *c, struct notes *all,
                              FILE *log) {
    for (size_t i = 0; i < all->n; i++) {
        print_note(c, &all->items[i], log);
        free(all->items[i].text);
    }
    free(all->items);
}

// Lines that name their cell themselves.
static void print_validity(const struct comparison *c, FILE *log) {
    struct notes all = {0};
    for (int i = 0; i < c->n; i++) {
        note_validity(&c->a->report, c->cells[i].match.a, i, &all);
        note_validity(&c->b->report, c->cells[i].match.b, i, &all);
    }
    for (size_t i = 0; i < all.n; i++) {
        fprintf(log, "warning: %s\n", all.items[i].text);
        free(all.items[i].text);
    }
    free(all.items);
}

void compare_notes_print(const struct comparison *c, FILE *log) {
    struct notes all = {0};
    manifest_warn_verdicts(&c->a->report.manifest, c->a->report.dir, log);
    if (strcmp(c->a->report.dir, c->b->report.dir))
        manifest_warn_verdicts(&c->b->report.manifest, c->b->report.dir, log);
    print_validity(c, log);
    for (const char *line = c->unmatched->text; *line;) {
        size_t n_bytes = strcspn(line, "\n");
        fprintf(log, "note: %.*s\n", (int)n_bytes, line);
        line += n_bytes + 1;
    }
    for (int i = 0; i < c->n; i++) {
        note_identity(c, i, &all);
        note_times(c, i, &all);
        note_power(c, i, &all);
    }
    print_and_release(c, &all, log);
}
