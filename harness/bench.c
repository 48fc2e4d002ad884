#include "harness/bench.h"

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/minmax.h"
#include "engine/base/rng.h"
#include "harness/bench_cost.h"
#include "harness/file_write.h"
#include "harness/stats/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Neighbours in a batch read the stream of tokens from different places.
enum { TOKEN_STRIDE = 7 };

struct bench {
    const struct bench_plan *plan;
    const struct bench_machine *machine;
    struct bench_cost cost;
    const char *name; // of the model
    struct lm *lm;
    struct lm_seq *seqs[LM_SHARED_MAX];
    int n_seqs;
    int32_t *tokens;   // seeded random ids
    int depth;         // tokens that all sequences hold
    const float *last; // row of the newest logits
    double one_us;     // median of a call of one token, this depth
    struct table *table;
};

// A row: n_calls calls, each of n_tokens tokens in each of n_seq sequences.
struct bench_test {
    const char *name;
    int n_seq, n_tokens, n_rows, n_calls; // n_rows of each sequence
};

// clang-format off
const struct table_column bench_columns[] = {
    {.name = "model", .decimals = COLUMN_TEXT},
    {.name = "test", .decimals = COLUMN_TEXT},
    {.name = "depth"},
    {.name = "batch"},
    {.name = "tokens"},
    {.name = "n"},
    {.name = "tok_per_s", .decimals = 1},
    {.name = "min_tok_per_s", .decimals = 1},
    {.name = "max_tok_per_s", .decimals = 1},
    {.name = "call_us", .decimals = 1},
    {.name = "vs_one_token", .decimals = 2},
    {.name = "mb_per_token", .decimals = 2},
    {.name = "bandwidth_pct", .decimals = 1},
    {.name = "peak_pct", .decimals = 1},
    {.name = "weights_bytes", .detail = true},
    {.name = "kv_bytes", .detail = true},
    {.name = "kv_token_bytes", .detail = true},
    {.name = "read_gb_per_s", .decimals = 2, .detail = true},
    {.name = "int8_gop_per_s", .decimals = 1, .detail = true},
    {.name = "f32_gop_per_s", .decimals = 1, .detail = true},
    {.name = "hand_off_us", .decimals = 2, .detail = true},
    {.name = "kernels", .decimals = COLUMN_TEXT, .detail = true},
    {.name = "threads", .detail = true},
    {.name = "cpu", .decimals = COLUMN_TEXT, .detail = true},
    {.name = "cpu_flags", .decimals = COLUMN_TEXT, .detail = true},
    {.name = "governor", .decimals = COLUMN_TEXT, .detail = true},
    {.name = "logits_hash", .decimals = COLUMN_TEXT},
    {.name = NULL},
};
// clang-format on

// ---- timing -----------------------------------------------------------------

// Logits after the last n_rows tokens of the first sequence.
static int last_rows(struct bench *b, int n_rows, struct error *err) {
    int positions[BENCH_MAX_VERIFY], end = lm_n_tokens(b->seqs[0]);
    const float *rows[BENCH_MAX_VERIFY];
    for (int i = 0; i < n_rows; i++)
        positions[i] = end - n_rows + 1 + i;
    if (lm_rows(b->seqs[0], positions, n_rows, rows, err)) return -1;
    b->last = rows[n_rows - 1];
    return 0;
}

static int push(struct bench *b, int i, int n, struct error *err) {
    struct lm_seq *s = b->seqs[i];
    return lm_push(s, b->tokens + i * TOKEN_STRIDE + lm_n_tokens(s), n, err);
}

static int one_call(struct bench *b, const struct bench_test *test,
                    struct error *err) {
    const float *rows[LM_SHARED_MAX];
    for (int i = 0; i < test->n_seq; i++) {
        if (push(b, i, test->n_tokens, err)) return -1;
    }
    if (test->n_seq == 1) return last_rows(b, test->n_rows, err);
    if (lm_rows_shared(b->seqs, test->n_seq, rows, err)) return -1;
    b->last = rows[test->n_seq - 1];
    return 0;
}

// One run; microseconds a call in *us.
static int one_run(struct bench *b, const struct bench_test *test, double *us,
                   struct error *err) {
    for (int i = 0; i < test->n_seq; i++)
        lm_truncate(b->seqs[i], b->depth);
    int64_t start = clock_now_ns(NULL);
    for (int i = 0; i < test->n_calls; i++) {
        if (one_call(b, test, err)) return -1;
    }
    *us = (double)(clock_now_ns(NULL) - start) / 1e3 / test->n_calls;
    return 0;
}

// A warm-up, then the counted runs: us[n_runs].
static int all_runs(struct bench *b, const struct bench_test *test, double *us,
                    struct error *err) {
    if (one_run(b, test, us, err)) return -1;
    for (int i = 0; i < b->plan->n_runs; i++) {
        if (one_run(b, test, &us[i], err)) return -1;
    }
    return 0;
}

