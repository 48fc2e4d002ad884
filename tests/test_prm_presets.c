#include "engine/methods/prm.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/lm/lm_backend.h"
#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"
#include "tests/helper_gguf.h"
#include "tests/helper_malloc.h"
#include "tests/helper_prm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The presets for reward models of others, with their vocabularies alone.

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

// ---- math-psa -------------------------------------------------------------

Test(prm_presets, math_psa_is_qwen_s_vocabulary) {
    struct lm *lm = reference_speaker("qwen2");
    struct prm p;
    reader_resolve(&p, lm, lm, PRM_MATH_PSA);
    cr_expect_eq(p.good, 488);
    cr_expect_eq(p.bad, 481);
    cr_expect_eq(p.n_tag, 1);
    cr_expect_eq(p.tag[0], 76325);
    cr_expect(p.keeps_tag && !p.shares_ids); // though the base's is the same
    reader_expect_refused(
        lm, PRM_MATH_SHEPHERD,
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

Test(prm_presets, math_psa_reads_one_text) {
    struct lm *lm = reference_speaker("qwen2");
    struct prm p;
    reader_resolve(&p, lm, lm, PRM_MATH_PSA);
    struct lm_seq *seq = reader_begin(&p, lm, "What is 1 + 2?");
    cr_expect(reader_push(&p, seq, 1, "Let us add.\nSo\n\n"));
    expect_text(lm, seq, "What is 1 + 2? Let us add.\nSo");
    cr_expect(reader_push(&p, seq, 2, "1 + 2 = 3.\n\n"));
    cr_expect(reader_push(&p, seq, 3, "<|im_end|> Step"));
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

Test(prm_presets, math_shepherd_is_mistral_s_vocabulary) {
    struct lm *lm = mistral_like(387);
    struct prm p;
    reader_resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    cr_expect_eq(p.good, 648);
    cr_expect_eq(p.bad, 387);
    cr_expect_eq(p.n_tag, 1);
    cr_expect_eq(p.tag[0], 12902);
    cr_expect(p.keeps_tag && !p.shares_ids);
    lm_free(lm);
    lm = mistral_like(388);
    reader_expect_refused(
        lm, PRM_MATH_SHEPHERD,
        "math-shepherd: ' -' is token 388 of this vocabulary, "
        "expected 387");
    lm_free(lm);
}

Test(prm_presets, math_shepherd_is_not_llama_s_vocabulary) {
    struct lm *lm = reference_speaker("llama-spm");
    reader_expect_refused(lm, PRM_MATH_SHEPHERD, "math-shepherd: ");
    lm_free(lm);
}

Test(prm_presets, math_shepherd_numbers_its_steps) {
    struct lm *lm = mistral_like(387);
    struct prm p;
    reader_resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    struct lm_seq *seq = reader_begin(&p, lm, "1 + 2?");
    cr_expect(reader_push(&p, seq, 1, "So\n\n3\n\n\n"));
    expect_text(lm, seq, "1 + 2? Step 1: So\n\n3");
    cr_expect(reader_push(&p, seq, 2, "Step 7: 3\n"));
    cr_expect(reader_push(&p, seq, 3, "</s>"));
    cr_expect(reader_push(&p, seq, 12, "\n\n")); // nothing is left of it
    expect_text(lm, seq,
                "1 + 2? Step 1: So\n\n3 \u043a\u0438\nStep 7: 3 "
                "\u043a\u0438\nStep 3: </s> \u043a\u0438\nStep 12: ");
    lm_seq_free(seq);
    lm_free(lm);
}

// Long steps are encoded in two parts, which are those of one text.
Test(prm_presets, a_long_step_is_read_whole) {
    enum { N_WORDS = 1700 };
    struct lm *lm = mistral_like(387);
    char *text = xmalloc(N_WORDS * 5 + 32), *at = text;
    struct prm p;
    lm->facts.n_ctx = 1 << 16;
    reader_resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    at += sprintf(at, "? Step 1: So+");
    for (int i = 0; i < N_WORDS; i++)
        at += sprintf(at, " Step");
    struct lm_seq *seq = reader_begin(&p, lm, "?");
    cr_expect(reader_push(&p, seq, 1, text + strlen("? Step 1: ")));
    expect_text(lm, seq, text);
    // Without a blank it is cut anywhere.
    lm_truncate(seq, 0);
    memset(text, 'S', 5000);
    text[5000] = '\0';
    cr_expect(reader_push(&p, seq, 1, text));
    int n_s = 0;
    for (int i = 0; i < lm_n_tokens(seq); i++)
        n_s += lm_tokens(seq)[i] == 905 || lm_tokens(seq)[i] == 705;
    cr_expect_geq(n_s, 5000);
    lm_seq_free(seq);
    lm_free(lm);
    free(text);
}

Test(prm_presets, reading_allocates_nothing_the_second_time) {
    struct lm *lm = mistral_like(387);
    struct prm p;
    struct error err = {0};
    struct lm_scratch *scratch = lm_scratch_new();
    const struct prm_step step = {1, NULL, 0, "So + So\n\n", 9};
    bool fits;
    if (!malloc_count_works())
        cr_skip_test("skip: malloc cannot be counted in this build");
    reader_resolve(&p, lm, lm, PRM_MATH_SHEPHERD);
    struct lm_seq *seq = reader_begin(&p, lm, "7");
    prm_push_step(&p, seq, scratch, &step, &fits, &err);
    malloc_count_start();
    prm_push_step(&p, seq, scratch, &step, &fits, &err);
    cr_expect_eq(malloc_count_stop(), 0);
    cr_expect(fits);
    lm_scratch_free(scratch);
    lm_seq_free(seq);
    lm_free(lm);
}
