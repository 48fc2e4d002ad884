#include "harness/bench.h"

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "harness/bench_cost.h"
#include "harness/file_write.h"
#include "harness/synth_file.h"
#include "tests/helper_dir.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// A tiny model of type q8_0 in a folder of its own.
static char *dir, *path;

static void write_model(void) {
    FILE *out = fopen("/dev/null", "w");
    struct synth_options o = {.seed = 1, .n_ctx = 128};
    while (strcmp(synth_shape_names[o.shape], "tiny") != 0)
        o.shape++;
    while (strcmp(synth_type_names[o.type], "q8_0") != 0)
        o.type++;
    dir = helper_dir_new();
    path = helper_path(dir, "tiny.gguf");
    cr_assert_eq(synth_file_write(path, &o, out, NULL), 0);
    fclose(out);
}

static void remove_model(void) {
    free(path);
    helper_dir_free(dir);
}

TestSuite(bench, .init = write_model, .fini = remove_model, .timeout = 60);

// Peaks of 1 GB/s and 1 GOP/s, so that shares can be checked.
static struct bench_machine machine_of(void) {
    return (struct bench_machine){.cpu = "CPU",
                                  .flags = "flag",
                                  .governor = "",
                                  .kernels = "ref",
                                  .n_threads = 1,
                                  .peaks = {.read_bytes_per_s = 1e9,
                                            .int8_ops_per_s = 1e9,
                                            .f32_ops_per_s = 1e9}};
}

static struct bench_list list(int a, int b) {
    return (struct bench_list){.values = {a, b}, .n = b ? 2 : a ? 1 : 0};
}

static int run_plan(const struct bench_plan *p, struct table *t,
                    struct arena *a, struct error *err) {
    struct bench_machine machine = machine_of();
    FILE *log = fopen("/dev/null", "w");
    table_init(t, "bench", "Speed", bench_columns);
    int status = bench_model(path, p, &machine, a, t, log, err);
    fclose(log);
    return status;
}

static const char *cell(const struct table *t, int row, const char *column) {
    for (int i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].name, column) == 0)
            return table_cell(t, row, i);
    cr_assert(0, "no column %s", column);
    return NULL;
}

static double number(const struct table *t, int row, const char *column) {
    const char *text = cell(t, row, column);
    return text ? atof(text) : (double)NAN;
}

Test(bench, rows_are_those_of_the_plan) {
    static const char *const expected[] = {
        "decode 0 1 1",  "decode 0 3 1",  "prefill 0 1 40", "verify 0 1 2",
        "verify 0 1 8",  "decode 16 1 1", "decode 16 3 1",  "prefill 16 1 40",
        "verify 16 1 2", "verify 16 1 8"};
    const struct bench_plan plan = {.isa = "auto",
                                    .n_threads = 1,
                                    .n_runs = 2,
                                    .prompts = list(40, 0),
                                    .decodes = list(16, 0),
                                    .batches = list(1, 3),
                                    .verifies = list(2, 8),
                                    .depths = {.values = {0, 16}, .n = 2}};
    struct arena a = {0};
    struct table t;
    struct error err = {0};
    cr_assert_eq(run_plan(&plan, &t, &a, &err), 0, "%s", err.text);
    cr_assert_eq(t.n_rows, 10);
    for (int i = 0; i < t.n_rows; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s %s %s %s", cell(&t, i, "test"),
                 cell(&t, i, "depth"), cell(&t, i, "batch"),
                 cell(&t, i, "tokens"));
        cr_expect_str_eq(text, expected[i]);
        cr_expect_str_eq(cell(&t, i, "model"), "tiny");
        cr_expect_leq(number(&t, i, "min_tok_per_s"),
                      number(&t, i, "tok_per_s"));
        cr_expect_geq(number(&t, i, "max_tok_per_s"),
                      number(&t, i, "tok_per_s"));
    }
    table_release(&t);
    arena_release(&a);
}

// The same 16 tokens: one by one, in calls of 2 and of 8, and as a prompt.
Test(bench, the_last_logits_do_not_depend_on_the_calls) {
    const struct bench_plan plan = {.isa = "auto",
                                    .n_threads = 2,
                                    .n_runs = 1,
                                    .prompts = list(16, 0),
                                    .decodes = list(16, 0),
                                    .batches = list(1, 0),
                                    .verifies = list(2, 8),
                                    .depths = {.values = {0}, .n = 1}};
    struct arena a = {0};
    struct table t;
    cr_assert_eq(run_plan(&plan, &t, &a, NULL), 0);
    for (int i = 1; i < t.n_rows; i++)
        cr_expect_str_eq(cell(&t, i, "logits_hash"), cell(&t, 0, "logits_hash"),
                         "row %d", i);
    table_release(&t);
    arena_release(&a);
}

// 16 tokens after 16 that were there: what a prompt of 32 gives.
Test(bench, the_depth_is_in_the_cache) {
    const struct bench_plan plan = {.isa = "auto",
                                    .n_threads = 1,
                                    .n_runs = 1,
                                    .prompts = list(32, 16),
                                    .decodes = list(16, 0),
                                    .batches = list(1, 0),
                                    .depths = {.values = {0, 16}, .n = 2}};
    struct arena a = {0};
    struct table t;
    cr_assert_eq(run_plan(&plan, &t, &a, NULL), 0);
    cr_assert_eq(t.n_rows, 6); // decode 16, prefill 32 and 16, at each depth
    const char *all = cell(&t, 1, "logits_hash");
    cr_expect_str_neq(cell(&t, 0, "logits_hash"), all);
    cr_expect_str_eq(cell(&t, 3, "logits_hash"), all);
    cr_expect_str_eq(cell(&t, 5, "logits_hash"), all);
    table_release(&t);
    arena_release(&a);
}

