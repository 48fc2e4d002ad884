#include "engine/kernels/kern_kv.h"

#include "engine/base/error.h"
#include "engine/kernels/kern_math.h"
#include "tests/helper_kernels.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 40 }; // one block and a part of one

static void round_trip(enum kern_type type, const float *x, float *k,
                       float *v) {
    void *keys = block(kern_keys_bytes(type, DIM));
    void *values = block(kern_values_bytes(type, DIM));
    for (int slot = KERN_PAGE - 1; slot >= 0; slot--) {
        kern_keys_put(type, DIM, keys, slot, x + slot * DIM);
        kern_values_put(type, DIM, values, slot, x + slot * DIM);
    }
    for (int slot = 0; slot < KERN_PAGE; slot++)
        for (int d = 0; d < DIM; d++) {
            k[slot * DIM + d] = kern_keys_get(type, DIM, keys, slot, d);
            v[slot * DIM + d] = kern_values_get(type, DIM, values, slot, d);
        }
    free(keys);
    free(values);
}

Test(kern_kv, gives_back_what_was_stored_within_the_types_rounding) {
    static const struct {
        enum kern_type type;
        double relative; // to the largest of a block
    } cases[] = {{KERN_F32, 0}, {KERN_F16, 0x1p-11}, {KERN_Q8_0, 0.51 / 127}};
    float *x = floats(KERN_PAGE * DIM, 3, 5.0f);
    float k[KERN_PAGE * DIM], v[KERN_PAGE * DIM];
    for (int t = 0; t < 3; t++) {
        round_trip(cases[t].type, x, k, v);
        same(k, v, KERN_PAGE * DIM, "keys and values");
        for (int i = 0; i < KERN_PAGE * DIM; i++) {
            int first = i / DIM * DIM + i % DIM / KERN_KV_BLOCK * KERN_KV_BLOCK;
            double largest = 0;
            for (int j = first; j < first + 32 && j / DIM == i / DIM; j++)
                largest = fmax(largest, fabs((double)x[j]));
            cr_assert(fabs((double)k[i] - (double)x[i]) <=
                          cases[t].relative * largest,
                      "%s: %g for %g", kern_kv_name(cases[t].type),
                      (double)k[i], (double)x[i]);
        }
    }
    free(x);
}

Test(kern_kv, rounds_halves_to_even) {
    float x[KERN_PAGE * DIM] = {1.0f + 0x1p-11f, 1.0f + 3 * 0x1p-11f, 65520.0f,
                                -1e-9f};
    float k[KERN_PAGE * DIM], v[KERN_PAGE * DIM];
    round_trip(KERN_F16, x, k, v);
    cr_assert_eq(k[0], 1.0f);
    cr_assert_eq(k[1], 1.0f + 0x1p-9f);
    cr_assert(isinf(k[2]));
    cr_assert_eq(kern_bits(k[3]), kern_bits(-0.0f));
}

Test(kern_kv, keeps_what_is_not_finite_in_its_block) {
    float x[KERN_PAGE * DIM] = {1.0f, 2.0f, NAN};
    float k[KERN_PAGE * DIM], v[KERN_PAGE * DIM];
    x[32] = 3.0f;         // the other block
    x[DIM + 1] = 1e-42f;  // too small for a scale: zeros
    x[2 * DIM] = -9e6f;   // too large for one
    x[3 * DIM] = -127.0f; // scale 1
    x[3 * DIM + 1] = 2.5f;
    round_trip(KERN_Q8_0, x, k, v);
    for (int d = 0; d < 32; d++)
        cr_assert(isnan(k[d]) && isnan(v[d]));
    cr_assert_float_eq(k[32], 3.0f, 2e-3f);
    cr_assert_eq(k[DIM + 1], 0.0f);
    cr_assert(isnan(k[2 * DIM]));
    cr_assert_eq(k[3 * DIM], -127.0f);
    cr_assert_eq(k[3 * DIM + 1], 2.0f);
}

Test(kern_kv, states_the_sizes_of_pages) {
    cr_assert_eq(kern_keys_bytes(KERN_F32, 64), 64 * 32 * 4);
    cr_assert_eq(kern_keys_bytes(KERN_F16, 64), 64 * 32 * 2);
    cr_assert_eq(kern_keys_bytes(KERN_Q8_0, 64), 64 * 32 + 2 * 32 * 2);
    cr_assert_eq(kern_values_bytes(KERN_F32, 20), 32 * 32 * 4);
    cr_assert_eq(kern_values_bytes(KERN_Q8_0, 20), 32 * 32 + 32 * 2);
    cr_assert_eq(kern_keys_bytes(KERN_Q4_0, 64), 0);
}

Test(kern_kv, parses_names) {
    enum kern_type type;
    struct error err;
    cr_assert_eq(kern_kv_parse("q8_0", &type, &err), 0);
    cr_assert_eq(type, KERN_Q8_0);
    cr_assert_str_eq(kern_kv_name(KERN_F16), "f16");
    cr_assert_eq(kern_kv_parse("q4_0", &type, &err), -1);
    cr_assert_eq(err.kind, ERR_USAGE);
    cr_assert(strstr(err.text, "q4_0") && strstr(err.text, "q8_0"));
}
