#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- making tokenizers ------------------------------------------------------

#define BL "\xe2\x96\x81" // U+2581

static const char *const tokens[] = {
    BL,    "a",   "b",     "c",    "ab",  "bc", BL "a", "abc",
    BL BL, "<u>", "é",     BL "é", "aa",  "bb", "a" BL, "<s",
    "<",   "s",   "<pad>", "ac",   "e f", "",   "x",
};
static const float scores[] = {
    -1, -2, -3,  -4, -10, -5, -12, -20, -30, 0,  -7, -8,
    -9, -9, -40, -6, -6,  -6, -6,  -1,  -1,  -1, -1,
};
static const int32_t types[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 1, 1,
                                1, 1, 1, 1, 1, 1, 3, 5, 1, 1, 1};
enum {
    BLANK = HELPER_SPM_FIRST,
    A,
    B,
    C,
    AB,
    BC,
    BLANK_A,
    ABC,
    BLANKS,
    USER,
    E,
    BLANK_E,
    AA,
    BB,
    A_BLANK,
    LESS_S,
    LESS,
    S,
    PAD,
    AC,
    E_F,
    EMPTY,
    X
};
enum { N_TOKENS = 23, BYTES = 3 };

static const struct helper_spm vocabulary = {
    .tokens = tokens, .scores = scores, .types = types, .n_tokens = N_TOKENS};

// Releases g.
static struct tokenizer *tokenizer_of(struct helper_gguf *g,
                                      struct error *err) {
    size_t n;
    char *bytes = helper_gguf_finish(g, &n);
    struct gguf *file = gguf_open_memory(bytes, n, "t.gguf", err);
    struct tokenizer *t = file ? tokenizer_new(file, err) : NULL;
    gguf_close(file);
    memset(bytes, 0xff, n); // it must not need the file any more
    free(bytes);
    return t;
}

static struct tokenizer *spm_tokenizer(const struct helper_spm *v,
                                       bool adds_blank) {
    struct helper_gguf g;
    struct error err = {0};
    helper_gguf_init(&g);
    helper_gguf_spm(&g, v);
    if (!adds_blank)
        helper_gguf_bool(&g, "tokenizer.ggml.add_space_prefix", false);
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    return t;
}

// ---- checking ---------------------------------------------------------------

static void check_ids(const struct tokenizer *t, const char *text, bool special,
                      int n, const int32_t *expected) {
    struct error err = {0};
    int32_t *ids;
    int got = tokenizer_encode(t, text, strlen(text), special, &ids, &err);
    cr_expect_eq(got, n, "'%s': %d tokens, expected %d %s", text, got, n,
                 err.text);
    for (int i = 0; i < n && i < got; i++)
        cr_expect_eq(ids[i], expected[i], "'%s' token %d: %d, expected %d",
                     text, i, ids[i], expected[i]);
    free(ids);
}

#define CHECK_IDS(t, text, special, ...)                                       \
    check_ids(t, text, special,                                                \
              (int)(sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t)),         \
              (int32_t[]){__VA_ARGS__})

static void check_decode(const struct tokenizer *t, bool special,
                         const char *expected, int n, const int32_t *ids) {
    struct buf text;
    buf_init(&text);
    tokenizer_decode(t, ids, (size_t)n, special, &text);
    cr_expect_str_eq(text.text, expected);
    buf_release(&text);
}

#define CHECK_DECODE(t, special, expected, ...)                                \
    check_decode(t, special, expected,                                         \
                 (int)(sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t)),      \
                 (int32_t[]){__VA_ARGS__})

static void check_round_trip(const struct tokenizer *t, const char *text,
                             size_t n, bool special) {
    struct error err = {0};
    struct buf back;
    int32_t *ids;
    int n_ids = tokenizer_encode(t, text, n, special, &ids, &err);
    cr_assert_geq(n_ids, 0, "%s", err.text);
    buf_init(&back);
    tokenizer_decode(t, ids, (size_t)n_ids, true, &back);
    cr_assert(back.n_bytes == n && !memcmp(back.text, text, n),
              "'%.40s' came back as '%.40s'", text, back.text);
    buf_release(&back);
    free(ids);
}

