// Metadata of a GGUF file: key, type, value, one after the other.
//
// Keys are sorted after reading: look-up is a binary search and duplicates are
// neighbours, with no hash that a hostile file could aim at. Scalars and arrays
// stay where they are in the file; only keys and scalar texts are copied, for
// their NUL. Arrays of arrays, which no known file has, are refused.

#include "engine/model/gguf_internal.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
static const struct {
    const char *name;
    uint8_t n_bytes;  // 0: not a scalar of fixed size
    bool is_int, is_real;
} value_types[] = {
    [GGUF_U8]    = {"u8",    1, true,  false},
    [GGUF_I8]    = {"i8",    1, true,  false},
    [GGUF_U16]   = {"u16",   2, true,  false},
    [GGUF_I16]   = {"i16",   2, true,  false},
    [GGUF_U32]   = {"u32",   4, true,  false},
    [GGUF_I32]   = {"i32",   4, true,  false},
    [GGUF_F32]   = {"f32",   4, false, true },
    [GGUF_BOOL]  = {"bool",  1, false, false},
    [GGUF_TEXT]  = {"text",  0, false, false},
    [GGUF_ARRAY] = {"array", 0, false, false},
    [GGUF_U64]   = {"u64",   8, true,  false},
    [GGUF_I64]   = {"i64",   8, true,  false},
    [GGUF_F64]   = {"f64",   8, false, true },
};
// clang-format on

