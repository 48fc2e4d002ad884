#include "engine/lm/lm.h"

#include "engine/base/error.h"
#include "engine/lm/batcher.h"
#include "engine/model/kv.h"
#include "tests/helper_dir.h"
#include "tests/helper_gguf.h"
#include "tests/helper_malloc.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Batches, copies and pasts over the native backend: a tiny model whose rows
// are compared, bit for bit, with those of a transcript that is alone.

enum { N_CTX = 128, N_ROWS = 6, N_VOCAB = HELPER_N_TOKENS };

struct rig {
    char *dir;
    struct lm *lm;
};

static void rig_open(struct rig *r, struct lm_native_options o) {
    struct error err = {0};
    r->dir = helper_dir_new();
    char *path = helper_path(r->dir, "tiny.gguf");
    helper_write_model(path, &(struct helper_model){.arch = "qwen3"});
    o.isa = "auto";
    if (!o.n_ctx) o.n_ctx = N_CTX;
    if (!o.n_threads) o.n_threads = 1;
    o.n_rows = N_ROWS;
    r->lm = lm_native_open(path, &o, &err);
    cr_assert(r->lm, "%s", err.text);
    free(path);
}

static void rig_close(struct rig *r) {
    cr_expect_eq(lm_n_used_pages(r->lm), 0, "a page leaked");
    lm_free(r->lm);
    helper_dir_free(r->dir);
}

static struct lm_seq *new_seq(struct rig *r) {
    struct error err = {0};
    struct lm_seq *s = lm_seq_new(r->lm, &err);
    cr_assert(s, "%s", err.text);
    return s;
}

static struct lm_seq *new_past(struct rig *r) {
    struct error err = {0};
    struct lm_seq *s = lm_seq_new_past(r->lm, &err);
    cr_assert(s, "%s", err.text);
    return s;
}

// n tokens that follow from `first`.
static void push(struct lm_seq *s, int first, int n) {
    for (int i = 0; i < n; i++) {
        int32_t token = (first + 7 * i) % 256;
        cr_assert_eq(lm_push(s, &token, 1, NULL), 0);
    }
}

// Whether the row is what a transcript of these tokens alone has there.
static bool row_is_right(struct lm *lm, const struct lm_seq *s, int position,
                         const float *row) {
    const float *alone;
    struct lm_seq *t = lm_seq_new(lm, NULL);
    bool ok = t && lm_push(t, lm_tokens(s), position, NULL) == 0 &&
              lm_rows(t, &position, 1, &alone, NULL) == 0 &&
              memcmp(alone, row, N_VOCAB * sizeof *row) == 0;
    lm_seq_free(t);
    return ok;
}

static void check_row(struct rig *r, struct lm_seq *s, int position) {
    const float *row;
    struct error err = {0};
    cr_assert_eq(lm_rows(s, &position, 1, &row, &err), 0, "%s", err.text);
    cr_expect(row_is_right(r->lm, s, position, row), "row %d of %d", position,
              lm_n_tokens(s));
}

// Sequences of different lengths, one of them past a page and one with more
// tokens than rows, with 1, 2, 3 and no rows each.
Test(lm_batch, gives_the_rows_of_each_alone) {
    enum { N = 4 };
    static const int lengths[N] = {3, 40, 9, 5};
    static const int positions[N][3] = {{3}, {17, 39}, {1, 8, 9}};
    static const int n_rows[N] = {1, 2, 3, 0};
    struct rig r;
    rig_open(&r, (struct lm_native_options){.n_seq = N + 1, .n_threads = 2});
    struct lm_seq *seqs[N];
    struct lm_ask asks[N];
    const float *rows[N][3];
    for (int i = 0; i < N; i++) {
        seqs[i] = i == 3 ? new_past(&r) : new_seq(&r);
        push(seqs[i], 11 * i, lengths[i]);
        asks[i] = (struct lm_ask){seqs[i], positions[i], n_rows[i], rows[i]};
    }
    struct error err = {0};
    cr_assert_eq(lm_rows_batch(asks, N, &err), 0, "%s", err.text);
    for (int i = 0; i < N; i++) {
        cr_expect_eq(lm_work(seqs[i]).n_calls, 1);
        for (int j = 0; j < n_rows[i]; j++)
            cr_expect(row_is_right(r.lm, seqs[i], positions[i][j], rows[i][j]),
                      "row %d of sequence %d", positions[i][j], i);
    }
    cr_expect_eq(lm_work(seqs[1]).n_tokens, 39);
    cr_expect_eq(lm_work(seqs[3]).n_tokens, 5);
    for (int i = 0; i < N; i++)
        lm_seq_free(seqs[i]);
    rig_close(&r);
}

