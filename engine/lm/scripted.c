#include "engine/lm/scripted.h"

#include "engine/base/alloc.h"
#include "engine/base/array.h"
#include "engine/base/error.h"
#include "engine/kernels/kern_kv.h"
#include "engine/lm/lm_backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// A sequence keeps its own copy of the tokens that were evaluated, as a real
// backend keeps keys and values, and computes logits from that copy alone. A
// truncation that lm.c forgets to pass on is an error.

enum { END_TOKEN = 256, FIRST_SPECIAL = 257 };

struct scripted {
    struct lm lm;
    struct scripted_model m;
    int n_specials;
    char bytes[256]; // bytes[t]: text of token t
    int64_t n_calls;
    int n_pages; // that the tokens of all sequences would take
};

struct scripted_seq {
    struct lm_seq seq;
    int32_t *seen; // [n_ctx] tokens evaluated
    int n_seen;
};

static const struct scripted *scripted_of(const struct lm *lm) {
    return (const struct scripted *)lm;
}

// ---- sequences ------------------------------------------------------------

static int pages_of(int n_tokens) {
    return (n_tokens + KERN_PAGE - 1) / KERN_PAGE;
}

static void set_seen(struct scripted_seq *s, int n) {
    struct scripted *lm = (struct scripted *)s->seq.lm;
    int change = pages_of(n) - pages_of(s->n_seen);
    __atomic_add_fetch(&lm->n_pages, change, __ATOMIC_RELAXED);
    s->n_seen = n;
}

static void scripted_seq_free(struct lm_seq *seq) {
    struct scripted_seq *s = (struct scripted_seq *)seq;
    set_seen(s, 0);
    free(s->seen);
    lm_seq_release(seq);
    free(s);
}

static struct lm_seq *scripted_seq_new(struct lm *lm, int n_rows,
                                       struct error *err) {
    struct scripted_seq *s = xcalloc(1, sizeof *s);
    s->seen = alloc_try((size_t)lm->facts.n_ctx, sizeof *s->seen,
                        "tokens of a scripted transcript", err);
    if (s->seen && lm_seq_init(&s->seq, lm, n_rows, err) == 0) return &s->seq;
    free(s->seen);
    free(s);
    return NULL;
}

static void scripted_share(struct lm_seq *to, struct lm_seq *from, int n) {
    struct scripted_seq *copy = (struct scripted_seq *)to;
    if (n)
        memcpy(copy->seen, ((struct scripted_seq *)from)->seen,
               (size_t)n * sizeof *copy->seen);
    set_seen(copy, n);
}

static void scripted_cut(struct lm_seq *s, int n) {
    set_seen((struct scripted_seq *)s, n);
}

static int scripted_n_used_pages(const struct lm *lm) {
    return __atomic_load_n(&scripted_of(lm)->n_pages, __ATOMIC_RELAXED);
}

static int check_seen(const struct lm_eval *evals, int n, struct error *err) {
    for (int i = 0; i < n; i++) {
        int n_seen = ((struct scripted_seq *)evals[i].seq)->n_seen;
        if (n_seen != evals[i].seq->n_evaluated)
            return error_set(err, ERR_INTERNAL,
                             "the model has seen %d tokens, not %d", n_seen,
                             evals[i].seq->n_evaluated);
    }
    return 0;
}

// Returns the number of tokens.
static int scripted_eval_one(struct scripted *lm, const struct lm_eval *e) {
    struct scripted_seq *s = (struct scripted_seq *)e->seq;
    int first = e->seq->n_evaluated, n_new = e->end - first;
    assert(n_new > 0);
    memcpy(s->seen + first, e->seq->tokens + first,
           (size_t)n_new * sizeof *s->seen);
    set_seen(s, e->end);
    for (int i = 0; i < e->n_rows; i++) {
        assert(e->positions[i] > first && e->positions[i] <= e->end);
        memset(e->rows[i], 0, (size_t)lm->lm.facts.n_vocab * sizeof(float));
        lm->m.logits(lm->m.ctx, s->seen, e->positions[i], e->rows[i]);
    }
    return n_new;
}

static int scripted_eval(const struct lm_eval *evals, int n,
                         struct error *err) {
    struct scripted *lm = (struct scripted *)evals[0].seq->lm;
    int64_t ns = lm->m.ns_per_call;
    if (check_seen(evals, n, err)) return -1;
    int64_t call = __atomic_add_fetch(&lm->n_calls, 1, __ATOMIC_RELAXED);
    if (call == lm->m.fail_at_call)
        return error_set(err, ERR_INTERNAL, "scripted failure of call %lld",
                         (long long)call);
    for (int i = 0; i < n; i++)
        ns += lm->m.ns_per_token * scripted_eval_one(lm, &evals[i]);
    if (lm->m.now_ns) __atomic_add_fetch(lm->m.now_ns, ns, __ATOMIC_RELAXED);
    return 0;
}

// ---- text -----------------------------------------------------------------

// Index of the special token that `text` starts with, or -1.
static int special_at(const struct scripted *lm, const char *text,
                      size_t n_bytes) {
    for (int i = 0; i < lm->n_specials; i++) {
        size_t n = strlen(lm->m.specials[i]);
        if (n <= n_bytes && memcmp(text, lm->m.specials[i], n) == 0) return i;
    }
    return -1;
}

