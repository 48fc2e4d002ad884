// Metadata of a GGUF file: key, type, value, one after the other.
//
// Keys are sorted after reading: look-up is a binary search and duplicates are
// neighbours, with no hash that a hostile file could aim at. Scalars and arrays
// stay where they are in the file; only keys and scalar texts are copied, for
// their NUL. Arrays of arrays, which no known file has, are refused.

#include "engine/model/gguf_internal.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- reading ----------------------------------------------------------------

const char *gguf_read_text(struct gguf *g, struct cursor *c, size_t max_bytes,
                           const char *what) {
    size_t at = c->at;
    uint64_t n = cursor_u64(c, what);
    if (n > max_bytes && !c->failed) {
        cursor_fail(c, at, "%s is %" PRIu64 " bytes long, at most %zu expected",
                    what, n, max_bytes);
        return NULL;
    }
    const uint8_t *bytes = cursor_take(c, n, what);
    if (!bytes) return NULL;
    if (memchr(bytes, '\0', (size_t)n)) {
        cursor_fail(c, at, "%s holds a NUL byte", what);
        return NULL;
    }
    return arena_strndup(&g->arena, (const char *)bytes, (size_t)n);
}

static void read_array_texts(struct gguf_array *a, struct cursor *c,
                             const char *key) {
    // Each text has at least its length field: this bounds the allocation.
    if (a->n > cursor_left(c) / 8) {
        cursor_fail(c, c->at, "key '%s': %zu texts do not fit the file", key,
                    a->n);
        return;
    }
    a->texts = alloc_try(a->n ? a->n : 1, sizeof *a->texts, "metadata", c->err);
    if (!a->texts) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < a->n && !c->failed; i++) {
        a->texts[i] = c->bytes + c->at;
        cursor_take(c, cursor_u64(c, "a text of an array"),
                    "a text of an array");
    }
}

static void read_array(struct gguf_entry *e, struct cursor *c) {
    size_t at = c->at;
    uint32_t type = cursor_u32(c, "an array's type");
    uint64_t n = cursor_u64(c, "an array's length");
    if (c->failed) return;
    if (type >= GGUF_N_VALUE_TYPES || type == GGUF_ARRAY) {
        cursor_fail(c, at, "key '%s': array of %s (type %u)", e->key,
                    type == GGUF_ARRAY ? "arrays, which is not supported"
                                       : "an unknown type",
                    type);
        return;
    }
    e->array = (struct gguf_array){.type = (enum gguf_value_type)type,
                                   .bytes = c->bytes + c->at};
    uint64_t n_bytes;
    if (n > SIZE_MAX ||
        __builtin_mul_overflow(n, (uint64_t)gguf_value_types[type].n_bytes,
                               &n_bytes)) {
        cursor_fail(c, at, "key '%s': %" PRIu64 " elements do not fit the file",
                    e->key, n);
        return;
    }
    e->array.n = (size_t)n;
    if (type == GGUF_TEXT)
        read_array_texts(&e->array, c, e->key);
    else
        cursor_take(c, n_bytes, "an array");
}

static void read_value(struct gguf *g, struct gguf_entry *e, struct cursor *c) {
    size_t at = c->at;
    uint32_t type = cursor_u32(c, "a value's type");
    if (c->failed) return;
    if (type >= GGUF_N_VALUE_TYPES) {
        cursor_fail(c, at, "key '%s' has value type %u, expected 0 to %d",
                    e->key, type, GGUF_N_VALUE_TYPES - 1);
        return;
    }
    e->type = (enum gguf_value_type)type;
    if (type == GGUF_TEXT) {
        e->text = gguf_read_text(g, c, SIZE_MAX, "a text value");
    } else if (type == GGUF_ARRAY) {
        read_array(e, c);
    } else {
        e->bytes = cursor_take(c, gguf_value_types[type].n_bytes, "a value");
        if (type == GGUF_BOOL && e->bytes && *e->bytes > 1)
            cursor_fail(c, at, "key '%s': bool of value %u, expected 0 or 1",
                        e->key, *e->bytes);
    }
}

static int compare_entries(const void *a, const void *b) {
    const struct gguf_entry *x = *(const struct gguf_entry *const *)a;
    const struct gguf_entry *y = *(const struct gguf_entry *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int index_entries(struct gguf *g, struct cursor *c) {
    size_t n = g->entries.n;
    g->by_key = alloc_try(n ? n : 1, sizeof *g->by_key, "metadata", c->err);
    if (!g->by_key) return -1;
    for (size_t i = 0; i < n; i++)
        g->by_key[i] = &g->entries.items[i];
    qsort(g->by_key, n, sizeof *g->by_key, compare_entries);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(g->by_key[i]->key, g->by_key[i - 1]->key))
            return cursor_fail(c, g->by_key[i]->at,
                               "key '%s' appears twice, first at byte %zu",
                               g->by_key[i]->key, g->by_key[i - 1]->at);
    return 0;
}

int gguf_read_metadata(struct gguf *g, struct cursor *c, uint64_t n_keys) {
    // Key length, type and a value of one byte: 13 bytes at least.
    if (n_keys > cursor_left(c) / 13)
        return cursor_fail(c, c->at, "%" PRIu64 " keys do not fit the file",
                           n_keys);
    for (uint64_t i = 0; i < n_keys; i++) {
        struct gguf_entry e = {.at = c->at};
        e.key = gguf_read_text(g, c, GGUF_MAX_KEY, "a key");
        if (!c->failed) read_value(g, &e, c);
        array_push(&g->entries, e);
        if (c->failed) return -1;
    }
    return index_entries(g, c);
}

void gguf_release_metadata(struct gguf *g) {
    for (size_t i = 0; i < g->entries.n; i++)
        free(g->entries.items[i].array.texts);
    array_release(&g->entries);
    free(g->by_key);
}
