// The pieces are a linked list of symbols; candidate pairs wait in a binary
// heap ordered by rank, then by place, so that of equal pairs the leftmost is
// merged first. A candidate whose symbols have changed since is dropped when
// it comes up. Each merge removes a symbol and adds at most two candidates:
// O(n log n), also for a megabyte without a blank.

#include "engine/model/bpe.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/model/gguf.h"
#include "engine/model/vocabulary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PROBES = 1024 };

static const char key_merges[] = "tokenizer.ggml.merges";

struct merge {
    int32_t left, right; // left -1: free slot
    int32_t merged;
    uint32_t rank;
};

struct bpe {
    const struct vocabulary *vocabulary;
    struct merge *table; // [mask + 1] open-addressed, at most half full
    size_t mask;
};

struct symbol {
    int32_t token, previous, next; // indices of symbols; -1: none
};

struct candidate {
    uint32_t rank;
    int32_t at; // left symbol
    int32_t left, right, merged;
};

struct bpe_work {
    struct symbol *symbols;
    size_t cap_symbols;
    ARRAY(struct candidate) heap;
};

// ---- merges -----------------------------------------------------------------

static size_t hash_pair(int32_t left, int32_t right) {
    uint64_t x = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
    return (size_t)(x ^ x >> 32);
}

// The pair's slot, or the free one where it would be; NULL: too crowded.
static struct merge *slot_of(const struct bpe *b, int32_t left, int32_t right) {
    size_t at = hash_pair(left, right) & b->mask;
    for (int probe = 0; probe < MAX_PROBES; probe++) {
        struct merge *m = &b->table[at];
        if (m->left < 0 || (m->left == left && m->right == right)) return m;
        at = (at + 1) & b->mask;
    }
    return NULL;
}

static int merge_error(const struct gguf *g, size_t i, const char *text,
                       size_t n, const char *what, struct error *err) {
    return error_set(err, ERR_INPUT, "%s: key '%s': merge %zu '%.*s' %s",
                     gguf_name(g), key_merges, i, (int)(n < 60 ? n : 60), text,
                     what);
}

// One line "left right" of the list; `bytes` is scratch for its length.
static int load_merge(struct bpe *b, const struct gguf *g,
                      const struct gguf_array *a, size_t i, char *bytes,
                      struct error *err) {
    size_t n;
    const char *text = gguf_array_text(a, i, &n);
    // The first byte may itself be a blank, in some files.
    const char *gap = n > 1 ? memchr(text + 1, ' ', n - 1) : NULL;
    size_t n_left = gap ? (size_t)(gap - text) : 0;
    if (!gap || n_left + 1 == n)
        return merge_error(g, i, text, n, "is not two tokens", err);
    long left = vocabulary_unmap(text, n_left, bytes);
    long right =
        left < 0 ? -1 : vocabulary_unmap(gap + 1, n - n_left - 1, bytes + left);
    if (right < 0)
        return merge_error(g, i, text, n, "is not in the byte alphabet", err);
    const struct vocabulary *v = b->vocabulary;
    struct merge m = {
        .left = vocabulary_find(v, bytes, (size_t)left),
        .right = vocabulary_find(v, bytes + left, (size_t)right),
        .merged = vocabulary_find(v, bytes, (size_t)(left + right)),
        .rank = (uint32_t)i,
    };
    if (m.left < 0 || m.right < 0 || m.merged < 0)
        return merge_error(g, i, text, n, "is of tokens that do not exist",
                           err);
    struct merge *slot = slot_of(b, m.left, m.right);
    if (!slot) return merge_error(g, i, text, n, "collides with others", err);
    if (slot->left < 0) *slot = m; // of equal ones, the first
    return 0;
}

static int load_merges(struct bpe *b, const struct gguf *g,
                       const struct gguf_array *a, struct error *err) {
    size_t longest = 0, n_slots = 1024;
    for (size_t i = 0; i < a->n; i++) {
        size_t n;
        gguf_array_text(a, i, &n);
        if (n > longest) longest = n;
    }
    while (n_slots < a->n * 2)
        n_slots *= 2;
    b->mask = n_slots - 1;
    b->table = alloc_try(n_slots, sizeof *b->table, "merges", err);
    if (!b->table) return -1;
    for (size_t i = 0; i < n_slots; i++)
        b->table[i].left = -1;
    char *bytes = alloc_try(longest + 1, 1, "merges", err);
    int status = bytes ? 0 : -1;
    for (size_t i = 0; i < a->n && !status; i++)
        status = load_merge(b, g, a, i, bytes, err);
    free(bytes);
    return status;
}

