// What metadata says: look-up, conversion between number types, printing.

#include "engine/model/gguf_internal.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"

#include <inttypes.h>
#include <string.h>

// clang-format off
const struct gguf_value_info gguf_value_types[GGUF_N_VALUE_TYPES] = {
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
    if (!gguf_value_types[e->type].is_int) return false;
    int64_t wide = int_at(e->type, e->bytes);
    if (wide < 0 || wide > UINT32_MAX) return false;
    *value = (uint32_t)wide;
    return true;
}

static bool f32_of(const struct gguf_entry *e, float *value) {
    if (!gguf_value_types[e->type].is_real) return false;
    *value = (float)real_at(e->type, e->bytes);
    return true;
}

static bool bool_of(const struct gguf_entry *e, bool *value) {
    if (e->type != GGUF_BOOL) return false;
    *value = *e->bytes != 0;
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
              g->name, e->at, e->key, gguf_value_types[e->type].name,
              value.text, expected);
    buf_release(&value);
    return -1;
}

// The three ways to ask for a value, per type.
#define DEFINE_GETTERS(name, type, expected)                                   \
    bool gguf_find_##name(const struct gguf *g, const char *key,               \
                          type *value) {                                       \
        const struct gguf_entry *e = find(g, key);                             \
        return e && name##_of(e, value);                                       \
    }                                                                          \
    int gguf_opt_##name(const struct gguf *g, const char *key, type *value,    \
                        struct error *err) {                                   \
        const struct gguf_entry *e = find(g, key);                             \
        if (!e || name##_of(e, value)) return 0;                               \
        return unsuitable(g, e, expected, err);                                \
    }                                                                          \
    int gguf_get_##name(const struct gguf *g, const char *key, type *value,    \
                        struct error *err) {                                   \
        if (!find(g, key)) return absent(g, key, err);                         \
        return gguf_opt_##name(g, key, value, err);                            \
    }

DEFINE_GETTERS(u32, uint32_t, "an integer of 0 to 4294967295")
DEFINE_GETTERS(f32, float, "a number (f32)")
DEFINE_GETTERS(bool, bool, "a bool")

const char *gguf_find_text(const struct gguf *g, const char *key) {
    const struct gguf_entry *e = find(g, key);
    return e && e->type == GGUF_TEXT ? e->text : NULL;
}

int gguf_opt_text(const struct gguf *g, const char *key, const char **value,
                  struct error *err) {
    const struct gguf_entry *e = find(g, key);
    if (e && e->type != GGUF_TEXT) return unsuitable(g, e, "a text", err);
    if (e) *value = e->text;
    return 0;
}

const char *gguf_get_text(const struct gguf *g, const char *key,
                          struct error *err) {
    const char *text = NULL;
    if (!find(g, key))
        absent(g, key, err);
    else
        gguf_opt_text(g, key, &text, err);
    return text;
}

// ---- arrays -----------------------------------------------------------------

static bool array_suits(const struct gguf_array *a, enum gguf_value_type type) {
    if (type == GGUF_I64) return gguf_value_types[a->type].is_int;
    if (type == GGUF_F64)
        return gguf_value_types[a->type].is_int ||
               gguf_value_types[a->type].is_real;
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
    if (e->type == GGUF_ARRAY && array_suits(&e->array, type)) return &e->array;
    unsuitable(g, e,
               type == GGUF_TEXT  ? "an array of texts"
               : type == GGUF_I64 ? "an array of integers"
                                  : "an array of numbers",
               err);
    return NULL;
}

int64_t gguf_array_int(const struct gguf_array *a, size_t i) {
    return int_at(a->type, a->bytes + i * gguf_value_types[a->type].n_bytes);
}

double gguf_array_real(const struct gguf_array *a, size_t i) {
    return real_at(a->type, a->bytes + i * gguf_value_types[a->type].n_bytes);
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
    else if (gguf_value_types[type].is_int)
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
                         a->bytes + i * gguf_value_types[a->type].n_bytes, out);
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
