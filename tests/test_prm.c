#include "engine/methods/prm.h"

#include "engine/base/error.h"
#include "engine/lm/scripted.h"
#include "tests/helper_prm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

// ---- models ---------------------------------------------------------------

static void no_logits(void *ctx, const int32_t *tokens, int n, float *row) {
    (void)ctx, (void)tokens, (void)n, (void)row;
}

static const char *const own_specials[] = {"<|prm|>", "<|good|>", "<|bad|>",
                                           NULL};
enum { TAG = 257, GOOD, BAD };
static const char *const own_meta[] = {"specsweep.prompt",
                                       "<|good|>P:{problem}\n",
                                       "specsweep.prm_bad",
                                       "<|bad|>",
                                       "specsweep.prm_good",
                                       "<|good|>",
                                       "specsweep.prm_suffix",
                                       "?<|prm|>",
                                       NULL};

static struct lm *own_open(const char *const *meta, uint8_t byte_xor,
                           int n_ctx) {
    struct error err = {0};
    const struct scripted_model m = {.logits = no_logits,
                                     .specials = own_specials,
                                     .n_ctx = n_ctx,
                                     .meta = meta,
                                     .byte_xor = byte_xor};
    struct lm *lm = lm_scripted_open(&m, 4, &err);
    cr_assert(lm, "%s", err.text);
    return lm;
}

// ---- what a model lacks ---------------------------------------------------

static void expect_meta_refused(int i, const char *value, const char *message) {
    const char *meta[9];
    memcpy(meta, own_meta, sizeof own_meta);
    if (value)
        meta[i + 1] = value;
    else
        meta[i] = "x";
    struct lm *lm = own_open(meta, 0, 64);
    reader_expect_refused(lm, PRM_OWN, message);
    lm_free(lm);
}

Test(prm, a_model_that_does_not_say_how_it_is_asked_is_refused) {
    expect_meta_refused(0, NULL, "no specsweep.prompt (prm_format own)");
    expect_meta_refused(2, NULL, "no specsweep.prm_bad ");
    expect_meta_refused(4, NULL, "no specsweep.prm_good ");
    expect_meta_refused(6, NULL, "no specsweep.prm_suffix ");
    expect_meta_refused(6, "", "no specsweep.prm_suffix ");
    expect_meta_refused(0, "P", "specsweep.prompt has no {problem}");
    expect_meta_refused(4, "ab",
                        "specsweep.prm_good 'ab' is 2 tokens of this "
                        "vocabulary, expected 1");
    expect_meta_refused(4, "<|bad|>",
                        "specsweep.prm_good and specsweep.prm_bad are the same "
                        "token, '<|bad|>'");
    expect_meta_refused(6, "12345678901234567",
                        "is 17 tokens of this vocabulary, expected 1 to 16");
}

Test(prm, presets_say_what_is_different) {
    struct lm *lm = own_open(own_meta, 0, 64);
    reader_expect_refused(
        lm, PRM_MATH_PSA,
        "math-psa: ' +' is 2 tokens of this vocabulary, expected "
        "token 488");
    reader_expect_refused(lm, PRM_MATH_SHEPHERD,
                          "math-shepherd: ' +' is 2 tokens of this vocabulary, "
                          "expected token 648");
    lm_free(lm);
}

// ---- own ------------------------------------------------------------------

static void expect_tokens(const struct lm_seq *seq, const int32_t *expected,
                          int n) {
    cr_assert_eq(lm_n_tokens(seq), n, "%d", lm_n_tokens(seq));
    for (int i = 0; i < n; i++)
        cr_expect_eq(lm_tokens(seq)[i], expected[i], "token %d: %d", i,
                     lm_tokens(seq)[i]);
}

Test(prm, own_reads_ids_where_the_vocabulary_is_the_base_s) {
    struct lm *lm = own_open(own_meta, 0, 64);
    struct lm *base = own_open(NULL, 0, 64);
    struct prm p;
    reader_resolve(&p, lm, base, PRM_OWN);
    cr_expect(p.shares_ids && !p.keeps_tag);
    cr_expect_eq(p.good, GOOD);
    cr_expect_eq(p.bad, BAD);
    cr_expect_eq(p.n_tag, 2);
    cr_expect_eq(p.tag[1], TAG);
    // Special tokens are the template's alone.
    struct lm_seq *seq = reader_begin(&p, lm, "<|bad|>");
    cr_expect(reader_push(&p, seq, 1, "a\n\n"));
    cr_expect(reader_push(&p, seq, 2, "b\n\n"));
    expect_tokens(seq,
                  (int32_t[]){GOOD, 'P', ':', '<', '|', 'b', 'a', 'd', '|', '>',
                              '\n', 'X', 'Y', 'X', 'Y'},
                  15);
    lm_seq_free(seq);
    lm_free(lm);
    lm_free(base);
}