// All sequences hold `depth` tokens afterwards, each its own.
static int set_depth(struct bench *b, int depth, struct error *err) {
    for (int i = 0; i < b->n_seqs; i++) {
        lm_truncate(b->seqs[i], 0);
        if (push(b, i, depth, err) || lm_prefill(b->seqs[i], err)) return -1;
    }
    b->depth = depth;
    b->one_us = NAN;
    return 0;
}

// ---- rows -------------------------------------------------------------------

static void set_machine(struct bench *b) {
    struct table *t = b->table;
    const struct bench_machine *m = b->machine;
    table_set_number(t, "read_gb_per_s", m->peaks.read_bytes_per_s / 1e9);
    if (m->peaks.int8_ops_per_s > 0)
        table_set_number(t, "int8_gop_per_s", m->peaks.int8_ops_per_s / 1e9);
    table_set_number(t, "f32_gop_per_s", m->peaks.f32_ops_per_s / 1e9);
    table_set_number(t, "hand_off_us", m->peaks.hand_off_s * 1e6);
    table_set_text(t, "kernels", m->kernels);
    table_set_number(t, "threads", m->n_threads);
    table_set_text(t, "cpu", m->cpu);
    table_set_text(t, "cpu_flags", m->flags);
    table_set_text(t, "governor", m->governor);
}

static void set_shares(struct bench *b, const struct bench_test *test,
                       double us) {
    const struct kern_peaks *p = &b->machine->peaks;
    struct bench_call call = {
        .n_seq = test->n_seq,
        .n_tokens = test->n_tokens,
        .n_rows = test->n_seq * test->n_rows,
        .context = b->depth + (test->n_calls * test->n_tokens + 1) / 2.0,
    };
    double bytes = bench_cost_bytes(&b->cost, &call), peak = p->f32_ops_per_s;
    if (b->cost.is_int8) peak = p->int8_ops_per_s;
    table_set_number(b->table, "mb_per_token",
                     bytes / 1e6 / (test->n_seq * test->n_tokens));
    table_set_number(b->table, "bandwidth_pct",
                     100 * bytes / (us / 1e6) / p->read_bytes_per_s);
    if (peak > 0)
        table_set_number(b->table, "peak_pct",
                         100 * bench_cost_ops(&b->cost, &call) / (us / 1e6) /
                             peak);
}

static void add_row(struct bench *b, const struct bench_test *test,
                    const double *us) {
    const struct lm_facts *facts = lm_facts(b->lm);
    struct table *t = b->table;
    int n = b->plan->n_runs, n_tokens = test->n_seq * test->n_tokens;
    double median = stats_quantile(us, n, 0.5);
    char hash[HASH_HEX_SIZE];
    hash_bytes(b->last, (size_t)facts->n_vocab * sizeof(float), hash);
    table_add_row(t);
    table_set_text(t, "model", b->name);
    table_set_text(t, "test", test->name);
    table_set_number(t, "depth", b->depth);
    table_set_number(t, "batch", test->n_seq);
    table_set_number(t, "tokens", test->n_tokens);
    table_set_number(t, "n", n);
    table_set_number(t, "tok_per_s", n_tokens * 1e6 / median);
    table_set_number(t, "min_tok_per_s",
                     n_tokens * 1e6 / stats_quantile(us, n, 1));
    table_set_number(t, "max_tok_per_s",
                     n_tokens * 1e6 / stats_quantile(us, n, 0));
    table_set_number(t, "call_us", median);
    table_set_number(t, "vs_one_token", median / b->one_us);
    set_shares(b, test, median);
    table_set_number(t, "weights_bytes", (double)facts->weights_bytes);
    table_set_number(t, "kv_bytes", (double)facts->kv_bytes);
    table_set_number(t, "kv_token_bytes", (double)facts->kv_token_bytes);
    set_machine(b);
    table_set_text(t, "logits_hash", hash);
}

static int bench_row(struct bench *b, const struct bench_test *test,
                     struct error *err) {
    double us[BENCH_MAX_RUNS];
    if (all_runs(b, test, us, err)) return -1;
    if (test->n_seq == 1 && test->n_tokens == 1 && isnan(b->one_us))
        b->one_us = stats_quantile(us, b->plan->n_runs, 0.5);
    add_row(b, test, us);
    return 0;
}

static int bench_decodes(struct bench *b, int n_tokens, struct error *err) {
    const struct bench_list *batches = &b->plan->batches;
    for (int i = 0; i < batches->n; i++) {
        struct bench_test test = {.name = "decode",
                                  .n_seq = batches->values[i],
                                  .n_tokens = 1,
                                  .n_rows = 1,
                                  .n_calls = n_tokens};
        if (bench_row(b, &test, err)) return -1;
    }
    return 0;
}

// The cost of one token, where no row has measured it.
static int time_one_token(struct bench *b, int n_tokens, struct error *err) {
    double us[BENCH_MAX_RUNS];
    struct bench_test test = {.n_seq = 1,
                              .n_tokens = 1,
                              .n_rows = 1,
                              .n_calls = n_tokens > 1 ? n_tokens : 1};
    if (all_runs(b, &test, us, err)) return -1;
    b->one_us = stats_quantile(us, b->plan->n_runs, 0.5);
    return 0;
}

