// The ids and block sizes are those of ggml.h (February 2025). Ids 4, 5, 31-33
// and 36-38 were types once and are no longer written.

#include "engine/model/tensor_type.h"

#include "engine/kernels/kernels.h"

#include <stdio.h>
#include <string.h>

// clang-format off
static const struct tensor_type_info types[] = {
    // id  name       elements bytes
    {  0, "F32",         1,      4},
    {  1, "F16",         1,      2},
    {  2, "Q4_0",       32,     18},
    {  3, "Q4_1",       32,     20},
    {  6, "Q5_0",       32,     22},
    {  7, "Q5_1",       32,     24},
    {  8, "Q8_0",       32,     34},
    {  9, "Q8_1",       32,     36},
    { 10, "Q2_K",      256,     84},
    { 11, "Q3_K",      256,    110},
    { 12, "Q4_K",      256,    144},
    { 13, "Q5_K",      256,    176},
    { 14, "Q6_K",      256,    210},
    { 15, "Q8_K",      256,    292},
    { 16, "IQ2_XXS",   256,     66},
    { 17, "IQ2_XS",    256,     74},
    { 18, "IQ3_XXS",   256,     98},
    { 19, "IQ1_S",     256,     50},
    { 20, "IQ4_NL",     32,     18},
    { 21, "IQ3_S",     256,    110},
    { 22, "IQ2_S",     256,     82},
    { 23, "IQ4_XS",    256,    136},
    { 24, "I8",          1,      1},
    { 25, "I16",         1,      2},
    { 26, "I32",         1,      4},
    { 27, "I64",         1,      8},
    { 28, "F64",         1,      8},
    { 29, "IQ1_M",     256,     56},
    { 30, "BF16",        1,      2},
    { 34, "TQ1_0",     256,     54},
    { 35, "TQ2_0",     256,     66},
    { 39, "MXFP4",      32,     17},
};
// clang-format on

enum { N_TYPES = sizeof types / sizeof *types };

const struct tensor_type_info *tensor_type_find(uint32_t id) {
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].id == id) return &types[i];
    return NULL;
}

const char *tensor_type_name(uint32_t id) {
    const struct tensor_type_info *t = tensor_type_find(id);
    return t ? t->name : "?";
}

bool tensor_type_is_loadable(const struct tensor_type_info *t) {
    return kern_row_bytes((enum kern_type)t->id, (int)t->block_elements) != 0;
}

void tensor_type_list(bool loadable_only, char *text, size_t n_bytes) {
    size_t at = 0;
    if (n_bytes) text[0] = '\0';
    for (size_t i = 0; i < N_TYPES && at < n_bytes; i++) {
        if (loadable_only && !tensor_type_is_loadable(&types[i])) continue;
        at += (size_t)snprintf(text + at, n_bytes - at, "%s%s", at ? ", " : "",
                               types[i].name);
    }
}

bool tensor_type_bytes(const struct tensor_type_info *t, uint64_t n_rows,
                       uint64_t n_cols, size_t *n_bytes) {
    uint64_t row;
    if (n_cols % t->block_elements) return false;
    return !__builtin_mul_overflow(n_cols / t->block_elements,
                                   (uint64_t)t->block_bytes, &row) &&
           !__builtin_mul_overflow(row, n_rows, n_bytes);
}
