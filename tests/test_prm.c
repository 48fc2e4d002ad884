#include "engine/methods/prm.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/lm/lm_backend.h"
#include "engine/lm/scripted.h"
#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"
#include "tests/helper_gguf.h"
#include "tests/helper_malloc.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- models ---------------------------------------------------------------

// A vocabulary without a network: it can be pushed to, not asked.
struct speaker {
    struct lm lm;
    struct tokenizer *t;
};

static struct tokenizer *tokenizer_of_lm(const struct lm *lm) {
    return ((const struct speaker *)lm)->t;
}

static struct lm_seq *speaker_seq_new(struct lm *lm, int n_rows,
                                      struct error *err) {
    struct lm_seq *s = xcalloc(1, sizeof *s);
    cr_assert_eq(lm_seq_init(s, lm, n_rows, err), 0);
    return s;
}

static void speaker_seq_free(struct lm_seq *s) {
    lm_seq_release(s);
    free(s);
}

static void speaker_cut(struct lm_seq *s, int n) {
    (void)s, (void)n;
}

static int speaker_encode_more(const struct lm *lm, struct lm_scratch *s,
                               const char *text, size_t n_bytes, bool special,
                               const int32_t **tokens, struct error *err) {
    return tokenizer_encode_in(tokenizer_of_lm(lm), s->work, text, n_bytes,
                               special, tokens, err);
}

static int speaker_encode(const struct lm *lm, const char *text, size_t n_bytes,
                          bool special, int32_t **tokens, struct error *err) {
    return tokenizer_encode(tokenizer_of_lm(lm), text, n_bytes, special, tokens,
                            err);
}

static const char *speaker_bytes(const struct lm *lm, int32_t token,
                                 size_t *n_bytes) {
    return tokenizer_bytes(tokenizer_of_lm(lm), token, n_bytes);
}

static const char *speaker_meta(const struct lm *lm, const char *key) {
    (void)lm, (void)key;
    return NULL;
}

static void speaker_close(struct lm *lm) {
    tokenizer_free(tokenizer_of_lm(lm));
    free(lm);
}

static const struct lm_backend speaker_backend = {
    .name = "speaker",
    .close = speaker_close,
    .seq_new = speaker_seq_new,
    .seq_free = speaker_seq_free,
    .seq_cut = speaker_cut,
    .encode = speaker_encode,
    .encode_more = speaker_encode_more,
    .token_bytes = speaker_bytes,
    .meta = speaker_meta,
};

// Closes the file.
static struct lm *speaker_open(struct gguf *file) {
    struct error err = {0};
    struct speaker *s = xcalloc(1, sizeof *s);
    cr_assert(file);
    s->t = tokenizer_new(file, &err);
    cr_assert(s->t, "%s", err.text);
    gguf_close(file);
    s->lm.backend = &speaker_backend;
    s->lm.n_rows = 1;
    s->lm.facts.n_vocab = tokenizer_n_tokens(s->t);
    s->lm.facts.n_used = tokenizer_n_used(s->t);
    s->lm.facts.n_ctx = 512;
    s->lm.facts.bos_token = tokenizer_adds_bos(s->t) ? tokenizer_bos(s->t) : -1;
    tokenizer_hash(s->t, s->lm.facts.vocab_hash);
    return &s->lm;
}

static struct lm *reference_speaker(const char *name) {
    static const char dir[] = "../shared/reference/tokenizers";
    struct error err = {0};
    char *path = xasprintf("%s/vocab-%s.gguf", dir, name);
    if (access(path, R_OK)) {
        free(path);
        cr_skip_test("skip: %s is absent", dir);
    }
    struct gguf *file = gguf_open(path, &err);
    free(path);
    cr_assert(file, "%s", err.text);
    return speaker_open(file);
}

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

static void settings_of(struct settings *s, enum prm_format format) {
    memset(s, 0, sizeof *s);
    option_set_defaults(settings_table, s);
    s->prm_format = format;
}

static void resolve(struct prm *p, const struct lm *lm, const struct lm *base,
                    enum prm_format format) {
    struct settings s;
    struct error err = {0};
    settings_of(&s, format);
    cr_assert_eq(prm_resolve(p, lm, base, &s, &err), 0, "%s", err.text);
}

