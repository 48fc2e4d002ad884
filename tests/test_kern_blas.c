// Products through OpenBLAS against the reference, within rounding. Apart from
// the other kernels' tests, which also run where no BLAS is.

#include "engine/kernels/kernels.h"

#include "engine/base/alloc.h"
#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_math.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300, COLS = 256, TOKENS = 5, PANELS = 19, GUARD = 32 };

static void *block(size_t n_bytes) {
    return alloc_try((n_bytes + 63) / 64 * 64, 1, "test data", NULL);
}

// -1 to 1.
static float draw(uint32_t *state) {
    *state = *state * 1664525 + 1013904223;
    return (float)(int32_t)*state * 0x1p-31f;
}

// One element, or one block of random bytes with scales of 0.1.
static void fill_block(enum kern_type type, unsigned char *to,
                       uint32_t *state) {
    const struct kern_format *f = kern_format(type);
    const uint16_t tenth = kern_f32_to_f16(0.1f);
    float v = draw(state);
    uint16_t half =
        type == KERN_F16 ? kern_f32_to_f16(v) : (uint16_t)(kern_bits(v) >> 16);
    if (type == KERN_F32) memcpy(to, &v, sizeof v);
    if (type == KERN_F16 || type == KERN_BF16) memcpy(to, &half, sizeof half);
    if (!kern_is_quantized(type)) return;
    for (int i = 0; i < f->block_bytes; i++)
        to[i] = (unsigned char)(127 * draw(state));
    for (const struct kern_field *i = f->fields; i->kind; i++)
        if (i->kind == FIELD_HALF || i->kind == FIELD_WIDE)
            memcpy(to + i->at, &tenth, sizeof tenth);
}

static struct kern_matrix matrix(enum kern_type type) {
    size_t step = (size_t)kern_format(type)->block_bytes;
    size_t n_bytes = ROWS * kern_row_bytes(type, COLS);
    unsigned char *rows = block(n_bytes);
    uint32_t state = 3;
    for (size_t at = 0; at < n_bytes; at += step)
        fill_block(type, rows + at, &state);
    struct kern_matrix m = {.type = type, .n_rows = ROWS, .n_cols = COLS};
    m.panel_bytes = kern_panel_bytes(type, COLS);
    m.panels = block(kern_matrix_bytes(type, ROWS, COLS));
    cr_assert_eq(kern_pack(&m, rows, 0, PANELS), -1);
    free(rows);
    return m;
}

static void check_type(enum kern_type type, const struct kern_input *in,
                       float *tile) {
    static float y[TOKENS * ROWS + GUARD], want[TOKENS * ROWS];
    struct kern_matrix w = matrix(type);
    for (int i = 0; i < GUARD; i++)
        y[TOKENS * ROWS + i] = -1.5f;
    kern_matmul_blas(&w, in, y, ROWS, 0, 2, tile);
    kern_matmul_blas(&w, in, y, ROWS, 2, PANELS, tile);
    kern_get(KERN_REF, NULL)->matmul(&w, in, want, ROWS, 0, PANELS);
    double error = 0, size = 0;
    for (int i = 0; i < TOKENS * ROWS; i++) {
        error += pow((double)y[i] - (double)want[i], 2);
        size += pow((double)want[i], 2);
    }
    double bound = kern_is_quantized(type) ? 1e-4 : 1e-9;
    cr_assert(size > 0 && error <= bound * size, "%s: nmse %g",
              kern_type_name(type), error / size);
    for (int i = 0; i < GUARD; i++)
        cr_assert_eq(y[TOKENS * ROWS + i], -1.5f);
    free(w.panels);
}

Test(kern_blas, agrees_with_the_reference_within_rounding) {
    static _Alignas(64) float x[TOKENS * COLS];
    static _Alignas(64) uint8_t q[TOKENS * COLS];
    static _Alignas(64) int16_t q16[TOKENS * COLS];
    static _Alignas(64) struct kern_scale scales[TOKENS * COLS / KERN_BLOCK];
    struct kern_input in = {.x = x,
                            .q = q,
                            .q16 = q16,
                            .scales = scales,
                            .n_tokens = TOKENS,
                            .n_cols = COLS};
    uint32_t state = 5;
    int n_types = 0;
    for (int i = 0; i < TOKENS * COLS; i++)
        x[i] = draw(&state);
    kern_get(KERN_REF, NULL)->quantize(&in, 0, TOKENS);
    float *tile = block(kern_blas_tile_floats(COLS) * sizeof *tile);
    for (int type = 0; type <= KERN_BF16; type++) {
        if (!kern_format((enum kern_type)type)) continue;
        check_type((enum kern_type)type, &in, tile);
        n_types++;
    }
    cr_assert_eq(n_types, 15);
    free(tile);
}
