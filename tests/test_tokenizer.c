#include "engine/model/tokenizer.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/model/gguf.h"
#include "tests/helper_gguf.h"
#include "tests/helper_malloc.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- making tokenizers ------------------------------------------------------

// Releases g.
static struct tokenizer *tokenizer_of(struct helper_gguf *g,
                                      struct error *err) {
    size_t n;
    char *bytes = helper_gguf_finish(g, &n);
    struct gguf *file = gguf_open_memory(bytes, n, "t.gguf", err);
    struct tokenizer *t = file ? tokenizer_new(file, err) : NULL;
    // It must not need the file any more.
    gguf_close(file);
    memset(bytes, 0xff, n);
    free(bytes);
    return t;
}

static struct tokenizer *helper_tokenizer(void) {
    struct helper_gguf g;
    struct error err = {0};
    helper_gguf_init(&g);
    helper_gguf_vocabulary(&g, HELPER_N_TOKENS);
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    return t;
}

static const char *const extra_tokens[] = {
    "<a>", "<ab>", "<a><b>", "<u>", "ab", "abc", "bc", "zz",
};
static const int32_t extra_types[] = {3, 3, 3, 4, 1, 1, 1, 1};
static const char *const extra_merges[] = {"b c", "a b", "ab c", "z z"};
enum { A = 256, AB_C, A_B, U, AB, ABC, BC, ZZ };
enum { N_EXTRA = 8, N_EXTRA_MERGES = 4 };