// What one of them writes after a common past, the others do not see.
Test(lm_batch, copies_share_pages_until_they_write) {
    struct rig r;
    rig_open(&r, (struct lm_native_options){.n_seq = 5});
    struct lm_seq *a = new_seq(&r), *b = new_seq(&r), *c = new_past(&r);
    push(a, 5, 2 * KERN_PAGE + 3);
    cr_assert_eq(lm_prefill(a, NULL), 0);
    cr_expect_eq(lm_n_used_pages(r.lm), 3);
    lm_seq_copy(b, a, 2 * KERN_PAGE + 3);
    lm_seq_copy(c, b, 2 * KERN_PAGE + 1);
    cr_expect_eq(lm_n_used_pages(r.lm), 3);
    push(b, 99, 2);
    check_row(&r, b, 2 * KERN_PAGE + 5); // copies the page that it shares
    cr_expect_eq(lm_n_used_pages(r.lm), 4);
    push(a, 200, 4);
    check_row(&r, a, 2 * KERN_PAGE + 7); // as c does with the old one
    cr_expect_eq(lm_n_used_pages(r.lm), 5);
    lm_seq_copy(b, c, 2 * KERN_PAGE + 1);
    cr_expect_eq(lm_n_used_pages(r.lm), 4);
    push(b, 42, 2);
    check_row(&r, b, 2 * KERN_PAGE + 3);
    check_row(&r, a, 2 * KERN_PAGE + 7);
    lm_seq_free(a);
    lm_seq_free(b);
    cr_expect_eq(lm_n_used_pages(r.lm), 3);
    lm_seq_free(c);
    rig_close(&r);
}

// Into a longer transcript, into a shorter one, and back.
Test(lm_batch, a_copy_gives_back_what_was_there) {
    struct rig r;
    rig_open(&r, (struct lm_native_options){.n_seq = 3});
    struct lm_seq *longer = new_seq(&r), *shorter = new_seq(&r);
    push(longer, 1, 100);
    push(shorter, 2, 10);
    cr_assert_eq(lm_prefill(longer, NULL), 0);
    check_row(&r, shorter, 10);
    cr_expect_eq(lm_n_used_pages(r.lm), 5);
    lm_seq_copy(longer, shorter, 10);
    cr_expect_eq(lm_n_used_pages(r.lm), 1);
    check_row(&r, longer, 10);
    push(longer, 3, 90);
    check_row(&r, longer, 100);
    cr_expect_eq(lm_n_used_pages(r.lm), 5);
    lm_seq_copy(shorter, longer, 100);
    cr_expect_eq(lm_n_used_pages(r.lm), 4);
    check_row(&r, shorter, 100);
    lm_seq_copy(shorter, longer, 0);
    lm_seq_free(longer);
    cr_expect_eq(lm_n_used_pages(r.lm), 0);
    lm_seq_free(shorter);
    rig_close(&r);
}

Test(lm_batch, pasts_refuse_rows) {
    struct rig r;
    struct error err = {0};
    const float *row;
    rig_open(&r, (struct lm_native_options){.n_seq = 2});
    struct lm_seq *past = new_past(&r), *s = new_seq(&r);
    push(past, 0, 3);
    push(s, 0, 3);
    cr_expect_eq(lm_rows(past, &(int){3}, 1, &row, &err), -1);
    cr_expect_eq(err.kind, ERR_INTERNAL);
    cr_expect_eq(lm_rows_shared((struct lm_seq *[]){s, past}, 2, &row, &err),
                 -1);
    cr_expect_eq(lm_work(s).n_calls, 0);
    cr_expect_eq(lm_prefill(past, &err), 0);
    lm_seq_free(past);
    lm_seq_free(s);
    rig_close(&r);
}

