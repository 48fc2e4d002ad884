// Products with quantised weights at the ends of their ranges: where an
// instruction set sums products in few bits, this is what overflows them.

#include "engine/kernels/kernels.h"
#include "engine/kernels/kern_format.h"

#include "tests/helper_kernels.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Bytes of a block that hold scales beside the fields of kern_format.h.
static const struct {
    enum kern_type type;
    int scales_at, n_scales;
} types[] = {{KERN_Q4_0, 0, 0},    {KERN_Q4_1, 0, 0},   {KERN_Q5_0, 0, 0},
             {KERN_Q5_1, 0, 0},    {KERN_Q8_0, 0, 0},   {KERN_Q2_K, 0, 16},
             {KERN_Q3_K, 96, 12},  {KERN_Q4_K, 4, 12},  {KERN_Q5_K, 4, 12},
             {KERN_Q6_K, 192, 16}, {KERN_IQ4_NL, 0, 0}, {KERN_IQ4_XS, 2, 6}};
enum { N_TYPES = sizeof types / sizeof *types };

enum { ROWS = 24, COLS = 512, TOKENS = 11, PANELS = 2 };

// Every weight has the bits of `fill` (in odd rows those of its complement),
// every scale some usual size.
static struct kern_matrix filled(int t, unsigned char fill) {
    const struct kern_format *f = kern_format(types[t].type);
    size_t row_bytes = kern_row_bytes(types[t].type, COLS);
    unsigned char *rows = block(ROWS * row_bytes);
    const uint16_t one = 0x3c00;
    for (size_t r = 0; r < ROWS; r++) {
        unsigned char *row = rows + r * row_bytes;
        memset(row, r % 2 ? fill ^ 0xff : fill, row_bytes);
        for (size_t b = 0; b < row_bytes; b += (size_t)f->block_bytes) {
            memset(row + b + types[t].scales_at, 0x5b,
                   (size_t)types[t].n_scales);
            for (const struct kern_field *i = f->fields; i->kind; i++)
                if (i->kind == FIELD_HALF || i->kind == FIELD_WIDE)
                    memcpy(row + b + i->at, &one, sizeof one);
        }
    }
    struct kern_matrix m = {
        .type = types[t].type, .n_rows = ROWS, .n_cols = COLS};
    m.panel_bytes = kern_panel_bytes(m.type, COLS);
    m.panels = block(kern_matrix_bytes(m.type, ROWS, COLS));
    cr_assert_eq(kern_pack(&m, rows, 0, PANELS), -1);
    free(rows);
    return m;
}

// Sign of activation c of token t: one for all columns, or turning every 1, 2,
// 4, ... of them, and the opposite.
static bool positive(int t, int c) {
    if (t < 2) return t == 0;
    return (c >> (t / 2 - 1)) % 2 == t % 2;
}

// They become 0 and 255 alone.
static float *extremes(void) {
    float *x = block(TOKENS * COLS * sizeof *x);
    for (int t = 0; t < TOKENS; t++)
        for (int c = 0; c < COLS; c++)
            x[t * COLS + c] = positive(t, c) ? 1.0f : -1.0f;
    return x;
}

static struct kern_input input(const struct kernels *k, const float *x, int n,
                               int n_cols) {
    struct kern_input in = {.x = x, .n_tokens = n, .n_cols = n_cols};
    size_t size = (size_t)n * (size_t)n_cols;
    in.q = block(size * sizeof *in.q);
    in.q16 = block(size * sizeof *in.q16);
    in.scales = block(size / KERN_BLOCK * sizeof *in.scales);
    k->quantize(&in, 0, n);
    return in;
}

static void input_free(struct kern_input *in) {
    free(in->q);
    free(in->q16);
    free(in->scales);
}

// All tokens at once, then each alone.
static void compare(const struct kernels *k, const struct kernels *ref,
                    const struct kern_matrix *w, const float *x, int n) {
    struct kern_input in = input(ref, x, n, w->n_cols);
    int n_panels = (w->n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
    size_t n_y = (size_t)n * (size_t)w->n_rows;
    float *y = poisoned(n_y), *want = poisoned(n_y);
    ref->matmul(w, &in, want, w->n_rows, 0, n_panels);
    k->matmul(w, &in, y, w->n_rows, 0, n_panels);
    same(y, want, n_y + GUARD, kern_type_name(w->type));
    for (int t = 0; t < n; t++) {
        size_t at = (size_t)t * (size_t)w->n_cols;
        struct kern_input one = in;
        one.n_tokens = 1;
        one.x += at;
        one.q += at;
        one.q16 += at;
        one.scales += at / KERN_BLOCK;
        k->matmul(w, &one, y + (size_t)t * (size_t)w->n_rows, w->n_rows, 0,
                  n_panels);
    }
    same(y, want, n_y + GUARD, kern_type_name(w->type));
    free(y);
    free(want);
    input_free(&in);
}

static void check_extremes(const struct kernels *k, const struct kernels *ref) {
    static const unsigned char fills[] = {0x00, 0x80, 0x7f, 0x0f,
                                          0x08, 0x70, 0x55, 0x33};
    float *x = extremes();
    for (int t = 0; t < N_TYPES; t++) {
        for (size_t i = 0; i < sizeof fills; i++) {
            struct kern_matrix w = filled(t, fills[i]);
            compare(k, ref, &w, x, TOKENS);
            free(w.panels);
        }
    }
    free(x);
}

Test(kern_quant, extreme_weights_and_activations_do_not_overflow) {
    each_isa(check_extremes);
}

// The reference's sums of extremes are the sums of its own bytes and weights.
Test(kern_quant, reference_sums_extremes_exactly) {
    const struct kernels *ref = kern_get(KERN_REF, NULL);
    struct kern_matrix w = filled(4, 0x80); // Q8_0: -128 in even rows
    cr_assert_eq(w.type, KERN_Q8_0);
    float *x = extremes(), *y = poisoned(TOKENS * ROWS);
    struct kern_input in = input(ref, x, TOKENS, COLS);
    ref->matmul(&w, &in, y, ROWS, 0, PANELS);
    cr_assert_float_eq(y[0], -128.0f * COLS, 0.02f);
    cr_assert_float_eq(y[1], 127.0f * COLS, 0.02f);
    cr_assert_float_eq(y[ROWS], 128.0f * COLS, 0.02f);
    free(w.panels);
    free(x);
    free(y);
    input_free(&in);
}

// More tokens than any tile or strip of tokens takes.
static void check_many(const struct kernels *k, const struct kernels *ref) {
    static const int n_tokens[] = {31, 33, 70};
    float *x = floats(70 * COLS, 17, 2.0f);
    for (int t = 0; t < N_TYPES; t++) {
        struct kern_matrix w = filled(t, 0x2d);
        for (size_t i = 0; i < sizeof n_tokens / sizeof *n_tokens; i++)
            compare(k, ref, &w, x, n_tokens[i]);
        free(w.panels);
    }
    free(x);
}

Test(kern_quant, many_tokens_have_the_bits_of_the_reference) {
    each_isa(check_many);
}
