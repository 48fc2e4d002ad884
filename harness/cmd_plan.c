// `specsweep plan CONFIG`: what a run would do, what it would take, and what it
// could show.
//
// Times, tokens and bytes are those of a few problems (plan_measure.h), taken
// as the mean of all. A run evaluates a prompt once per problem and cell at
// most, and a prompt counts among no tokens here. Mode throughput is calibrated
// one sample at a time, so its time is an upper bound.

#include "harness/commands.h"

#include "engine/base/buf.h"
#include "engine/base/memory.h"
#include "engine/engine.h"
#include "harness/config.h"
#include "harness/grader.h"
#include "harness/plan_measure.h"
#include "harness/plan_power.h"
#include "harness/progress.h"
#include "harness/sweep.h"
#include "harness/sweep_models.h"
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>

struct plan_options {
    struct cli_list sets;
    bool calibrate;
    int problems, format;
};

static const char *const formats[] = {"md", "csv", "json", NULL};

#define AT(field) offsetof(struct plan_options, field)
// clang-format off
static const struct cli_option options[] = {
    {.name = "set", .short_name = 's', .type = CLI_LIST, .offset = AT(sets),
     .value_name = "PATH=VALUE",
     .help = "override a key: settings.temperature=0, methods.2.threshold=5"},
    {.name = "calibrate", .type = CLI_FLAG, .offset = AT(calibrate),
     .default_value = "true", .help = "list the cells without timing them"},
    {.name = "problems", .short_name = 'n', .type = CLI_INT,
     .offset = AT(problems), .min = 1, .max = 1000, .default_value = "3",
     .value_name = "N", .help = "problems of each cell to time"},
    {.name = "output", .short_name = 'o', .type = CLI_CHOICE,
     .offset = AT(format), .choices = formats, .default_value = "md",
     .value_name = "FORMAT", .help = "form of the table"},
    {.name = NULL},
};
// clang-format on

// clang-format off
static const struct table_column columns[] = {
    {.name = "base", .decimals = COLUMN_TEXT},
    {.name = "draft", .decimals = COLUMN_TEXT},
    {.name = "dataset", .decimals = COLUMN_TEXT},
    {.name = "method", .decimals = COLUMN_TEXT},
    {.name = "threshold", .decimals = 1},
    {.name = "variant", .decimals = COLUMN_TEXT},
    {.name = "problems", .decimals = 0},
    {.name = "samples", .decimals = 0},
    {.name = "mean_ms", .decimals = 1},
    {.name = "kept_tokens", .decimals = 0},
    {.name = "total_s", .decimals = 1},
    {.name = "total_hours", .decimals = 4, .detail = true},
    {.name = "total_kept_tokens", .decimals = 0, .detail = true},
    {.name = "total_evaluated_tokens", .decimals = 0, .detail = true},
    {.name = "disk_mb", .decimals = 3},
    {.name = "min_detectable_diff", .decimals = 3},
    {.name = NULL},
};
// clang-format on

struct plan {
    const struct plan_options *options;
    struct config config;
    struct sweep sweep;
    struct sweep_models models;
    struct clock clock;
};

// Of a cell, or of all; NAN: not measured.
struct plan_total {
    double seconds, kept_tokens, evaluated_tokens, bytes;
};

// ---- table ----------------------------------------------------------------

static struct plan_total total_of(const struct plan *p, const struct cell *c,
                                  const struct plan_measure *m) {
    const struct top_config *top = &p->config.top;
    double n = p->sweep.sets[c->dataset].n, samples = n * top->samples;
    double ms = n * m->prompt_ms + samples * m->solve_ms;
    if (top->mode == MODE_LATENCY)
        ms += (double)top->warmup * (m->prompt_ms + m->solve_ms);
    return (struct plan_total){
        .seconds = ms / 1e3,
        .kept_tokens = samples * m->kept_tokens,
        .evaluated_tokens = samples * m->evaluated_tokens,
        .bytes = samples * m->line_bytes,
    };
}

static void add_total(struct plan_total *sum, const struct plan_total *t) {
    sum->seconds += t->seconds;
    sum->kept_tokens += t->kept_tokens;
    sum->evaluated_tokens += t->evaluated_tokens;
    sum->bytes += t->bytes;
}

// What plan_power.h speaks of: graded, and sampled (greedy samples of a problem
// are one and the same).
static bool has_power(const struct plan *p, const struct cell *c) {
    return p->config.datasets[c->dataset].grader != &grader_none &&
           c->settings.temperature > 0;
}

static void add_row(const struct plan *p, const struct cell *c,
                    const struct plan_measure *m, const struct plan_total *sum,
                    struct table *table) {
    const struct sweep *s = &p->sweep;
    double n = s->sets[c->dataset].n;
    double threshold = cell_has_threshold(c) ? c->settings.threshold : NAN;
    table_add_row(table);
    table_set_text(table, "base", cell_base_name(s, c));
    table_set_text(table, "draft", cell_draft_name(s, c));
    table_set_text(table, "dataset", cell_dataset_name(s, c));
    table_set_text(table, "method", c->label);
    table_set_setting(table, "threshold", threshold);
    table_set_text(table, "variant", c->variant);
    table_set_number(table, "problems", n);
    table_set_number(table, "samples", n * p->config.top.samples);
    table_set_number(table, "mean_ms", m->prompt_ms + m->solve_ms);
    table_set_number(table, "kept_tokens", m->kept_tokens);
    table_set_number(table, "total_s", sum->seconds);
    table_set_number(table, "total_hours", sum->seconds / 3600);
    table_set_number(table, "total_kept_tokens", sum->kept_tokens);
    table_set_number(table, "total_evaluated_tokens", sum->evaluated_tokens);
    table_set_number(table, "disk_mb", sum->bytes / 1e6);
    if (has_power(p, c))
        table_set_number(table, "min_detectable_diff",
                         plan_min_detectable((int)n, p->config.top.samples));
}