// ---- encoding ---------------------------------------------------------------

Test(spm, merges_in_order_of_score) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, false);
    CHECK_IDS(t, "abb", false, A, BB); // "bb" before "ab"
    CHECK_IDS(t, "aab", false, AA, B);
    CHECK_IDS(t, "abc", false, ABC);   // by way of "bc"
    CHECK_IDS(t, "aaa", false, AA, A); // of equal pairs, the leftmost
    CHECK_IDS(t, "aaaa", false, AA, AA);
    CHECK_IDS(t, "aabb", false, AA, BB); // also of different ones: "aa" first
    CHECK_IDS(t, "ac", false, A, C);     // "ac" is of type unused
    CHECK_IDS(t, "a b", false, A_BLANK, B);
    CHECK_IDS(t, "  ", false, BLANKS);
    tokenizer_free(t);
}

Test(spm, spells_unknown_characters_in_bytes) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, false);
    CHECK_IDS(t, "é", false, E);
    CHECK_IDS(t, "aé", false, A, E);
    CHECK_IDS(t, "ê", false, BYTES + 0xc3, BYTES + 0xaa);
    CHECK_IDS(t, "\n", false, BYTES + '\n');
    CHECK_IDS(t, "\xc3", false, BYTES + 0xc3);
    CHECK_IDS(t, "e f", false, BYTES + 'e', BLANK, BYTES + 'f');
    tokenizer_free(t);
}

Test(spm, puts_a_blank_in_front) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, true);
    CHECK_IDS(t, "a", false, BLANK_A);
    CHECK_IDS(t, " a", false, BLANK, BLANK_A); // "▁a" is better than "▁▁"
    CHECK_IDS(t, "x", false, BLANK, X);
    check_ids(t, "", false, 0, NULL);
    CHECK_IDS(t, "<u>a", false, USER, BLANK_A);
    CHECK_IDS(t, "a<u>", false, BLANK_A, USER);
    CHECK_IDS(t, "a<s>b", true, BLANK_A, 1, BLANK, B);
    tokenizer_free(t);
}

Test(spm, takes_the_written_blank_for_one) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, false);
    CHECK_IDS(t, BL "a", false, BLANK_A);
    CHECK_IDS(t, BL "é", false, BLANK_E);
    CHECK_IDS(t, "\xe2\x96", false, BYTES + 0xe2, BYTES + 0x96);
    tokenizer_free(t);
}

Test(spm, makes_no_control_token_from_text) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, false);
    // Although "<s" is a token, and "<s" + ">" would be "<s>".
    CHECK_IDS(t, "<s>", false, LESS_S, BYTES + '>');
    CHECK_IDS(t, "<s>", true, 1);
    CHECK_IDS(t, "</s><unk>", true, 2, 0);
    CHECK_IDS(t, "<pad>", true, PAD);
    CHECK_IDS(t, "<0x0A>", true, LESS, BYTES + '0', X, BYTES + '0', BYTES + 'A',
              BYTES + '>');
    CHECK_IDS(t, "<u>", false, USER);
    int32_t *ids;
    int n = tokenizer_encode(t, "<s></s><pad><unk>", 17, false, &ids, NULL);
    cr_expect_gt(n, 4);
    for (int i = 0; i < n; i++)
        cr_expect(!tokenizer_is_control(t, ids[i]) && ids[i] != 0);
    free(ids);
    tokenizer_free(t);
}

// ---- decoding ---------------------------------------------------------------

