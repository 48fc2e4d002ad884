// Vocabularies and texts. Whatever the vocabulary, what can be encoded comes
// back from its ids, and no control token is made of text unless asked.
//
// Byte 0 says where the vocabulary is from, and bit 7 of it whether control
// tokens are parsed:
//   0  a GGUF file of any bytes, behind the text, whose length is byte 1
//   1  a list of tokens (see list_of), in a file that is well-formed
//   2  a small byte-level one; 3 a small SentencePiece one: the rest is text

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"
#include "tests/helper_gguf.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LIST = 24, MAX_TEXT = 8 };

struct input {
    const uint8_t *bytes;
    size_t n;
};

static uint8_t take(struct input *in) {
    if (in->n == 0) return 0;
    in->n--;
    return *in->bytes++;
}

// ---- vocabularies -----------------------------------------------------------

// Releases h. NULL: refused, which must have a reason.
static struct tokenizer *tokenizer_of(struct helper_gguf *h) {
    size_t n;
    struct error err = {0};
    char *bytes = helper_gguf_finish(h, &n);
    struct gguf *g = gguf_open_memory(bytes, n, "fuzz", &err);
    struct tokenizer *t = g ? tokenizer_new(g, &err) : NULL;
    if (!t && !err.text[0]) abort();
    gguf_close(g);
    free(bytes);
    return t;
}

static struct tokenizer *tokenizer_in(const uint8_t *bytes, size_t n) {
    struct error err = {0};
    void *copy = aligned_alloc(64, (n + 64) / 64 * 64);
    memcpy(copy, bytes, n);
    struct gguf *g = gguf_open_memory(copy, n, "fuzz", &err);
    struct tokenizer *t = g ? tokenizer_new(g, &err) : NULL;
    if (!t && !err.text[0]) abort();
    gguf_close(g);
    free(copy);
    return t;
}

// A text of up to MAX_TEXT bytes: its length, then the bytes.
static char *take_text(struct input *in) {
    char text[MAX_TEXT + 1];
    size_t n = take(in) % (MAX_TEXT + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)take(in);
    text[n] = '\0';
    return xstrdup(text);
}

// Byte 0: kind and flags; then the number of tokens, and of each type, score
// and text; then the number of merges, and their texts.
static struct tokenizer *list_of(struct input *in) {
    static const char *const pres[] = {"gpt-2", "qwen2", "llama-bpe",
                                       "deepseek-llm"};
    char *texts[MAX_LIST], *merges[MAX_LIST];
    int32_t types[MAX_LIST];
    float scores[MAX_LIST];
    int flags = take(in), n = take(in) % (MAX_LIST + 1), n_merges = 0;
    struct helper_gguf h;
    helper_gguf_init(&h);
    for (int i = 0; i < n; i++) {
        types[i] = take(in) % 8;
        scores[i] = (float)(int8_t)take(in);
        texts[i] = take_text(in);
    }
    if (flags & 1) {
        helper_gguf_spm(&h, &(struct helper_spm){(const char *const *)texts,
                                                 scores, types, n});
        helper_gguf_bool(&h, "tokenizer.ggml.add_space_prefix", flags & 2);
    } else {
        n_merges = take(in) % (MAX_LIST + 1);
        for (int i = 0; i < n_merges; i++)
            merges[i] = take_text(in);
        helper_gguf_tokenizer(
            &h, &(struct helper_vocabulary){
                    pres[flags >> 1 & 3], (const char *const *)texts, types,
                    (const char *const *)merges, n, n_merges});
    }
    while (n)
        free(texts[--n]);
    while (n_merges)
        free(merges[--n_merges]);
    return tokenizer_of(&h);
}

static struct tokenizer *small_bpe(void) {
    struct helper_gguf h;
    helper_gguf_init(&h);
    helper_gguf_vocabulary(&h, HELPER_N_TOKENS);
    return tokenizer_of(&h);
}

static struct tokenizer *small_spm(void) {
    static const char *const tokens[] = {
        "▁", "▁▁", "▁t", "he", "▁the", "in", "▁in", "é",  "€", "<u>",
        "t", "h",  "e",  "i",  "n",    "th", "\n",  "n▁", "1", "▁1"};
    static const float scores[] = {-1,  -2,  -3,  -4,  -5, -6,  -7,
                                   -8,  -9,  0,   -9,  -9, -10, -10,
                                   -11, -12, -13, -14, -9, -3};
    static const int32_t types[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 4,
                                    1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct helper_gguf h;
    helper_gguf_init(&h);
    helper_gguf_spm(&h, &(struct helper_spm){tokens, scores, types, 20});
    return tokenizer_of(&h);
}

// ---- the property -----------------------------------------------------------

// SentencePiece cannot tell U+2581 from a blank.
static void fold_blanks(struct buf *b) {
    size_t n = 0;
    for (size_t i = 0; i < b->n_bytes;) {
        bool is_blank =
            b->n_bytes - i >= 3 && !memcmp(b->text + i, "\xe2\x96\x81", 3);
        b->text[n++] = is_blank ? ' ' : b->text[i];
        i += is_blank ? 3 : 1;
    }
    buf_truncate(b, n);
}

static void check(const struct tokenizer *t, const uint8_t *text, size_t n,
                  bool special) {
    struct buf in, out;
    struct error err = {0};
    int32_t *ids;
    int n_ids = tokenizer_encode(t, (const char *)text, n, special, &ids, &err);
    if (n_ids < 0 && !err.text[0]) abort();
    if (n_ids < 0) return;
    buf_init(&in);
    buf_init(&out);
    buf_add(&in, text, n);
    tokenizer_decode(t, ids, (size_t)n_ids, true, &out);
    fold_blanks(&in);
    fold_blanks(&out);
    if (in.n_bytes != out.n_bytes || memcmp(in.text, out.text, in.n_bytes))
        abort();
    for (int i = 0; i < n_ids; i++)
        if (!special && tokenizer_is_control(t, ids[i])) abort();
    buf_release(&in);
    buf_release(&out);
    free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    static struct tokenizer *small[2];
    struct input in = {bytes, n};
    uint8_t how = take(&in);
    bool special = how & 0x80;
    if (!small[0]) small[0] = small_bpe(), small[1] = small_spm();
    if (how & 2) {
        check(small[how & 1], in.bytes, in.n, special);
        return 0;
    }
    size_t n_text = how & 1 ? 0 : take(&in);
    if (n_text > in.n) n_text = in.n;
    struct tokenizer *t =
        how & 1 ? list_of(&in) : tokenizer_in(in.bytes + n_text, in.n - n_text);
    if (t) check(t, in.bytes, how & 1 ? in.n : n_text, special);
    tokenizer_free(t);
    return 0;
}
