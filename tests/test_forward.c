// Batch invariance: the logits of a token are the same bits whether it was
// evaluated alone or with others, beside other sequences, by any number of
// threads and at any instruction set; after forks and truncations too.

#include "engine/model/forward.h"

#include "engine/base/error.h"
#include "engine/base/pool.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 75, SEQS = 3, CTX = 128 };

static const struct helper_model models[] = {
    {.arch = "llama", .type = 0, .has_rope_factors = true, .seed = 1},
    {.arch = "qwen2", .type = 1, .is_tied = true, .n_head_kv = 1, .seed = 2},
    {.arch = "qwen3",
     .type = 8,
     .head_dim = 32,
     .n_head = 3,
     .n_head_kv = 3,
     .seed = 3},
    {.arch = "qwen3",
     .type = 30,
     .head_dim = 20,
     .n_embd = 72,
     .n_ff = 100,
     .is_tied = true,
     .seed = 4},
};
enum { N_MODELS = sizeof models / sizeof *models };
static const enum kern_type cache_types[N_MODELS] = {KERN_F32, KERN_F16,
                                                     KERN_Q8_0, KERN_F16};
static enum kern_type cache_type; // of the model that was written last

// An evaluator of one model with one way of cutting the work.
struct rig {
    struct pool *pool;
    struct model *m;
    struct kv *kv;
    struct forward *f;
    struct kv_seq seq[SEQS];
    int n_vocab;
};

static void rig_open(struct rig *r, const char *path, enum kern_isa isa,
                     int n_threads, int max_batch, bool blas) {
    struct error err = {0};
    const struct kernels *k = kern_get(isa, &err);
    cr_assert_not_null(k, "%s", err.text);
    r->pool = pool_new(n_threads);
    r->m = model_open(path, r->pool, &err);
    cr_assert_not_null(r->m, "%s", err.text);
    const struct model_shape *s = &r->m->shape;
    r->n_vocab = s->n_vocab;
    r->kv = kv_new(&(struct kv_shape){.n_layer = s->n_layer,
                                      .n_head_kv = s->n_head_kv,
                                      .head_dim = s->head_dim,
                                      .n_ctx = CTX,
                                      .n_seq = SEQS,
                                      .type = cache_type},
                   &err);
    r->f = forward_new(r->m,
                       &(struct forward_options){.kernels = k,
                                                 .pool = r->pool,
                                                 .kv = r->kv,
                                                 .n_ctx = CTX,
                                                 .max_batch = max_batch,
                                                 .min_work = 1,
                                                 .prefill_blas = blas},
                       &err);
    cr_assert_not_null(r->f, "%s", err.text);
    for (int i = 0; i < SEQS; i++)
        kv_seq_init(r->kv, &r->seq[i], &err);
}

static void rig_close(struct rig *r) {
    for (int i = 0; i < SEQS; i++)
        kv_seq_release(r->kv, &r->seq[i]);
    cr_assert_eq(kv_n_used_pages(r->kv), 0);
    forward_free(r->f);
    kv_free(r->kv);
    model_free(r->m);
    pool_free(r->pool);
}

static int32_t token_at(int seq, int i) {
    return (int32_t)((i * 37 + seq * 11 + i * i) % 250);
}

// Evaluate the next n tokens of sequence `seq`, all rows into out.
static struct forward_item item_of(struct rig *r, int seq, int n,
                                   int32_t *tokens, int *rows, float **to,
                                   float *out) {
    int at = r->seq[seq].n_tokens;
    for (int i = 0; i < n; i++) {
        tokens[i] = token_at(seq, at + i);
        rows[i] = i;
        to[i] = out + (size_t)(at + i) * (size_t)r->n_vocab;
    }
    return (struct forward_item){.seq = &r->seq[seq],
                                 .tokens = tokens,
                                 .n_tokens = n,
                                 .rows = rows,
                                 .n_rows = n,
                                 .logits = to};
}