Test(prm, own_reads_text_in_a_vocabulary_of_its_own) {
    struct lm *lm = own_open(own_meta, 0x40, 64);
    struct lm *base = own_open(NULL, 0, 64);
    struct prm p;
    reader_resolve(&p, lm, base, PRM_OWN);
    cr_expect(!p.shares_ids);
    struct lm_seq *seq = reader_begin(&p, lm, "7");
    cr_expect(reader_push(&p, seq, 1, "a\n\n"));
    cr_expect(reader_push(&p, seq, 2, "<|bad|>\n"));
    static const char text[] = "P:7\na\n\n<|bad|>\n";
    cr_assert_eq(lm_n_tokens(seq), 1 + (int)strlen(text));
    for (int i = 1; i < lm_n_tokens(seq); i++)
        cr_expect_eq(lm_tokens(seq)[i], text[i - 1] ^ 0x40);
    lm_seq_free(seq);
    lm_free(lm);
    lm_free(base);
}

Test(prm, a_step_without_room_for_the_tag_is_not_pushed) {
    struct lm *base = own_open(NULL, 0, 64);
    for (int xor = 0; xor <= 0x40; xor += 0x40) {
        // "?P:7\n", a step of two tokens, the tag of two
        for (int n_ctx = 6; n_ctx <= 10; n_ctx++) {
            struct lm *lm = own_open(own_meta, (uint8_t) xor, n_ctx);
            struct prm p;
            reader_resolve(&p, lm, base, PRM_OWN);
            struct lm_seq *seq = reader_begin(&p, lm, "7");
            cr_expect_eq(reader_push(&p, seq, 1, "ab"), n_ctx >= 9);
            cr_expect_eq(lm_n_tokens(seq), n_ctx >= 9 ? 7 : 5);
            lm_seq_free(seq);
            lm_free(lm);
        }
    }
    lm_free(base);
}

Test(prm, a_tag_is_not_left_without_its_step) {
    struct lm *lm = own_open(own_meta, 0x40, 12);
    struct lm *base = own_open(NULL, 0, 64);
    struct prm p;
    reader_resolve(&p, lm, base, PRM_OWN);
    p.keeps_tag = true;
    struct lm_seq *seq = reader_begin(&p, lm, "7");
    cr_expect(reader_push(&p, seq, 1, "a"));
    cr_expect(
        !reader_push(&p, seq, 2, "bbb")); // 6 tokens, 2, 3, and 2 for the tag
    cr_expect_eq(lm_n_tokens(seq), 6);
    cr_expect(reader_push(&p, seq, 2, "bb"));
    cr_expect_eq(lm_n_tokens(seq), 10);
    lm_seq_free(seq);
    lm_free(lm);
    lm_free(base);
}

// ---- the verdict ----------------------------------------------------------

Test(prm, the_score_is_a_softmax_over_two) {
    const struct prm p = {.good = 1, .bad = 3};
    float row[5] = {90, 1.5f, 90, 0.25f, NAN};
    cr_expect_float_eq(prm_score(&p, row), exp(1.5) / (exp(1.5) + exp(0.25)),
                       1e-15);
    row[1] = row[3] = -200;
    cr_expect_eq(prm_score(&p, row), 0.5);
    row[1] = 1e30f;
    cr_expect_eq(prm_score(&p, row), 1.0);
    row[3] = 3e38f;
    cr_expect_eq(prm_score(&p, row), 0.0);
    row[1] = -INFINITY;
    cr_expect_eq(prm_score(&p, row), 0.0);
    row[3] = -INFINITY;
    cr_expect(isnan(prm_score(&p, row)));
    row[3] = 0;
    row[1] = NAN;
    cr_expect(isnan(prm_score(&p, row)));
    row[1] = 0;
    row[3] = NAN;
    cr_expect(isnan(prm_score(&p, row)));
}
