// Cosines and sines of rope angles in double, from our own operations: libm's
// sin and pow differ between versions and CPUs, and a last bit that differs
// would end the same-bits promise.
//
// pow(theta, y) = 2^(y log2 theta): logarithm by the atanh series, power by the
// Taylor series on [-1/2, 1/2]. sin and cos by Cody-Waite reduction with pi/2
// in two parts and fma, then Taylor series on [-pi/4, pi/4]. The error is
// near 1e-15 relative in the frequency, so at position 10^6 the angle is good
// to about 1e-9, below the rounding to float.

#include "engine/kernels/kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// log2 of a positive, normal, finite number.
static double log2_own(double x) {
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    int exponent = (int)(u >> 52) - 1023;
    u = (u & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    double m; // in [1, 2), then [0.70, 1.42)
    memcpy(&m, &u, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }
    // ln m = 2 atanh(z), z = (m - 1) / (m + 1), |z| < 0.172
    double z = (m - 1.0) / (m + 1.0), z2 = z * z, s = 0.0;
    for (int k = 23; k >= 1; k -= 2)
        s = fma(s, z2, 1.0 / k);
    return fma(2.0 * z * s, 1.4426950408889634, (double)exponent);
}

// 2^x; 0 below -1000, infinite above 1000 and for NaN.
static double exp2_own(double x) {
    if (x < -1000.0) return 0.0;
    if (!(x <= 1000.0)) return (double)INFINITY;
    double n = (x + 0x1.8p52) - 0x1.8p52; // to nearest integer
    double r = (x - n) * 0.6931471805599453, s = 1.0;
    for (int k = 16; k >= 1; k--)
        s = fma(s, r / k, 1.0);
    uint64_t u = (uint64_t)((int64_t)n + 1023) << 52;
    double scale;
    memcpy(&scale, &u, sizeof scale);
    return s * scale;
}

static void sincos_own(double x, double *sine, double *cosine) {
    if (!(fabs(x) < 1e9)) { // hostile frequencies: not a number, not UB
        *sine = *cosine = (double)NAN;
        return;
    }
    double n = (x * 0.6366197723675814 + 0x1.8p52) - 0x1.8p52;
    double r = fma(-n, 0x1.921fb54442d18p+0, x); // exact
    r = fma(-n, 0x1.1a62633145c07p-54, r);
    double r2 = r * r, s = 1.0, c = 1.0;
    for (int k = 18; k >= 2; k -= 2) {
        s = fma(s, -r2 / (k * (k + 1)), 1.0);
        c = fma(c, -r2 / (k * (k - 1)), 1.0);
    }
    s *= r;
    int64_t quadrant = (int64_t)n & 3;
    *sine = quadrant & 1 ? c : s;
    *cosine = quadrant & 1 ? s : c;
    if (quadrant & 2) *sine = -*sine;
    if (quadrant == 1 || quadrant == 2) *cosine = -*cosine;
}

void kern_rope_table(float *cs, int position, int n_rot, double theta,
                     const float *factors) {
    double log_theta =
        theta >= 1e-300 && theta <= 1e300 ? log2_own(theta) : (double)NAN;
    for (int i = 0; i < n_rot / 2; i++) {
        double frequency = exp2_own(-2.0 * i / n_rot * log_theta);
        if (factors) frequency /= (double)factors[i];
        double sine, cosine;
        sincos_own(position * frequency, &sine, &cosine);
        cs[2 * i] = (float)cosine;
        cs[2 * i + 1] = (float)sine;
    }
}
