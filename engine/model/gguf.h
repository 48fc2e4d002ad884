#pragma once
// A GGUF file (versions 2 and 3, little-endian): metadata and tensors.
//
// The file is mapped read-only and everything in it is checked when it is
// opened: lengths, counts, types, offsets, overlaps. So what the functions
// below hand out lies inside the mapping, and a damaged file gets one line
// with the file's name and the byte where reading stopped making sense. All
// pointers are borrowed and valid until gguf_close(). A file that another
// process shortens while it is open is beyond our reach (SIGBUS): replace
// model files by rename, never in place.
//
// After opening, a struct gguf is read-only and may be used by many threads.
// Of two names, `_find` answers "absent" with NULL or false and `_get` reports
// an error that names file and key.

#include "engine/model/tensor_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct gguf;

// Metadata types; the values are those of the file format.
enum gguf_value_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_TEXT,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
};

enum {
    GGUF_MAX_DIMS = 4,
    GGUF_MAX_NAME = 128,         // bytes of a tensor name
    GGUF_MAX_KEY = 65535,        // bytes of a metadata key
    GGUF_DEFAULT_ALIGNMENT = 32, // where general.alignment is absent
};

// Maps and checks a file. NULL with an error that names the file.
struct gguf *gguf_open(const char *path, struct error *err);
// The same for bytes in memory, which are borrowed and must outlive it; `name`
// stands for the path in errors.
struct gguf *gguf_open_memory(const void *bytes, size_t n_bytes,
                              const char *name, struct error *err);
void gguf_close(struct gguf *g); // NULL is fine

const char *gguf_name(const struct gguf *g); // the path
uint32_t gguf_version(const struct gguf *g);
size_t gguf_file_bytes(const struct gguf *g);

// ---- metadata ---------------------------------------------------------------

// Any integer type counts as u32 when the value fits. f64 and f32 count as
// f32. Text is NUL-terminated, and holds no other NUL.
//
// Present and of that type: true and *value; else false, *value untouched.
bool gguf_find_u32(const struct gguf *g, const char *key, uint32_t *value);
bool gguf_find_f32(const struct gguf *g, const char *key, float *value);
bool gguf_find_bool(const struct gguf *g, const char *key, bool *value);
const char *gguf_find_text(const struct gguf *g, const char *key);

// 0, or -1 with ERR_INPUT when the key is absent or of another type.
int gguf_get_u32(const struct gguf *g, const char *key, uint32_t *value,
                 struct error *err);
int gguf_get_f32(const struct gguf *g, const char *key, float *value,
                 struct error *err);
int gguf_get_bool(const struct gguf *g, const char *key, bool *value,
                  struct error *err);
const char *gguf_get_text(const struct gguf *g, const char *key,
                          struct error *err); // NULL: error

// For keys that may be absent: 0 with *value untouched then, so that it keeps
// the caller's default; -1 with ERR_INPUT when the key has another type.
int gguf_opt_u32(const struct gguf *g, const char *key, uint32_t *value,
                 struct error *err);
int gguf_opt_f32(const struct gguf *g, const char *key, float *value,
                 struct error *err);
int gguf_opt_bool(const struct gguf *g, const char *key, bool *value,
                  struct error *err);
int gguf_opt_text(const struct gguf *g, const char *key, const char **value,
                  struct error *err);

// An array, read in place. Elements are packed without alignment, hence the
// functions.
struct gguf_array {
    enum gguf_value_type type; // of the elements; never GGUF_ARRAY
    size_t n;
    const uint8_t *bytes;  // the first element
    const uint8_t **texts; // [n] GGUF_TEXT: each length field; else NULL
};

const struct gguf_array *gguf_find_array(const struct gguf *g, const char *key);
// -1 as NULL with ERR_INPUT when absent or its elements are of another kind.
// GGUF_I64 stands for any integer type, GGUF_F64 for any number.
const struct gguf_array *gguf_get_array(const struct gguf *g, const char *key,
                                        enum gguf_value_type type,
                                        struct error *err);
// Element i < a->n. The type must be an integer type (int), a number (real) or
// text. u64 beyond INT64_MAX is cut to INT64_MAX.
int64_t gguf_array_int(const struct gguf_array *a, size_t i);
double gguf_array_real(const struct gguf_array *a, size_t i);
// Not NUL-terminated; any bytes.
const char *gguf_array_text(const struct gguf_array *a, size_t i,
                            size_t *n_bytes);

// For listings: keys in file order, i < gguf_n_keys().
size_t gguf_n_keys(const struct gguf *g);
const char *gguf_key(const struct gguf *g, size_t i);
// Append the value of key i as one line of at most about `limit` bytes; arrays
// as "[n] first, second, ...".
void gguf_print_value(const struct gguf *g, size_t i, size_t limit,
                      struct buf *out);

// ---- tensors ----------------------------------------------------------------

struct gguf_tensor {
    const char *name;
    enum tensor_type type;       // the values of kern_type where that has one
    int n_dims;                  // 1..GGUF_MAX_DIMS
    int64_t dims[GGUF_MAX_DIMS]; // [0] varies fastest (columns); 1 beyond
    const void *data;            // aligned as the file says, in the mapping
    size_t n_bytes;
};

size_t gguf_n_tensors(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i);
// The i of gguf_tensor_at(), for a tensor of this file.
size_t gguf_tensor_index(const struct gguf *g, const struct gguf_tensor *t);
const struct gguf_tensor *gguf_find_tensor(const struct gguf *g,
                                           const char *name);
// A tensor [n_rows][n_cols] (n_rows 1 for a vector) of a type that this build
// can load. NULL with an error that names file, tensor, what it is and what
// was expected: ERR_INPUT (absent, other shape), ERR_UNSUPPORTED (type).
const struct gguf_tensor *gguf_get_tensor(const struct gguf *g,
                                          const char *name, int64_t n_rows,
                                          int64_t n_cols, struct error *err);

// These bytes of the mapping are not needed for now: the whole pages among them
// leave the resident set, and come back from the file when they are read again.
// Nothing for files in memory.
void gguf_let_go(const struct gguf *g, const void *bytes, size_t n_bytes);
