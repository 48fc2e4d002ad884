// Each expression cuts every piece of the one before it into matches and what
// lies between them, as "Split, isolated" of the tokenizers library does.
//
// The expressions are those of the published tokenizer.json files. Two things
// are spelled out: blanks are Unicode's White_Space (PCRE2's \s also has
// U+180E), and the text is validated here, once, because PCRE2 would check the
// whole rest of it at every match.

#define PCRE2_CODE_UNIT_WIDTH 8

#include "engine/model/pretokenizer.h"

#include "engine/base/alloc.h"
#include "engine/base/array.h"
#include "engine/base/error.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATTERNS = 4 };

#define BLANKS                                                                 \
    "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"     \
    "\\x{202f}\\x{205f}\\x{3000}"
#define BLANK "[" BLANKS "]"
#define NO_BLANK "[^" BLANKS "]"
#define REST "[^" BLANKS "\\p{L}\\p{N}]"

#define GPT2                                                                   \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?" REST "+|" BLANK           \
    "+(?!" NO_BLANK ")|" BLANK "+"
// GPT-4's, but for how many digits go together.
#define GPT4(digits)                                                           \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits       \
    "| ?" REST "+[\\r\\n]*|" BLANK "*[\\r\\n]+|" BLANK "+(?!" NO_BLANK         \
    ")|" BLANK "+"

struct family {
    const char *name;
    const char *patterns[MAX_PATTERNS];
    bool ignores_merges, adds_bos;
};

// clang-format off
static const struct family families[] = {
    {"gpt-2",            {GPT2},                 false, false},
    {"qwen2",            {GPT4("\\p{N}")},       false, false},
    {"deepseek-r1-qwen", {GPT4("\\p{N}")},       false, false},
    {"llama-bpe",        {GPT4("\\p{N}{1,3}")},  true,  true },
};
// clang-format on

enum { N_FAMILIES = sizeof families / sizeof *families };

struct pretokenizer {
    const struct family *family;
    pcre2_code *codes[MAX_PATTERNS];
    int n_codes;
};

typedef ARRAY(struct piece) piece_list;

struct pretokenizer_work {
    pcre2_match_data *match;
    piece_list pieces, previous;
};

// ---- making -----------------------------------------------------------------

static const struct family *find_family(const char *name, struct error *err) {
    char known[256] = "";
    for (size_t i = 0; i < N_FAMILIES; i++) {
        if (!strcmp(families[i].name, name)) return &families[i];
        if (i) strcat(known, ", ");
        strcat(known, families[i].name);
    }
    error_set(err, ERR_UNSUPPORTED,
              "pre-tokenizer '%s' is not supported, expected one of %s", name,
              known);
    return NULL;
}

