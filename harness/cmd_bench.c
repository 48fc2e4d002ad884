// `specsweep bench`: how fast one model evaluates, after llama-bench.
//
// Rows: prefill of -p tokens at once; decode of -n tokens one after the other;
// and a verification of several tokens in one call, as speculative decoding
// does it, with its cost against a call of one token at the same depth. Inside
// the window: pushing tokens, the forward pass, the logits row(s). Outside:
// loading, sampling, text. Tokens are seeded random ids; the hash of the last
// logits says whether two runs computed the same thing.

#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/engine.h"
#include "harness/stats.h"
#include "harness/table.h"
#include "harness/version.h"

#include <stddef.h>
#include <stdlib.h>

enum { MAX_VERIFY = 32, MAX_RUNS = 100 };

struct bench_options {
    const char *model, *isa;
    int n_prompt, n_decode, n_depth, n_threads, n_runs, format;
};

static const char *const formats[] = {"md", "csv", "json", NULL};

static const struct cli_option options[] = {
    {.name = "model",
     .short_name = 'm',
     .type = CLI_TEXT,
     .offset = offsetof(struct bench_options, model),
     .value_name = "FILE",
     .help = "GGUF file (needed)"},
    {.name = "prompt",
     .short_name = 'p',
     .type = CLI_INT,
     .min = 1,
     .max = 1 << 20,
     .default_value = "128",
     .value_name = "N",
     .offset = offsetof(struct bench_options, n_prompt),
     .help = "tokens of a prefill"},
    {.name = "decode",
     .short_name = 'n',
     .type = CLI_INT,
     .min = 1,
     .max = 1 << 20,
     .default_value = "128",
     .value_name = "N",
     .offset = offsetof(struct bench_options, n_decode),
     .help = "tokens decoded one after the other"},
    {.name = "depth",
     .short_name = 'd',
     .type = CLI_INT,
     .min = 0,
     .max = 1 << 20,
     .default_value = "0",
     .value_name = "N",
     .offset = offsetof(struct bench_options, n_depth),
     .help = "tokens in the cache before the clock starts"},
    {.name = "threads",
     .short_name = 't',
     .type = CLI_INT,
     .min = 1,
     .max = 256,
     .default_value = "1",
     .value_name = "N",
     .offset = offsetof(struct bench_options, n_threads),
     .help = "threads of the model"},
    {.name = "runs",
     .short_name = 'r',
     .type = CLI_INT,
     .min = 1,
     .max = MAX_RUNS,
     .default_value = "5",
     .value_name = "N",
     .offset = offsetof(struct bench_options, n_runs),
     .help = "counted runs of each row, after one warm-up"},
    {.name = "isa",
     .type = CLI_TEXT,
     .default_value = "auto",
     .offset = offsetof(struct bench_options, isa),
     .value_name = "NAME",
     .help = "auto, ref, avx2, avx512 or neon"},
    {.name = "output",
     .short_name = 'o',
     .type = CLI_CHOICE,
     .choices = formats,
     .default_value = "md",
     .offset = offsetof(struct bench_options, format),
     .value_name = "FORMAT",
     .help = "md, csv or json"},
    {.name = NULL},
};

static const struct table_column columns[] = {
    {.name = "test", .decimals = COLUMN_TEXT},
    {.name = "tokens"},
    {.name = "n"},
    {.name = "median_us", .decimals = 1},
    {.name = "min_us", .decimals = 1},
    {.name = "max_us", .decimals = 1},
    {.name = "tok_per_s"},
    {.name = "vs_one_token", .decimals = 2},
    {.name = "weights_gb_per_s", .decimals = 1},
    {.name = "kernels", .decimals = COLUMN_TEXT},
    {.name = "threads"},
    {.name = "logits_hash", .decimals = COLUMN_TEXT},
    {.name = NULL},
};

struct bench {
    const struct bench_options *o;
    struct lm *lm;
    struct lm_seq *seq;
    int32_t *tokens;   // [context] seeded random ids
    const float *last; // row of the newest logits
    double one_us;     // median of a call of one token
};

// Evaluate the next n tokens of the stream, asking for n_rows rows at the end.
static int advance(struct bench *b, int n, int n_rows, struct error *err) {
    int positions[MAX_VERIFY];
    const float *rows[MAX_VERIFY];
    int at = lm_n_tokens(b->seq);
    if (lm_push(b->seq, b->tokens + at, n, err)) return -1;
    for (int i = 0; i < n_rows; i++)
        positions[i] = at + n - n_rows + 1 + i;
    if (lm_rows(b->seq, positions, n_rows, rows, err)) return -1;
    b->last = rows[n_rows - 1];
    return 0;
}

// One run of a row: `calls` calls of n tokens at the depth; microseconds a call
// in *us.
static int one_run(struct bench *b, int n, int n_rows, int calls, double *us,
                   struct error *err) {
    lm_truncate(b->seq, 0);
    if (b->o->n_depth && advance(b, b->o->n_depth, 1, err)) return -1;
    int64_t start = clock_now_ns(NULL);
    for (int i = 0; i < calls; i++) {
        if (advance(b, n, n_rows, err)) return -1;
    }
    *us = (double)(clock_now_ns(NULL) - start) / 1e3 / calls;
    return 0;
}