struct bpe *bpe_new(const struct gguf *g, const struct vocabulary *v,
                    struct error *err) {
    const struct gguf_array *a = gguf_get_array(g, key_merges, GGUF_TEXT, err);
    if (!a) return NULL;
    struct bpe *b = xcalloc(1, sizeof *b);
    b->vocabulary = v;
    if (a->n > UINT32_MAX)
        error_set(err, ERR_INPUT, "%s: key '%s' has %zu elements", gguf_name(g),
                  key_merges, a->n);
    else if (!load_merges(b, g, a, err))
        return b;
    bpe_free(b);
    return NULL;
}

void bpe_free(struct bpe *b) {
    if (!b) return;
    free(b->table);
    free(b);
}

// ---- the heap ---------------------------------------------------------------

static bool is_before(const struct candidate *x, const struct candidate *y) {
    return x->rank != y->rank ? x->rank < y->rank : x->at < y->at;
}

static void heap_push(struct bpe_work *w, struct candidate c) {
    array_push(&w->heap, c);
    struct candidate *h = w->heap.items;
    size_t i = w->heap.n - 1;
    for (; i > 0 && is_before(&c, &h[(i - 1) / 2]); i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = c;
}

static struct candidate heap_pop(struct bpe_work *w) {
    struct candidate *h = w->heap.items;
    struct candidate top = h[0], last = h[--w->heap.n];
    size_t n = w->heap.n, i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n) break;
        if (child + 1 < n && is_before(&h[child + 1], &h[child])) child++;
        if (!is_before(&h[child], &last)) break;
        h[i] = h[child];
        i = child;
    }
    if (n) h[i] = last;
    return top;
}

// ---- encoding ---------------------------------------------------------------

struct bpe_work *bpe_work_new(void) {
    return xcalloc(1, sizeof(struct bpe_work));
}

void bpe_work_free(struct bpe_work *w) {
    if (!w) return;
    free(w->symbols);
    array_release(&w->heap);
    free(w);
}

static int load_symbols(const struct bpe *b, struct bpe_work *w,
                        const char *bytes, size_t n, struct error *err) {
    if (n > w->cap_symbols) {
        w->cap_symbols = n * 2;
        w->symbols = xrealloc(w->symbols, w->cap_symbols * sizeof *w->symbols);
    }
    for (size_t i = 0; i < n; i++) {
        int byte = (unsigned char)bytes[i];
        struct symbol s = {.token = b->vocabulary->byte_token[byte],
                           .previous = (int32_t)i - 1,
                           .next = i + 1 < n ? (int32_t)i + 1 : -1};
        if (s.token < 0)
            return error_set(err, ERR_INPUT,
                             "the vocabulary has no token for byte 0x%02x",
                             (unsigned)byte);
        w->symbols[i] = s;
    }
    return 0;
}

// The pair of symbol `at` and its right neighbour, if it can be merged.
static void propose(const struct bpe *b, struct bpe_work *w, int32_t at) {
    if (at < 0 || w->symbols[at].next < 0) return;
    int32_t left = w->symbols[at].token;
    int32_t right = w->symbols[w->symbols[at].next].token;
    const struct merge *m = slot_of(b, left, right);
    if (!m || m->left < 0) return;
    heap_push(w, (struct candidate){.rank = m->rank,
                                    .at = at,
                                    .left = left,
                                    .right = right,
                                    .merged = m->merged});
}

static void merge_at(const struct bpe *b, struct bpe_work *w,
                     const struct candidate *c) {
    struct symbol *left = &w->symbols[c->at];
    // A symbol merged into its left neighbour has token -1 and fits nothing.
    if (left->token != c->left || left->next < 0) return;
    struct symbol *right = &w->symbols[left->next];
    if (right->token != c->right) return;
    left->token = c->merged;
    right->token = -1;
    left->next = right->next;
    if (left->next >= 0) w->symbols[left->next].previous = c->at;
    propose(b, w, left->previous);
    propose(b, w, c->at);
}

int bpe_encode(const struct bpe *b, struct bpe_work *w, const char *bytes,
               size_t n_bytes, struct token_list *out, struct error *err) {
    if (n_bytes == 0) return 0;
    if (load_symbols(b, w, bytes, n_bytes, err)) return -1;
    w->heap.n = 0;
    for (size_t i = 0; i + 1 < n_bytes; i++)
        propose(b, w, (int32_t)i);
    while (w->heap.n) {
        struct candidate c = heap_pop(w);
        merge_at(b, w, &c);
    }
    for (int32_t i = 0; i >= 0; i = w->symbols[i].next)
        array_push(out, w->symbols[i].token);
    return 0;
}