static void step(struct rig *r, int seq, int n, float *out) {
    int32_t tokens[N];
    int rows[N];
    float *to[N];
    struct error err = {0};
    struct forward_item item = item_of(r, seq, n, tokens, rows, to, out);
    cr_assert_eq(forward_run(r->f, &item, 1, &err), 0, "%s", err.text);
}

static float *rows_of(const struct rig *r) {
    return calloc((size_t)N * (size_t)r->n_vocab, sizeof(float));
}

// The definition: plain C, one thread, one token at a time.
static float *baseline(const char *path, int *n_vocab) {
    struct rig r = {0};
    rig_open(&r, path, KERN_REF, 1, 1, false);
    float *out = rows_of(&r);
    for (int i = 0; i < N; i++)
        step(&r, 0, 1, out);
    *n_vocab = r.n_vocab;
    rig_close(&r);
    return out;
}

static void same_bits(const float *a, const float *b, int n_vocab,
                      const char *what, int model) {
    for (int t = 0; t < N; t++)
        cr_assert_arr_eq(a + (size_t)t * (size_t)n_vocab,
                         b + (size_t)t * (size_t)n_vocab,
                         (size_t)n_vocab * sizeof(float),
                         "model %d, token %d: %s", model, t, what);
}

static void write_model(char *path, int i) {
    strcpy(path, "/tmp/specsweep-forward-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    helper_write_model(path, &models[i]);
    cache_type = cache_types[i];
}

static void check_cut(const char *path, const float *want, int model,
                      enum kern_isa isa, int n_threads, int max_batch) {
    static const int cuts[] = {N, 1, 5, 2, 8, 3, 31, 33};
    struct rig r = {0};
    rig_open(&r, path, isa, n_threads, max_batch, false);
    float *got = rows_of(&r);
    for (size_t c = 0; r.seq[0].n_tokens < N; c = (c + 1) % 8) {
        int left = N - r.seq[0].n_tokens;
        int n = c == 0 && left < N ? 1 : cuts[c];
        step(&r, 0, n < left ? n : left, got);
    }
    same_bits(got, want, r.n_vocab, "one batch", model);
    kv_truncate(r.kv, &r.seq[0], 0);
    memset(got, 0, (size_t)N * (size_t)r.n_vocab * sizeof(float));
    for (size_t c = 1; r.seq[0].n_tokens < N; c = c % 7 + 1) {
        int left = N - r.seq[0].n_tokens;
        step(&r, 0, cuts[c] < left ? cuts[c] : left, got);
    }
    same_bits(got, want, r.n_vocab, "cut in pieces", model);
    free(got);
    rig_close(&r);
}

Test(forward, same_bits_for_any_batch_threads_and_isa, .timeout = 120) {
    static const enum kern_isa isas[] = {KERN_REF, KERN_AVX2, KERN_AVX512,
                                         KERN_NEON};
    for (int i = 0; i < N_MODELS; i++) {
        char path[64];
        int n_vocab;
        write_model(path, i);
        float *want = baseline(path, &n_vocab);
        for (size_t k = 0; k < sizeof isas / sizeof *isas; k++) {
            if (!kern_get(isas[k], NULL)) continue;
            check_cut(path, want, i, isas[k], 1, 256);
            check_cut(path, want, i, isas[k], 2, 7);
        }
        free(want);
        unlink(path);
    }
}

Test(forward, does_not_see_its_neighbours, .timeout = 60) {
    for (int i = 0; i < N_MODELS; i++) {
        char path[64];
        int n_vocab, n = 0;
        write_model(path, i);
        float *want = baseline(path, &n_vocab);
        struct rig r = {0};
        rig_open(&r, path, KERN_AUTO, 3, 11, false);
        float *got = rows_of(&r), *other = rows_of(&r), *third = rows_of(&r);
        step(&r, 1, 9, other); // others are elsewhere in their texts
        while (n < N - 4) {
            int32_t tokens[3][8];
            int rows[3][8];
            float *to[3][8];
            struct error err = {0};
            struct forward_item items[3] = {
                item_of(&r, 1, 1, tokens[0], rows[0], to[0], other),
                item_of(&r, 0, 4, tokens[1], rows[1], to[1], got),
                item_of(&r, 2, 2, tokens[2], rows[2], to[2], third),
            };
            cr_assert_eq(forward_run(r.f, items, 3, &err), 0, "%s", err.text);
            n += 4;
        }
        step(&r, 0, N - n, got);
        same_bits(got, want, n_vocab, "beside others", i);
        free(got);
        free(other);
        free(third);
        rig_close(&r);
        free(want);
        unlink(path);
    }
}

Test(forward, forks_and_truncations_leave_no_trace) {
    char path[64];
    int n_vocab;
    write_model(path, 2);
    float *want = baseline(path, &n_vocab);
    struct rig r = {0};
    rig_open(&r, path, KERN_AUTO, 1, 64, false);
    float *got = rows_of(&r), *other = rows_of(&r);
    step(&r, 0, 40, got);
    kv_fork(r.kv, &r.seq[1], &r.seq[0], 37); // goes on differently
    step(&r, 1, 20, other);
    kv_truncate(r.kv, &r.seq[0], 33); // rewrites what it had
    step(&r, 0, 7, got);
    kv_fork(r.kv, &r.seq[2], &r.seq[0], 40); // goes on the same way
    kv_seq_release(r.kv, &r.seq[1]);
    kv_truncate(r.kv, &r.seq[0], 3);
    for (int i = 40; i < N; i++) {
        int32_t token = token_at(0, i);
        int row = 0;
        float *to = got + (size_t)i * (size_t)n_vocab;
        struct forward_item item = {.seq = &r.seq[2],
                                    .tokens = &token,
                                    .n_tokens = 1,
                                    .rows = &row,
                                    .n_rows = 1,
                                    .logits = &to};
        cr_assert_eq(forward_run(r.f, &item, 1, NULL), 0);
    }
    same_bits(got, want, n_vocab, "forked", 2);
    free(got);
    free(other);
    kv_seq_init(r.kv, &r.seq[1], NULL);
    rig_close(&r);
    free(want);
    unlink(path);
}

Test(forward, blas_prefill_agrees_within_rounding) {
    for (int i = 0; i < N_MODELS; i++) {
        char path[64];
        int n_vocab;
        write_model(path, i);
        cache_type = KERN_F32; // the others turn rounding into steps
        float *want = baseline(path, &n_vocab);
        struct rig r = {0};
        rig_open(&r, path, KERN_AUTO, 1, 256, true);
        float *got = rows_of(&r);
        step(&r, 0, N, got);
        double error = 0, norm = 0;
        for (size_t j = 0; j < (size_t)N * (size_t)n_vocab; j++) {
            double d = (double)got[j] - (double)want[j];
            error += d * d;
            norm += (double)want[j] * (double)want[j];
        }
        // BLAS multiplies floats; our products of quantised weights do not.
        double bound = models[i].type == KERN_Q8_0 ? 1e-3 : 1e-6;
        cr_expect_lt(error / norm, bound, "model %d: %g", i, error / norm);
        free(got);
        rig_close(&r);
        free(want);
        unlink(path);
    }
}

Test(forward, a_full_cache_changes_nothing) {
    char path[64];
    write_model(path, 0);
    struct rig r = {0};
    struct error err = {0};
    rig_open(&r, path, KERN_AUTO, 1, 16, false);
    int32_t tokens[CTX + 1] = {0};
    struct forward_item item = {
        .seq = &r.seq[0], .tokens = tokens, .n_tokens = CTX + 1};
    cr_assert_eq(forward_run(r.f, &item, 1, &err), -1);
    cr_assert_eq(err.kind, ERR_MEMORY);
    cr_assert_eq(r.seq[0].n_tokens, 0);
    cr_assert_eq(kv_n_used_pages(r.kv), 0);
    rig_close(&r);
    unlink(path);
}
