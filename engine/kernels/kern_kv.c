#include "engine/kernels/kern_kv.h"

#include "engine/base/error.h"
#include "engine/kernels/kern_math.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    enum kern_type type;
    size_t element_bytes;
} types[] = {
    {"f32", KERN_F32, 4},
    {"f16", KERN_F16, 2},
    {"q8_0", KERN_Q8_0, 1},
};
enum { N_TYPES = sizeof types / sizeof *types };

int kern_kv_parse(const char *name, enum kern_type *type, struct error *err) {
    for (int i = 0; i < N_TYPES; i++) {
        if (strcmp(name, types[i].name)) continue;
        *type = types[i].type;
        return 0;
    }
    return error_set(err, ERR_USAGE,
                     "no type of KV cache '%s', expected f32, f16 or q8_0",
                     name);
}

const char *kern_kv_name(enum kern_type type) {
    for (int i = 0; i < N_TYPES; i++)
        if (types[i].type == type) return types[i].name;
    return "?";
}

// ---- layout -----------------------------------------------------------------

static size_t element_bytes(enum kern_type type) {
    for (int i = 0; i < N_TYPES; i++)
        if (types[i].type == type) return types[i].element_bytes;
    return 0;
}

// Of a page whose array has n_dims dimensions.
static size_t page_bytes(enum kern_type type, int n_dims, int head_dim) {
    size_t n = (size_t)n_dims * KERN_PAGE * element_bytes(type);
    if (type == KERN_Q8_0)
        n += (size_t)kern_kv_blocks(head_dim) * KERN_PAGE * sizeof(uint16_t);
    return (n + 63) / 64 * 64;
}

size_t kern_keys_bytes(enum kern_type type, int head_dim) {
    return page_bytes(type, head_dim, head_dim);
}

size_t kern_values_bytes(enum kern_type type, int head_dim) {
    return page_bytes(type, kern_kv_padded(head_dim), head_dim);
}

// Where dimension d of a slot stands: element, and scale of KERN_Q8_0.
struct place {
    size_t element, scale;
};

static struct place key_place(int head_dim, int slot, int d) {
    size_t n = (size_t)head_dim * KERN_PAGE / sizeof(uint16_t);
    size_t block = (size_t)(d / KERN_KV_BLOCK);
    return (struct place){(size_t)d * KERN_PAGE + (size_t)slot,
                          n + block * KERN_PAGE + (size_t)slot};
}

static struct place value_place(int head_dim, int slot, int d) {
    size_t padded = (size_t)kern_kv_padded(head_dim);
    size_t n = padded * KERN_PAGE / sizeof(uint16_t);
    size_t blocks = (size_t)kern_kv_blocks(head_dim);
    return (struct place){(size_t)slot * padded + (size_t)d,
                          n + (size_t)slot * blocks +
                              (size_t)(d / KERN_KV_BLOCK)};
}

typedef struct place place_fn(int head_dim, int slot, int d);

// ---- one position -----------------------------------------------------------

// The scale of a block, as a half: largest magnitude / 127.
static uint16_t block_scale(const float *x, int n) {
    float largest = 0.0f;
    for (int i = 0; i < n; i++) {
        float size = fabsf(x[i]);
        if (!(size < INFINITY)) return 0x7e00; // NaN
        if (size > largest) largest = size;
    }
    uint16_t scale = kern_f32_to_f16(largest / 127.0f);
    return scale == 0x7c00 ? 0x7e00 : scale;
}

// Round half to even; the quotient is at most 255 by the choice of the scale.
static int8_t block_byte(float x, float scale) {
    if (!(scale > 0.0f)) return 0;
    float rounded = x / scale + KERN_EXP_MAGIC;
    float q = rounded - KERN_EXP_MAGIC;
    return (int8_t)(q > 127.0f ? 127.0f : q < -127.0f ? -127.0f : q);
}

static void put_bytes(int head_dim, int8_t *page, int slot, const float *x,
                      place_fn *at) {
    for (int d = 0; d < head_dim; d += KERN_KV_BLOCK) {
        int n = head_dim - d < KERN_KV_BLOCK ? head_dim - d : KERN_KV_BLOCK;
        uint16_t scale = block_scale(x + d, n);
        float s = kern_f16_to_f32(scale);
        size_t to = at(head_dim, slot, d).scale * sizeof scale;
        memcpy(page + to, &scale, sizeof scale);
        for (int i = d; i < d + n; i++)
            page[at(head_dim, slot, i).element] = block_byte(x[i], s);
    }
}

static float get(enum kern_type type, const void *page, struct place at) {
    if (type == KERN_F32) return ((const float *)page)[at.element];
    const uint16_t *halves = page;
    if (type == KERN_F16) return kern_f16_to_f32(halves[at.element]);
    return (float)((const int8_t *)page)[at.element] *
           kern_f16_to_f32(halves[at.scale]);
}

void kern_keys_put(enum kern_type type, int head_dim, void *page, int slot,
                   const float *k) {
    if (type == KERN_Q8_0) put_bytes(head_dim, page, slot, k, key_place);
    for (int d = 0; d < head_dim && type == KERN_F32; d++)
        ((float *)page)[d * KERN_PAGE + slot] = k[d];
    for (int d = 0; d < head_dim && type == KERN_F16; d++)
        ((uint16_t *)page)[d * KERN_PAGE + slot] = kern_f32_to_f16(k[d]);
}

void kern_values_put(enum kern_type type, int head_dim, void *page, int slot,
                     const float *v) {
    size_t row = (size_t)slot * (size_t)kern_kv_padded(head_dim);
    if (type == KERN_Q8_0) put_bytes(head_dim, page, slot, v, value_place);
    if (type == KERN_F32)
        memcpy((float *)page + row, v, (size_t)head_dim * sizeof *v);
    for (int d = 0; d < head_dim && type == KERN_F16; d++)
        ((uint16_t *)page)[row + (size_t)d] = kern_f32_to_f16(v[d]);
}

float kern_keys_get(enum kern_type type, int head_dim, const void *page,
                    int slot, int d) {
    return get(type, page, key_place(head_dim, slot, d));
}

float kern_values_get(enum kern_type type, int head_dim, const void *page,
                      int slot, int d) {
    return get(type, page, value_place(head_dim, slot, d));
}