static struct tokenizer *extra_tokenizer(const char *pre, struct error *err) {
    struct helper_gguf g;
    helper_gguf_init(&g);
    helper_gguf_tokenizer(
        &g, &(struct helper_vocabulary){.pre = pre,
                                        .tokens = extra_tokens,
                                        .types = extra_types,
                                        .n_tokens = N_EXTRA,
                                        .merges = extra_merges,
                                        .n_merges = N_EXTRA_MERGES});
    return tokenizer_of(&g, err);
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

static void check_round_trip(const struct tokenizer *t, const char *text,
                             size_t n_bytes, bool special) {
    struct error err = {0};
    int32_t *ids;
    int n = tokenizer_encode(t, text, n_bytes, special, &ids, &err);
    cr_assert_geq(n, 0, "%s", err.text);
    struct buf back;
    buf_init(&back);
    tokenizer_decode(t, ids, (size_t)n, true, &back);
    cr_assert(back.n_bytes == n_bytes && !memcmp(back.text, text, n_bytes),
              "%zu bytes came back from %zu: '%.60s' from '%.60s'",
              back.n_bytes, n_bytes, back.text, text);
    buf_release(&back);
    free(ids);
}

// ---- encoding ---------------------------------------------------------------

Test(tokenizer, merges_in_order_of_rank) {
    struct tokenizer *t = helper_tokenizer();
    CHECK_IDS(t, "the", false, 257);
    CHECK_IDS(t, "in the", false, 258, 262);
    CHECK_IDS(t, "x =\n\ny", false, 'x', 264, 263, 'y');
    CHECK_IDS(t, "10", false, '1', '0'); // the pre-tokenizer cuts digits
    CHECK_IDS(t, "Th er", false, 'T', 'h', ' ', 260);
    tokenizer_free(t);
    struct error err = {0};
    t = extra_tokenizer(NULL, &err);
    cr_assert(t, "%s", err.text);
    CHECK_IDS(t, "abc", false, 'a', BC); // "b c" before "a b"
    CHECK_IDS(t, "abab", false, AB, AB);
    CHECK_IDS(t, "bcbbcab", false, BC, 'b', BC, AB);
    CHECK_IDS(t, "zzzbc", false, ZZ, 'z', BC); // of equal pairs, the leftmost
    tokenizer_free(t);
}

Test(tokenizer, takes_whole_tokens_where_the_family_does) {
    struct error err = {0};
    struct tokenizer *t = extra_tokenizer("llama-bpe", &err);
    cr_assert(t, "%s", err.text);
    CHECK_IDS(t, "abc", false, ABC);
    CHECK_IDS(t, "abca", false, 'a', BC, 'a');
    tokenizer_free(t);
}

Test(tokenizer, finds_special_tokens_when_asked) {
    struct tokenizer *t = helper_tokenizer();
    CHECK_IDS(t, "<|user|>in<|grade|>", true, HELPER_USER, 258, HELPER_GRADE);
    CHECK_IDS(t, "<|<|user|>|>", true, '<', '|', HELPER_USER, '|', '>');
    CHECK_IDS(t, "<|x|>", false, '<', '|', 'x', '|', '>');
    int32_t *ids;
    int n = tokenizer_encode(t, "<|user|>", 8, false, &ids, NULL);
    for (int i = 0; i < n; i++)
        cr_expect(!tokenizer_is_control(t, ids[i]));
    cr_expect_gt(n, 1);
    free(ids);
    tokenizer_free(t);
}

Test(tokenizer, prefers_the_longest_special_token) {
    struct error err = {0};
    struct tokenizer *t = extra_tokenizer(NULL, &err);
    cr_assert(t, "%s", err.text);
    CHECK_IDS(t, "<a><b>", true, A_B);
    CHECK_IDS(t, "<a><a><b>", true, A, A_B);
    CHECK_IDS(t, "<a><b", true, A, '<', 'b');
    CHECK_IDS(t, "<ab>", true, AB_C);
    CHECK_IDS(t, "<ab<a>", true, '<', AB, A);
    CHECK_IDS(t, "x<u>", false, 'x', U); // user-defined: always
    CHECK_IDS(t, "<a>", false, '<', 'a', '>');
    cr_expect_eq(tokenizer_find(t, "<a><b>", 6), A_B);
    cr_expect_eq(tokenizer_find(t, "<a><b", 5), -1);
    cr_expect_eq(tokenizer_find(t, "abc", 3), ABC);
    cr_expect_eq(tokenizer_find(t, "", 0), -1);
    tokenizer_free(t);
}

Test(tokenizer, encodes_nothing_as_nothing) {
    struct tokenizer *t = helper_tokenizer();
    int32_t *ids;
    cr_expect_eq(tokenizer_encode(t, "", 0, true, &ids, NULL), 0);
    free(ids);
    tokenizer_free(t);
}

// ---- round trips ------------------------------------------------------------

Test(tokenizer, gives_any_bytes_back) {
    struct tokenizer *t = helper_tokenizer();
    struct rng r = rng_make(3, "bytes", 0);
    char text[300];
    for (int i = 0; i < 256; i++) {
        text[0] = (char)i;
        check_round_trip(t, text, 1, false);
    }
    // From all bytes, and from few, of which pieces of UTF-8 are likely.
    static const char few[] = "the in=10 \n\t'<|user|>\xc3\xa9\xe2\x82\xac"
                              "\xf0\x9f\xa6\x99\xed\xa0\x80\xc0\x80\xff";
    for (uint64_t i = 0; i < 2000; i++) {
        size_t n = rng_below(&r, RNG_ORDER, i, sizeof text);
        for (size_t j = 0; j < n; j++) {
            uint64_t x = rng_below(&r, RNG_JUDGE, i * 512 + j, 1u << 30);
            text[j] = i % 2 ? (char)x : few[x % (sizeof few - 1)];
        }
        check_round_trip(t, text, n, i % 4 < 2);
    }
    tokenizer_free(t);
}

// One piece of half a megabyte: quadratic work would take hours.
Test(tokenizer, is_not_quadratic, .timeout = 60) {
    static const char *const units[] = {
        "th",
        "the",
        " ",
        "\n",
        "\r\n ",
        "!",
        "1",
        "<|user",
        "\xff",
        "\xc2\xa0",
        "\xf0\x9f\xa6\x99",
        "'",
        "a\xcc\x81",
    };
    struct tokenizer *t = helper_tokenizer();
    size_t n = 1 << 19;
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

Test(tokenizer, knows_ends_and_controls) {
    struct tokenizer *t = helper_tokenizer();
    size_t n;
    cr_expect_eq(tokenizer_n_tokens(t), HELPER_N_TOKENS);
    cr_expect_eq(tokenizer_eos(t), HELPER_ENDOFTEXT);
    cr_expect_eq(tokenizer_bos(t), -1);
    cr_expect(!tokenizer_adds_bos(t));
    cr_expect(tokenizer_is_end(t, HELPER_ENDOFTEXT));
    cr_expect(!tokenizer_is_end(t, HELPER_USER));
    cr_expect(tokenizer_is_control(t, HELPER_USER));
    cr_expect(!tokenizer_is_control(t, 65));
    cr_expect_arr_eq(tokenizer_bytes(t, HELPER_USER, &n), "<|user|>", 8);
    cr_expect_eq(n, 8);
    static const int32_t out[] = {-1, HELPER_N_TOKENS, INT32_MAX, INT32_MIN};
    for (int i = 0; i < 4; i++) {
        cr_expect_str_eq(tokenizer_bytes(t, out[i], &n), "");
        cr_expect_eq(n, 0);
        cr_expect(!tokenizer_is_end(t, out[i]));
        cr_expect(!tokenizer_is_control(t, out[i]));
    }
    tokenizer_free(t);
}

static void hash_of_extra(const char *const *tokens, const int32_t *types,
                          int n, int n_used, char hex[HASH_HEX_SIZE]) {
    struct helper_gguf g;
    struct error err = {0};
    helper_gguf_init(&g);
    helper_gguf_tokenizer(&g,
                          &(struct helper_vocabulary){.tokens = tokens,
                                                      .types = types,
                                                      .n_tokens = n,
                                                      .merges = extra_merges,
                                                      .n_merges = 2});
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    tokenizer_hash(t, hex);
    cr_expect_eq(tokenizer_n_tokens(t), 256 + n);
    cr_expect_eq(tokenizer_n_used(t), 256 + n_used);
    tokenizer_free(t);
}

Test(tokenizer, hashes_what_ids_mean) {
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    static const char *const tokens[] = {"ab", "bc", "<a>", "<b>"};
    static const char *const other[] = {"ab", "bc", "<a>", "<c>"};
    static const int32_t types[] = {1, 1, 3, 3}, free_types[] = {1, 1, 3, 4};
    hash_of_extra(tokens, types, 4, 4, a);
    hash_of_extra(tokens, types, 4, 4, b);
    cr_expect_str_eq(a, b);
    hash_of_extra(other, types, 4, 4, b);
    cr_expect_str_neq(a, b, "another text");
    hash_of_extra(tokens, free_types, 4, 4, b);
    cr_expect_str_neq(a, b, "another type");
    hash_of_extra(tokens, types, 3, 3, b);
    cr_expect_str_neq(a, b, "a token less");
}

static void family_of(const char *const *tokens, const int32_t *types, int n,
                      const char *const *merges, char hex[HASH_HEX_SIZE]) {
    struct helper_gguf g;
    struct error err = {0};
    const struct helper_vocabulary v = {.tokens = tokens,
                                        .types = types,
                                        .n_tokens = n,
                                        .merges = merges,
                                        .n_merges = 2};
    helper_gguf_init(&g);
    helper_gguf_tokenizer(&g, &v);
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    tokenizer_family_hash(t, hex);
    tokenizer_free(t);
}

Test(tokenizer, family_is_what_ordinary_ids_mean) {
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    static const char *const swapped_merges[] = {"a b", "b c"};
    static const char *const tokens[] = {"ab", "bc", "zz", "<a>", "<b>"};
    static const char *const others[] = {"ab", "bc", "zz", "<x>", "[PAD260]"};
    static const char *const renamed[] = {"ab", "bc", "zy", "<a>", "<b>"};
    static const char *const moved[] = {"ab", "bc", "<a>", "zz", "<b>"};
    static const int32_t types[] = {1, 1, 1, 3, 3};
    static const int32_t free_types[] = {1, 1, 1, 4, 5};
    static const int32_t moved_types[] = {1, 1, 3, 1, 3};
    static const int32_t normal_types[] = {1, 1, 1, 1, 3};
    family_of(tokens, types, 5, extra_merges, a);
    family_of(others, free_types, 5, extra_merges, b);
    cr_expect_str_eq(a, b, "other special tokens");
    family_of(tokens, types, 3, extra_merges, b);
    cr_expect_str_eq(a, b, "no special tokens");
    family_of(tokens, types, 5, swapped_merges, b);
    cr_expect_str_neq(a, b, "other merges");
    family_of(renamed, types, 5, extra_merges, b);
    cr_expect_str_neq(a, b, "another text");
    family_of(moved, moved_types, 5, extra_merges, b);
    cr_expect_str_neq(a, b, "another id");
    family_of(tokens, normal_types, 5, extra_merges, b);
    cr_expect_str_neq(a, b, "an ordinary token more");
}

Test(tokenizer, does_not_hash_the_padding) {
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    static const char *const tokens[] = {"ab",       "bc",       "<a>",
                                         "[PAD259]", "[PAD260]", "<x>"};
    // By type, by name, and not at the end.
    static const int32_t types[] = {1, 1, 3, 5, 4, 5};
    hash_of_extra(tokens, types, 3, 3, a);
    hash_of_extra(tokens, types, 4, 3, b);
    cr_expect_str_eq(a, b);
    hash_of_extra(tokens, types, 5, 3, b);
    cr_expect_str_eq(a, b);
    hash_of_extra(tokens, types, 6, 3, b);
    cr_expect_str_eq(a, b);
    static const char *const holes[] = {"ab", "bc", "[PAD258]", "[PAD258]"};
    static const int32_t hole_types[] = {1, 1, 5, 4};
    hash_of_extra(holes, hole_types, 4, 4, b); // 259 is called 258
    cr_expect_str_neq(a, b);
    hash_of_extra(holes, hole_types, 3, 2, b);
    cr_expect_str_neq(a, b);
}

// ---- vocabularies that are wrong --------------------------------------------

static void put_vocabulary(struct helper_gguf *g, const char *merge) {
    helper_gguf_tokenizer(g, &(struct helper_vocabulary){.tokens = extra_tokens,
                                                         .types = extra_types,
                                                         .n_tokens = N_EXTRA,
                                                         .merges = &merge,
                                                         .n_merges = 1});
}

static void expect(struct helper_gguf *g, const char *expected) {
    struct error err = {0};
    struct tokenizer *t = tokenizer_of(g, &err);
    cr_expect_null(t, "accepted; expected: %s", expected);
    cr_expect(strstr(err.text, expected), "expected: %s\ngot: %s", expected,
              err.text);
    cr_expect(!strncmp(err.text, "t.gguf: ", 8), "no file: %s", err.text);
    tokenizer_free(t);
}

Test(tokenizer, refuses_other_kinds_by_name) {
    struct helper_gguf g;
    helper_gguf_init(&g);
    expect(&g, "key 'tokenizer.ggml.model' is missing");
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "bert");
    expect(&g, "tokenizer model 'bert' is not supported, expected 'gpt2'");
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "gpt2");
    expect(&g, "key 'tokenizer.ggml.pre' is missing");
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "gpt2");
    helper_gguf_text(&g, "tokenizer.ggml.pre", "martian");
    expect(&g, "pre-tokenizer 'martian' is not supported, expected one of "
               "gpt-2, qwen2, llama-bpe, deepseek-llm, llama3");
}