Test(spm, takes_away_the_blanks_that_it_added) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, true);
    CHECK_DECODE(t, true, "a", BLANK_A);
    CHECK_DECODE(t, true, "a a", BLANK_A, BLANK_A);
    CHECK_DECODE(t, true, "<s>a", 1, BLANK_A);
    CHECK_DECODE(t, false, "a", 1, BLANK_A);
    CHECK_DECODE(t, true, "a<u>a", BLANK_A, USER, BLANK_A);
    CHECK_DECODE(t, true, " ", BLANKS);
    CHECK_DECODE(t, true, "\n a", BYTES + '\n', BLANK_A);
    CHECK_DECODE(t, true, "a", -1, BLANK_A, N_TOKENS + HELPER_SPM_FIRST);
    CHECK_DECODE(t, true, "é", BYTES + 0xc3, BYTES + 0xa9);
    size_t n;
    cr_expect_arr_eq(tokenizer_bytes(t, BLANK_A, &n), " a", 2); // continued
    cr_expect_eq(n, 2);
    cr_expect_arr_eq(tokenizer_bytes(t, BYTES + 10, &n), "\n", 1);
    cr_expect_eq(n, 1);
    tokenizer_free(t);
    t = spm_tokenizer(&vocabulary, false);
    CHECK_DECODE(t, true, " a", BLANK_A);
    tokenizer_free(t);
}

static void check_more(const struct tokenizer *t, const char *text, int n,
                       const int32_t *expected) {
    struct error err = {0};
    int32_t *ids;
    int got = tokenizer_encode_more(t, text, strlen(text), true, &ids, &err);
    cr_assert_eq(got, n, "'%s': %d %s", text, got, err.text);
    cr_expect_arr_eq(ids, expected, (size_t)n * sizeof *ids, "'%s'", text);
    free(ids);
}

Test(spm, adds_no_blank_to_text_that_goes_on) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, true);
    check_more(t, "a", 1, (int32_t[]){A});
    check_more(t, " a", 1, (int32_t[]){BLANK_A});
    check_more(t, "a<u>a", 3, (int32_t[]){A, USER, BLANK_A});
    check_more(t, "<s>a", 2, (int32_t[]){1, BLANK_A});
    tokenizer_free(t);
}

// Nor in scratch, which forgets what it was used for before.
Test(spm, encodes_in_scratch_as_elsewhere) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, true);
    struct tokenizer_work *w = tokenizer_work_new();
    static const char *const texts[] = {"a", " a", "", "a<u>a", "<s>a", "abb"};
    for (int i = 0; i < 12; i++) {
        const char *text = texts[i / 2];
        struct error err = {0};
        const int32_t *ids;
        int32_t *expected;
        int n = tokenizer_encode_more(t, text, strlen(text), i % 2, &expected,
                                      &err);
        cr_assert_eq(
            tokenizer_encode_in(t, w, text, strlen(text), i % 2, &ids, &err), n,
            "'%s'", text);
        if (n) cr_expect_arr_eq(ids, expected, (size_t)n * sizeof *ids);
        free(expected);
    }
    tokenizer_work_free(w);
    tokenizer_free(t);
}

Test(spm, gives_any_bytes_back) {
    struct rng r = rng_make(3, "bytes", 0);
    char text[200];
    static const char few[] = "aaabbbccc   <us><s>x\n\xc3\xa9\xe2\x82\xac\xff";
    for (int adds = 0; adds < 2; adds++) {
        struct tokenizer *t = spm_tokenizer(&vocabulary, adds);
        for (uint64_t i = 0; i < 3000; i++) {
            size_t n = rng_below(&r, RNG_ORDER, i, sizeof text);
            for (size_t j = 0; j < n; j++) {
                uint64_t x = rng_below(&r, RNG_JUDGE, i * 512 + j, 1u << 30);
                text[j] = i % 2 ? (char)x : few[x % (sizeof few - 1)];
            }
            check_round_trip(t, text, n, i % 4 < 2);
        }
        tokenizer_free(t);
    }
}

// ---- against the definition -------------------------------------------------

