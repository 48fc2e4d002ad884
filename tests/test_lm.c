#include "engine/lm/lm.h"

#include "engine/base/error.h"
#include "engine/lm/scripted.h"

#include <criterion/criterion.h>
#include <string.h>

// The bookkeeping of lm.c over a scripted model whose row says which tokens it
// was computed from: row[0] is a hash of them.

static float fingerprint(const int32_t *tokens, int n) {
    return (float)(hash_u64(tokens, (size_t)n * sizeof *tokens) & 0xffffff);
}

static void logits(void *ctx, const int32_t *tokens, int n, float *row) {
    (void)ctx;
    row[0] = fingerprint(tokens, n);
}

static struct lm *open_lm(int n_rows, int64_t fail_at_call) {
    struct scripted_model m = {.logits = logits,
                               .n_ctx = 32,
                               .n_vocab = 8,
                               .fail_at_call = fail_at_call};
    return lm_scripted_open(&m, n_rows, NULL);
}

static void push(struct lm_seq *s, int first, int n) {
    for (int i = 0; i < n; i++) {
        int32_t token = (first + i) % 8;
        cr_assert_eq(lm_push(s, &token, 1, NULL), 0);
    }
}

// Asks one row and checks that it belongs to the tokens that are there now.
static void check_row(struct lm_seq *s, int position) {
    const float *row;
    cr_assert_eq(lm_rows(s, &position, 1, &row, NULL), 0);
    cr_expect_eq(row[0], fingerprint(lm_tokens(s), position), "row %d",
                 position);
}

Test(lm, evaluates_lazily_in_one_batch) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *s = lm_seq_new(lm, NULL);
    push(s, 1, 6);
    cr_expect_eq(lm_work(s).n_calls, 0);
    const int positions[] = {2, 5};
    const float *rows[2];
    cr_assert_eq(lm_rows(s, positions, 2, rows, NULL), 0);
    cr_expect_eq(rows[0][0], fingerprint(lm_tokens(s), 2));
    cr_expect_eq(rows[1][0], fingerprint(lm_tokens(s), 5));
    cr_expect_eq(lm_work(s).n_calls, 1);
    cr_expect_eq(lm_work(s).n_tokens, 5); // the sixth is still pending
    cr_assert_eq(lm_rows(s, positions, 2, rows, NULL), 0);
    cr_expect_eq(lm_work(s).n_calls, 1);
    cr_assert_eq(lm_prefill(s, NULL), 0);
    cr_assert_eq(lm_prefill(s, NULL), 0);
    cr_expect_eq(lm_work(s).n_tokens, 6);
    cr_expect_eq(lm_work(s).n_calls, 2);
    cr_expect_eq(lm_work(s).n_repeated, 0);
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, truncation_drops_tokens_and_rows) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *s = lm_seq_new(lm, NULL);
    push(s, 0, 6);
    check_row(s, 4);
    check_row(s, 6);
    lm_truncate(s, 4);
    check_row(s, 4);
    cr_expect_eq(lm_work(s).n_tokens, 6);
    push(s, 3, 2);
    check_row(s, 6);
    check_row(s, 4);
    cr_expect_eq(lm_work(s).n_tokens, 8);
    cr_expect_eq(lm_work(s).n_repeated, 0);
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, a_row_that_was_not_kept_costs_a_repetition) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *s = lm_seq_new(lm, NULL);
    push(s, 0, 6);
    check_row(s, 6);
    check_row(s, 3);
    cr_expect_eq(lm_work(s).n_repeated, 1);
    check_row(s, 6); // stored before
    cr_expect_eq(lm_work(s).n_repeated, 1);
    check_row(s, 5); // tokens 3 and 4 once more
    cr_expect_eq(lm_work(s).n_repeated, 3);
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, evicts_low_positions_but_never_those_asked_for) {
    struct lm *lm = open_lm(3, 0);
    struct lm_seq *s = lm_seq_new(lm, NULL);
    const int positions[] = {1, 7, 8};
    const float *rows[3];
    push(s, 0, 8);
    check_row(s, 1);
    check_row(s, 2);
    check_row(s, 3);
    cr_assert_eq(lm_rows(s, positions, 3, rows, NULL), 0);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(rows[i][0], fingerprint(lm_tokens(s), positions[i]));
    cr_expect_eq(lm_work(s).n_repeated, 0);
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, random_use_always_gives_the_row_of_the_tokens) {
    struct lm *lm = open_lm(5, 0);
    struct lm_seq *s = lm_seq_new(lm, NULL);
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        int r = (int)(seed >> 8 & 0xff), n = lm_n_tokens(s);
        if (r < 100 && lm_n_free(s) >= 3)
            push(s, r, 1 + r % 3);
        else if (r < 130 && n > 0)
            lm_truncate(s, r % (n + 1));
        else if (n > 0)
            check_row(s, 1 + r % n);
    }
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, forks_share_the_past_and_part) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *a = lm_seq_new(lm, NULL);
    push(a, 0, 5);
    check_row(a, 5);
    struct lm_seq *b = lm_seq_fork(a, NULL);
    check_row(b, 5);
    cr_expect_eq(lm_work(b).n_tokens, 0);
    push(a, 1, 2);
    push(b, 6, 3);
    check_row(a, 7);
    check_row(b, 8);
    check_row(b, 6);
    lm_seq_free(a);
    push(b, 2, 1);
    check_row(b, 9);
    lm_seq_free(b);
    lm_free(lm);
}