Test(bench, shares_follow_from_bytes_operations_and_time) {
    const struct bench_plan plan = {.isa = "auto",
                                    .n_threads = 1,
                                    .n_runs = 1,
                                    .decodes = list(10, 0),
                                    .batches = list(2, 0),
                                    .verifies = list(4, 0),
                                    .depths = {.values = {32}, .n = 1}};
    struct arena a = {0};
    struct table t;
    cr_assert_eq(run_plan(&plan, &t, &a, NULL), 0);
    cr_assert_eq(t.n_rows, 2);
    // tiny: 2 layers of q 256, k 128, v 128, o 256, and 3 x 512 rows of 256.
    double params = 2.0 * 256 * (256 + 128 + 128 + 256 + 3 * 512);
    double output = 1024.0 * 256;
    double weights = number(&t, 0, "weights_bytes");
    double kv = number(&t, 0, "kv_token_bytes");
    cr_expect_geq(kv, 2.0 * 2 * 128); // layers, keys and values
    double context = 32 + 5.5, seconds = number(&t, 0, "call_us") / 1e6;
    cr_expect_float_eq(number(&t, 0, "mb_per_token"),
                       (weights + 2 * kv * context) / 2e6, 0.006);
    double share = 100 * (weights + 2 * kv * context) / seconds / 1e9;
    cr_expect_float_eq(number(&t, 0, "bandwidth_pct"), share, share / 100);
    double ops = 2 * (2 * params + 2 * output) + 4.0 * 2 * 512 * context;
    share = 100 * ops / seconds / 1e9;
    cr_expect_float_eq(number(&t, 0, "peak_pct"), share, share / 100);
    // No row has one token; its time is measured all the same.
    cr_expect(number(&t, 1, "vs_one_token") > 0);
    table_release(&t);
    arena_release(&a);
}

// Weights are read once per call, an embedding only where it is the output.
Test(bench, an_untied_embedding_is_not_read) {
    static const float values[8 * 32];
    char *file = helper_path(dir, "untied.gguf");
    for (int is_tied = 0; is_tied < 2; is_tied++) {
        struct helper_gguf g;
        struct bench_cost cost;
        helper_gguf_init(&g);
        helper_gguf_tensor(&g, "token_embd.weight", 8, 8, 32, values);
        helper_gguf_tensor(&g, "blk.0.attn_q.weight", 0, 4, 32, values);
        if (!is_tied) helper_gguf_tensor(&g, "output.weight", 8, 8, 32, values);
        size_t n_bytes;
        char *bytes = helper_gguf_finish(&g, &n_bytes);
        cr_assert_eq(file_write_atomic(file, bytes, n_bytes, NULL), 0);
        free(bytes);
        helper_gguf_release(&g);
        cr_assert_eq(bench_cost_read(file, &cost, NULL), 0);
        cr_expect_float_eq(cost.weight_bytes, 8 * 34 + 4 * 32 * 4, 0.1);
        cr_expect_float_eq(cost.output_params, 8 * 32, 0.1);
        cr_expect_float_eq(cost.layer_params, 4 * 32, 0.1);
        cr_expect_float_eq(cost.attention_dim, 4, 0.1);
        cr_expect_not(cost.is_int8);
    }
    free(file);
}

// What a batch of several sequences gives is what each gives alone.
Test(bench, sequences_in_one_batch_do_not_see_each_other) {
    enum { N = 5 };
    const struct lm_native_options options = {
        .isa = "auto", .n_threads = 2, .n_ctx = 64, .n_seq = N, .n_rows = 2};
    struct lm *lm = lm_native_open(path, &options, NULL);
    struct lm_seq *seqs[N];
    const float *rows[N], *alone;
    size_t row_bytes = (size_t)lm_facts(lm)->n_vocab * sizeof(float);
    for (int i = 0; i < N; i++) {
        seqs[i] = lm_seq_new(lm, NULL);
        for (int32_t t = 0; t <= i; t++) { // of different lengths
            int32_t token = 10 * i + t;
            cr_assert_eq(lm_push(seqs[i], &token, 1, NULL), 0);
        }
    }
    cr_assert_eq(lm_rows_shared(seqs, N, rows, NULL), 0);
    for (int i = 0; i < N; i++) {
        char before[HASH_HEX_SIZE], after[HASH_HEX_SIZE];
        int position = lm_n_tokens(seqs[i]);
        int32_t last = lm_tokens(seqs[i])[position - 1];
        cr_expect_eq(lm_work(seqs[i]).n_calls, 1);
        cr_expect_eq(lm_work(seqs[i]).n_tokens, i + 1);
        hash_bytes(rows[i], row_bytes, before);
        lm_truncate(seqs[i], position - 1);
        cr_assert_eq(lm_push(seqs[i], &last, 1, NULL), 0);
        cr_assert_eq(lm_rows(seqs[i], &position, 1, &alone, NULL), 0);
        hash_bytes(alone, row_bytes, after);
        cr_expect_str_eq(before, after, "sequence %d", i);
        lm_seq_free(seqs[i]);
    }
    lm_free(lm);
}

Test(bench, a_context_beyond_the_model_is_refused) {
    const struct bench_plan plan = {.isa = "auto",
                                    .n_threads = 1,
                                    .n_runs = 1,
                                    .decodes = list(16, 0),
                                    .batches = list(1, 0),
                                    .depths = {.values = {120}, .n = 1}};
    struct arena a = {0};
    struct table t;
    struct error err = {0};
    cr_expect_eq(run_plan(&plan, &t, &a, &err), -1);
    cr_expect(strstr(err.text, "tiny.gguf"), "%s", err.text);
    cr_expect(strstr(err.text, "136"), "%s", err.text);
    table_release(&t);
    arena_release(&a);
}