// As many tokens as the longest decode, so that the contexts are equal.
static int bench_verifies(struct bench *b, int n_tokens, struct error *err) {
    const struct bench_list *sizes = &b->plan->verifies;
    if (sizes->n && isnan(b->one_us) && time_one_token(b, n_tokens, err))
        return -1;
    for (int i = 0; i < sizes->n; i++) {
        int n = sizes->values[i];
        struct bench_test test = {.name = "verify",
                                  .n_seq = 1,
                                  .n_tokens = n,
                                  .n_rows = n,
                                  .n_calls = n_tokens > n ? n_tokens / n : 1};
        if (bench_row(b, &test, err)) return -1;
    }
    return 0;
}

static int list_max(const struct bench_list *l) {
    int max = 0;
    for (int i = 0; i < l->n; i++)
        if (l->values[i] > max) max = l->values[i];
    return max;
}

static int bench_depth(struct bench *b, int depth, struct error *err) {
    const struct bench_plan *p = b->plan;
    if (set_depth(b, depth, err)) return -1;
    for (int i = 0; i < p->decodes.n; i++) {
        if (bench_decodes(b, p->decodes.values[i], err)) return -1;
    }
    for (int i = 0; i < p->prompts.n; i++) {
        struct bench_test test = {.name = "prefill",
                                  .n_seq = 1,
                                  .n_tokens = p->prompts.values[i],
                                  .n_rows = 1,
                                  .n_calls = 1};
        if (bench_row(b, &test, err)) return -1;
    }
    return bench_verifies(b, list_max(&p->decodes), err);
}

// ---- opening ----------------------------------------------------------------

static int context_of(const struct bench_plan *p) {
    int longest = max_int(list_max(&p->prompts), list_max(&p->decodes));
    return list_max(&p->depths) + max_int(longest, list_max(&p->verifies));
}

static void say_memory(const struct bench *b, FILE *log) {
    const struct lm_facts *f = lm_facts(b->lm);
    fprintf(log,
            "%s: %zu bytes of weights, %zu bytes of KV cache (%s, %zu a "
            "token, %d x %d tokens)\n",
            b->name, f->weights_bytes, f->kv_bytes, f->kv, f->kv_token_bytes,
            b->n_seqs, f->n_ctx);
}

static int open_model(struct bench *b, const char *path, FILE *log,
                      struct error *err) {
    const struct bench_plan *p = b->plan;
    int n_ctx = context_of(p), n_seqs = max_int(1, list_max(&p->batches));
    struct lm_native_options options = {
        .isa = p->isa,
        .kv = p->kv,
        .n_threads = p->n_threads,
        .n_ctx = n_ctx,
        .n_seq = n_seqs,
        .n_rows = max_int(1, list_max(&p->verifies)) + 1,
    };
    if (bench_cost_read(path, &b->cost, err)) return -1;
    b->lm = lm_native_open(path, &options, err);
    if (!b->lm) return -1;
    b->cost.kv_token_bytes = (double)lm_facts(b->lm)->kv_token_bytes;
    b->n_seqs = n_seqs;
    say_memory(b, log);
    for (int i = 0; i < n_seqs; i++) {
        if (!(b->seqs[i] = lm_seq_new(b->lm, err))) return -1;
    }
    int n_tokens = n_ctx + n_seqs * TOKEN_STRIDE;
    b->tokens = xcalloc((size_t)n_tokens, sizeof *b->tokens);
    struct rng rng = rng_make(1, "bench", 0);
    uint64_t n_vocab = (uint64_t)lm_facts(b->lm)->n_vocab;
    for (int i = 0; i < n_tokens; i++)
        b->tokens[i] =
            (int32_t)rng_below(&rng, RNG_ORDER, (uint64_t)i, n_vocab);
    return 0;
}

static void close_model(struct bench *b) {
    free(b->tokens);
    for (int i = 0; i < b->n_seqs; i++)
        lm_seq_free(b->seqs[i]);
    lm_free(b->lm);
}

// File name without folder and extension.
static const char *name_of(const char *path, struct arena *a) {
    const char *name = file_base_name(path);
    size_t n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, ".gguf") == 0) n -= 5;
    return arena_strndup(a, name, n);
}

int bench_model(const char *path, const struct bench_plan *plan,
                struct bench_machine *machine, struct arena *a, struct table *t,
                FILE *log, struct error *err) {
    struct bench b = {
        .plan = plan, .machine = machine, .name = name_of(path, a), .table = t};
    int status = open_model(&b, path, log, err);
    if (!status && machine->n_threads == 0)
        status = bench_machine_measure(machine, lm_facts(b.lm)->kernels,
                                       plan->n_threads, a, err);
    for (int i = 0; i < plan->depths.n && !status; i++)
        status = bench_depth(&b, plan->depths.values[i], err);
    close_model(&b);
    return status;
}