static void add_row(struct bench *b, struct table *t, const char *test, int n,
                    const double *us) {
    const struct lm_facts *facts = lm_facts(b->lm);
    int n_runs = b->o->n_runs;
    double median = stats_quantile(us, n_runs, 0.5);
    char hash[HASH_HEX_SIZE];
    hash_bytes(b->last, (size_t)facts->n_vocab * sizeof(float), hash);
    table_add_row(t);
    table_set_text(t, "test", test);
    table_set_number(t, "tokens", n);
    table_set_number(t, "n", n_runs);
    table_set_number(t, "median_us", median);
    table_set_number(t, "min_us", stats_quantile(us, n_runs, 0));
    table_set_number(t, "max_us", stats_quantile(us, n_runs, 1));
    table_set_number(t, "tok_per_s", n * 1e6 / median);
    if (b->one_us > 0) table_set_number(t, "vs_one_token", median / b->one_us);
    table_set_number(t, "weights_gb_per_s",
                     (double)facts->weights_bytes / median / 1e3);
    table_set_text(t, "kernels", facts->kernels);
    table_set_number(t, "threads", b->o->n_threads);
    table_set_text(t, "logits_hash", hash);
}

// `calls` calls of n tokens each: a warm-up, then the counted runs.
static int bench_row(struct bench *b, struct table *t, const char *test, int n,
                     int n_rows, int calls, struct error *err) {
    double us[MAX_RUNS];
    if (one_run(b, n, n_rows, calls, us, err)) return -1;
    for (int i = 0; i < b->o->n_runs; i++) {
        if (one_run(b, n, n_rows, calls, &us[i], err)) return -1;
    }
    if (n == 1) b->one_us = stats_quantile(us, b->o->n_runs, 0.5);
    add_row(b, t, test, n, us);
    return 0;
}

static int bench_rows(struct bench *b, struct table *t, struct error *err) {
    static const int sizes[] = {2, 4, 6, 8, 16, MAX_VERIFY};
    const struct bench_options *o = b->o;
    if (bench_row(b, t, "decode", 1, 1, o->n_decode, err) ||
        bench_row(b, t, "prefill", o->n_prompt, 1, 1, err))
        return -1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int calls = o->n_decode / sizes[i];
        if (calls < 1) break;
        if (bench_row(b, t, "verify", sizes[i], sizes[i], calls, err))
            return -1;
    }
    return 0;
}

static int bench_open(struct bench *b, struct error *err) {
    const struct bench_options *o = b->o;
    int longest = o->n_prompt > o->n_decode ? o->n_prompt : o->n_decode;
    int n_ctx = o->n_depth + longest;
    b->lm = lm_native_open(o->model,
                           &(struct lm_native_options){
                               .isa = o->isa,
                               .n_threads = o->n_threads,
                               .n_ctx = n_ctx,
                               .n_seq = 1,
                               .n_rows = MAX_VERIFY + 2,
                           },
                           err);
    if (!b->lm || !(b->seq = lm_seq_new(b->lm, err))) return -1;
    b->tokens = xcalloc((size_t)n_ctx, sizeof *b->tokens);
    struct rng rng = rng_make(1, "bench", 0);
    uint64_t n_vocab = (uint64_t)lm_facts(b->lm)->n_vocab;
    for (int i = 0; i < n_ctx; i++)
        b->tokens[i] =
            (int32_t)rng_below(&rng, RNG_ORDER, (uint64_t)i, n_vocab);
    return 0;
}

static int run(const struct cli_call *call, struct error *err) {
    const struct bench_options *o = call->options;
    if (!o->model)
        return error_set(err, ERR_USAGE, "bench: --model FILE is needed");
    const struct table_writer *writer =
        table_writer_get(formats[o->format], err);
    if (!writer) return -1;
    struct bench b = {.o = o};
    struct table t;
    struct buf out;
    table_init(&t, "bench", "Speed of one model", columns);
    buf_init(&out);
    int status = bench_open(&b, err) || bench_rows(&b, &t, err) ? -1 : 0;
    if (status == 0) {
        writer->write(&t, &out);
        fwrite(out.text, 1, out.n_bytes, call->out);
    }
    buf_release(&out);
    table_release(&t);
    free(b.tokens);
    lm_seq_free(b.seq);
    lm_free(b.lm);
    return status;
}

const struct cli_command cmd_bench = {
    .name = "bench",
    .arguments = "",
    .summary = "measure the speed of one model on this machine",
    .details =
        "Every row states its median over --runs runs, with minimum and\n"
        "maximum. vs_one_token is the cost of the call in calls of one token:\n"
        "what a verification of that many drafted tokens costs.",
    .options = options,
    .record_bytes = sizeof(struct bench_options),
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
