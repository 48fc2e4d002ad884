#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/commands.h"
#include "harness/compare/compare_notes.h"
#include "harness/compare/compare_table.h"
#include "harness/compare/comparison.h"
#include "harness/provenance.h"
#include "harness/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct options {
    const char *format;
    double confidence;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option options[] = {
    {.name = "format", .short_name = 'f', .type = CLI_TEXT,
     .offset = AT(format), .value_name = "FORMAT",
     .help = "md (default), csv, json or latex"},
    {.name = "confidence", .short_name = 'c', .type = CLI_FLOAT,
     .offset = AT(confidence), .min = 0.5, .max = 0.9999, .value_name = "X",
     .help = "of intervals and verdicts (default: report.confidence of A)"},
    {.name = NULL},
};
// clang-format on

static void print_source(const struct comparison *c, struct buf *out) {
    const struct report *a = &c->a->report, *b = &c->b->report;
    bool same = !strcmp(a->dir, b->dir);
    if (!same) buf_adds(out, "A: ");
    provenance_print(a, out);
    if (same) return;
    buf_adds(out, "; B: ");
    provenance_print(b, out);
}

static int print_table(const struct comparison *c,
                       const struct table_writer *writer, FILE *out,
                       struct error *err) {
    struct table t;
    struct buf text, source;
    buf_init(&text);
    buf_init(&source);
    compare_table_make(c, &t);
    print_source(c, &source);
    t.provenance = source.text;
    writer->write(&t, &text);
    int rc = 0;
    if (fwrite(text.text, 1, text.n_bytes, out) != text.n_bytes || fflush(out))
        rc = error_errno(err, ERR_IO, "cannot write the table");
    table_release(&t);
    buf_release(&source);
    buf_release(&text);
    return rc;
}

static int compare(const struct cli_call *call, struct side *a, struct side *b,
                   const struct table_writer *writer, struct error *err) {
    const struct options *o = call->options;
    struct comparison c;
    double confidence =
        o->confidence > 0 ? o->confidence : a->report.manifest.confidence;
    if (comparison_make(&c, a, b, confidence, err)) return -1;
    int rc = print_table(&c, writer, call->out, err);
    if (!rc) compare_notes_print(&c, call->log);
    comparison_release(&c);
    return rc;
}

static int run_compare(const struct cli_call *call, struct error *err) {
    const struct options *o = call->options;
    const struct table_writer *writer =
        table_writer_get(o->format ? o->format : "md", err);
    struct side a = {0}, b = {0};
    int rc = -1;
    if (writer && !side_open(&a, call->args[0], err) &&
        !side_open(&b, call->args[1], err))
        rc = compare(call, &a, &b, writer, err);
    side_release(&a);
    side_release(&b);
    return rc;
}

const struct cli_command cmd_compare = {
    .name = "compare",
    .arguments = "A B",
    .summary = "accuracy and speed of two results folders, or of two cells",
    .details =
        "A and B are FOLDER or FOLDER:CELL, where CELL is a label (vanilla),\n"
        "a label with its threshold (specreason@7) or the beginning of a\n"
        "cell's id. Differences are B - A, speed-ups time of A / time of B,\n"
        "paired by problem; docs/RESULTS.md explains every column. \"~\": no\n"
        "difference was shown. Exit code 3: not the same problems, number of\n"
        "samples or graders, or samples are missing.\n",
    .options = options,
    .record_bytes = sizeof(struct options),
    .min_args = 2,
    .max_args = 2,
    .run = run_compare,
};