// The cache has room for one fork of two pages; the second does not fit.
Test(lm_batch, a_full_cache_leaves_nothing_evaluated) {
    struct rig r;
    struct error err = {0};
    rig_open(&r, (struct lm_native_options){
                     .n_seq = 1, .n_forks = 1, .fork_tokens = KERN_PAGE});
    struct lm_seq *a = new_seq(&r), *b = new_seq(&r), *c = new_seq(&r);
    const float *rows[3], *row;
    push(a, 0, N_CTX - 1);
    push(b, 1, KERN_PAGE);
    push(c, 2, KERN_PAGE + 1);
    struct lm_seq *seqs[] = {a, b, c};
    cr_expect_eq(lm_rows_shared(seqs, 3, rows, &err), -1);
    cr_expect_eq(err.kind, ERR_MEMORY);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(lm_work(seqs[i]).n_tokens, 0);
    cr_expect_eq(lm_n_used_pages(r.lm), 0);
    lm_truncate(a, 40);
    lm_truncate(c, KERN_PAGE);
    cr_assert_eq(lm_rows_shared(seqs, 3, rows, &err), 0, "%s", err.text);
    for (int i = 0; i < 3; i++) {
        int n = lm_n_tokens(seqs[i]);
        cr_expect(row_is_right(r.lm, seqs[i], n, rows[i]));
        cr_assert_eq(lm_rows(seqs[i], &n, 1, &row, &err), 0);
        cr_expect_eq(row, rows[i]);
        cr_expect_eq(lm_work(seqs[i]).n_calls, 1);
        lm_seq_free(seqs[i]);
    }
    rig_close(&r);
}

// The steps of a search: a shared past, siblings in a batch, some given up.
static void search(struct lm_seq *root, struct lm_seq **seqs, int n) {
    struct lm_ask asks[8];
    int positions[8][2];
    const float *rows[8][2];
    for (int i = 0; i < n; i++) {
        int end = lm_n_tokens(root) + 2;
        lm_seq_copy(seqs[i], root, lm_n_tokens(root));
        push(seqs[i], 10 * i, 2);
        positions[i][0] = end - 1;
        positions[i][1] = end;
        asks[i] = (struct lm_ask){seqs[i], positions[i], 2, rows[i]};
    }
    cr_assert_eq(lm_rows_batch(asks, n, NULL), 0);
    lm_seq_copy(root, seqs[1], lm_n_tokens(seqs[1]));
    lm_truncate(seqs[0], 1);
}

Test(lm_batch, allocates_nothing) {
    enum { N = 4 };
    struct rig r;
    rig_open(&r, (struct lm_native_options){.n_seq = N + 1});
    struct lm_seq *root = new_past(&r), *seqs[N];
    for (int i = 0; i < N; i++)
        seqs[i] = new_seq(&r);
    push(root, 0, KERN_PAGE - 3);
    if (!malloc_count_works()) cr_skip_test("malloc cannot be counted here");
    malloc_count_start();
    for (int i = 0; i < 5; i++)
        search(root, seqs, N);
    cr_expect_eq(malloc_count_stop(), 0);
    check_row(&r, seqs[3], lm_n_tokens(seqs[3]));
    for (int i = 0; i < N; i++)
        lm_seq_free(seqs[i]);
    lm_seq_free(root);
    rig_close(&r);
}

// ---- several threads --------------------------------------------------------

enum { ROUNDS = 12, WIDTH = 5 };

struct load {
    struct rig *r;
    struct batcher *b;
    int id;
    float rows[ROUNDS][WIDTH][2][N_VOCAB]; // what it was given
    bool ok;
};

// Each round goes on from the sibling that the round's number names.
static bool search_round(struct load *l, int round, struct lm_seq *root,
                         struct lm_seq **seqs) {
    struct lm_ask asks[WIDTH];
    int positions[WIDTH][2];
    const float *rows[WIDTH][2];
    for (int i = 0; i < WIDTH; i++) {
        lm_seq_copy(seqs[i], root, lm_n_tokens(root));
        push(seqs[i], 31 * l->id + 5 * i + round, 2 + (i + l->id) % 3);
        positions[i][0] = lm_n_tokens(root) + 1;
        positions[i][1] = lm_n_tokens(seqs[i]);
        asks[i] = (struct lm_ask){seqs[i], positions[i], 2, rows[i]};
    }
    if (lm_rows_batch(asks, WIDTH, NULL)) return false;
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < 2; j++)
            memcpy(l->rows[round][i][j], rows[i][j], sizeof l->rows[0][0][0]);
    const struct lm_seq *next = seqs[round % WIDTH];
    lm_seq_copy(root, seqs[round % WIDTH], lm_n_tokens(next));
    return true;
}

