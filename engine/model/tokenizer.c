// Text is cut at special tokens. The rest goes to SentencePiece (spm.h), or is
// cut into pieces (pretokenizer.h), of which each is merged (bpe.h).
//
// Left out: Unicode normalisation (NFC, which some publishers apply before
// tokenizing): text would not come back as it was. And WordPiece and unigram
// vocabularies, which are refused by name.

#include "engine/model/tokenizer.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/model/bpe.h"
#include "engine/model/gguf.h"
#include "engine/model/pretokenizer.h"
#include "engine/model/spm.h"
#include "engine/model/vocabulary.h"

#include <stdlib.h>
#include <string.h>

struct tokenizer {
    struct vocabulary vocabulary;
    struct pretokenizer *pre; // with bpe; else NULL
    struct bpe *bpe;
    struct spm *spm;  // NULL: byte-level BPE
    int32_t bos, eos; // -1: none
    bool adds_bos;
    bool adds_blank; // in front of text
    bool *is_end;    // [vocabulary.n]
    char hash[HASH_HEX_SIZE], family_hash[HASH_HEX_SIZE];
};

// ---- loading ----------------------------------------------------------------

// Control tokens that end a turn in some family, whatever the file's eos is.
static const char *const end_texts[] = {
    "<|im_end|>", "<|eot_id|>",    "<|end_of_text|>",       "<|endoftext|>",
    "<|end|>",    "<end_of_turn>", "<｜end▁of▁sentence｜>",
};

static int load_id(const struct gguf *g, const char *key, int n_tokens,
                   int32_t *id, struct error *err) {
    uint32_t value = UINT32_MAX;
    *id = -1;
    if (gguf_opt_u32(g, key, &value, err)) return -1;
    if (value == UINT32_MAX) return 0; // absent, or said to be none
    if (value >= (uint32_t)n_tokens)
        return error_set(err, ERR_INPUT,
                         "%s: key '%s' is %u, the vocabulary has %d tokens",
                         gguf_name(g), key, value, n_tokens);
    *id = (int32_t)value;
    return 0;
}

static int load_ends(struct tokenizer *t, const struct gguf *g,
                     struct error *err) {
    int32_t eot, eom;
    int n = t->vocabulary.n;
    if (load_id(g, "tokenizer.ggml.bos_token_id", n, &t->bos, err) ||
        load_id(g, "tokenizer.ggml.eos_token_id", n, &t->eos, err) ||
        load_id(g, "tokenizer.ggml.eot_token_id", n, &eot, err) ||
        load_id(g, "tokenizer.ggml.eom_token_id", n, &eom, err))
        return -1;
    t->is_end = xcalloc((size_t)n, sizeof *t->is_end);
    if (t->eos >= 0) t->is_end[t->eos] = true;
    if (eot >= 0) t->is_end[eot] = true;
    if (eom >= 0) t->is_end[eom] = true;
    for (size_t i = 0; i < sizeof end_texts / sizeof *end_texts; i++) {
        int32_t id = tokenizer_find(t, end_texts[i], strlen(end_texts[i]));
        if (id >= 0 && tokenizer_is_control(t, id)) t->is_end[id] = true;
    }
    return 0;
}

static void hash_merges(struct hash_state *h, const struct gguf *g) {
    const struct gguf_array *merges =
        gguf_find_array(g, "tokenizer.ggml.merges");
    for (size_t i = 0; i < merges->n; i++) {
        size_t n;
        const char *text = gguf_array_text(merges, i, &n);
        hash_add_field(h, text, n);
    }
}

static void hash_vocabulary(struct tokenizer *t, const struct gguf *g) {
    struct hash_state *h = hash_new();
    const struct vocabulary *v = &t->vocabulary;
    for (int i = 0; i < v->n_used; i++) {
        size_t n;
        const char *bytes = vocabulary_bytes(v, i, &n);
        hash_add_field(h, bytes, n);
        hash_add(h, &v->kinds[i], 1);
    }
    if (t->spm)
        hash_add(h, spm_scores(t->spm), (size_t)v->n_used * sizeof(float));
    else
        hash_merges(h, g);
    hash_hex(h, t->hash);
    hash_free(h);
}

static void hash_family(struct tokenizer *t, const struct gguf *g) {
    struct hash_state *h = hash_new();
    const struct vocabulary *v = &t->vocabulary;
    for (int32_t i = 0; i < v->n_used; i++) {
        size_t n;
        const char *bytes = vocabulary_bytes(v, i, &n);
        if (!tokenizer_is_ordinary(t, i)) continue;
        hash_add(h, &i, sizeof i);
        hash_add_field(h, bytes, n);
        hash_add(h, &v->kinds[i], 1);
        if (t->spm) hash_add(h, spm_scores(t->spm) + i, sizeof(float));
    }
    if (!t->spm) hash_merges(h, g);
    hash_hex(h, t->family_hash);
    hash_free(h);
}

