// `specsweep bench`: how fast models evaluate, after llama-bench. What the rows
// mean is in harness/bench.h.

#include "harness/commands.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/bench.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 1 << 20 };

struct bench_options {
    struct cli_list models;
    const char *prompts, *decodes, *batches, *verifies, *depths, *isa, *kv;
    int n_threads, n_runs, format;
};

static const char *const formats[] = {"md", "csv", "json", NULL};

#define AT(field) offsetof(struct bench_options, field)
// clang-format off
static const struct cli_option options[] = {
    {.name = "model", .short_name = 'm', .type = CLI_LIST, .offset = AT(models),
     .value_name = "FILE", .help = "GGUF file (needed; several may be given)"},
    {.name = "prompt", .short_name = 'p', .type = CLI_TEXT,
     .offset = AT(prompts), .default_value = "512", .value_name = "N,N,...",
     .help = "tokens of a prefill; 0: no such row"},
    {.name = "decode", .short_name = 'n', .type = CLI_TEXT,
     .offset = AT(decodes), .default_value = "128", .value_name = "N,N,...",
     .help = "tokens decoded one after the other"},
    {.name = "batch", .short_name = 'b', .type = CLI_TEXT,
     .offset = AT(batches), .default_value = "1", .value_name = "N,N,...",
     .help = "sequences decoded at once"},
    {.name = "verify", .short_name = 'v', .type = CLI_TEXT,
     .offset = AT(verifies), .default_value = "2,4,6,8,16,24,32",
     .value_name = "N,N,...",
     .help = "tokens verified in one call; 0: no such row"},
    {.name = "depth", .short_name = 'd', .type = CLI_TEXT, .offset = AT(depths),
     .default_value = "0", .value_name = "N,N,...",
     .help = "tokens in the cache before the clock starts"},
    {.name = "threads", .short_name = 't', .type = CLI_INT,
     .offset = AT(n_threads), .min = 1, .max = 256, .default_value = "1",
     .value_name = "N", .help = "threads of the model"},
    {.name = "runs", .short_name = 'r', .type = CLI_INT, .offset = AT(n_runs),
     .min = 1, .max = BENCH_MAX_RUNS, .default_value = "5", .value_name = "N",
     .help = "counted runs of each row, after one warm-up"},
    {.name = "isa", .type = CLI_TEXT, .offset = AT(isa),
     .default_value = "auto", .value_name = "NAME",
     .help = "auto, ref, avx2, avx512 or neon"},
    {.name = "kv", .type = CLI_TEXT, .offset = AT(kv), .default_value = "f32",
     .value_name = "TYPE", .help = "type of the KV cache: f32, f16 or q8_0"},
    {.name = "output", .short_name = 'o', .type = CLI_CHOICE,
     .offset = AT(format), .choices = formats, .default_value = "md",
     .value_name = "FORMAT", .help = "md, csv or json"},
    {.name = NULL},
};
// clang-format on

// "1,4,16", each in [0, max]; zeros below `min` are left out.
static int parse_list(const char *name, const char *text, int min, int max,
                      struct bench_list *list, struct error *err) {
    list->n = 0;
    for (const char *at = text;; at++) {
        char *end;
        long value = strtol(at, &end, 10);
        bool is_number = *at >= '0' && *at <= '9' && (!*end || *end == ',');
        if (!is_number || value < 0 || value > max)
            return error_set(err, ERR_USAGE,
                             "--%s %s: expected numbers of 0 to %d with commas "
                             "between them",
                             name, text, max);
        if (list->n == BENCH_LIST_MAX)
            return error_set(err, ERR_USAGE, "--%s %s: more than %d numbers",
                             name, text, BENCH_LIST_MAX);
        if (value >= min) list->values[list->n++] = (int)value;
        if (!*end) return 0;
        at = end;
    }
}

static int make_plan(const struct bench_options *o, struct bench_plan *p,
                     struct error *err) {
    *p = (struct bench_plan){
        .isa = o->isa, .kv = o->kv, .n_threads = o->n_threads, .n_runs = o->n_runs};
    if (parse_list("prompt", o->prompts, 1, TOKENS_MAX, &p->prompts, err) ||
        parse_list("decode", o->decodes, 1, TOKENS_MAX, &p->decodes, err) ||
        parse_list("batch", o->batches, 1, LM_SHARED_MAX, &p->batches, err) ||
        parse_list("verify", o->verifies, 1, BENCH_MAX_VERIFY, &p->verifies,
                   err) ||
        parse_list("depth", o->depths, 0, TOKENS_MAX, &p->depths, err))
        return -1;
    if (p->prompts.n + p->decodes.n + p->verifies.n == 0)
        return error_set(err, ERR_USAGE, "bench: nothing to measure");
    return 0;
}

static int run(const struct cli_call *call, struct error *err) {
    const struct bench_options *o = call->options;
    struct bench_machine machine = {.n_threads = 0};
    struct bench_plan plan;
    struct arena arena = {0};
    struct table t;
    struct buf out;
    if (o->models.n == 0)
        return error_set(err, ERR_USAGE, "bench: --model FILE is needed");
    const struct table_writer *writer =
        table_writer_get(formats[o->format], err);
    if (!writer || make_plan(o, &plan, err)) return -1;
    table_init(&t, "bench", "Speed", bench_columns);
    buf_init(&out);
    int status = 0;
    for (int i = 0; i < o->models.n && !status; i++)
        status = bench_model(o->models.items[i], &plan, &machine, &arena, &t,
                             call->log, err);
    if (!status) {
        t.title = bench_machine_line(&machine, &arena);
        if (o->format != 0) fprintf(call->log, "%s\n", t.title);
        writer->write(&t, &out);
        fwrite(out.text, 1, out.n_bytes, call->out);
    }
    buf_release(&out);
    table_release(&t);
    arena_release(&arena);
    return status;
}

const struct cli_command cmd_bench = {
    .name = "bench",
    .arguments = "",
    .summary = "measure the speed of models on this machine",
    .details =
        "Every row states its median over --runs runs, with minimum and\n"
        "maximum. vs_one_token is the cost of the call in calls of one token:\n"
        "what a verification of that many drafted tokens costs. Shares are of\n"
        "the read bandwidth and the arithmetic measured before, with the same\n"
        "threads. docs/RESULTS.md has the columns.",
    .options = options,
    .record_bytes = sizeof(struct bench_options),
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