// What is there is not evaluated again.
Test(lm, rows_of_several_sequences) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *seqs[3];
    const float *rows[3];
    for (int i = 0; i < 3; i++) {
        seqs[i] = lm_seq_new(lm, NULL);
        push(seqs[i], i, i + 2);
    }
    check_row(seqs[1], 3);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(lm_rows_shared(seqs, 3, rows, NULL), 0);
        for (int i = 0; i < 3; i++) {
            cr_expect_eq(rows[i][0], fingerprint(lm_tokens(seqs[i]), i + 2));
            cr_expect_eq(lm_work(seqs[i]).n_calls, 1);
        }
    }
    struct error err = {0};
    cr_expect_eq(lm_rows_shared(seqs, 0, rows, &err), -1);
    cr_expect(strstr(err.text, "0 sequences in one batch"), "%s", err.text);
    for (int i = 0; i < 3; i++)
        lm_seq_free(seqs[i]);
    lm_free(lm);
}

// Three sequences: rows in the middle, nothing but the past, a row that is
// behind what is evaluated.
Test(lm, a_batch_asks_each_for_its_own) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *a = lm_seq_new(lm, NULL), *b = lm_seq_new_past(lm, NULL);
    struct lm_seq *c = lm_seq_new(lm, NULL);
    push(a, 0, 6);
    push(b, 2, 5);
    push(c, 4, 6);
    check_row(c, 6);
    const int of_a[] = {2, 3, 5}, of_c[] = {4, 6};
    const float *rows_a[3], *rows_c[2];
    const struct lm_ask asks[] = {
        {a, of_a, 3, rows_a}, {.seq = b}, {c, of_c, 2, rows_c}};
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(lm_rows_batch(asks, 3, NULL), 0);
        for (int i = 0; i < 3; i++)
            cr_expect_eq(rows_a[i][0], fingerprint(lm_tokens(a), of_a[i]));
        for (int i = 0; i < 2; i++)
            cr_expect_eq(rows_c[i][0], fingerprint(lm_tokens(c), of_c[i]));
        cr_expect_eq(lm_work(a).n_calls, 1);
        cr_expect_eq(lm_work(a).n_tokens, 5);
        cr_expect_eq(lm_work(b).n_calls, 1);
        cr_expect_eq(lm_work(b).n_tokens, 5);
        cr_expect_eq(lm_work(c).n_calls, 2);
        cr_expect_eq(lm_work(c).n_tokens, 7);
        cr_expect_eq(lm_work(c).n_repeated, 1);
    }
    lm_seq_free(a);
    lm_seq_free(b);
    lm_seq_free(c);
    lm_free(lm);
}

Test(lm, copies_replace_what_was_there) {
    struct lm *lm = open_lm(4, 0);
    struct lm_seq *a = lm_seq_new(lm, NULL), *b = lm_seq_new(lm, NULL);
    push(a, 0, 6);
    check_row(a, 4); // two tokens are still pending
    push(b, 3, 9);
    check_row(b, 5);
    check_row(b, 9);
    struct lm_work before = lm_work(b);
    lm_seq_copy(b, a, 4);
    cr_expect_eq(lm_n_tokens(b), 4);
    check_row(b, 4); // came with it
    cr_expect_eq(lm_work(b).n_tokens, before.n_tokens);
    push(b, 7, 3);
    check_row(b, 5); // not that of the tokens given up
    check_row(b, 7);
    lm_seq_copy(b, a, 6);
    check_row(b, 6);
    cr_expect_eq(lm_work(b).n_tokens, before.n_tokens + 3 + 2);
    check_row(a, 6);
    lm_seq_copy(b, a, 3); // behind the rows that are kept
    check_row(b, 3);
    cr_expect_eq(lm_work(b).n_repeated, 1);
    lm_seq_copy(a, b, 0);
    cr_expect_eq(lm_n_tokens(a), 0);
    push(a, 5, 1);
    check_row(a, 1);
    lm_seq_free(a);
    lm_seq_free(b);
    lm_free(lm);
}

