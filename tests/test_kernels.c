// Every operation of every instruction set that this CPU has against the plain
// C reference, bit for bit, on odd sizes and with poisoned outputs; and the
// reference itself against libm in double.

#include "engine/kernels/kernels.h"

#include "engine/base/error.h"
#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_math.h"
#include "tests/helper_kernels.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// ---- choosing ---------------------------------------------------------------

Test(kernels, parses_names_of_instruction_sets) {
    enum kern_isa isa;
    struct error err;
    cr_assert_eq(kern_isa_parse("auto", &isa, &err), 0);
    cr_assert_eq(isa, KERN_AUTO);
    cr_assert_eq(kern_isa_parse("avx512", &isa, &err), 0);
    cr_assert_eq(isa, KERN_AVX512);
    cr_assert_eq(kern_isa_parse("sse9", &isa, &err), -1);
    cr_assert_eq(err.kind, ERR_USAGE);
    cr_assert(strstr(err.text, "sse9") && strstr(err.text, "avx2"));
}

Test(kernels, gives_a_table_or_says_why_not) {
    struct error err;
    cr_assert_str_eq(kern_get(KERN_REF, &err)->name, "ref");
    cr_assert_not_null(kern_get(KERN_AUTO, &err));
    for (int isa = KERN_AVX2; isa <= KERN_NEON; isa++) {
        const struct kernels *k = kern_get((enum kern_isa)isa, &err);
        if (k)
            cr_assert_eq(k->isa, isa);
        else
            cr_assert_eq(err.kind, ERR_UNSUPPORTED);
    }
}

// ---- matrices ---------------------------------------------------------------

// Bits of a half of usual size, one in 16 denormal or zero.
static uint16_t draw_half(enum kern_type type, uint64_t *state) {
    uint32_t bits = next(state) >> 3; // the low bits of the generator are poor
    if (type == KERN_BF16)
        return bits % 16 ? (uint16_t)(kern_bits(draw(state)) >> 16)
                         : (uint16_t)(bits >> 4 & 0x807f);
    uint32_t exponent = bits % 16 ? 8 + (bits >> 4) % 8 : 0;
    return (uint16_t)((bits >> 8 & 0x83ff) | exponent << 10);
}

// Scales as of real files: the halves of every block.
static void usual_scales(enum kern_type type, unsigned char *rows,
                         size_t n_bytes, uint64_t *seed) {
    const struct kern_format *f = kern_format(type);
    for (size_t at = 0; at < n_bytes; at += (size_t)f->block_bytes) {
        for (const struct kern_field *i = f->fields; i->kind; i++) {
            uint16_t scale = draw_half(KERN_F16, seed);
            if (i->kind == FIELD_HALF || i->kind == FIELD_WIDE)
                memcpy(rows + at + i->at, &scale, sizeof scale);
        }
    }
}

// A matrix in GGUF layout.
static void *gguf_rows(enum kern_type type, int n_rows, int n_cols,
                       uint64_t seed) {
    size_t n_bytes = (size_t)n_rows * kern_row_bytes(type, n_cols);
    unsigned char *rows = block(n_bytes);
    for (size_t i = 0; i < n_bytes; i++)
        rows[i] = (unsigned char)(next(&seed) >> 9);
    if (type == KERN_F32)
        for (size_t i = 0; i < n_bytes / 4; i++)
            ((float *)(void *)rows)[i] = draw(&seed);
    if (type == KERN_F16 || type == KERN_BF16)
        for (size_t i = 0; i < n_bytes / 2; i++)
            ((uint16_t *)(void *)rows)[i] = draw_half(type, &seed);
    if (kern_is_quantized(type)) usual_scales(type, rows, n_bytes, &seed);
    return rows;
}