Test(tokenizer, refuses_broken_vocabularies) {
    static const struct {
        const char *merge, *expected;
    } merges[] = {
        {"ab", "merge 0 'ab' is not two tokens"},
        {"a ", "is not two tokens"},
        {" a", "is not two tokens"},
        {"", "is not two tokens"},
        {"\n b", "merge 0 '? b' is not in the byte alphabet"},
        {"a \xff", "is not in the byte alphabet"},
        {"b a", "is of tokens that do not exist"},
    };
    struct helper_gguf g;
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        helper_gguf_init(&g);
        put_vocabulary(&g, merges[i].merge);
        expect(&g, merges[i].expected);
    }
    helper_gguf_init(&g);
    put_vocabulary(&g, "a b");
    helper_gguf_u32(&g, "tokenizer.ggml.eos_token_id", 256 + N_EXTRA);
    expect(&g, "key 'tokenizer.ggml.eos_token_id' is 264, the vocabulary has "
               "264 tokens");
    helper_gguf_init(&g);
    put_vocabulary(&g, "a b");
    helper_gguf_u32(&g, "tokenizer.ggml.add_bos_token", 1);
    expect(&g, "key 'tokenizer.ggml.add_bos_token' is u32 1, expected a bool");
    static const int32_t types[] = {1, 1};
    static const char *const tokens[] = {"a", "b", "ab"};
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "gpt2");
    helper_gguf_text(&g, "tokenizer.ggml.pre", "qwen2");
    helper_gguf_i32s(&g, "tokenizer.ggml.token_type", types, 2);
    helper_gguf_texts(&g, "tokenizer.ggml.tokens", tokens, 3);
    expect(&g, "has 2 elements, 'tokenizer.ggml.tokens' has 3");
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "gpt2");
    helper_gguf_text(&g, "tokenizer.ggml.pre", "qwen2");
    helper_gguf_texts(&g, "tokenizer.ggml.tokens", tokens, 0);
    expect(&g, "key 'tokenizer.ggml.tokens' has 0 elements");
}