struct pretokenizer *pretokenizer_new(const char *name, struct error *err) {
    const struct family *family = find_family(name, err);
    if (!family) return NULL;
    struct pretokenizer *p = xcalloc(1, sizeof *p);
    p->family = family;
    for (int i = 0; i < MAX_PATTERNS && family->patterns[i]; i++) {
        int code;
        size_t at;
        p->codes[i] = pcre2_compile(
            (PCRE2_SPTR)family->patterns[i], PCRE2_ZERO_TERMINATED,
            PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
        if (!p->codes[i]) {
            error_set(err, ERR_INTERNAL,
                      "pre-tokenizer '%s': PCRE2 error %d at %zu", name, code,
                      at);
            pretokenizer_free(p);
            return NULL;
        }
        p->n_codes++;
        // Where there is no JIT, pcre2_match() interprets.
        pcre2_jit_compile(p->codes[i], PCRE2_JIT_COMPLETE);
    }
    return p;
}

void pretokenizer_free(struct pretokenizer *p) {
    if (!p) return;
    for (int i = 0; i < p->n_codes; i++)
        pcre2_code_free(p->codes[i]);
    free(p);
}

bool pretokenizer_ignores_merges(const struct pretokenizer *p) {
    return p->family->ignores_merges;
}

bool pretokenizer_adds_bos(const struct pretokenizer *p) {
    return p->family->adds_bos;
}

struct pretokenizer_work *pretokenizer_work_new(void) {
    struct pretokenizer_work *w = xcalloc(1, sizeof *w);
    w->match = pcre2_match_data_create(1, NULL);
    if (!w->match) abort(); // a hundred bytes: as xmalloc
    return w;
}

void pretokenizer_work_free(struct pretokenizer_work *w) {
    if (!w) return;
    pcre2_match_data_free(w->match);
    array_release(&w->pieces);
    array_release(&w->previous);
    free(w);
}

// ---- UTF-8 ------------------------------------------------------------------

// Length of the valid character at s[0..n), 0 if there is none.
static size_t utf8_char(const unsigned char *s, size_t n) {
    unsigned c = s[0];
    if (c < 0x80) return 1;
    size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || n < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    // Overlong forms, surrogates, beyond U+10FFFF.
    if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
        (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

// ---- splitting --------------------------------------------------------------

static void add_piece(piece_list *list, size_t at, size_t end) {
    struct piece piece = {.at = at, .n_bytes = end - at};
    if (end > at) array_push(list, piece);
}

// Matches of one expression in one valid piece, and what is between them.
static int cut(struct pretokenizer_work *w, const pcre2_code *code,
               const char *text, struct piece piece, struct error *err) {
    PCRE2_SPTR subject = (PCRE2_SPTR)text + piece.at;
    const size_t *found = pcre2_get_ovector_pointer(w->match);
    size_t at = 0;
    while (at < piece.n_bytes) {
        int status =
            pcre2_match(code, subject, piece.n_bytes, at,
                        PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, w->match, NULL);
        if (status == PCRE2_ERROR_NOMATCH) break;
        if (status < 0)
            return error_set(err, ERR_INTERNAL,
                             "cannot cut text of %zu bytes: PCRE2 error %d",
                             piece.n_bytes, status);
        add_piece(&w->pieces, piece.at + at, piece.at + found[0]);
        add_piece(&w->pieces, piece.at + found[0], piece.at + found[1]);
        at = found[1];
    }
    add_piece(&w->pieces, piece.at + at, piece.at + piece.n_bytes);
    return 0;
}

// All expressions, one after the other, on one valid run, from piece `first`
// of w->pieces on.
static int cut_run(const struct pretokenizer *p, struct pretokenizer_work *w,
                   const char *text, size_t at, size_t end, struct error *err) {
    size_t first = w->pieces.n;
    add_piece(&w->pieces, at, end);
    for (int i = 0; i < p->n_codes; i++) {
        size_t n = w->pieces.n - first;
        w->previous.n = 0;
        array_reserve(&w->previous, n);
        memcpy(w->previous.items, w->pieces.items + first,
               n * sizeof *w->previous.items);
        w->pieces.n = first;
        for (size_t j = 0; j < n; j++)
            if (cut(w, p->codes[i], text, w->previous.items[j], err)) return -1;
    }
    return 0;
}

const struct piece *pretokenizer_split(const struct pretokenizer *p,
                                       struct pretokenizer_work *w,
                                       const char *text, size_t n_bytes,
                                       size_t *n_pieces, struct error *err) {
    size_t run = 0, at = 0;
    w->pieces.n = 0;
    array_reserve(&w->pieces, 1); // never NULL
    while (at < n_bytes) {
        size_t n = utf8_char((const unsigned char *)text + at, n_bytes - at);
        if (n) {
            at += n;
            continue;
        }
        if (run < at && cut_run(p, w, text, run, at, err)) return NULL;
        add_piece(&w->pieces, at, at + 1);
        run = ++at;
    }
    if (run < at && cut_run(p, w, text, run, at, err)) return NULL;
    *n_pieces = w->pieces.n;
    return w->pieces.items;
}
