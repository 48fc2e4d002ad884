#pragma once
// What gguf.c (opening, tensors), gguf_meta.c (reading metadata) and
// gguf_value.c (asking for it) share.

#include "engine/base/arena.h"
#include "engine/base/array.h"
#include "engine/model/cursor.h"
#include "engine/model/gguf.h"

enum { GGUF_N_VALUE_TYPES = GGUF_F64 + 1 };

struct gguf_value_info {
    const char *name;
    uint8_t n_bytes; // 0: not a scalar of fixed size
    bool is_int, is_real;
};

extern const struct gguf_value_info gguf_value_types[GGUF_N_VALUE_TYPES];

struct gguf_entry {
    const char *key; // in the arena
    size_t at;       // byte where it starts
    enum gguf_value_type type;
    const uint8_t *bytes;    // scalars: the value, as in the file
    const char *text;        // GGUF_TEXT: in the arena
    struct gguf_array array; // GGUF_ARRAY; `texts` is ours to free
};

struct gguf_slot {
    struct gguf_tensor tensor;
    size_t at;       // byte where its entry starts
    uint64_t offset; // from the start of the data section
};

struct gguf {
    char *name;
    const uint8_t *bytes;
    size_t n_bytes;
    bool is_mapped;
    uint32_t version, alignment;
    size_t data_at;                   // where the data section starts
    struct arena arena;               // names and texts
    ARRAY(struct gguf_entry) entries; // file order
    const struct gguf_entry **by_key; // [entries.n] sorted
    ARRAY(struct gguf_slot) slots;    // file order
    const struct gguf_slot **by_name; // [slots.n] sorted
};

// A length-prefixed string without NULs, copied into the arena; NULL on error.
const char *gguf_read_text(struct gguf *g, struct cursor *c, size_t max_bytes,
                           const char *what);
// Reads n_keys entries and builds by_key.
int gguf_read_metadata(struct gguf *g, struct cursor *c, uint64_t n_keys);
void gguf_release_metadata(struct gguf *g);