Test(tokenizer, takes_empty_tokens_for_none) {
    static const char *const empty[] = {"", "", "", "ab"};
    static const int32_t empty_types[] = {1, 3, 4, 1};
    static const char *const merge = "a b";
    struct helper_gguf g;
    struct error err = {0};
    helper_gguf_init(&g);
    helper_gguf_tokenizer(&g, &(struct helper_vocabulary){.tokens = empty,
                                                          .types = empty_types,
                                                          .n_tokens = 4,
                                                          .merges = &merge,
                                                          .n_merges = 1});
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    CHECK_IDS(t, "abc", true, 259, 'c');
    size_t n;
    tokenizer_bytes(t, 256, &n);
    cr_expect_eq(n, 0);
    tokenizer_free(t);
}

// Damage in the vocabulary that the file's own checks cannot see.
Test(tokenizer, survives_flipped_bytes) {
    struct helper_gguf g;
    size_t n;
    helper_gguf_init(&g);
    put_vocabulary(&g, "a b");
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
            n_opened++, tokenizer_encode(t, "abc<a> x", 8, true, &ids, &err);
        else
            cr_assert(*err.text && !strchr(err.text, '\n'));
        free(ids);
        tokenizer_free(t);
        gguf_close(file);
    }
    cr_expect_gt(n_opened, 0);
    free(copy);
    free(bytes);
}