static int load_bpe(struct tokenizer *t, const struct gguf *g,
                    struct error *err) {
    const char *pre = gguf_get_text(g, "tokenizer.ggml.pre", err);
    if (!pre) return -1;
    t->pre = pretokenizer_new(pre, err);
    if (!t->pre) return error_prefix(err, "%s", gguf_name(g));
    t->adds_bos = pretokenizer_adds_bos(t->pre);
    if (vocabulary_init(&t->vocabulary, g, VOCABULARY_BYTE_LEVEL, err))
        return -1;
    t->bpe = bpe_new(g, &t->vocabulary, err);
    return t->bpe ? 0 : -1;
}

static int load_spm(struct tokenizer *t, const struct gguf *g,
                    struct error *err) {
    t->adds_bos = t->adds_blank = true;
    if (gguf_opt_bool(g, "tokenizer.ggml.add_space_prefix", &t->adds_blank,
                      err) ||
        vocabulary_init(&t->vocabulary, g, VOCABULARY_SENTENCEPIECE, err))
        return -1;
    t->spm = spm_new(g, &t->vocabulary, err);
    return t->spm ? 0 : -1;
}

static int load(struct tokenizer *t, const struct gguf *g, struct error *err) {
    const char *model = gguf_get_text(g, "tokenizer.ggml.model", err);
    if (!model) return -1;
    bool is_spm = !strcmp(model, "llama");
    if (!is_spm && strcmp(model, "gpt2"))
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: tokenizer model '%.64s' is not supported, "
                         "expected 'gpt2' (byte-level BPE) or 'llama' "
                         "(SentencePiece)",
                         gguf_name(g), model);
    if (is_spm ? load_spm(t, g, err) : load_bpe(t, g, err)) return -1;
    if (load_ends(t, g, err)) return -1;
    if (gguf_opt_bool(g, "tokenizer.ggml.add_bos_token", &t->adds_bos, err))
        return -1;
    t->adds_bos = t->adds_bos && t->bos >= 0;
    hash_vocabulary(t, g);
    hash_family(t, g);
    return 0;
}

struct tokenizer *tokenizer_new(const struct gguf *g, struct error *err) {
    struct tokenizer *t = xcalloc(1, sizeof *t);
    if (!load(t, g, err)) return t;
    tokenizer_free(t);
    return NULL;
}

void tokenizer_free(struct tokenizer *t) {
    if (!t) return;
    bpe_free(t->bpe);
    spm_free(t->spm);
    pretokenizer_free(t->pre);
    vocabulary_release(&t->vocabulary);
    free(t->is_end);
    free(t);
}

// ---- encoding ---------------------------------------------------------------

struct tokenizer_work {
    struct pretokenizer_work *pre;
    struct bpe_work *bpe;
    struct spm_work *spm;
    struct token_list tokens;
};

// One call of tokenizer_encode.
struct encoding {
    const struct tokenizer *t;
    struct tokenizer_work *w;
    struct error *err;
    bool begins; // no text yet, or none since a special token
};

static int encode_piece(struct encoding *e, const char *bytes, size_t n) {
    if (pretokenizer_ignores_merges(e->t->pre)) {
        int32_t whole = vocabulary_find(&e->t->vocabulary, bytes, n);
        if (whole >= 0) {
            array_push(&e->w->tokens, whole);
            return 0;
        }
    }
    return bpe_encode(e->t->bpe, e->w->bpe, bytes, n, &e->w->tokens, e->err);
}

// Text without special tokens.
static int encode_plain(struct encoding *e, const char *text, size_t n_bytes) {
    size_t n;
    bool adds_blank = e->t->adds_blank && e->begins;
    e->begins = e->begins && n_bytes == 0;
    if (e->t->spm)
        return spm_encode(e->t->spm, e->w->spm, text, n_bytes, adds_blank,
                          &e->w->tokens, e->err);
    const struct piece *pieces =
        pretokenizer_split(e->t->pre, e->w->pre, text, n_bytes, &n, e->err);
    if (!pieces) return -1;
    for (size_t i = 0; i < n; i++)
        if (encode_piece(e, text + pieces[i].at, pieces[i].n_bytes)) return -1;
    return 0;
}

static int encode_all(struct encoding *e, const struct special_set *set,
                      const char *text, size_t n_bytes) {
    const struct vocabulary *v = &e->t->vocabulary;
    size_t plain = 0, at = 0;
    while (at < n_bytes) {
        int32_t id = -1;
        if (set->first[(unsigned char)text[at]])
            id = vocabulary_match_special(v, set, text + at, n_bytes - at);
        if (id < 0) {
            at++;
            continue;
        }
        if (encode_plain(e, text + plain, at - plain)) return -1;
        array_push(&e->w->tokens, id);
        e->begins = true;
        plain = at += v->starts[id + 1] - v->starts[id];
    }
    return encode_plain(e, text + plain, at - plain);
}

struct tokenizer_work *tokenizer_work_new(void) {
    struct tokenizer_work *w = xcalloc(1, sizeof *w);
    w->pre = pretokenizer_work_new();
    w->bpe = bpe_work_new();
    w->spm = spm_work_new();
    return w;
}