// The token with this text, in the file's spelling, or -1.
static int index_of(const char *text, int n) {
    for (int i = 0; i < N_TOKENS; i++)
        if (types[i] == 1 && (int)strlen(tokens[i]) == n &&
            !memcmp(tokens[i], text, (size_t)n))
            return i;
    return -1;
}

// Every merge by a search over the whole text, which is never cut. For texts of
// letters and blanks that are tokens.
static int merge_by_definition(const char *text, int32_t *out) {
    char spelled[128];
    int n = 0, at[64] = {0}; // part i is spelled[at[i]..at[i + 1])
    for (; text[n]; n++)
        at[n + 1] =
            at[n] + sprintf(spelled + at[n], "%s",
                            text[n] == ' ' ? BL : (char[]){text[n], '\0'});
    for (;;) {
        int best = -1, best_token = -1;
        for (int i = 0; i + 1 < n; i++) {
            int token = index_of(spelled + at[i], at[i + 2] - at[i]);
            if (token >= 0 && (best < 0 || scores[token] > scores[best_token]))
                best = i, best_token = token;
        }
        if (best < 0) break;
        for (int i = best + 1; i < n; i++)
            at[i] = at[i + 1];
        n--;
    }
    for (int i = 0; i < n; i++)
        out[i] =
            HELPER_SPM_FIRST + index_of(spelled + at[i], at[i + 1] - at[i]);
    return n;
}

Test(spm, cutting_at_blanks_changes_nothing) {
    struct rng r = rng_make(4, "cut", 0);
    // "a▁" and "▁▁" reach over blanks, so that some may be cut at and some not.
    struct tokenizer *t = spm_tokenizer(&vocabulary, false);
    for (uint64_t i = 0; i < 5000; i++) {
        char text[21];
        size_t n = 1 + rng_below(&r, RNG_ORDER, i, sizeof text - 2);
        for (size_t j = 0; j < n; j++)
            text[j] = "abc  s"[rng_below(&r, RNG_JUDGE, i * 32 + j, 6)];
        text[n] = '\0';
        int32_t expected[32];
        int n_expected = merge_by_definition(text, expected);
        check_ids(t, text, false, n_expected, expected);
    }
    tokenizer_free(t);
}

// A megabyte in one segment: quadratic work would take hours.
Test(spm, is_not_quadratic, .timeout = 60) {
    static const char *const units[] = {"a", "ab", " ", "c", "é", "\xff", "a "};
    struct tokenizer *t = spm_tokenizer(&vocabulary, true);
    size_t n = 1 << 20;
    char *text = xmalloc(n);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n_unit = strlen(units[i]);
        for (size_t j = 0; j < n; j++)
            text[j] = units[i][j % n_unit];
        check_round_trip(t, text, n, true);
    }
    free(text);
    tokenizer_free(t);
}

// ---- facts ------------------------------------------------------------------

static void hash_of(const struct helper_spm *v, char hex[HASH_HEX_SIZE]) {
    struct tokenizer *t = spm_tokenizer(v, true);
    tokenizer_hash(t, hex);
    tokenizer_free(t);
}

Test(spm, knows_ends_and_hashes_scores) {
    struct tokenizer *t = spm_tokenizer(&vocabulary, true);
    cr_expect_eq(tokenizer_bos(t), 1);
    cr_expect_eq(tokenizer_eos(t), 2);
    cr_expect(tokenizer_adds_bos(t)); // unless the file says no
    cr_expect(tokenizer_is_end(t, 2));
    cr_expect(tokenizer_is_control(t, 1));
    cr_expect_eq(tokenizer_find(t, " a", 2), BLANK_A);
    cr_expect_eq(tokenizer_find(t, "<s>", 3), 1);
    tokenizer_free(t);
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    float other[N_TOKENS];
    struct helper_spm changed = vocabulary;
    memcpy(other, scores, sizeof scores);
    other[3] -= 0.5f;
    hash_of(&vocabulary, a);
    hash_of(&changed, b);
    cr_expect_str_eq(a, b);
    changed.scores = other;
    hash_of(&changed, b);
    cr_expect_str_neq(a, b);
}