Test(tokenizer, says_which_byte_has_no_token) {
    static const char *const tokens[] = {"a", "b", "ab"};
    static const char *const merges[] = {"a b"};
    struct helper_gguf g;
    struct error err = {0};
    helper_gguf_init(&g);
    helper_gguf_text(&g, "tokenizer.ggml.model", "gpt2");
    helper_gguf_text(&g, "tokenizer.ggml.pre", "qwen2");
    helper_gguf_texts(&g, "tokenizer.ggml.tokens", tokens, 3);
    helper_gguf_texts(&g, "tokenizer.ggml.merges", merges, 1);
    struct tokenizer *t = tokenizer_of(&g, &err);
    cr_assert(t, "%s", err.text);
    int32_t *ids;
    CHECK_IDS(t, "abb", false, 2, 1);
    cr_expect_eq(tokenizer_encode(t, "ab c", 4, false, &ids, &err), -1);
    cr_expect_str_eq(err.text, "the vocabulary has no token for byte 0x20");
    cr_expect_null(ids);
    tokenizer_free(t);
}

// ---- the real vocabularies --------------------------------------------------

static const char reference[] = "../shared/reference/tokenizers";

static struct tokenizer *reference_tokenizer(const char *name) {
    struct error err = {0};
    char *path = xasprintf("%s/vocab-%s.gguf", reference, name);
    if (access(path, R_OK)) {
        free(path);
        cr_skip_test("skip: %s is absent", reference);
    }
    struct gguf *g = gguf_open(path, &err);
    free(path);
    cr_assert(g, "%s", err.text);
    struct tokenizer *t = tokenizer_new(g, &err);
    cr_assert(t, "%s", err.text);
    gguf_close(g);
    return t;
}