enum { N_VALUE_TYPES = sizeof value_types / sizeof *value_types };

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
    if (type >= N_VALUE_TYPES || type == GGUF_ARRAY) {
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
        __builtin_mul_overflow(n, (uint64_t)value_types[type].n_bytes,
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

static void read_value(struct gguf *g, struct gguf_entry *e,
                       struct cursor *c) {
    size_t at = c->at;
    uint32_t type = cursor_u32(c, "a value's type");
    if (c->failed) return;
    if (type >= N_VALUE_TYPES) {
        cursor_fail(c, at, "key '%s' has value type %u, expected 0 to %d",
                    e->key, type, N_VALUE_TYPES - 1);
        return;
    }
    e->type = (enum gguf_value_type)type;
    if (type == GGUF_TEXT) {
        e->text = gguf_read_text(g, c, SIZE_MAX, "a text value");
    } else if (type == GGUF_ARRAY) {
        read_array(e, c);
    } else {
        e->bytes = cursor_take(c, value_types[type].n_bytes, "a value");
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
    for (size_t i = 0; i < n; i++) g->by_key[i] = &g->entries.items[i];
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

// ---- values -----------------------------------------------------------------

static const struct gguf_entry *find(const struct gguf *g, const char *key) {
    size_t low = 0, high = g->entries.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(key, g->by_key[mid]->key);
        if (order == 0) return g->by_key[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

// The integer at p; u64 is cut to INT64_MAX.
static int64_t int_at(enum gguf_value_type type, const uint8_t *p) {
    switch (type) {
    case GGUF_U8:
    case GGUF_BOOL:
        return *p;
    case GGUF_I8:
        return (int8_t)*p;
    case GGUF_U16:
        return load_u16(p);
    case GGUF_I16:
        return (int16_t)load_u16(p);
    case GGUF_U32:
        return load_u32(p);
    case GGUF_I32:
        return (int32_t)load_u32(p);
    case GGUF_U64: {
        uint64_t value = load_u64(p);
        return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    }
    case GGUF_I64:
        return (int64_t)load_u64(p);
    default:
        return 0;
    }
}

static double real_at(enum gguf_value_type type, const uint8_t *p) {
    if (type == GGUF_F32) {
        uint32_t bits = load_u32(p);
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    if (type == GGUF_F64) {
        uint64_t bits = load_u64(p);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    return (double)int_at(type, p);
}

static bool u32_of(const struct gguf_entry *e, uint32_t *value) {
    if (!value_types[e->type].is_int) return false;
    int64_t wide = int_at(e->type, e->bytes);
    if (wide < 0 || wide > UINT32_MAX) return false;
    *value = (uint32_t)wide;
    return true;
}

static bool f32_of(const struct gguf_entry *e, float *value) {
    if (!value_types[e->type].is_real) return false;
    *value = (float)real_at(e->type, e->bytes);
    return true;
}

static bool bool_of(const struct gguf_entry *e, bool *value) {
    if (e->type != GGUF_BOOL) return false;
    *value = *e->bytes != 0;
    return true;
}

static bool text_of(const struct gguf_entry *e, const char **value) {
    if (e->type != GGUF_TEXT) return false;
    *value = e->text;
    return true;
}

static int absent(const struct gguf *g, const char *key, struct error *err) {
    return error_set(err, ERR_INPUT, "%s: key '%s' is missing", g->name, key);
}

static int unsuitable(const struct gguf *g, const struct gguf_entry *e,
                      const char *expected, struct error *err) {
    struct buf value;
    buf_init(&value);
    gguf_print_value(g, (size_t)(e - g->entries.items), 40, &value);
    error_set(err, ERR_INPUT, "%s: byte %zu: key '%s' is %s %s, expected %s",
              g->name, e->at, e->key, value_types[e->type].name, value.text,
              expected);
    buf_release(&value);
    return -1;
}

// The three ways to ask for a value, per type.
#define DEFINE_GETTERS(name, type, expected)                                   \
    int gguf_opt_##name(const struct gguf *g, const char *key, type *value,    \
                        struct error *err) {                                   \
        const struct gguf_entry *e = find(g, key);                             \
        if (!e || name##_of(e, value)) return 0;                               \
        return unsuitable(g, e, expected, err);                                \
    }                                                                          \
    static int must_##name(const struct gguf *g, const char *key, type *value, \
                           struct error *err) {                                \
        if (!find(g, key)) return absent(g, key, err);                         \
        return gguf_opt_##name(g, key, value, err);                            \
    }                                                                          \
    static bool has_##name(const struct gguf *g, const char *key,              \
                           type *value) {                                      \
        const struct gguf_entry *e = find(g, key);                             \
        return e && name##_of(e, value);                                       \
    }

DEFINE_GETTERS(u32, uint32_t, "an integer of 0 to 4294967295")
DEFINE_GETTERS(f32, float, "a number (f32)")
DEFINE_GETTERS(bool, bool, "a bool")
DEFINE_GETTERS(text, const char *, "a text")

bool gguf_find_u32(const struct gguf *g, const char *key, uint32_t *value) {
    return has_u32(g, key, value);
}

bool gguf_find_f32(const struct gguf *g, const char *key, float *value) {
    return has_f32(g, key, value);
}

bool gguf_find_bool(const struct gguf *g, const char *key, bool *value) {
    return has_bool(g, key, value);
}

const char *gguf_find_text(const struct gguf *g, const char *key) {
    const char *text = NULL;
    has_text(g, key, &text);
    return text;
}

int gguf_get_u32(const struct gguf *g, const char *key, uint32_t *value,
                 struct error *err) {
    return must_u32(g, key, value, err);
}

int gguf_get_f32(const struct gguf *g, const char *key, float *value,
                 struct error *err) {
    return must_f32(g, key, value, err);
}

int gguf_get_bool(const struct gguf *g, const char *key, bool *value,
                  struct error *err) {
    return must_bool(g, key, value, err);
}

const char *gguf_get_text(const struct gguf *g, const char *key,
                          struct error *err) {
    const char *text = NULL;
    must_text(g, key, &text, err);
    return text;
}

// ---- arrays -----------------------------------------------------------------

static bool array_suits(const struct gguf_array *a,
                        enum gguf_value_type type) {
    if (type == GGUF_I64) return value_types[a->type].is_int;
    if (type == GGUF_F64)
        return value_types[a->type].is_int || value_types[a->type].is_real;
    return a->type == type;
}

const struct gguf_array *gguf_find_array(const struct gguf *g,
                                         const char *key) {
    const struct gguf_entry *e = find(g, key);
    return e && e->type == GGUF_ARRAY ? &e->array : NULL;
}

const struct gguf_array *gguf_get_array(const struct gguf *g, const char *key,
                                        enum gguf_value_type type,
                                        struct error *err) {
    const struct gguf_entry *e = find(g, key);
    if (!e) {
        absent(g, key, err);
        return NULL;
    }
    if (e->type == GGUF_ARRAY && array_suits(&e->array, type))
        return &e->array;
    unsuitable(g, e,
               type == GGUF_TEXT  ? "an array of texts"
               : type == GGUF_I64 ? "an array of integers"
                                  : "an array of numbers",
               err);
    return NULL;
}

int64_t gguf_array_int(const struct gguf_array *a, size_t i) {
    return int_at(a->type, a->bytes + i * value_types[a->type].n_bytes);
}

double gguf_array_real(const struct gguf_array *a, size_t i) {
    return real_at(a->type, a->bytes + i * value_types[a->type].n_bytes);
}

const char *gguf_array_text(const struct gguf_array *a, size_t i,
                            size_t *n_bytes) {
    *n_bytes = (size_t)load_u64(a->texts[i]);
    return (const char *)a->texts[i] + 8;
}

// ---- listing ----------------------------------------------------------------

size_t gguf_n_keys(const struct gguf *g) {
    return g->entries.n;
}

const char *gguf_key(const struct gguf *g, size_t i) {
    return g->entries.items[i].key;
}

static void print_text(const char *text, size_t n, size_t limit,
                       struct buf *out) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        // Cut between characters, not inside one.
        if (i >= limit && (c & 0xc0) != 0x80) {
            buf_adds(out, "...");
            return;
        }
        if (c == '\n')
            buf_adds(out, "\\n");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\x%02x", c);
        else
            buf_addc(out, (char)c);
        if (i >= limit + 4) return;
    }
}

static void print_scalar(enum gguf_value_type type, const uint8_t *p,
                         struct buf *out) {
    if (type == GGUF_BOOL)
        buf_adds(out, *p ? "true" : "false");
    else if (type == GGUF_U64)
        buf_addf(out, "%" PRIu64, load_u64(p));
    else if (value_types[type].is_int)
        buf_addf(out, "%" PRId64, int_at(type, p));
    else
        buf_addf(out, "%.9g", real_at(type, p));
}

static void print_array(const struct gguf_array *a, size_t limit,
                        struct buf *out) {
    buf_addf(out, "[%zu]", a->n);
    size_t start = out->n_bytes;
    for (size_t i = 0; i < a->n; i++) {
        buf_adds(out, i ? ", " : " ");
        if (out->n_bytes - start >= limit) {
            buf_adds(out, "...");
            return;
        }
        if (a->type == GGUF_TEXT) {
            size_t n;
            const char *text = gguf_array_text(a, i, &n);
            print_text(text, n, limit, out);
        } else {
            print_scalar(a->type,
                         a->bytes + i * value_types[a->type].n_bytes, out);
        }
    }
}

void gguf_print_value(const struct gguf *g, size_t i, size_t limit,
                      struct buf *out) {
    const struct gguf_entry *e = &g->entries.items[i];
    if (e->type == GGUF_TEXT)
        print_text(e->text, strlen(e->text), limit, out);
    else if (e->type == GGUF_ARRAY)
        print_array(&e->array, limit, out);
    else
        print_scalar(e->type, e->bytes, out);
}