// tokens: [n_bytes]
static int encode_bytes(const struct lm *lm, const char *text, size_t n_bytes,
                        bool special, int32_t *tokens, struct error *err) {
    const struct scripted *sc = scripted_of(lm);
    int n = 0;
    for (size_t i = 0; i < n_bytes;) {
        int s = special ? special_at(sc, text + i, n_bytes - i) : -1;
        int32_t t = s >= 0 ? FIRST_SPECIAL + s
                           : ((unsigned char)text[i] ^ sc->m.byte_xor);
        if (t >= lm->facts.n_vocab)
            return error_set(err, ERR_INPUT,
                             "byte 0x%02x is not in a vocabulary of %d",
                             (unsigned char)text[i], lm->facts.n_vocab);
        tokens[n++] = t;
        i += s >= 0 ? strlen(sc->m.specials[s]) : 1;
    }
    return n;
}

static int scripted_encode(const struct lm *lm, const char *text,
                           size_t n_bytes, bool special, int32_t **tokens,
                           struct error *err) {
    *tokens = xmalloc((n_bytes + 1) * sizeof **tokens);
    int n = encode_bytes(lm, text, n_bytes, special, *tokens, err);
    if (n >= 0) return n;
    free(*tokens);
    *tokens = NULL;
    return -1;
}

static int scripted_encode_more(const struct lm *lm, struct lm_scratch *s,
                                const char *text, size_t n_bytes, bool special,
                                const int32_t **tokens, struct error *err) {
    s->tokens.n = 0;
    array_reserve(&s->tokens, n_bytes);
    *tokens = s->tokens.items;
    return encode_bytes(lm, text, n_bytes, special, s->tokens.items, err);
}

static const char *scripted_token_bytes(const struct lm *lm, int32_t token,
                                        size_t *n_bytes) {
    const struct scripted *sc = scripted_of(lm);
    const char *text = token < END_TOKEN ? &sc->bytes[token] : "";
    if (token == END_TOKEN) text = "<|end|>";
    bool special =
        token >= FIRST_SPECIAL && token < FIRST_SPECIAL + sc->n_specials;
    if (special) text = sc->m.specials[token - FIRST_SPECIAL];
    *n_bytes = token < END_TOKEN ? 1 : strlen(text);
    return text;
}

static bool scripted_is_end(const struct lm *lm, int32_t token) {
    return token >= 0 && token == lm->facts.eos_token;
}

static bool scripted_is_control(const struct lm *lm, int32_t token) {
    return token >= END_TOKEN && token < lm->facts.n_vocab;
}

static bool scripted_is_ordinary(const struct lm *lm, int32_t token) {
    return token >= 0 && token < END_TOKEN && token < lm->facts.n_vocab;
}

static const char *scripted_meta(const struct lm *lm, const char *key) {
    const char *const *m = scripted_of(lm)->m.meta;
    for (; m && m[0]; m += 2) {
        if (strcmp(m[0], key) == 0) return m[1];
    }
    return NULL;
}

// ---- models ---------------------------------------------------------------

static void scripted_close(struct lm *lm) {
    free(lm);
}

static const struct lm_backend scripted_backend = {
    .name = "scripted",
    .close = scripted_close,
    .seq_new = scripted_seq_new,
    .seq_free = scripted_seq_free,
    .seq_share = scripted_share,
    .seq_cut = scripted_cut,
    .eval = scripted_eval,
    .n_used_pages = scripted_n_used_pages,
    .encode = scripted_encode,
    .encode_more = scripted_encode_more,
    .token_bytes = scripted_token_bytes,
    .is_end = scripted_is_end,
    .is_control = scripted_is_control,
    .is_ordinary = scripted_is_ordinary,
    .meta = scripted_meta,
};

// The vocabulary is named by what its ids mean, not by how many there are: a
// padded model can exchange ids with one that is not.
static void scripted_vocab_hash(struct scripted *lm) {
    struct hash_state *h = hash_new();
    hash_add(h, &lm->m.byte_xor, sizeof lm->m.byte_xor);
    hash_hex(h, lm->lm.facts.family_hash);
    for (int i = 0; i < lm->n_specials; i++)
        hash_add_text(h, lm->m.specials[i]);
    hash_hex(h, lm->lm.facts.vocab_hash);
    hash_free(h);
}

struct lm *lm_scripted_open(const struct scripted_model *m, int n_rows,
                            struct error *err) {
    int n_specials = 0;
    while (m->specials && m->specials[n_specials])
        n_specials++;
    if (!m->logits || m->n_ctx < 1 || m->n_vocab < 0) {
        error_set(err, ERR_USAGE, "a scripted model needs logits and n_ctx");
        return NULL;
    }
    struct scripted *lm = xcalloc(1, sizeof *lm);
    lm->m = *m;
    lm->n_specials = n_specials;
    for (int i = 0; i < 256; i++)
        lm->bytes[i] = (char)(i ^ m->byte_xor);
    int n_used = FIRST_SPECIAL + n_specials;
    int n_vocab = m->n_vocab ? m->n_vocab : n_used;
    lm->lm.backend = &scripted_backend;
    lm->lm.caps = LM_CAP_LOGITS | LM_CAP_FORK | LM_CAP_SHARED;
    lm->lm.n_rows = n_rows;
    lm->lm.facts = (struct lm_facts){
        .backend = "scripted",
        .arch = "scripted",
        .kernels = "",
        .kv = "",
        .n_vocab = n_vocab,
        .n_used = n_used < n_vocab ? n_used : n_vocab,
        .n_ctx = m->n_ctx,
        .eos_token = n_vocab > END_TOKEN ? END_TOKEN : -1,
        .bos_token = m->adds_bos ? END_TOKEN : -1,
    };
    scripted_vocab_hash(lm);
    return &lm->lm;
}