void tokenizer_work_free(struct tokenizer_work *w) {
    if (!w) return;
    pretokenizer_work_free(w->pre);
    bpe_work_free(w->bpe);
    spm_work_free(w->spm);
    array_release(&w->tokens);
    free(w);
}

// The tokens are in e->w.
static int encode_in(struct encoding *e, const char *text, size_t n_bytes,
                     bool special) {
    const struct vocabulary *v = &e->t->vocabulary;
    if (n_bytes > INT32_MAX / 4)
        return error_set(e->err, ERR_INPUT, "text of %zu bytes is too long",
                         n_bytes);
    e->w->tokens.n = 0;
    if (encode_all(e, special ? &v->all : &v->always, text, n_bytes)) return -1;
    return (int)e->w->tokens.n;
}

static int encode(const struct tokenizer *t, const char *text, size_t n_bytes,
                  bool special, bool begins, int32_t **tokens,
                  struct error *err) {
    struct tokenizer_work *w = tokenizer_work_new();
    struct encoding e = {.t = t, .w = w, .err = err, .begins = begins};
    *tokens = NULL;
    int n = encode_in(&e, text, n_bytes, special);
    if (n >= 0) {
        *tokens = w->tokens.items;
        w->tokens.items = NULL;
    }
    tokenizer_work_free(w);
    return n;
}

int tokenizer_encode_in(const struct tokenizer *t, struct tokenizer_work *w,
                        const char *text, size_t n_bytes, bool special,
                        const int32_t **tokens, struct error *err) {
    struct encoding e = {.t = t, .w = w, .err = err};
    int n = encode_in(&e, text, n_bytes, special);
    *tokens = w->tokens.items;
    return n;
}

int tokenizer_encode(const struct tokenizer *t, const char *text,
                     size_t n_bytes, bool special, int32_t **tokens,
                     struct error *err) {
    return encode(t, text, n_bytes, special, true, tokens, err);
}

int tokenizer_encode_more(const struct tokenizer *t, const char *text,
                          size_t n_bytes, bool special, int32_t **tokens,
                          struct error *err) {
    return encode(t, text, n_bytes, special, false, tokens, err);
}

// ---- facts ------------------------------------------------------------------

static bool is_token(const struct tokenizer *t, int32_t token) {
    return token >= 0 && token < t->vocabulary.n;
}

const char *tokenizer_bytes(const struct tokenizer *t, int32_t token,
                            size_t *n_bytes) {
    *n_bytes = 0;
    return is_token(t, token) ? vocabulary_bytes(&t->vocabulary, token, n_bytes)
                              : "";
}

void tokenizer_decode(const struct tokenizer *t, const int32_t *tokens,
                      size_t n_tokens, bool special, struct buf *out) {
    bool begins = true; // as encode_all() sees it
    for (size_t i = 0; i < n_tokens; i++) {
        size_t n;
        const char *bytes = tokenizer_bytes(t, tokens[i], &n);
        if (!is_token(t, tokens[i])) continue;
        bool is_special = vocabulary_is_special(&t->vocabulary, tokens[i]);
        size_t n_added =
            t->adds_blank && begins && !is_special && n && bytes[0] == ' ';
        begins = is_special;
        if (special || !tokenizer_is_control(t, tokens[i]))
            buf_add(out, bytes + n_added, n - n_added);
    }
}

int tokenizer_n_used(const struct tokenizer *t) {
    return t->vocabulary.n_used;
}

int tokenizer_n_tokens(const struct tokenizer *t) {
    return t->vocabulary.n;
}

int32_t tokenizer_find(const struct tokenizer *t, const char *bytes,
                       size_t n_bytes) {
    const struct vocabulary *v = &t->vocabulary;
    int32_t id = vocabulary_match_special(v, &v->all, bytes, n_bytes);
    if (id >= 0 && v->starts[id + 1] - v->starts[id] == n_bytes) return id;
    return vocabulary_find(v, bytes, n_bytes);
}

bool tokenizer_is_control(const struct tokenizer *t, int32_t token) {
    return is_token(t, token) && t->vocabulary.kinds[token] == TOKEN_CONTROL;
}

bool tokenizer_is_ordinary(const struct tokenizer *t, int32_t token) {
    if (!is_token(t, token)) return false;
    int kind = t->vocabulary.kinds[token];
    return kind == TOKEN_NORMAL || kind == TOKEN_BYTE;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t token) {
    return is_token(t, token) && t->is_end[token];
}

int32_t tokenizer_eos(const struct tokenizer *t) {
    return t->eos;
}

int32_t tokenizer_bos(const struct tokenizer *t) {
    return t->bos;
}

bool tokenizer_adds_bos(const struct tokenizer *t) {
    return t->adds_bos;
}

void tokenizer_hash(const struct tokenizer *t, char hex[HASH_HEX_SIZE]) {
    memcpy(hex, t->hash, HASH_HEX_SIZE);
}

void tokenizer_family_hash(const struct tokenizer *t, char hex[HASH_HEX_SIZE]) {
    memcpy(hex, t->family_hash, HASH_HEX_SIZE);
}
