// Rope tables against libm in double, and hostile factors.

#include "engine/kernels/kernels.h"

#include <criterion/criterion.h>
#include <math.h>

Test(kern_rope, table_is_right_to_the_rounding_of_a_float) {
    static const double thetas[] = {1e4, 5e5, 1e6, 1e7};
    float cs[128];
    for (int k = 0; k < 4; k++)
        for (int pos = 0; pos <= 1000000; pos = pos < 40 ? pos + 1 : pos * 2) {
            kern_rope_table(cs, pos, 128, thetas[k], NULL);
            for (int i = 0; i < 64; i++) {
                double a = pos * pow(thetas[k], -2.0 * i / 128);
                cr_assert(fabs((double)cs[2 * i] - cos(a)) < 3.1e-8);
                cr_assert(fabs((double)cs[2 * i + 1] - sin(a)) < 3.1e-8);
            }
        }
}

Test(kern_rope, table_divides_by_factors_and_survives_bad_ones) {
    const float factors[] = {2.0f, 0.0f, NAN, 1e-30f};
    float cs[8];
    kern_rope_table(cs, 3, 8, 1e4, factors);
    cr_assert(fabs((double)cs[0] - cos(1.5)) < 1e-7);
    for (int i = 2; i < 8; i++)
        cr_assert(isnan(cs[i]));
}