static void *search_thread(void *arg) {
    struct load *l = arg;
    struct lm_seq *root = lm_seq_new_past(l->r->lm, NULL), *seqs[WIDTH];
    for (int i = 0; i < WIDTH; i++)
        seqs[i] = lm_seq_new(l->r->lm, NULL);
    push(root, l->id, 20);
    batcher_enter(l->b);
    l->ok = true;
    for (int i = 0; i < ROUNDS - l->id && l->ok; i++)
        l->ok = search_round(l, i, root, seqs);
    batcher_leave(l->b);
    for (int i = 0; i < WIDTH; i++)
        lm_seq_free(seqs[i]);
    lm_seq_free(root);
    return NULL;
}

static void run_searches(struct load **loads, int n, bool shared) {
    struct rig r;
    struct batcher *b = shared ? batcher_new() : NULL;
    pthread_t threads[4];
    rig_open(&r, (struct lm_native_options){.n_seq = n,
                                            .n_forks = n * WIDTH,
                                            .fork_tokens = N_CTX / 2,
                                            .n_threads = 2,
                                            .batcher = b});
    for (int i = 0; i < n; i++) {
        loads[i]->r = &r;
        loads[i]->b = b;
        if (!shared) search_thread(loads[i]);
    }
    for (int i = 0; shared && i < n; i++)
        pthread_create(&threads[i], NULL, search_thread, loads[i]);
    for (int i = 0; shared && i < n; i++)
        pthread_join(threads[i], NULL);
    rig_close(&r);
    batcher_free(b);
}

Test(lm_batch, threads_that_share_batches_get_the_same_rows, .timeout = 60) {
    enum { N = 3 };
    struct load *together[N], *alone[N];
    for (int i = 0; i < N; i++) {
        together[i] = calloc(1, sizeof **together);
        alone[i] = calloc(1, sizeof **alone);
        together[i]->id = alone[i]->id = i;
    }
    run_searches(together, N, true);
    run_searches(alone, N, false);
    for (int i = 0; i < N; i++) {
        cr_expect(together[i]->ok && alone[i]->ok);
        cr_expect_eq(
            memcmp(together[i]->rows, alone[i]->rows, sizeof alone[i]->rows), 0,
            "thread %d", i);
        free(together[i]);
        free(alone[i]);
    }
}

// More sequences than one batch takes: it is cut between calls.
enum { CROWD = 5, CROWD_SEQS = 60 };

static void *crowd_thread(void *arg) {
    struct load *l = arg;
    struct lm_seq *seqs[CROWD_SEQS];
    const float *rows[CROWD_SEQS];
    for (int i = 0; i < CROWD_SEQS; i++) {
        seqs[i] = lm_seq_new(l->r->lm, NULL);
        push(seqs[i], i + 60 * l->id, 1 + i % 2);
    }
    l->ok = lm_rows_shared(seqs, CROWD_SEQS, rows, NULL) == 0;
    batcher_leave(l->b);
    for (int i = 0; i < CROWD_SEQS; i++)
        l->ok = l->ok && lm_work(seqs[i]).n_calls == 1;
    for (int i = 0; i < CROWD_SEQS; i += 7)
        l->ok = l->ok &&
                row_is_right(l->r->lm, seqs[i], lm_n_tokens(seqs[i]), rows[i]);
    for (int i = 0; i < CROWD_SEQS; i++)
        lm_seq_free(seqs[i]);
    return NULL;
}

Test(lm_batch, a_crowd_is_served_in_turns, .timeout = 60) {
    struct rig r;
    struct batcher *b = batcher_new();
    pthread_t threads[CROWD];
    struct load *loads = calloc(CROWD, sizeof *loads);
    rig_open(&r, (struct lm_native_options){.n_seq = CROWD * (CROWD_SEQS + 1),
                                            .batcher = b});
    for (int i = 0; i < CROWD; i++) {
        loads[i].r = &r;
        loads[i].b = b;
        loads[i].id = i;
        batcher_enter(b);
    }
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, crowd_thread, &loads[i]);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        cr_expect(loads[i].ok, "thread %d", i);
    }
    rig_close(&r);
    batcher_free(b);
    free(loads);
}