static char *read_all(const char *path) {
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    struct buf b;
    buf_init(&b);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, f));)
        buf_add(&b, part, n);
    fclose(f);
    char *text = buf_detach(&b);
    buf_release(&b);
    return text;
}

// " 12 34" as a line of ids-*.txt.
static char *ids_line(const struct tokenizer *t, const char *text, size_t n) {
    struct error err = {0};
    struct buf line;
    int32_t *ids;
    int n_ids = tokenizer_encode(t, text, n, false, &ids, &err);
    cr_assert_geq(n_ids, 0, "%s", err.text);
    buf_init(&line);
    for (int i = 0; i < n_ids; i++)
        buf_addf(&line, " %d", ids[i]);
    free(ids);
    char *result = buf_detach(&line);
    buf_release(&line);
    return result;
}

// The strings of strings.txt, their ids, and back again.
static void check_reference(const char *name) {
    static const char separator[] = "\n__ggml_vocab_test__\n";
    struct tokenizer *t = reference_tokenizer(name);
    char *strings_path = xasprintf("%s/strings.txt", reference);
    char *ids_path = xasprintf("%s/ids-%s.txt", reference, name);
    char *strings = read_all(strings_path), *ids = read_all(ids_path);
    char *text = strings, *line = ids;
    int n = 0, n_exact = 0;
    for (char *end; (end = strstr(text, separator)); n++) {
        char *line_end = strchr(line, '\n');
        cr_assert(line_end);
        *line_end = *end = '\0';
        char *got = ids_line(t, text, (size_t)(end - text));
        n_exact += !strcmp(got, line);
        cr_expect_str_eq(got, line, "%s, string %d '%s':\n got%s\nwant%s", name,
                         n, text, got, line);
        free(got);
        check_round_trip(t, text, (size_t)(end - text), true);
        line = line_end + 1;
        text = end + strlen(separator);
    }
    fprintf(stderr, "tokenizer %s: %d strings exact / %d\n", name, n_exact, n);
    cr_expect_eq(n, 46);
    free(strings);
    free(ids);
    free(strings_path);
    free(ids_path);
    tokenizer_free(t);
}

Test(tokenizer, is_exact_on_gpt_2) {
    check_reference("gpt-2");
}

Test(tokenizer, is_exact_on_qwen2) {
    check_reference("qwen2");
}

Test(tokenizer, is_exact_on_llama_3) {
    check_reference("llama3");
}

Test(tokenizer, is_exact_on_deepseek_llm) {
    check_reference("deepseek-llm");
}

Test(tokenizer, is_exact_on_llama_spm) {
    check_reference("llama-spm");
}

struct tally {
    int n_texts;
    size_t n_bytes, n_tokens;
    double seconds; // of encoding, on this thread's clock
};

static double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void check_text(const struct tokenizer *t, const char *text, size_t n,
                       struct tally *sum) {
    int32_t *ids;
    double begin = thread_seconds();
    int n_ids = tokenizer_encode(t, text, n, false, &ids, NULL);
    sum->seconds += thread_seconds() - begin;
    cr_assert_geq(n_ids, 0);
    for (int i = 0; i < n_ids; i++)
        cr_assert(!tokenizer_is_control(t, ids[i]));
    free(ids);
    check_round_trip(t, text, n, false);
    sum->n_texts++;
    sum->n_bytes += n;
    sum->n_tokens += (size_t)n_ids;
}