static void family_of(const struct helper_spm *v, char hex[HASH_HEX_SIZE]) {
    struct tokenizer *t = spm_tokenizer(v, true);
    tokenizer_family_hash(t, hex);
    tokenizer_free(t);
}

Test(spm, family_is_what_ordinary_ids_mean) {
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    static const char *const names[] = {"a", "<x>", "b"};
    static const char *const others[] = {"a", "<y>", "b"};
    static const float of[] = {-1, -2, -3}, special_of[] = {-1, 0, -3},
                       ordinary_of[] = {-1, -2, -4};
    static const int32_t kinds[] = {1, 3, 1};
    struct helper_spm v = {names, of, kinds, 3};
    family_of(&v, a);
    v = (struct helper_spm){others, special_of, kinds, 3};
    family_of(&v, b);
    cr_expect_str_eq(a, b, "another special token");
    v = (struct helper_spm){names, ordinary_of, kinds, 3};
    family_of(&v, b);
    cr_expect_str_neq(a, b, "another score");
}

Test(spm, does_not_hash_the_padding) {
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    static const char *const padded[] = {"a", "[PAD260]", "[PAD261]"};
    static const float padded_scores[] = {-1, -1000, -2000};
    static const int32_t padded_types[] = {1, 5, 4};
    struct helper_spm v = {padded, padded_scores, padded_types, 1};
    hash_of(&v, a);
    v.n_tokens = 3;
    hash_of(&v, b);
    cr_expect_str_eq(a, b);
    struct tokenizer *t = spm_tokenizer(&v, true);
    cr_expect_eq(tokenizer_n_tokens(t), 262);
    cr_expect_eq(tokenizer_n_used(t), 260);
    tokenizer_free(t);
}

// ---- vocabularies that are wrong --------------------------------------------

static void expect(struct helper_gguf *g, const char *expected) {
    struct error err = {0};
    struct tokenizer *t = tokenizer_of(g, &err);
    cr_expect_null(t, "accepted; expected: %s", expected);
    cr_expect(strstr(err.text, expected), "expected: %s\ngot: %s", expected,
              err.text);
    cr_expect(!strncmp(err.text, "t.gguf: ", 8), "no file: %s", err.text);
    cr_expect(!strchr(err.text, '\n'));
    tokenizer_free(t);
}

static const char *const few[] = {"<unk>", "a", "<0x41>"};

static void put_model(struct helper_gguf *g, int n_types, int n_scores,
                      float score) {
    static const int32_t few_types[] = {2, 1, 6, 1};
    const float few_scores[] = {0, -1, score, -3};
    helper_gguf_init(g);
    helper_gguf_text(g, "tokenizer.ggml.model", "llama");
    helper_gguf_texts(g, "tokenizer.ggml.tokens", few, 3);
    if (n_types)
        helper_gguf_i32s(g, "tokenizer.ggml.token_type", few_types,
                         (size_t)n_types);
    if (n_scores)
        helper_gguf_f32s(g, "tokenizer.ggml.scores", few_scores,
                         (size_t)n_scores);
}