Test(lm, pasts_keep_no_rows) {
    struct lm *lm = open_lm(4, 0);
    struct error err = {0};
    struct lm_seq *a = lm_seq_new(lm, NULL), *past = lm_seq_new_past(lm, NULL);
    struct lm_seq *of_past;
    const float *row;
    push(past, 1, 3);
    cr_expect_eq(lm_rows(past, &(int){3}, 1, &row, &err), -1);
    cr_expect_eq(err.kind, ERR_INTERNAL);
    cr_expect_eq(lm_prefill(past, &err), 0);
    cr_expect_eq(lm_work(past).n_tokens, 3);
    lm_truncate(past, 2);
    push(a, 0, 5);
    check_row(a, 5);
    lm_seq_copy(past, a, 5);
    lm_truncate(a, 1);
    lm_seq_copy(a, past, 5);
    cr_expect_eq(lm_work(a).n_tokens, 5);
    check_row(a, 5); // the row is gone, its last token is evaluated again
    cr_expect_eq(lm_work(a).n_tokens, 6);
    of_past = lm_seq_fork(past, &err);
    check_row(of_past, 5);
    lm_seq_free(of_past);
    lm_seq_free(a);
    lm_seq_free(past);
    lm_free(lm);
}

Test(lm, a_failed_batch_evaluates_nothing) {
    struct lm *lm = open_lm(2, 2);
    struct error err = {0};
    struct lm_seq *a = lm_seq_new(lm, NULL), *b = lm_seq_new(lm, NULL);
    push(a, 0, 3);
    check_row(a, 3);
    push(a, 3, 2);
    push(b, 5, 4);
    const int of_a[] = {4, 5}, of_b[] = {2};
    const float *rows_a[2], *rows_b[1];
    const struct lm_ask asks[] = {{a, of_a, 2, rows_a}, {b, of_b, 1, rows_b}};
    cr_expect_eq(lm_rows_batch(asks, 2, &err), -1);
    cr_expect(strstr(err.text, "scripted failure of call 2"), "%s", err.text);
    cr_expect_eq(lm_work(a).n_tokens, 3);
    cr_expect_eq(lm_work(b).n_calls, 0);
    cr_assert_eq(lm_rows_batch(asks, 2, &err), 0);
    cr_expect_eq(rows_a[1][0], fingerprint(lm_tokens(a), 5));
    cr_expect_eq(rows_b[0][0], fingerprint(lm_tokens(b), 2));
    lm_seq_free(a);
    lm_seq_free(b);
    lm_free(lm);
}

Test(lm, refuses_batches_that_are_none) {
    struct lm *lm = open_lm(2, 0), *other = open_lm(2, 0);
    struct error err = {0};
    struct lm_seq *a = lm_seq_new(lm, NULL), *b = lm_seq_new(other, NULL);
    push(a, 0, 3);
    push(b, 0, 3);
    const struct lm_ask mixed[] = {{.seq = a}, {.seq = b}};
    const struct lm_ask twice[] = {{.seq = a}, {.seq = a}};
    struct lm_ask many[LM_SHARED_MAX + 1] = {{.seq = a}};
    const float *rows[1];
    cr_expect_eq(lm_rows_batch(mixed, 2, &err), -1);
    cr_expect(strstr(err.text, "different sequences of one model"), "%s",
              err.text);
    cr_expect_eq(lm_rows_batch(twice, 2, &err), -1);
    cr_expect_eq(lm_rows_batch(many, LM_SHARED_MAX + 1, &err), -1);
    cr_expect_eq(lm_rows(a, &(int){1}, -1, rows, &err), -1);
    cr_expect_eq(err.kind, ERR_INTERNAL);
    cr_expect_eq(lm_rows(a, NULL, 0, rows, &err), 0);
    cr_expect_eq(lm_work(a).n_calls, 0);
    cr_expect_eq(lm_rows_batch(mixed, 1, &err), 0);
    cr_expect_eq(lm_work(a).n_calls, 1);
    lm_seq_free(a);
    lm_seq_free(b);
    lm_free(lm);
    lm_free(other);
}

static unsigned draw(unsigned *seed, int n) {
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % (unsigned)n;
}