// Every text in a line of JSON.
static void check_texts(const struct tokenizer *t, const json_t *value,
                        struct tally *sum) {
    const char *key;
    json_t *child;
    size_t i;
    if (json_is_string(value))
        check_text(t, json_string_value(value), json_string_length(value), sum);
    json_array_foreach(value, i, child) check_texts(t, child, sum);
    json_object_foreach((json_t *)(uintptr_t)value, key, child)
        check_texts(t, child, sum);
}

static void check_file(const struct tokenizer *t, FILE *f, struct tally *sum) {
    json_t *line;
    cr_assert(f);
    while ((line = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
        check_texts(t, line, sum);
        json_decref(line);
    }
}

// All problems and solutions, and each of them comes back.
static void check_datasets(const char *name) {
    static const char *const files[] = {"aime24", "amc23", "gsm8k", "math500",
                                        "olympiadbench"};
    struct tokenizer *t = reference_tokenizer(name);
    struct tally sum = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = xasprintf("../shared/datasets/%s.jsonl", files[i]);
        FILE *f = fopen(path, "rb");
        check_file(t, f, &sum);
        fclose(f);
        free(path);
    }
    // The only packed one: gzip is a tool here, not a library.
    FILE *f = popen("gzip -dc ../shared/datasets/HumanEval.jsonl.gz", "r");
    check_file(t, f, &sum);
    cr_assert_eq(pclose(f), 0);
    fprintf(stderr,
            "tokenizer %s: %d texts of datasets came back / %d, %zu tokens, "
            "encoded at %.1f MB/s\n",
            name, sum.n_texts, sum.n_texts, sum.n_tokens,
            (double)sum.n_bytes * 1e-6 / sum.seconds);
    cr_expect_gt(sum.n_texts, 9000);
    tokenizer_free(t);
}

Test(tokenizer, gives_datasets_back_gpt_2, .timeout = 120) {
    check_datasets("gpt-2");
}

Test(tokenizer, gives_datasets_back_qwen2, .timeout = 120) {
    check_datasets("qwen2");
}

Test(tokenizer, gives_datasets_back_llama_3, .timeout = 120) {
    check_datasets("llama3");
}

Test(tokenizer, gives_datasets_back_deepseek_llm, .timeout = 120) {
    check_datasets("deepseek-llm");
}

Test(tokenizer, gives_datasets_back_llama_spm, .timeout = 120) {
    check_datasets("llama-spm");
}

// ---- text that goes on ------------------------------------------------------

Test(tokenizer, encodes_more_text_alike_in_memory_that_it_has) {
    static const char *const texts[] = {"", "abc", "abc <a>ab<u>zz\n\n",
                                        "12 + 34", "Wait, \\boxed{7}\n"};
    struct error err = {0};
    struct tokenizer *t = extra_tokenizer("qwen2", &err);
    struct tokenizer_work *w = tokenizer_work_new();
    char longest[4096];
    const int32_t *more;
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = "abc zz, 12.\n"[i % 12];
    cr_assert_gt(
        tokenizer_encode_in(t, w, longest, sizeof longest, false, &more, &err),
        0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int32_t *ids;
        size_t n_bytes = strlen(texts[i]);
        int n = tokenizer_encode(t, texts[i], n_bytes, false, &ids, &err);
        malloc_count_start();
        int got =
            tokenizer_encode_in(t, w, texts[i], n_bytes, false, &more, &err);
        long n_allocated = malloc_count_stop();
        cr_assert_eq(got, n, "'%s'", texts[i]);
        if (n) cr_expect_arr_eq(more, ids, (size_t)n * sizeof *ids);
        if (malloc_count_works())
            cr_expect_eq(n_allocated, 0, "'%s'", texts[i]);
        free(ids);
    }
    tokenizer_work_free(w);
    tokenizer_free(t);
}
