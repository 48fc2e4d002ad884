#pragma once
// Scalar arithmetic that every instruction set repeats lane by lane: exp,
// SiLU, number formats. Each function is one fixed sequence of IEEE operations
// with no table and no libm call, so a vector version that does the same steps
// gives the same bits. Internal to engine/kernels/.

#include <math.h>
#include <stdint.h>
#include <string.h>

// exp(x) = 2^n * e^r, n = round(x / ln 2), |r| <= ln(2)/2. Adding EXP_MAGIC
// rounds to an integer (half even) and leaves n in the low bits of the sum.
#define KERN_EXP_LOG2E 1.44269504088896341f
#define KERN_EXP_MAGIC 12582912.0f // 1.5 * 2^23
#define KERN_EXP_LN2_HI 0.693145751953125f
#define KERN_EXP_LN2_LO 1.42860682030941723e-6f
// e^r = 1 + r + r^2 P(r): coefficients of Cephes expf (Moshier 1989).
#define KERN_EXP_P0 1.9875691500e-4f
#define KERN_EXP_P1 1.3981999507e-3f
#define KERN_EXP_P2 8.3334519073e-3f
#define KERN_EXP_P3 4.1665795894e-2f
#define KERN_EXP_P4 1.6666665459e-1f
#define KERN_EXP_P5 5.0000001201e-1f
// Below EXP_LOW the result would be denormal or nearly so: it is 0, which
// spares every ISA the slow path of denormals. Above EXP_HIGH it is infinite.
#define KERN_EXP_LOW -87.33f
#define KERN_EXP_HIGH 88.7228317f

// Blocks of activations whose range is below this are quantised as zeros, so
// that the scale is a normal number.
#define KERN_QUANT_TINY 0x1p-100f
#define KERN_QUANT_MAX 255.0f

static inline uint32_t kern_bits(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float kern_float(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

// Error at most 1.01 ulp where the result is normal; exp(-inf) = 0, NaN stays.
static inline float kern_exp(float x) {
    float t = fmaf(x, KERN_EXP_LOG2E, KERN_EXP_MAGIC);
    float n = t - KERN_EXP_MAGIC;
    float r = fmaf(n, -KERN_EXP_LN2_HI, x);
    r = fmaf(n, -KERN_EXP_LN2_LO, r);
    float p = fmaf(KERN_EXP_P0, r, KERN_EXP_P1);
    p = fmaf(p, r, KERN_EXP_P2);
    p = fmaf(p, r, KERN_EXP_P3);
    p = fmaf(p, r, KERN_EXP_P4);
    p = fmaf(p, r, KERN_EXP_P5);
    p = fmaf(p, r * r, r) + 1.0f;
    if (x < KERN_EXP_LOW) return 0.0f;
    if (x > KERN_EXP_HIGH) return INFINITY;
    if (x != x) return x;
    return kern_float(kern_bits(p) + (kern_bits(t) << 23)); // p * 2^n, exact
}

// Error at most 2.3 ulp.
static inline float kern_silu(float v) {
    return v / (1.0f + kern_exp(-v));
}

// IEEE half to float, exact. Signalling NaNs become quiet, as F16C does it.
static inline float kern_f16_to_f32(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exponent = (h >> 10) & 31, fraction = h & 0x3ff;
    if (exponent == 31) {
        uint32_t quiet = fraction ? 0x400000 : 0;
        return kern_float(sign | 0x7f800000 | quiet | fraction << 13);
    }
    if (exponent == 0) { // zero or denormal: fraction * 2^-24
        float x = (float)fraction * 0x1p-24f;
        return kern_float(sign | kern_bits(x));
    }
    return kern_float(sign | (exponent + 112) << 23 | fraction << 13);
}

// Float to IEEE half, round half to even; NaNs become quiet, as F16C does it.
static inline uint16_t kern_f32_to_f16(float x) {
    uint32_t bits = kern_bits(x), magnitude = bits & 0x7fffffff;
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) { // the sum's last bit is worth 2^-24
        float shifted = kern_float(magnitude) + 0.5f;
        return (uint16_t)(sign | (kern_bits(shifted) - kern_bits(0.5f)));
    }
    uint32_t odd = magnitude >> 13 & 1;
    return (uint16_t)(sign | (magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

static inline float kern_bf16_to_f32(uint16_t h) {
    return kern_float((uint32_t)h << 16);
}
