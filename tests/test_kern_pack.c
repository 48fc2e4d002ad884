// Panels hold what the file says, and nothing that is not finite gets in.

#include "engine/base/alloc.h"
#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_math.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const enum kern_type types[] = {
    KERN_F32,  KERN_F16,  KERN_BF16, KERN_Q4_0,   KERN_Q4_1,
    KERN_Q5_0, KERN_Q5_1, KERN_Q8_0, KERN_Q2_K,   KERN_Q3_K,
    KERN_Q4_K, KERN_Q5_K, KERN_Q6_K, KERN_IQ4_NL, KERN_IQ4_XS};
enum { N_TYPES = sizeof types / sizeof *types };

static uint32_t next(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

// Any bytes, but with scales (or weights) of small exponents.
static uint8_t *random_rows(const struct kern_format *f, size_t n_bytes) {
    uint8_t *rows = xmalloc(n_bytes);
    uint64_t state = n_bytes;
    for (size_t i = 0; i < n_bytes; i++)
        rows[i] = (uint8_t)(next(&state) >> 7);
    for (size_t at = 0; at < n_bytes; at += (size_t)f->block_bytes)
        for (const struct kern_field *i = f->fields; i->kind; i++)
            if (i->kind != FIELD_WORDS && i->kind != FIELD_BITS)
                rows[at + (size_t)i->at + (i->kind == FIELD_FLOAT ? 3 : 1)] &=
                    0xbf;
    return rows;
}

static struct kern_matrix new_matrix(enum kern_type type, int n_rows,
                                     int n_cols) {
    struct kern_matrix m = {.type = type, .n_rows = n_rows, .n_cols = n_cols};
    size_t n_bytes = kern_matrix_bytes(type, n_rows, n_cols);
    m.panel_bytes = kern_panel_bytes(type, n_cols);
    m.panels = alloc_try(n_bytes + 64, 1, "panels", NULL);
    memset(m.panels, 0xa5, n_bytes + 64);
    return m;
}

static int n_panels(const struct kern_matrix *m) {
    return (m->n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
}

static void check_round_trip(enum kern_type type, int n_rows, int n_cols) {
    size_t row_bytes = kern_row_bytes(type, n_cols);
    uint8_t *rows = random_rows(kern_format(type), (size_t)n_rows * row_bytes);
    float *want = xcalloc((size_t)n_cols, sizeof *want);
    float *got = xcalloc((size_t)n_cols, sizeof *got);
    struct kern_matrix m = new_matrix(type, n_rows, n_cols);
    size_t n_bytes = (size_t)n_panels(&m) * m.panel_bytes;
    // The last panel first: calls do not depend on each other.
    cr_assert_eq(kern_pack(&m, rows, n_panels(&m) - 1, n_panels(&m)), -1);
    cr_assert_eq(kern_pack(&m, rows, 0, n_panels(&m) - 1), -1);
    for (int r = 0; r < n_rows; r++) {
        kern_row_to_f32(type, rows + (size_t)r * row_bytes, n_cols, want);
        kern_matrix_row_to_f32(&m, r, got);
        cr_assert_arr_eq(got, want, (size_t)n_cols * sizeof *got,
                         "%s [%d][%d]: row %d", kern_type_name(type), n_rows,
                         n_cols, r);
    }
    for (int i = 0; i < 64; i++)
        cr_assert_eq(((uint8_t *)m.panels)[n_bytes + (size_t)i], 0xa5,
                     "%s: written behind the panels", kern_type_name(type));
    free(m.panels);
    free(rows);
    free(want);
    free(got);
}

Test(kern_pack, rows_come_back_as_they_were) {
    static const int n_rows[] = {1, 15, 16, 17, 40};
    static const int n_blocks[] = {1, 2, 3, 8, 11, 37};
    for (int t = 0; t < N_TYPES; t++)
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 6; j++)
                check_round_trip(types[t], n_rows[i],
                                 n_blocks[j] *
                                     kern_format(types[t])->block_cols);
}

// Rows that are not there, and blocks that do not fill a unit, are zeros.
Test(kern_pack, pads_with_zeros) {
    for (int t = 0; t < N_TYPES; t++) {
        const struct kern_format *f = kern_format(types[t]);
        int n_cols = 3 * f->block_cols;
        size_t row_bytes = kern_row_bytes(types[t], n_cols), n_set = 0;
        struct kern_matrix m = new_matrix(types[t], 1, n_cols);
        uint8_t *row = xmalloc(row_bytes);
        memset(row, 1, row_bytes);
        cr_assert_eq(kern_pack(&m, row, 0, 1), -1);
        for (size_t i = 0; i < m.panel_bytes; i++)
            n_set += ((uint8_t *)m.panels)[i] != 0;
        size_t wide = f->fields[0].kind == FIELD_WIDE ? 3 * 2 : 0;
        cr_expect(n_set + 9 > row_bytes && n_set <= row_bytes + wide,
                  "%s: %zu bytes of %zu", f->name, n_set, row_bytes);
        free(row);
        free(m.panels);
    }
}

static const uint16_t not_finite[] = {0x7fff, 0x7f80, 0xff80, 0x7f81, 0xffff};
static const uint16_t half_not_finite[] = {0x7c00, 0xfc00, 0x7e00, 0x7c01,
                                           0xffff};

// Spoils one number of a good matrix and asks for the row.
static void check_spoilt(enum kern_type type, const struct kern_field *field,
                         uint8_t *rows, int n_rows, int n_cols, int row,
                         int block, uint16_t bits, int expected) {
    const struct kern_format *f = kern_format(type);
    size_t at = (size_t)row * kern_row_bytes(type, n_cols) +
                (size_t)block * (size_t)f->block_bytes + (size_t)field->at +
                (field->kind == FIELD_FLOAT ? 2 : 0);
    uint16_t old;
    struct kern_matrix m = new_matrix(type, n_rows, n_cols);
    memcpy(&old, rows + at, sizeof old);
    memcpy(rows + at, &bits, sizeof bits);
    cr_expect_eq(kern_pack(&m, rows, 0, n_panels(&m)), expected,
                 "%s: %04x at byte %d of block %d, row %d", f->name, bits,
                 field->at, block, row);
    cr_expect_eq(kern_check_rows(type, rows, n_cols, 0, n_rows), expected,
                 "%s: %04x", f->name, bits);
    memcpy(rows + at, &old, sizeof old);
    free(m.panels);
}

static void check_field(enum kern_type type, const struct kern_field *field) {
    enum { N_ROWS = 19, N_BLOCKS = 11 };
    static const int at_rows[] = {0, 7, 15, 18}, at_blocks[] = {0, 5, 10};
    const struct kern_format *f = kern_format(type);
    int n_cols = N_BLOCKS * f->block_cols;
    uint8_t *rows = random_rows(f, N_ROWS * kern_row_bytes(type, n_cols));
    bool is_half = field->kind == FIELD_HALF || field->kind == FIELD_WIDE;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 5; k++)
                check_spoilt(
                    type, field, rows, N_ROWS, n_cols, at_rows[i], at_blocks[j],
                    is_half ? half_not_finite[k] : not_finite[k], at_rows[i]);
            check_spoilt(type, field, rows, N_ROWS, n_cols, at_rows[i],
                         at_blocks[j], is_half ? 0xfbff : 0xff7f, -1);
        }
    free(rows);
}

Test(kern_pack, finds_what_is_not_finite) {
    int n_fields = 0;
    for (int t = 0; t < N_TYPES; t++) {
        const struct kern_format *f = kern_format(types[t]);
        for (const struct kern_field *i = f->fields; i->kind; i++) {
            if (i->kind == FIELD_WORDS || i->kind == FIELD_BITS) continue;
            check_field(types[t], i);
            n_fields++;
        }
    }
    cr_expect_eq(n_fields, 20); // d of 15 types, and m or dmin of 5
}