Test(spm, refuses_broken_vocabularies) {
    struct helper_gguf g;
    put_model(&g, 0, 3, 0);
    expect(&g, "key 'tokenizer.ggml.token_type' is missing");
    put_model(&g, 4, 3, 0);
    expect(&g, "key 'tokenizer.ggml.token_type' has 4 elements, "
               "'tokenizer.ggml.tokens' has 3");
    put_model(&g, 3, 0, 0);
    expect(&g, "key 'tokenizer.ggml.scores' is missing");
    put_model(&g, 3, 2, 0);
    expect(&g, "key 'tokenizer.ggml.scores' has 2 elements, the vocabulary "
               "has 3 tokens");
    put_model(&g, 3, 0, 0);
    helper_gguf_texts(&g, "tokenizer.ggml.scores", few, 3);
    expect(&g, "key 'tokenizer.ggml.scores' is");
    put_model(&g, 3, 3, NAN);
    expect(&g, "the score of token 2 is nan, expected a finite number");
    put_model(&g, 3, 3, -INFINITY);
    expect(&g, "the score of token 2 is -inf, expected a finite number");
    put_model(&g, 3, 3, 0);
    helper_gguf_u32(&g, "tokenizer.ggml.bos_token_id", 3);
    expect(&g, "key 'tokenizer.ggml.bos_token_id' is 3, the vocabulary has 3 "
               "tokens");
    put_model(&g, 3, 3, 0);
    helper_gguf_u32(&g, "tokenizer.ggml.eos_token_id", 0x7fffffff);
    expect(&g, "key 'tokenizer.ggml.eos_token_id' is 2147483647");
    put_model(&g, 3, 3, 0);
    helper_gguf_text(&g, "tokenizer.ggml.add_space_prefix", "yes");
    expect(&g, "key 'tokenizer.ggml.add_space_prefix' is");
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "llama");
    expect(&g, "key 'tokenizer.ggml.tokens' is missing");
}

Test(spm, refuses_bytes_that_are_none) {
    static const char *const texts[] = {"<0x4>",  "<0x4G>", "<0x411>", "",
                                        "<0y41>", "<0x41",  "A"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct helper_gguf g;
        const char *const list[] = {"a", texts[i]};
        static const int32_t list_types[] = {1, 6};
        static const float list_scores[] = {0, 0};
        helper_gguf_init(&g);
        helper_gguf_text(&g, "tokenizer.ggml.model", "llama");
        helper_gguf_texts(&g, "tokenizer.ggml.tokens", list, 2);
        helper_gguf_i32s(&g, "tokenizer.ggml.token_type", list_types, 2);
        helper_gguf_f32s(&g, "tokenizer.ggml.scores", list_scores, 2);
        char *expected = xasprintf("key 'tokenizer.ggml.tokens': token 1 '%s' "
                                   "is of type byte, expected a text like "
                                   "'<0x0A>'",
                                   texts[i]);
        expect(&g, expected);
        free(expected);
    }
}

Test(spm, says_which_byte_has_no_token) {
    struct helper_gguf g;
    struct error err = {0};
    int32_t *ids;
    put_model(&g, 3, 3, 0);
    helper_gguf_bool(&g, "tokenizer.ggml.add_space_prefix", false);
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    CHECK_IDS(t, "aAa", false, 1, 2, 1);
    cr_expect_eq(tokenizer_encode(t, "ab", 2, false, &ids, &err), -1);
    cr_expect_str_eq(err.text, "the vocabulary has no token for byte 0x62");
    cr_expect_null(ids);
    tokenizer_free(t);
}

// Damage that the file's own checks cannot see.
Test(spm, survives_flipped_bytes) {
    struct helper_gguf g;
    size_t n;
    helper_gguf_init(&g);
    helper_gguf_spm(&g, &vocabulary);
    char *bytes = helper_gguf_finish(&g, &n), *copy = xmalloc(n);
    struct rng r = rng_make(9, "flip", 0);
    int n_opened = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        memcpy(copy, bytes, n);
        size_t at = rng_below(&r, RNG_ORDER, i, n);
        copy[at] ^= (char)(1 + rng_below(&r, RNG_JUDGE, i, 255));
        struct error err = {0};
        struct gguf *file = gguf_open_memory(copy, n, "t.gguf", &err);
        struct tokenizer *t = file ? tokenizer_new(file, &err) : NULL;
        int32_t *ids = NULL;
        if (t)
            n_opened++, tokenizer_encode(t, "abc<s> x", 8, true, &ids, &err);
        else
            cr_assert(*err.text && !strchr(err.text, '\n'));
        free(ids);
        tokenizer_free(t);
        gguf_close(file);
    }
    cr_expect_gt(n_opened, 100);
    free(copy);
    free(bytes);
}