static struct kern_matrix packed(enum kern_type type, const void *rows,
                                 int n_rows, int n_cols) {
    struct kern_matrix m = {.type = type, .n_rows = n_rows, .n_cols = n_cols};
    m.panel_bytes = kern_panel_bytes(type, n_cols);
    m.panels = block(kern_matrix_bytes(type, n_rows, n_cols));
    kern_pack(&m, rows, 0, (n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS);
    return m;
}

static struct kern_input input(const struct kernels *k, float *x, int n_tokens,
                               int n_cols) {
    struct kern_input in = {.x = x, .n_tokens = n_tokens, .n_cols = n_cols};
    in.q = block((size_t)n_tokens * (size_t)n_cols * sizeof *in.q);
    in.q16 = block((size_t)n_tokens * (size_t)n_cols * sizeof *in.q16);
    in.scales = block(((size_t)n_tokens * (size_t)n_cols / KERN_BLOCK + 1) *
                      sizeof *in.scales);
    k->quantize(&in, 0, n_tokens);
    return in;
}

static void input_free(struct kern_input *in) {
    free(in->q);
    free(in->q16);
    free(in->scales);
}

static const enum kern_type types[] = {
    KERN_F32,  KERN_F16,  KERN_BF16, KERN_Q4_0,   KERN_Q4_1,
    KERN_Q5_0, KERN_Q5_1, KERN_Q8_0, KERN_Q2_K,   KERN_Q3_K,
    KERN_Q4_K, KERN_Q5_K, KERN_Q6_K, KERN_IQ4_NL, KERN_IQ4_XS};
enum { N_TYPES = sizeof types / sizeof *types };

static const int rows_cols[][2] = {{1, 32},    {15, 64},  {16, 96}, {17, 32},
                                   {100, 160}, {250, 96}, {33, 1},  {40, 37},
                                   {205, 51},  {40, 256}, {19, 768}};
enum { N_SHAPES = sizeof rows_cols / sizeof *rows_cols };

static void matmul_case(const struct kernels *k, const struct kernels *ref,
                        enum kern_type type, int n_rows, int n_cols, int n) {
    int stride = n_rows + 3;
    size_t n_y = (size_t)n * (size_t)stride;
    void *rows = gguf_rows(type, n_rows, n_cols, 7);
    struct kern_matrix w = packed(type, rows, n_rows, n_cols);
    float *x = floats((size_t)n * (size_t)n_cols, 9, 3.0f);
    struct kern_input in = input(ref, x, n, n_cols);
    float *y = poisoned(n_y), *want = poisoned(n_y);
    int n_panels = (n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
    k->matmul(&w, &in, y, stride, 0, n_panels);
    ref->matmul(&w, &in, want, stride, 0, n_panels);
    same(y, want, n_y + GUARD, k->name);
    free(rows);
    free(w.panels);
    free(x);
    free(y);
    free(want);
    input_free(&in);
}

static void check_matmul(const struct kernels *k, const struct kernels *ref) {
    static const int n_tokens[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 29};
    for (int t = 0; t < N_TYPES; t++)
        for (int s = 0; s < N_SHAPES; s++)
            for (size_t i = 0; i < sizeof n_tokens / sizeof *n_tokens; i++)
                if (kern_row_bytes(types[t], rows_cols[s][1]))
                    matmul_case(k, ref, types[t], rows_cols[s][0],
                                rows_cols[s][1], n_tokens[i]);
}

Test(kernels, matmul_has_the_bits_of_the_reference) {
    each_isa(check_matmul);
}

// Wide enough that the panels of many tokens are cut into several steps.
static void check_matmul_wide(const struct kernels *k,
                              const struct kernels *ref) {
    for (int t = 0; t < N_TYPES; t++)
        matmul_case(k, ref, types[t], 330, 2304, 10);
}

Test(kernels, matmul_of_wide_matrices_has_the_bits_of_the_reference) {
    each_isa(check_matmul_wide);
}

// y of all tokens and panels at once against one token and one range at a time.
static void check_invariance(const struct kernels *k,
                             const struct kernels *ref) {
    enum { ROWS = 205, COLS = 256, TOKENS = 13, PANELS = 13 };
    (void)ref;
    for (int t = 0; t < N_TYPES; t++) {
        void *rows = gguf_rows(types[t], ROWS, COLS, 3);
        struct kern_matrix w = packed(types[t], rows, ROWS, COLS);
        float *x = floats(TOKENS * COLS, 5, 1.0f);
        struct kern_input in = input(k, x, TOKENS, COLS);
        float *all = poisoned(TOKENS * ROWS), *one = poisoned(TOKENS * ROWS);
        k->matmul(&w, &in, all, ROWS, 0, PANELS);
        for (int i = 0; i < TOKENS; i++) {
            struct kern_input single = {.x = x + i * COLS,
                                        .q = in.q + i * COLS,
                                        .q16 = in.q16 + i * COLS,
                                        .scales =
                                            in.scales + i * COLS / KERN_BLOCK,
                                        .n_tokens = 1,
                                        .n_cols = COLS};
            for (int p = 0; p < PANELS; p += i % 4 + 1) {
                int end = p + i % 4 + 1 < PANELS ? p + i % 4 + 1 : PANELS;
                k->matmul(&w, &single, one + i * ROWS, ROWS, p, end);
            }
        }
        same(all, one, TOKENS * ROWS + GUARD, k->name);
        free(rows);
        free(w.panels);
        free(x);
        free(all);
        free(one);
        input_free(&in);
    }
}

Test(kernels, matmul_does_not_depend_on_batch_and_ranges) {
    check_invariance(kern_get(KERN_REF, NULL), NULL);
    each_isa(check_invariance);
}

// The panels mean what the rows mean: products in double of the rows.
Test(kernels, reference_matmul_is_the_product_of_the_gguf_rows) {
    enum { ROWS = 37, COLS = 256 };
    const struct kernels *ref = kern_get(KERN_REF, NULL);
    for (int t = 0; t < N_TYPES; t++) {
        char *rows = gguf_rows(types[t], ROWS, COLS, 3);
        struct kern_matrix w = packed(types[t], rows, ROWS, COLS);
        float *x = floats(COLS, 5, 1.0f), *y = poisoned(ROWS), row[COLS];
        struct kern_input in = input(ref, x, 1, COLS);
        ref->matmul(&w, &in, y, ROWS, 0, 3);
        for (size_t r = 0; r < ROWS; r++) {
            double sum = 0, size = 0;
            kern_row_to_f32(types[t], rows + r * kern_row_bytes(types[t], COLS),
                            COLS, row);
            for (int c = 0; c < COLS; c++) {
                sum += (double)row[c] * (double)x[c];
                size += fabs((double)row[c] * (double)x[c]);
            }
            double allowed = size * (kern_is_quantized(types[t]) ? 4e-3 : 1e-6);
            cr_assert(fabs((double)y[r] - sum) <= allowed,
                      "type %d row %zu: %g, expected %g", types[t], r,
                      (double)y[r], sum);
        }
        free(rows);
        free(w.panels);
        free(x);
        free(y);
        input_free(&in);
    }
}

Test(kernels, sizes_that_overflow_or_do_not_suit_are_zero) {
    cr_assert_eq(kern_matrix_bytes(KERN_Q8_0, 4, 33), 0);
    cr_assert_eq(kern_matrix_bytes(KERN_F32, 0, 32), 0);
    cr_assert_eq(kern_matrix_bytes(KERN_F32, 4, -1), 0);
    cr_assert_eq(kern_matrix_bytes((enum kern_type)4, 4, 32), 0);
    cr_assert_eq(kern_matrix_bytes(KERN_F16, 17, 3), 2 * 128);
    cr_assert_eq(kern_matrix_bytes(KERN_Q8_0, 16, 32), 64 + 1024);
    cr_assert_eq(kern_matrix_bytes(KERN_Q4_K, 16, 256), 16 * 144);
    cr_assert_eq(kern_row_bytes(KERN_Q8_0, 64), 68);
}

// ---- quantisation -----------------------------------------------------------

static const float odd_values[] = {
    0.0f,     -0.0f,     1e-45f, -1e-40f, 1e-31f, 7.9e-31f, 1e30f,     -3.4e38f,
    INFINITY, -INFINITY, NAN,    1.0f,    1e-20f, 32767.0f, -32767.5f, 0.5f};
enum { N_ODD = sizeof odd_values / sizeof *odd_values };

static void same_scale(const struct kern_scale *a, const struct kern_scale *b,
                       const char *what) {
    same(&a->scale, &b->scale, 1, what);
    same(&a->sum, &b->sum, 1, what);
    same(a->half_sum, b->half_sum, 2, what);
    cr_assert_eq(a->minus_zero, b->minus_zero, "%s", what);
    cr_assert_eq(a->minus_8_sum, b->minus_8_sum, "%s", what);
}

static void check_quantize(const struct kernels *k, const struct kernels *ref) {
    enum { N = 1001, COLS = 64 }; // many: some quotients lie near a half
    float *x = floats(N * COLS, 11, 2.0f);
    for (int i = 0; i < N; i++) { // blocks with one odd value, and of it alone
        float v = odd_values[i % N_ODD];
        x[i * COLS + i * 7 % 32] = v;
        for (int c = 32; c < 64; c++)
            x[i * COLS + c] = i < 32 ? v : v * (float)(c - 47);
    }
    for (int c = 0; c < 32; c++) // halves between two integers
        x[c] = c == 0 ? 205.0f : c == 1 ? -50.0f : (float)(c - 16) + 0.5f;
    struct kern_input a = input(ref, x, N, COLS), b = input(k, x, N, COLS);
    cr_assert_arr_eq(b.q, a.q, N * COLS * sizeof *a.q);
    if (k->isa != KERN_AVX512) // reads q alone
        cr_assert_arr_eq(b.q16, a.q16, N * COLS * sizeof *a.q16);
    for (int i = 0; i < N * COLS / KERN_BLOCK; i++)
        same_scale(&b.scales[i], &a.scales[i], k->name);
    input_free(&a);
    input_free(&b);
    free(x);
}

Test(kernels, quantize_has_the_bits_of_the_reference) {
    each_isa(check_quantize);
}

Test(kernels, reference_quantize_rounds_half_to_even) {
    float *x = block(96 * sizeof *x);
    x[0] = 250.0f;
    x[1] = 0.5f;
    x[2] = 1.5f;
    x[17] = -5.0f;
    x[32] = INFINITY;
    x[64] = 1e-38f;
    struct kern_input in = input(kern_get(KERN_REF, NULL), x, 1, 96);
    const struct kern_scale *s = in.scales;
    cr_assert(s[0].scale == 1.0f && s[0].minus_zero == 0x10000 - 5);
    cr_assert(in.q[0] == 255 && in.q[1] == 5 && in.q[2] == 7 && in.q[3] == 5 &&
              in.q[17] == 0);
    cr_assert(in.q16[0] == 250 && in.q16[2] == 0 && in.q16[1] == 2);
    cr_assert(s[0].minus_8_sum == -8 * 247 && s[0].sum == 247.0f);
    cr_assert(s[0].half_sum[0] == 252.0f && s[0].half_sum[1] == -5.0f);
    cr_assert(isnan(s[1].scale) && isnan(s[1].sum) && in.q[32] == 0);
    cr_assert(s[2].scale == 0.0f && s[2].sum == 0.0f && in.q[64] == 0);
    input_free(&in);
    free(x);
}

// ---- vectors ----------------------------------------------------------------

// Lengths 1 to 70, unaligned, then one long.
enum { MAX_LENGTH = 1543, FIRST_LONG = 71 };
static int next_length(int n) {
    return n < FIRST_LONG ? n + 1 : MAX_LENGTH;
}

static float *copy(const float *x, size_t n) {
    float *y = poisoned(n);
    memcpy(y, x, n * sizeof *x);
    return y;
}

static void check_vectors(const struct kernels *k, const struct kernels *ref) {
    float *x = floats(MAX_LENGTH + 1, 21, 40.0f);
    float *w = floats(MAX_LENGTH, 22, 1.0f);
    for (int i = 0; i < N_ODD; i++)
        x[600 + 37 * i] = odd_values[i];
    for (int n = 1; n <= MAX_LENGTH; n = next_length(n)) {
        float *a = poisoned((size_t)n), *b = poisoned((size_t)n);
        size_t all = (size_t)n + GUARD;
        k->rmsnorm(a, x + 1, w, n, 1e-6f);
        ref->rmsnorm(b, x + 1, w, n, 1e-6f);
        same(a, b, all, "rmsnorm");
        memcpy(a, x + 1, (size_t)n * sizeof *a);
        memcpy(b, x + 1, (size_t)n * sizeof *b);
        k->rmsnorm(a, a, w, n, 1e-6f);
        ref->rmsnorm(b, b, w, n, 1e-6f);
        same(a, b, all, "rmsnorm in place");
        memcpy(a, x + 1, (size_t)n * sizeof *a);
        memcpy(b, x + 1, (size_t)n * sizeof *b);
        k->swiglu(a, w, n);
        ref->swiglu(b, w, n);
        same(a, b, all, "swiglu");
        k->add(a, x, n);
        ref->add(b, x, n);
        same(a, b, all, "add");
        free(a);
        free(b);
        if (n == MAX_LENGTH) break;
    }
    free(x);
    free(w);
}

Test(kernels, vector_operations_have_the_bits_of_the_reference) {
    each_isa(check_vectors);
}

static void exp_sum_case(const struct kernels *k, const struct kernels *ref,
                         const float *x, int n, float inv_temp) {
    float max = ref->max(x, n), other = k->max(x, n);
    same(&other, &max, 1, "max");
    float *a = copy(x, (size_t)n), *b = copy(x, (size_t)n);
    float sum = k->exp_sum(a, n, max, inv_temp);
    float want = ref->exp_sum(b, n, max, inv_temp);
    same(a, b, (size_t)n + GUARD, "exp_sum");
    same(&sum, &want, 1, "exp_sum's sum");
    free(a);
    free(b);
}

static void check_exp_sum(const struct kernels *k, const struct kernels *ref) {
    float *x = floats(MAX_LENGTH + 1, 31, 60.0f);
    for (int n = 1; n < MAX_LENGTH; n = next_length(n)) {
        exp_sum_case(k, ref, x + 1, n, 1.0f);
        exp_sum_case(k, ref, x, n, 1.0f / 0.6f);
    }
    for (int i = 0; i < 40; i++)
        x[i] = odd_values[i % N_ODD];
    for (int first = 0; first < N_ODD; first++)
        for (int n = 1; n < 24; n++)
            exp_sum_case(k, ref, x + first, n, 1.0f);
    for (int i = 0; i < 40; i++)
        x[i] = next((uint64_t[]){(uint64_t)i}) & 1 ? 0.0f : -0.0f;
    for (int n = 1; n < 40; n++)
        exp_sum_case(k, ref, x, n, 1.0f);
    free(x);
}

Test(kernels, max_and_exp_sum_have_the_bits_of_the_reference) {
    each_isa(check_exp_sum);
}

static void check_rope(const struct kernels *k, const struct kernels *ref) {
    float cs[128];
    for (int n_rot = 2; n_rot <= 128; n_rot += 2) {
        kern_rope_table(cs, 1000 + n_rot, n_rot, 1e4, NULL);
        float *x = floats(140, (uint64_t)n_rot, 2.0f);
        float *a = copy(x + 1, 130), *b = copy(x + 1, 130);
        k->rope_neox(a, cs, n_rot);
        ref->rope_neox(b, cs, n_rot);
        same(a, b, 130 + GUARD, "rope_neox");
        k->rope_norm(a + 1, cs, n_rot);
        ref->rope_norm(b + 1, cs, n_rot);
        same(a, b, 130 + GUARD, "rope_norm");
        free(x);
        free(a);
        free(b);
    }
}

Test(kernels, rope_has_the_bits_of_the_reference) {
    each_isa(check_rope);
}

// ---- accuracy of the reference ----------------------------------------------

Test(kernels, rmsnorm_and_softmax_are_accurate) {
    enum { N = 1000 };
    const struct kernels *ref = kern_get(KERN_REF, NULL);
    float *x = floats(N, 1, 4.0f), *w = floats(N, 2, 1.0f), *y = poisoned(N);
    double squares = 0, total = 0;
    for (int i = 0; i < N; i++)
        squares += (double)x[i] * (double)x[i];
    ref->rmsnorm(y, x, w, N, 1e-5f);
    for (int i = 0; i < N; i++) {
        double want = (double)x[i] * (double)w[i] / sqrt(squares / N + 1e-5);
        cr_assert(fabs((double)y[i] - want) <= 5e-7 * fabs(want));
    }
    double max = (double)ref->max(x, N);
    for (int i = 0; i < N; i++)
        total += exp(((double)x[i] - max) / 0.7);
    float sum = ref->exp_sum(x, N, (float)max, 1.0f / 0.7f);
    cr_assert(fabs((double)sum - total) <= 1e-6 * total);
    free(x);
    free(w);
    free(y);
}