// Up to three of the last positions of the sequence.
static int draw_positions(unsigned *seed, const struct lm_seq *s, int *p) {
    int n = 0, first = lm_n_tokens(s) - (int)draw(seed, 4);
    for (int i = first > 1 ? first : 1; i <= lm_n_tokens(s) && n < 3; i++) {
        if (draw(seed, 3)) p[n++] = i;
    }
    return n;
}

Test(lm, random_batches_and_copies_give_the_rows_of_the_tokens) {
    enum { N = 4 };
    struct lm *lm = open_lm(5, 0);
    struct lm_seq *seqs[N];
    unsigned seed = 3;
    for (int i = 0; i < N; i++)
        seqs[i] = lm_seq_new(lm, NULL);
    for (int i = 0; i < 5000; i++) {
        struct lm_seq *s = seqs[draw(&seed, N)], *t = seqs[draw(&seed, N)];
        if (lm_n_free(s) >= 3) push(s, (int)draw(&seed, 8), 1 + i % 3);
        if (draw(&seed, 4) == 0)
            lm_truncate(s, (int)draw(&seed, lm_n_tokens(s) + 1));
        if (draw(&seed, 3) == 0 && s != t)
            lm_seq_copy(t, s, (int)draw(&seed, lm_n_tokens(s) + 1));
        int positions[N][3];
        const float *rows[N][3];
        struct lm_ask asks[N];
        for (int j = 0; j < N; j++)
            asks[j] = (struct lm_ask){
                seqs[j], positions[j],
                draw_positions(&seed, seqs[j], positions[j]), rows[j]};
        cr_assert_eq(lm_rows_batch(asks, N, NULL), 0);
        for (int j = 0; j < N; j++)
            for (int r = 0; r < asks[j].n_rows; r++)
                cr_assert_eq(rows[j][r][0],
                             fingerprint(lm_tokens(seqs[j]), positions[j][r]));
    }
    for (int i = 0; i < N; i++)
        lm_seq_free(seqs[i]);
    cr_expect_eq(lm_n_used_pages(lm), 0);
    lm_free(lm);
}

Test(lm, refuses_what_does_not_fit) {
    struct lm *lm = open_lm(2, 0);
    struct error err = {0};
    struct lm_seq *s = lm_seq_new(lm, &err);
    const int32_t bad[] = {8}, negative[] = {-1};
    const int unsorted[] = {2, 1}, late[] = {4}, zero[] = {0};
    const int many[] = {1, 2, 3};
    const float *rows[3];
    push(s, 0, 3);
    cr_expect_eq(lm_push(s, bad, 1, &err), -1);
    cr_expect(strstr(err.text, "token 8 is not in the vocabulary of 8"));
    cr_expect_eq(lm_push(s, negative, 1, &err), -1);
    cr_expect_eq(lm_rows(s, unsorted, 2, rows, &err), -1);
    cr_expect_eq(lm_rows(s, late, 1, rows, &err), -1);
    cr_expect_eq(lm_rows(s, zero, 1, rows, &err), -1);
    cr_expect_eq(lm_rows(s, many, 3, rows, &err), -1);
    cr_expect_eq(err.kind, ERR_INTERNAL);
    int32_t more[30] = {0};
    cr_expect_eq(lm_push(s, more, 30, &err), -1);
    cr_expect(strstr(err.text, "do not fit the context of 32"), "%s", err.text);
    cr_expect_eq(lm_n_tokens(s), 3);
    cr_expect_eq(lm_push(s, more, 29, &err), 0);
    cr_expect_eq(lm_n_free(s), 0);
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, a_failed_evaluation_leaves_it_usable) {
    struct lm *lm = open_lm(2, 2);
    struct error err = {0};
    struct lm_seq *s = lm_seq_new(lm, &err);
    const int position = 6;
    const float *row;
    push(s, 0, 3);
    check_row(s, 3);
    push(s, 3, 3);
    cr_expect_eq(lm_rows(s, &position, 1, &row, &err), -1);
    cr_expect_eq(err.kind, ERR_INTERNAL);
    check_row(s, 3);
    check_row(s, 6);
    lm_seq_free(s);
    lm_free(lm);
}

Test(lm, refuses_impossible_row_counts) {
    static const int counts[] = {0, -1, 257};
    for (int i = 0; i < 3; i++) {
        struct lm *lm = open_lm(counts[i], 0);
        struct error err = {0};
        cr_expect_null(lm_seq_new(lm, &err));
        cr_expect_eq(err.kind, ERR_USAGE);
        lm_free(lm);
    }
    lm_free(NULL);
    lm_seq_free(NULL);
}