// ---- sums -----------------------------------------------------------------

static void print_totals(const struct plan *p, const struct plan_total *sum,
                         FILE *log) {
    const struct sweep *s = &p->sweep;
    char duration[24];
    fprintf(log, "%d cells, %lld samples", s->n_cells,
            (long long)sweep_n_samples(s));
    if (!isnan(sum->seconds)) {
        progress_duration(duration, sizeof duration, ceil(sum->seconds));
        fprintf(log, ", about %s%s%s, ", duration,
                p->models.is_virtual ? " of virtual time" : "",
                p->config.top.mode == MODE_THROUGHPUT ? " at most" : "");
        fprintf(log, "%.2f million tokens kept, %.2f evaluated, %.1f MB stored",
                sum->kept_tokens / 1e6, sum->evaluated_tokens / 1e6,
                sum->bytes / 1e6);
    }
    fputc('\n', log);
}

static void print_power_of(const struct plan *p, const char *names, int n,
                           FILE *log) {
    int k = p->config.top.samples;
    double diff = plan_min_detectable(n, k);
    if (diff < 1)
        fprintf(log,
                "%s: cannot see differences in accuracy of less than %.1f "
                "points (%d problems x %d samples, 80 %% power, samples "
                "independent, difficulty Beta(1/2, 1/2))\n",
                names, 100 * diff, n, k);
    else
        fprintf(log,
                "%s: cannot see any difference in accuracy (problems: %d, "
                "samples of each: %d)\n",
                names, n, k);
}

// A line for data sets of as many problems that follow each other.
static void print_power(const struct plan *p, FILE *log) {
    struct buf names;
    int dataset = -1, n = 0; // cells are in the order of the data sets
    buf_init(&names);
    for (int i = 0; i < p->sweep.n_cells; i++) {
        const struct cell *c = &p->sweep.cells[i];
        if (c->dataset == dataset || !has_power(p, c)) continue;
        dataset = c->dataset;
        if (names.n_bytes && p->sweep.sets[dataset].n != n) {
            print_power_of(p, names.text, n, log);
            buf_clear(&names);
        }
        n = p->sweep.sets[dataset].n;
        buf_addf(&names, "%s%s", names.n_bytes ? ", " : "",
                 p->config.datasets[dataset].name);
    }
    if (names.n_bytes) print_power_of(p, names.text, n, log);
    buf_release(&names);
}

static int print_plan(struct plan *p, const struct table_writer *writer,
                      FILE *out, FILE *log, struct error *err) {
    struct table table;
    struct buf text;
    struct plan_total sum = {0};
    int status = 0;
    buf_init(&text);
    table_init(&table, "plan", "Cells of the run", columns);
    for (int i = 0; i < p->sweep.n_cells && !status; i++) {
        const struct cell *c = &p->sweep.cells[i];
        struct plan_measure m = plan_not_measured;
        if (p->options->calibrate)
            status = plan_measure_cell(&p->sweep, &p->models, c, &p->clock,
                                       p->options->problems, &m, err);
        struct plan_total total = total_of(p, c, &m);
        add_row(p, c, &m, &total, &table);
        add_total(&sum, &total);
    }
    // The sums go to the log, so that a CSV on stdout stays one.
    if (!status) {
        writer->write(&table, &text);
        fwrite(text.text, 1, text.n_bytes, out);
        print_totals(p, &sum, log);
        print_power(p, log);
    }
    table_release(&table);
    buf_release(&text);
    return status;
}

static int run_plan(const struct cli_call *call, struct error *err) {
    const struct plan_options *o = call->options;
    struct plan p = {.options = o};
    const struct table_writer *writer =
        table_writer_get(formats[o->format], err);
    int status = -1;
    if (!writer ||
        config_load(&p.config, call->args[0], o->sets.items, o->sets.n, err))
        return -1;
    for (int i = 0; i < p.config.n_warnings; i++)
        fprintf(call->log, "specsweep: warning: %s\n", p.config.warnings[i]);
    if (sweep_open(&p.sweep, &p.config, err)) goto done;
    if (sweep_models_check_memory(&p.sweep, sweep_n_workers(&p.sweep),
                                  memory_available(), call->log, err))
        goto done;
    if (o->calibrate && sweep_models_open(&p.models, &p.sweep, 1, NULL, err))
        goto done;
    p.clock = sweep_clock(&p.models);
    status = print_plan(&p, writer, call->out, call->log, err);
done:
    sweep_models_close(&p.models);
    sweep_release(&p.sweep);
    config_release(&p.config);
    return status;
}

const struct cli_command cmd_plan = {
    .name = "plan",
    .arguments = "CONFIG",
    .summary = "the cells of an experiment, what they take and can show",
    .details =
        "Time, tokens and disk are estimated from a few problems of each "
        "cell.\n"
        "min_detectable_diff is the smallest difference in accuracy between\n"
        "two methods on the same problems that such a run finds in 80 % of\n"
        "cases, if only sampling makes them differ. docs/RESULTS.md explains\n"
        "every column.\n",
    .options = options,
    .record_bytes = sizeof(struct plan_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_plan,
};
