#pragma once
// Vector forms of kern_math.h for NEON as every 64-bit ARM has it, and the
// operations that the table in kern_neon.c collects. The 16 rows of a panel, or
// the 16 partial sums of a reduction, are four registers. Internal to
// engine/kernels/.

#include "engine/kernels/kern_math.h"
#include "engine/kernels/kern_tiles.h"
#include "engine/kernels/kernels.h"

#include <arm_neon.h>

enum { KERN_REG_FLOATS = 4, KERN_PANEL_REGS = KERN_PANEL_ROWS / 4 };

struct kern_16_neon {
    float32x4_t reg[KERN_PANEL_REGS];
};

KERN_INLINE struct kern_16_neon kern_zeros_neon(void) {
    const float32x4_t zero = vdupq_n_f32(0.0f);
    return (struct kern_16_neon){{zero, zero, zero, zero}};
}

KERN_INLINE struct kern_16_neon kern_load_neon(const float *x) {
    return (struct kern_16_neon){
        {vld1q_f32(x), vld1q_f32(x + 4), vld1q_f32(x + 8), vld1q_f32(x + 12)}};
}

KERN_INLINE void kern_store_all_neon(float *y, struct kern_16_neon v) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        vst1q_f32(y + i * KERN_REG_FLOATS, v.reg[i]);
}

// The first n of 16 floats (all for n >= 16).
KERN_INLINE void kern_store_neon(float *y, struct kern_16_neon v, int n) {
    float s[KERN_PANEL_ROWS] = {0};
    if (n >= KERN_PANEL_ROWS) {
        kern_store_all_neon(y, v);
        return;
    }
    kern_store_all_neon(s, v);
    if (n > 0) memcpy(y, s, (size_t)n * sizeof *s);
}

// sum + a * x.
KERN_INLINE struct kern_16_neon kern_fma_neon(struct kern_16_neon sum,
                                              struct kern_16_neon a, float x) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        sum.reg[i] = vfmaq_n_f32(sum.reg[i], a.reg[i], x);
    return sum;
}

KERN_INLINE struct kern_16_neon kern_add_neon(struct kern_16_neon a,
                                              struct kern_16_neon b) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        a.reg[i] = vaddq_f32(a.reg[i], b.reg[i]);
    return a;
}

KERN_INLINE struct kern_16_neon kern_times_neon(struct kern_16_neon a,
                                                float x) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        a.reg[i] = vmulq_n_f32(a.reg[i], x);
    return a;
}

KERN_INLINE struct kern_16_neon kern_mul_neon(struct kern_16_neon a,
                                              struct kern_16_neon b) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        a.reg[i] = vmulq_f32(a.reg[i], b.reg[i]);
    return a;
}

KERN_INLINE struct kern_16_neon kern_bytes_neon(int8x16_t v) {
    int16x8_t low = vmovl_s8(vget_low_s8(v)), high = vmovl_high_s8(v);
    return (struct kern_16_neon){{vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))),
                                  vcvtq_f32_s32(vmovl_high_s16(low)),
                                  vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))),
                                  vcvtq_f32_s32(vmovl_high_s16(high))}};
}

KERN_INLINE float32x4_t kern_four_halves_neon(const uint16_t *h) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(h)));
}

KERN_INLINE struct kern_16_neon kern_halves_neon(const void *p) {
    const uint16_t *h = p;
    return (struct kern_16_neon){
        {kern_four_halves_neon(h), kern_four_halves_neon(h + 4),
         kern_four_halves_neon(h + 8), kern_four_halves_neon(h + 12)}};
}

KERN_INLINE float32x4_t kern_exp_neon(float32x4_t x) {
    const float32x4_t magic = vdupq_n_f32(KERN_EXP_MAGIC);
    float32x4_t t = vfmaq_f32(magic, x, vdupq_n_f32(KERN_EXP_LOG2E));
    float32x4_t n = vsubq_f32(t, magic);
    float32x4_t r = vfmaq_f32(x, n, vdupq_n_f32(-KERN_EXP_LN2_HI));
    r = vfmaq_f32(r, n, vdupq_n_f32(-KERN_EXP_LN2_LO));
    float32x4_t p =
        vfmaq_f32(vdupq_n_f32(KERN_EXP_P1), vdupq_n_f32(KERN_EXP_P0), r);
    p = vfmaq_f32(vdupq_n_f32(KERN_EXP_P2), p, r);
    p = vfmaq_f32(vdupq_n_f32(KERN_EXP_P3), p, r);
    p = vfmaq_f32(vdupq_n_f32(KERN_EXP_P4), p, r);
    p = vfmaq_f32(vdupq_n_f32(KERN_EXP_P5), p, r);
    p = vaddq_f32(vfmaq_f32(r, p, vmulq_f32(r, r)), vdupq_n_f32(1.0f));
    uint32x4_t y = vaddq_u32(vreinterpretq_u32_f32(p),
                             vshlq_n_u32(vreinterpretq_u32_f32(t), 23));
    y = vbicq_u32(y, vcltq_f32(x, vdupq_n_f32(KERN_EXP_LOW)));
    float32x4_t exp =
        vbslq_f32(vcgtq_f32(x, vdupq_n_f32(KERN_EXP_HIGH)),
                  vdupq_n_f32(INFINITY), vreinterpretq_f32_u32(y));
    return vbslq_f32(vceqq_f32(x, x), exp, x);
}

// The fixed tree over 16 partial sums.
KERN_INLINE float kern_join_neon(struct kern_16_neon s) {
    float32x4_t a =
        vaddq_f32(vaddq_f32(s.reg[0], s.reg[2]), vaddq_f32(s.reg[1], s.reg[3]));
    float32x2_t b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
}

void kern_quantize_neon(struct kern_input *in, int begin, int end);
void kern_matmul_float_neon(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end);
void kern_matmul_quant_neon(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end);
float kern_exp_sum_neon(float *x, int n, float max, float inv_temp);
float kern_max_neon(const float *x, int n);
void kern_attn_neon(const struct kern_attn *a);
