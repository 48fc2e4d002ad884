// The scalar definitions against libm in double.

#include "engine/kernels/kern_math.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

static double ulps(double got, double want) {
    return fabs(got - want) / ldexp(1.0, ilogb(want) - 23);
}

Test(kern_math, exp_and_silu_are_accurate) {
    double worst_exp = 0, worst_silu = 0;
    for (double x = -87.3; x < 88.7; x += 0.00037) {
        float v = (float)x;
        double e = ulps((double)kern_exp(v), exp((double)v));
        double s = ulps((double)kern_silu(v), v / (1 + exp(-(double)v)));
        if (e > worst_exp) worst_exp = e;
        if (s > worst_silu) worst_silu = s;
    }
    cr_assert(worst_exp <= 1.1, "exp: %g ulp", worst_exp);
    cr_assert(worst_silu <= 2.5, "silu: %g ulp", worst_silu);
}

Test(kern_math, exp_has_its_limits) {
    cr_assert_eq(kern_exp(0.0f), 1.0f);
    cr_assert_eq(kern_exp(-INFINITY), 0.0f);
    cr_assert_eq(kern_exp(-100.0f), 0.0f);
    cr_assert_eq(kern_exp(INFINITY), INFINITY);
    cr_assert_eq(kern_exp(89.0f), INFINITY);
    cr_assert(isfinite(kern_exp(88.72283f)));
    cr_assert(isnan(kern_exp(NAN)));
}

Test(kern_math, half_precision_converts_exactly) {
    for (uint32_t h = 0; h < 0x10000; h++) {
        int exponent = (int)(h >> 10) & 31, fraction = (int)h & 1023;
        double want = exponent ? ldexp(1024 + fraction, exponent - 25)
                               : ldexp(fraction, -24);
        if (exponent == 31) want = fraction ? (double)NAN : (double)INFINITY;
        float got = kern_f16_to_f32((uint16_t)h);
        cr_assert((isnan(want) && isnan(got)) || fabs((double)got) == want);
        cr_assert_eq(signbit(got) != 0, h >> 15 != 0);
    }
}
