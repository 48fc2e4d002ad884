#include "engine/lm/scripted.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <string.h>

static void logits(void *ctx, const int32_t *tokens, int n, float *row) {
    (void)ctx;
    row[0] = (float)(tokens[n - 1] + 1);
}

static const char *const specials[] = {"<|grade|>", "<|x|>", NULL};
static const char *const meta[] = {"a", "1", "b", "2", NULL};

static struct lm *open_lm(struct scripted_model m) {
    struct error err = {0};
    m.logits = logits;
    if (!m.n_ctx) m.n_ctx = 64;
    struct lm *lm = lm_scripted_open(&m, 4, &err);
    cr_assert(lm, "%s", err.text);
    return lm;
}

Test(scripted, encodes_bytes_and_specials) {
    struct lm *lm = open_lm((struct scripted_model){.specials = specials});
    const char *text = "a<|x|>\xff<|grade|>";
    int32_t *tokens;
    cr_expect_eq(lm_facts(lm)->n_vocab, 259);
    int n = lm_encode(lm, text, strlen(text), true, &tokens, NULL);
    const int32_t expected[] = {'a', 258, 255, 257};
    cr_assert_eq(n, 4);
    cr_expect_eq(memcmp(tokens, expected, sizeof expected), 0);
    free(tokens);
    n = lm_encode(lm, text, strlen(text), false, &tokens, NULL);
    cr_expect_eq(n, (int)strlen(text));
    free(tokens);
    lm_free(lm);
}

Test(scripted, knows_the_text_of_tokens) {
    struct lm *lm = open_lm((struct scripted_model){.specials = specials});
    size_t n;
    cr_expect_eq(*lm_token_bytes(lm, 'z', &n), 'z');
    cr_expect_eq(n, 1u);
    cr_expect_eq(memcmp(lm_token_bytes(lm, 258, &n), "<|x|>", 5), 0);
    cr_expect_eq(n, 5u);
    lm_token_bytes(lm, 259, &n);
    cr_expect_eq(n, 0u);
    lm_token_bytes(lm, -1, &n);
    cr_expect_eq(n, 0u);
    cr_expect(lm_token_is_end(lm, 256));
    cr_expect_not(lm_token_is_end(lm, 257));
    cr_expect(lm_token_is_control(lm, 257));
    cr_expect_not(lm_token_is_control(lm, 'a'));
    lm_free(lm);
}

Test(scripted, toy_vocabularies_have_no_end_token) {
    struct lm *lm = open_lm((struct scripted_model){.n_vocab = 5});
    struct error err = {0};
    int32_t *tokens;
    cr_expect_eq(lm_facts(lm)->eos_token, -1);
    cr_expect_not(lm_token_is_end(lm, -1));
    cr_expect_eq(lm_encode(lm, "\x04", 1, false, &tokens, &err), 1);
    free(tokens);
    cr_expect_eq(lm_encode(lm, "a", 1, false, &tokens, &err), -1);
    cr_expect(strstr(err.text, "0x61"), "%s", err.text);
    lm_free(lm);
}

Test(scripted, another_vocabulary_has_the_same_texts) {
    struct lm *a = open_lm((struct scripted_model){.specials = specials});
    struct lm *b =
        open_lm((struct scripted_model){.specials = specials, .byte_xor = 1});
    struct lm *padded =
        open_lm((struct scripted_model){.specials = specials, .n_vocab = 300});
    int32_t *tokens;
    size_t n;
    cr_expect_str_neq(lm_facts(a)->vocab_hash, lm_facts(b)->vocab_hash);
    cr_expect_str_eq(lm_facts(a)->vocab_hash, lm_facts(padded)->vocab_hash);
    cr_assert_eq(lm_encode(b, "a", 1, false, &tokens, NULL), 1);
    cr_expect_eq(tokens[0], 'a' ^ 1);
    cr_expect_eq(*lm_token_bytes(b, tokens[0], &n), 'a');
    free(tokens);
    lm_free(a);
    lm_free(b);
    lm_free(padded);
}

Test(scripted, takes_the_time_it_is_told) {
    int64_t now = 0;
    struct lm *lm = open_lm((struct scripted_model){
        .now_ns = &now, .ns_per_call = 100, .ns_per_token = 7});
    struct lm_seq *s = lm_seq_new(lm, NULL);
    const int32_t tokens[] = {1, 2, 3};
    lm_push(s, tokens, 3, NULL);
    cr_assert_eq(lm_prefill(s, NULL), 0);
    cr_expect_eq(now, 121);
    lm_seq_free(s);
    lm_free(lm);
}

// A batch is one call, whatever it holds; what is there costs nothing.
Test(scripted, a_batch_takes_the_time_of_one_call) {
    int64_t now = 0;
    struct lm *lm = open_lm((struct scripted_model){.now_ns = &now,
                                                    .ns_per_call = 100,
                                                    .ns_per_token = 7,
                                                    .fail_at_call = 3});
    struct lm_seq *a = lm_seq_new(lm, NULL), *b = lm_seq_new(lm, NULL);
    struct lm_seq *seqs[] = {a, b};
    const int32_t tokens[40] = {1, 2, 3, 4, 5};
    const float *rows[2];
    struct error err = {0};
    lm_push(a, tokens, 3, NULL);
    lm_push(b, tokens, 5, NULL);
    cr_assert_eq(lm_rows_shared(seqs, 2, rows, NULL), 0);
    cr_expect_eq(now, 100 + 8 * 7);
    cr_expect_eq(rows[0][0], 4);
    cr_expect_eq(rows[1][0], 6);
    lm_push(b, tokens, 1, NULL);
    cr_assert_eq(lm_rows_shared(seqs, 2, rows, NULL), 0);
    cr_expect_eq(now, 2 * 100 + 9 * 7);
    cr_assert_eq(lm_rows_shared(seqs, 2, rows, NULL), 0);
    cr_expect_eq(now, 2 * 100 + 9 * 7);
    lm_push(a, tokens, 40, NULL);
    lm_push(b, tokens, 1, NULL);
    cr_expect_eq(lm_rows_shared(seqs, 2, rows, &err), -1);
    cr_expect_eq(now, 2 * 100 + 9 * 7);
    cr_expect_eq(lm_n_used_pages(lm), 2); // as before
    cr_assert_eq(lm_rows_shared(seqs, 2, rows, NULL), 0);
    cr_expect_eq(now, 3 * 100 + 50 * 7);
    cr_expect_eq(lm_n_used_pages(lm), 3);
    lm_seq_copy(b, a, 33);
    cr_expect_eq(lm_n_used_pages(lm), 4);
    lm_seq_free(a);
    lm_truncate(b, 32);
    cr_expect_eq(lm_n_used_pages(lm), 1);
    lm_seq_free(b);
    cr_expect_eq(lm_n_used_pages(lm), 0);
    lm_free(lm);
}

Test(scripted, has_metadata) {
    struct lm *lm = open_lm((struct scripted_model){.meta = meta});
    cr_expect_str_eq(lm_meta(lm, "b"), "2");
    cr_expect_null(lm_meta(lm, "1"));
    cr_expect(lm_caps(lm) & LM_CAP_LOGITS);
    lm_free(lm);
}

Test(scripted, refuses_a_model_that_is_none) {
    struct error err = {0};
    struct scripted_model m = {.n_ctx = 10};
    cr_expect_null(lm_scripted_open(&m, 4, &err));
    cr_expect_eq(err.kind, ERR_USAGE);
}
