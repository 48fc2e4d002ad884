#include "engine/base/error.h"
#include "harness/commands.h"
#include "harness/report.h"
#include "harness/report_output.h"
#include "harness/table.h"

#include <stdbool.h>
#include <stddef.h>

struct options {
    const char *format, *table;
    bool partial, save;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option options[] = {
    {.name = "format", .short_name = 'f', .type = CLI_TEXT,
     .offset = AT(format), .value_name = "FORMAT",
     .help = "md (default), csv, latex or json"},
    {.name = "table", .short_name = 't', .type = CLI_TEXT, .offset = AT(table),
     .value_name = "NAME",
     .help = "only this table: main, accuracy, latency, speedup, pareto, "
             "deadline, search, steps, depths, evaluators, evaluator_bins, "
             "pass_at_k, validity, samples"},
    {.name = "partial", .type = CLI_FLAG, .offset = AT(partial),
     .help = "estimates also for cells that lack samples"},
    {.name = "save", .type = CLI_FLAG, .offset = AT(save),
     .default_value = "true",
     .help = "write the tables to FOLDER/*.csv too, of latex to *.tex"},
    {.name = NULL},
};
// clang-format on

enum { EXIT_CELLS_FAILED = 5 };

static int save(const struct report *r, const struct table_writer *writer,
                const char *dir, struct error *err) {
    struct error cause;
    int rc = report_save(r, dir, &cause);
    if (!rc && writer->for_papers) rc = report_save_as(r, writer, dir, &cause);
    if (!rc) return 0;
    return error_set(err, cause.kind, "%s (--no-save: only prints)",
                     cause.text);
}

// Prints even where it cannot save, and saves where nobody reads the print.
static int print_and_save(const struct report *r, const struct cli_call *call,
                          const struct table_writer *writer,
                          struct error *err) {
    const struct options *o = call->options;
    int rc = report_print(r, writer, o->table, call->out, err);
    if (rc && err->kind == ERR_USAGE) return rc;
    if (!rc) report_print_notices(r, call->log);
    struct error unsaved;
    if (!o->save || !save(r, writer, call->args[0], &unsaved)) return rc;
    if (!rc) *err = unsaved;
    return -1;
}

static int run_report(const struct cli_call *call, struct error *err) {
    const struct options *o = call->options;
    const struct table_writer *writer =
        table_writer_get(o->format ? o->format : "md", err);
    if (!writer) return -1;
    struct report r;
    if (report_open(&r, call->args[0], o->partial, err)) return -1;
    int rc = print_and_save(&r, call, writer, err);
    if (!rc && (r.n_missing || r.n_failed)) rc = EXIT_CELLS_FAILED;
    report_release(&r);
    return rc;
}

const struct cli_command cmd_report = {
    .name = "report",
    .arguments = "FOLDER",
    .summary = "tables of a results folder, from the stored samples alone",
    .details =
        "FOLDER is results/<name>. Needs neither models nor problem files;\n"
        "the same folder gives the same bytes. docs/RESULTS.md explains every\n"
        "column. Exit code 5: some cells lack samples or have failed ones.\n",
    .options = options,
    .record_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run_report,
};
