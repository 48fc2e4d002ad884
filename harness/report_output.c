#include "harness/report_output.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/provenance.h"
#include "harness/report.h"
#include "harness/table.h"
#include "harness/validity.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

// `caption` is borrowed by the table.
static void make_table(const struct report *r, const struct report_table *of,
                       const struct buf *caption, struct table *t) {
    table_init(t, of->name, of->title, of->columns);
    t->paper = of->paper;
    t->source = r->manifest.name;
    t->provenance = caption->text;
    of->fill(r, t);
}

static bool has_form(const struct report_table *of,
                     const struct table_writer *writer) {
    return of->paper || !writer->for_papers;
}

// Papers have no use for a table without rows.
static bool is_wanted(const struct report_table *of, const struct table *t,
                      const struct table_writer *writer) {
    return t->n_rows || (!of->optional && !writer->for_papers);
}

int report_save_as(const struct report *r, const struct table_writer *writer,
                   const char *dir, struct error *err) {
    struct buf caption;
    buf_init(&caption);
    provenance_print(r, &caption);
    int rc = 0;
    for (int i = 0; report_tables[i] && !rc; i++) {
        const struct report_table *of = report_tables[i];
        struct table t;
        if (!has_form(of, writer)) continue;
        make_table(r, of, &caption, &t);
        if (is_wanted(of, &t, writer)) rc = table_save_as(&t, writer, dir, err);
        table_release(&t);
    }
    buf_release(&caption);
    return rc;
}

int report_save(const struct report *r, const char *dir, struct error *err) {
    return report_save_as(r, &writer_csv, dir, err);
}

static bool is_printed(const struct report_table *of,
                       const struct table_writer *writer, const char *only) {
    if (only) return !strcmp(of->name, only);
    return writer->for_papers ? of->paper != NULL : of->printed;
}

static void add_table(const struct report *r, const struct report_table *of,
                      const struct table_writer *writer, bool asked,
                      const struct buf *caption, struct buf *out) {
    struct table t;
    make_table(r, of, caption, &t);
    if (asked || is_wanted(of, &t, writer)) {
        if (out->n_bytes) buf_addc(out, '\n');
        writer->write(&t, out);
    }
    table_release(&t);
}

static int check_name(const char *only, const struct table_writer *writer,
                      struct error *err) {
    struct buf names;
    buf_init(&names);
    const struct report_table *found = NULL;
    for (int i = 0; report_tables[i]; i++) {
        const struct report_table *t = report_tables[i];
        if (!strcmp(t->name, only)) found = t;
        if (!has_form(t, writer)) continue;
        buf_addf(&names, "%s%s", names.n_bytes ? ", " : "", t->name);
    }
    int rc = 0;
    if (!found) {
        rc = error_set(err, ERR_USAGE, "--table %s: expected one of %s", only,
                       names.text);
    } else if (!has_form(found, writer)) {
        rc = error_set(err, ERR_USAGE,
                       "--table %s: has no %s form; expected one of %s", only,
                       writer->name, names.text);
    }
    buf_release(&names);
    return rc;
}

static int print_text(const struct buf *text, FILE *out, struct error *err) {
    if (fwrite(text->text, 1, text->n_bytes, out) == text->n_bytes &&
        !fflush(out)) {
        return 0;
    }
    return error_errno(err, ERR_IO, "cannot write the tables");
}

int report_print(const struct report *r, const struct table_writer *writer,
                 const char *only, FILE *out, struct error *err) {
    if (only && check_name(only, writer, err)) return -1;
    struct buf text, caption;
    buf_init(&text);
    buf_init(&caption);
    provenance_print(r, &caption);
    for (int i = 0; report_tables[i]; i++) {
        const struct report_table *t = report_tables[i];
        if (is_printed(t, writer, only))
            add_table(r, t, writer, only != NULL, &caption, &text);
    }
    int rc = print_text(&text, out, err);
    buf_release(&caption);
    buf_release(&text);
    return rc;
}

static void print_cell_gaps(const struct report_cell *c, FILE *log) {
    char threshold[40] = "";
    if (!isnan(c->cell->threshold)) {
        snprintf(threshold, sizeof threshold, " threshold %g",
                 c->cell->threshold);
    }
    fprintf(log, "  cell %.8s (%s%s, base %s, %s): ", c->cell->id,
            c->cell->label, threshold, c->cell->base, c->dataset->name);
    int n = c->n_problems * c->k;
    if (c->n_missing) {
        fprintf(log, "%d of %d samples missing%s", c->n_missing, n,
                c->n_failed ? ", " : "");
    }
    if (c->n_failed) fprintf(log, "%d of %d failed", c->n_failed, n);
    fputc('\n', log);
}

// The first reason is worth more than the number of reasons.
static void print_first_failure(const struct report *r, FILE *log) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        for (int j = 0; j < c->n_problems * c->k; j++) {
            if (!c->samples[j].failed) continue;
            fprintf(log, "  first failure: problem %s, sample %d: %s\n",
                    c->dataset->problems[j / c->k].id, j % c->k,
                    c->samples[j].error);
            return;
        }
    }
}

void report_print_notices(const struct report *r, FILE *log) {
    manifest_warn_verdicts(&r->manifest, r->dir, log);
    if (r->n_missing || r->n_failed) {
        fprintf(log, "incomplete cells:\n");
        for (int i = 0; i < r->n_cells; i++) {
            const struct report_cell *c = &r->cells[i];
            if (c->n_missing || c->n_failed) print_cell_gaps(c, log);
        }
    }
    if (r->n_missing) {
        fprintf(log, "  a cell without all its samples has no estimates "
                     "(--partial to show them); `specsweep run` goes on\n");
    }
    if (r->n_failed) print_first_failure(r, log);
    if (r->n_machines > 1) {
        fprintf(log,
                "warning: the samples come from %d machines; their times "
                "cannot be compared\n",
                r->n_machines);
    }
    if (r->n_foreign) {
        fprintf(log, "note: %lld stored samples belong to no cell\n",
                (long long)r->n_foreign);
    }
    if (r->n_contradictory) {
        fprintf(log,
                "warning: %lld samples are stored twice, with other tokens or "
                "another verdict; the first counts\n",
                (long long)r->n_contradictory);
    }
    validity_print_notices(r, log);
}
