#include "engine/model/pretokenizer.h"

#include "engine/base/error.h"
#include "engine/base/rng.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

// Pieces joined by '|'.
static void check(const char *name, const char *text, const char *expected) {
    struct error err = {0};
    char got[256];
    size_t n, at = 0;
    struct pretokenizer *p = pretokenizer_new(name, &err);
    cr_assert(p, "%s", err.text);
    struct pretokenizer_work *w = pretokenizer_work_new();
    const struct piece *pieces =
        pretokenizer_split(p, w, text, strlen(text), &n, &err);
    cr_assert(pieces, "%s", err.text);
    for (size_t i = 0; i < n; i++) {
        if (i) got[at++] = '|';
        memcpy(got + at, text + pieces[i].at, pieces[i].n_bytes);
        at += pieces[i].n_bytes;
    }
    got[at] = '\0';
    cr_expect_str_eq(got, expected, "%s: got %s, expected %s", name, got,
                     expected);
    pretokenizer_work_free(w);
    pretokenizer_free(p);
}

Test(pretokenizer, cuts_as_each_family_does) {
    check("qwen2", "I'm 2500 m\n\n  away", "I|'m| |2|5|0|0| m|\n\n| | away");
    check("llama-bpe", "I'm 2500 m\n\n  away", "I|'m| |250|0| m|\n\n| | away");
    check("gpt-2", "I'm 2500 m\n\n  away", "I|'m| 2500| m|\n\n | away");
    check("gpt-2", "I'M", "I|'|M");
    check("qwen2", "I'M (x)!?\n", "I|'M| (|x|)!?\n");
    check("qwen2", "a_b\tc \t\n d ", "a|_b|\tc| \t\n| d| ");
    check("deepseek-r1-qwen", "x=12", "x|=|1|2");
    check("llama3", "1234", "123|4");
    check("phi-2", "1234 x", "1234| x");
    check("qwen2", "", "");
}

Test(pretokenizer, cuts_as_deepseek_does) {
    check("deepseek-llm", "I'm 25 m.\n\n  away",
          "I|'|m| |2|5| m|.|\n|\n| | away");
    check("deepseek-llm", "a \t(b) \t", "a| |\t(|b|)| \t");
    // Blanks at the end are cut off from what is neither letter nor mark.
    check("deepseek-llm", "\xc2\xac  ", "\xc2\xac|  ");
    check("deepseek-llm", "\xc2\xac  3", "\xc2\xac  |3");
    // Letters beyond ASCII join a word, and the marks' range then takes the
    // ASCII ones out of it again.
    check("deepseek-llm", " F\xc3\xbchrer", " F|\xc3\xbc|hrer");
    check("deepseek-llm",
          "x\xe6\x88\x91\xe6\x83\xb3\xe3\x80\x82"
          "9",
          "x|\xe6\x88\x91\xe6\x83\xb3|\xe3\x80\x82|9");
    check("deepseek-llm", "", "");
}

Test(pretokenizer, takes_unicode_blanks_and_letters) {
    check("qwen2",
          "\xc3\xa9t\xc3\xa9\xc2\xa0\xd0\xbd\xd0\xb5", // no-break space
          "\xc3\xa9t\xc3\xa9|\xc2\xa0\xd0\xbd\xd0\xb5");
    check("gpt-2",
          "a\xc2\xa0\xc2\xa0"
          "b",
          "a|\xc2\xa0|\xc2\xa0|b");
    // U+180E is no white space, whatever PCRE2's \s says.
    check("gpt-2", "a\xe1\xa0\x8e!", "a|\xe1\xa0\x8e!");
    check("gpt-2", "  \xe1\xa0\x8e", " | \xe1\xa0\x8e");
}

Test(pretokenizer, cuts_out_invalid_bytes_one_by_one) {
    check("qwen2",
          "ab\xff"
          "cd",
          "ab|\xff|cd");
    check("qwen2", "ab\xe2\x82", "ab|\xe2|\x82");
    check("qwen2", "\xc0\x80", "\xc0|\x80"); // overlong
    check("qwen2", "\xe0\x80\x80", "\xe0|\x80|\x80");
    check("qwen2", "\xf0\x80\x80\x80", "\xf0|\x80|\x80|\x80");
    check("qwen2", "\xed\xa0\x80", "\xed|\xa0|\x80"); // a surrogate
    check("qwen2", "\xf4\x90\x80\x80", "\xf4|\x90|\x80|\x80");
    check("qwen2", "x  \xff y", "x|  |\xff| y"); // an end for blanks, too
}