// ---- what a model lacks ---------------------------------------------------

static void expect_refused(const struct lm *lm, enum prm_format format,
                           const char *message) {
    struct prm p;
    struct settings s;
    struct error err = {0};
    settings_of(&s, format);
    cr_expect_eq(prm_resolve(&p, lm, lm, &s, &err), -1);
    cr_expect(strstr(err.text, message), "%s", err.text);
}

static void expect_meta_refused(int i, const char *value, const char *message) {
    const char *meta[9];
    memcpy(meta, own_meta, sizeof own_meta);
    if (value)
        meta[i + 1] = value;
    else
        meta[i] = "x";
    struct lm *lm = own_open(meta, 0, 64);
    expect_refused(lm, PRM_OWN, message);
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
    expect_refused(lm, PRM_MATH_PSA,
                   "math-psa: ' +' is 2 tokens of this vocabulary, expected "
                   "token 488");
    expect_refused(lm, PRM_MATH_SHEPHERD,
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

static bool push(const struct prm *p, struct lm_seq *seq, int number,
                 const char *text) {
    static const int32_t ids[] = {'X', 'Y'}; // by what path did it come?
    struct error err = {0};
    bool fits = false;
    struct lm_scratch *scratch = lm_scratch_new();
    const struct prm_step step = {number, ids, 2, text, strlen(text)};
    cr_assert_eq(prm_push_step(p, seq, scratch, &step, &fits, &err), 0, "%s",
                 err.text);
    lm_scratch_free(scratch);
    return fits;
}

static struct lm_seq *begin(const struct prm *p, struct lm *lm,
                            const char *problem) {
    struct error err = {0};
    struct lm_seq *seq = lm_seq_new(lm, &err);
    struct lm_scratch *scratch = lm_scratch_new();
    cr_assert_eq(prm_push_problem(p, seq, scratch, problem, &err), 0, "%s",
                 err.text);
    lm_scratch_free(scratch);
    return seq;
}

Test(prm, own_reads_ids_where_the_vocabulary_is_the_base_s) {
    struct lm *lm = own_open(own_meta, 0, 64);
    struct lm *base = own_open(NULL, 0, 64);
    struct prm p;
    resolve(&p, lm, base, PRM_OWN);
    cr_expect(p.shares_ids && !p.keeps_tag);
    cr_expect_eq(p.good, GOOD);
    cr_expect_eq(p.bad, BAD);
    cr_expect_eq(p.n_tag, 2);
    cr_expect_eq(p.tag[1], TAG);
    // Special tokens are the template's alone.
    struct lm_seq *seq = begin(&p, lm, "<|bad|>");
    cr_expect(push(&p, seq, 1, "a\n\n"));
    cr_expect(push(&p, seq, 2, "b\n\n"));
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
    resolve(&p, lm, base, PRM_OWN);
    cr_expect(!p.shares_ids);
    struct lm_seq *seq = begin(&p, lm, "7");
    cr_expect(push(&p, seq, 1, "a\n\n"));
    cr_expect(push(&p, seq, 2, "<|bad|>\n"));
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
            resolve(&p, lm, base, PRM_OWN);
            struct lm_seq *seq = begin(&p, lm, "7");
            cr_expect_eq(push(&p, seq, 1, "ab"), n_ctx >= 9);
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
    resolve(&p, lm, base, PRM_OWN);
    p.keeps_tag = true;
    struct lm_seq *seq = begin(&p, lm, "7");
    cr_expect(push(&p, seq, 1, "a"));
    cr_expect(!push(&p, seq, 2, "bbb")); // 6 tokens, 2, 3, and 2 for the tag
    cr_expect_eq(lm_n_tokens(seq), 6);
    cr_expect(push(&p, seq, 2, "bb"));
    cr_expect_eq(lm_n_tokens(seq), 10);
    lm_seq_free(seq);
    lm_free(lm);
    lm_free(base);
}

// ---- math-psa -------------------------------------------------------------

Test(prm, math_psa_is_qwen_s_vocabulary) {
    struct lm *lm = reference_speaker("qwen2");
    struct prm p;
    resolve(&p, lm, lm, PRM_MATH_PSA);
    cr_expect_eq(p.good, 488);
    cr_expect_eq(p.bad, 481);
    cr_expect_eq(p.n_tag, 1);
    cr_expect_eq(p.tag[0], 76325);
    cr_expect(p.keeps_tag && !p.shares_ids); // though the base's is the same
    expect_refused(lm, PRM_MATH_SHEPHERD,
                   "math-shepherd: ' +' is token 488 of this vocabulary, "
                   "expected 648");
    lm_free(lm);
}

// The ids are those of one text, as OpenR encodes it whole.
static void expect_text(const struct lm *lm, const struct lm_seq *seq,
                        const char *text) {
    struct error err = {0};
    int32_t *tokens;
    int n = lm_encode(lm, text, strlen(text), false, &tokens, &err);
    int skip = lm_facts(lm)->bos_token >= 0;
    cr_assert_geq(n, 0, "%s", err.text);
    cr_assert_eq(lm_n_tokens(seq), n + skip, "%d, not %d", lm_n_tokens(seq), n);
    if (skip) cr_expect_eq(lm_tokens(seq)[0], lm_facts(lm)->bos_token);
    for (int i = 0; i < n; i++)
        cr_expect_eq(lm_tokens(seq)[i + skip], tokens[i],
                     "token %d: %d, not %d", i, lm_tokens(seq)[i + skip],
                     tokens[i]);
    free(tokens);
}

Test(prm, math_psa_reads_one_text) {
    struct lm *lm = reference_speaker("qwen2");
    struct prm p;
    resolve(&p, lm, lm, PRM_MATH_PSA);
    struct lm_seq *seq = begin(&p, lm, "What is 1 + 2?");
    cr_expect(push(&p, seq, 1, "Let us add.\nSo\n\n"));
    expect_text(lm, seq, "What is 1 + 2? Let us add.\nSo");
    cr_expect(push(&p, seq, 2, "1 + 2 = 3.\n\n"));
    cr_expect(push(&p, seq, 3, "<|im_end|> Step"));
    // One text, but for the merge of punctuation and newlines that OpenR's
    // blank before the tag prevents.
    expect_text(lm, seq,
                "What is 1 + 2? Let us add.\nSo \n\n\n\n\n 1 + 2 = 3. "
                "\n\n\n\n\n <|im_end|> Step");
    lm_seq_free(seq);
    lm_free(lm);
}

// ---- math-shepherd --------------------------------------------------------

// A SentencePiece vocabulary with some tokens under Mistral's ids.
enum { MISTRAL_N = 13000 };

static struct lm *mistral_like(int32_t id_of_minus) {
    static const struct {
        int32_t id;
        const char *text;
    } known[] = {{648, "\u2581+"},     {12902, "\u2581\u043a\u0438"},
                 {700, "\u2581Step"},  {701, "\u2581So"},
                 {702, "St"},          {703, "Ste"},
                 {704, "Step"},        {705, "\u2581S"},
                 {706, "\u2581St"},    {707, "\u2581Ste"},
                 {708, "\u2581\u043a"}};
    static char names[MISTRAL_N][16];
    static const char *tokens[MISTRAL_N];
    static float scores[MISTRAL_N];
    static int32_t types[MISTRAL_N];
    struct helper_gguf g;
    struct error err = {0};
    int n = MISTRAL_N - HELPER_SPM_FIRST;
    for (int i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "~%d~", i);
        tokens[i] = names[i];
        scores[i] = -(float)i;
        types[i] = 1;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        tokens[known[i].id - HELPER_SPM_FIRST] = known[i].text;
    tokens[id_of_minus - HELPER_SPM_FIRST] = "\u2581-";
    tokens[900 - HELPER_SPM_FIRST] = "\u2581";
    tokens[901 - HELPER_SPM_FIRST] = "+";
    tokens[902 - HELPER_SPM_FIRST] = "-";
    tokens[903 - HELPER_SPM_FIRST] = "\u043a";
    tokens[904 - HELPER_SPM_FIRST] = "\u0438";
    tokens[905 - HELPER_SPM_FIRST] = "S";
    tokens[906 - HELPER_SPM_FIRST] = "t";
    tokens[907 - HELPER_SPM_FIRST] = "e";
    tokens[908 - HELPER_SPM_FIRST] = "p";
    tokens[909 - HELPER_SPM_FIRST] = "o";
    helper_gguf_init(&g);
    helper_gguf_spm(&g, &(struct helper_spm){tokens, scores, types, n});
    size_t n_bytes;
    char *bytes = helper_gguf_finish(&g, &n_bytes);
    struct lm *lm =
        speaker_open(gguf_open_memory(bytes, n_bytes, "mistral", &err));
    free(bytes);
    return lm;
}

Test(prm, math_shepherd_is_mistral_s_vocabulary) {
    struct lm *lm = mistral_like(387);
    struct prm p;
    resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    cr_expect_eq(p.good, 648);
    cr_expect_eq(p.bad, 387);
    cr_expect_eq(p.n_tag, 1);
    cr_expect_eq(p.tag[0], 12902);
    cr_expect(p.keeps_tag && !p.shares_ids);
    lm_free(lm);
    lm = mistral_like(388);
    expect_refused(lm, PRM_MATH_SHEPHERD,
                   "math-shepherd: ' -' is token 388 of this vocabulary, "
                   "expected 387");
    lm_free(lm);
}

Test(prm, math_shepherd_is_not_llama_s_vocabulary) {
    struct lm *lm = reference_speaker("llama-spm");
    expect_refused(lm, PRM_MATH_SHEPHERD, "math-shepherd: ");
    lm_free(lm);
}

Test(prm, math_shepherd_numbers_its_steps) {
    struct lm *lm = mistral_like(387);
    struct prm p;
    resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    struct lm_seq *seq = begin(&p, lm, "1 + 2?");
    cr_expect(push(&p, seq, 1, "So\n\n3\n\n\n"));
    expect_text(lm, seq, "1 + 2? Step 1: So\n\n3");
    cr_expect(push(&p, seq, 2, "Step 7: 3\n"));
    cr_expect(push(&p, seq, 3, "</s>"));
    cr_expect(push(&p, seq, 12, "\n\n")); // nothing is left of it
    expect_text(lm, seq,
                "1 + 2? Step 1: So\n\n3 \u043a\u0438\nStep 7: 3 "
                "\u043a\u0438\nStep 3: </s> \u043a\u0438\nStep 12: ");
    lm_seq_free(seq);
    lm_free(lm);
}

// Long steps are encoded in two parts, which are those of one text.
Test(prm, a_long_step_is_read_whole) {
    enum { N_WORDS = 1700 };
    struct lm *lm = mistral_like(387);
    char *text = xmalloc(N_WORDS * 5 + 32), *at = text;
    struct prm p;
    lm->facts.n_ctx = 1 << 16;
    resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    at += sprintf(at, "? Step 1: So+");
    for (int i = 0; i < N_WORDS; i++)
        at += sprintf(at, " Step");
    struct lm_seq *seq = begin(&p, lm, "?");
    cr_expect(push(&p, seq, 1, text + strlen("? Step 1: ")));
    expect_text(lm, seq, text);
    // Without a blank it is cut anywhere.
    lm_truncate(seq, 0);
    memset(text, 'S', 5000);
    text[5000] = '\0';
    cr_expect(push(&p, seq, 1, text));
    int n_s = 0;
    for (int i = 0; i < lm_n_tokens(seq); i++)
        n_s += lm_tokens(seq)[i] == 905 || lm_tokens(seq)[i] == 705;
    cr_expect_geq(n_s, 5000);
    lm_seq_free(seq);
    lm_free(lm);
    free(text);
}

Test(prm, reading_allocates_nothing_the_second_time) {
    struct lm *lm = mistral_like(387);
    struct prm p;
    struct error err = {0};
    struct lm_scratch *scratch = lm_scratch_new();
    const struct prm_step step = {1, NULL, 0, "So + So\n\n", 9};
    bool fits;
    if (!malloc_count_works())
        cr_skip_test("skip: malloc cannot be counted in this build");
    resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    struct lm_seq *seq = begin(&p, lm, "7");
    prm_push_step(&p, seq, scratch, &step, &fits, &err);
    malloc_count_start();
    prm_push_step(&p, seq, scratch, &step, &fits, &err);
    cr_expect_eq(malloc_count_stop(), 0);
    cr_expect(fits);
    lm_scratch_free(scratch);
    lm_seq_free(seq);
    lm_free(lm);
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
