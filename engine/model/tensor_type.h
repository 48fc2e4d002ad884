#pragma once
// The tensor types of GGUF files: one table, a row per type.
//
// All types of the format are known by name and size, so that a file can be
// checked and an error can name what it found. This build computes with those
// that the kernels know.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Values are those of the file format (ggml_type).
enum tensor_type {
    TENSOR_F32 = 0,
    TENSOR_F16 = 1,
    TENSOR_Q8_0 = 8,
    TENSOR_I32 = 26,
    TENSOR_BF16 = 30,
};

struct tensor_type_info {
    uint32_t id;
    const char *name;        // "Q8_0"
    uint32_t block_elements; // a row is a multiple of this
    uint32_t block_bytes;
};

// NULL: no such type.
const struct tensor_type_info *tensor_type_find(uint32_t id);
const char *tensor_type_name(uint32_t id); // "?" for unknown ones
bool tensor_type_is_loadable(const struct tensor_type_info *t);
// "F32, F16, ...": the loadable types, or all; cut to n_bytes.
void tensor_type_list(bool loadable_only, char *text, size_t n_bytes);
// Bytes of n_rows * n_cols elements in rows of n_cols. False when n_cols is no
// multiple of the block or the product overflows.
bool tensor_type_bytes(const struct tensor_type_info *t, uint64_t n_rows,
                       uint64_t n_cols, size_t *n_bytes);