Test(pretokenizer, covers_any_bytes) {
    static const char *const names[] = {"gpt-2", "qwen2", "llama-bpe",
                                        "deepseek-llm"};
    static const char few[] =
        "ab1' \n\r\t.\xc3\xa9\xe2\x80\x83\xf0\x9f\xa6\x99";
    struct rng r = rng_make(5, "cover", 0);
    struct error err = {0};
    struct pretokenizer_work *w = pretokenizer_work_new();
    for (uint64_t i = 0; i < 3000; i++) {
        char text[64];
        size_t n_bytes = rng_below(&r, RNG_ORDER, i, sizeof text), n, at = 0;
        for (size_t j = 0; j < n_bytes; j++)
            text[j] = few[rng_below(&r, RNG_JUDGE, i * 64 + j, sizeof few - 1)];
        struct pretokenizer *p = pretokenizer_new(names[i % 4], &err);
        const struct piece *pieces =
            pretokenizer_split(p, w, text, n_bytes, &n, &err);
        cr_assert(pieces, "%s", err.text);
        for (size_t j = 0; j < n; at += pieces[j++].n_bytes)
            cr_assert(pieces[j].at == at && pieces[j].n_bytes > 0);
        cr_assert_eq(at, n_bytes);
        pretokenizer_free(p);
    }
    pretokenizer_work_free(w);
}

// Half a megabyte of one unit, and something else behind it: quadratic work
// would take minutes.
Test(pretokenizer, is_not_quadratic, .timeout = 60) {
    static const char *const names[] = {"gpt-2", "qwen2", "llama-bpe",
                                        "deepseek-llm"};
    static const char *const units[] = {" ", "\n", "\t ",  "a",
                                        "1", "!",  "\r\n "};
    static char text[(1 << 19) + 1];
    struct error err = {0};
    struct pretokenizer_work *w = pretokenizer_work_new();
    for (int i = 0; i < 4 * 7; i++) {
        const char *unit = units[i % 7];
        size_t n = sizeof text, n_pieces;
        for (size_t j = 0; j < n; j++)
            text[j] = unit[j % strlen(unit)];
        text[n - 1] = i % 7 == 4 ? 'a' : '3';
        struct pretokenizer *p = pretokenizer_new(names[i / 7], &err);
        cr_expect(pretokenizer_split(p, w, text, n, &n_pieces, &err), "%s: %s",
                  names[i / 7], err.text);
        pretokenizer_free(p);
    }
    pretokenizer_work_free(w);
}

Test(pretokenizer, names_what_it_knows) {
    struct error err = {0};
    cr_expect_null(pretokenizer_new("", &err));
    cr_expect_eq(err.kind, ERR_UNSUPPORTED);
    cr_expect_str_eq(err.text,
                     "pre-tokenizer '' is not supported, expected one of "
                     "gpt-2, qwen2, llama-bpe, deepseek-llm, llama3, llama-v3, "
                     "falcon3, deepseek-r1-qwen, megrez, stablelm2, phi-2, "
                     "gigachat, roberta-bpe, mpt, olmo, jais, jina-es, "
                     "jina-de, jina-v1-en, jina-v2-es, jina-v2-de, "
                     "jina-v2-code");
}

static void check_flags(const char *name, bool ignores_merges, bool adds_bos) {
    struct pretokenizer *p = pretokenizer_new(name, NULL);
    cr_assert(p, "%s", name);
    cr_expect_eq(pretokenizer_ignores_merges(p), ignores_merges, "%s", name);
    cr_expect_eq(pretokenizer_adds_bos(p), adds_bos, "%s", name);
    pretokenizer_free(p);
}

Test(pretokenizer, knows_what_goes_with_the_pattern) {
    check_flags("llama-bpe", true, true);
    check_flags("llama3", true, true);
    check_flags("llama-v3", true, true);
    check_flags("qwen2", false, false);
    check_flags("deepseek-r1-qwen", false, false);
    check_flags("deepseek-llm", false, false);
    check_flags("gpt-2", false, false);
}
