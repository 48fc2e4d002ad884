#pragma once
// Reading quantised panels with NEON: ld4 takes a word of four columns apart,
// so that a register holds one byte of each of the 16 rows; every weight, scale
// and minimum is found in such registers. The type is a constant where these
// functions are called, so each call shrinks to its type's few instructions;
// groups and columns are counted at run time, because a column alone is 16
// multiplications, and unrolled they would take gcc minutes. Internal to
// engine/kernels/; the layout of the panels is in kern_format.h.

#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_quant.h"
#include "engine/kernels/kern_simd_neon.h"

// Bytes 0 to 3 of a word of 16 rows.
KERN_INLINE uint8x16x4_t quant_word(const char *words, int i) {
    return vld4q_u8((const uint8_t *)words + (size_t)i * QUANT_WORD_BYTES);
}

// (v >> shift) & mask of every byte.
KERN_INLINE uint8x16_t quant_bits(uint8x16_t v, int shift, int mask) {
    v = vshlq_u8(v, vdupq_n_s8((int8_t)-shift));
    return vandq_u8(v, vdupq_n_u8((uint8_t)mask));
}

KERN_INLINE uint8x16x4_t quant_bits_4(uint8x16x4_t v, int shift, int mask) {
    KERN_UNROLL
    for (int i = 0; i < 4; i++)
        v.val[i] = quant_bits(v.val[i], shift, mask);
    return v;
}

// `value` where bit `bit` is set, 0 elsewhere.
KERN_INLINE uint8x16_t quant_where(uint8x16_t v, int bit, int value) {
    return vandq_u8(vtstq_u8(v, vdupq_n_u8((uint8_t)(1 << bit))),
                    vdupq_n_u8((uint8_t)value));
}

KERN_INLINE uint8x16_t quant_less(uint8x16_t v, int offset) {
    return vsubq_u8(v, vdupq_n_u8((uint8_t)offset));
}

// ---- weights ----------------------------------------------------------------

// The five-bit types' fifth bits: byte c / 2 of each row's first word, which
// are columns 8 * (c / 2) and on.
KERN_INLINE uint8x16_t quant_fifth_bits(const char *words, int c) {
    static const uint8_t rows[16] = {0,  4,  8,  12, 16, 20, 24, 28,
                                     32, 36, 40, 44, 48, 52, 56, 60};
    return vqtbl4q_u8(vld1q_u8_x4((const uint8_t *)words),
                      vaddq_u8(vld1q_u8(rows), vdupq_n_u8((uint8_t)(c / 2))));
}

KERN_INLINE uint8x16x4_t quant_q5(const char *words, int c, int offset) {
    uint8x16x4_t q = quant_bits_4(quant_word(words, 1 + c % 4), c / 4 * 4, 15);
    uint8x16_t fifth = quant_fifth_bits(words, c);
    KERN_UNROLL
    for (int i = 0; i < 4; i++) {
        q.val[i] = vorrq_u8(q.val[i], quant_where(fifth, c % 2 * 4 + i, 16));
        q.val[i] = quant_less(q.val[i], offset);
    }
    return q;
}

KERN_INLINE uint8x16x4_t quant_q3_k(const char *words, int group, int c) {
    uint8x16x4_t q = quant_bits_4(quant_word(words, 8 + group / 4 * 8 + c),
                                  group % 4 * 2, 3);
    uint8x16x4_t high = quant_word(words, c);
    KERN_UNROLL
    for (int i = 0; i < 4; i++) {
        q.val[i] = vorrq_u8(q.val[i], quant_where(high.val[i], group, 4));
        q.val[i] = quant_less(q.val[i], 4);
    }
    return q;
}

KERN_INLINE uint8x16x4_t quant_q5_k(const char *words, int group, int c) {
    uint8x16x4_t q = quant_bits_4(quant_word(words, 11 + group / 2 * 8 + c),
                                  group % 2 * 4, 15);
    uint8x16x4_t fifth = quant_word(words, 3 + c);
    KERN_UNROLL
    for (int i = 0; i < 4; i++)
        q.val[i] = vorrq_u8(q.val[i], quant_where(fifth.val[i], group, 16));
    return q;
}

KERN_INLINE uint8x16x4_t quant_q6_k(const char *words, int group, int c) {
    int half = group / 4, part = group % 4;
    uint8x16x4_t q = quant_bits_4(
        quant_word(words, half * 16 + part % 2 * 8 + c), part / 2 * 4, 15);
    uint8x16x4_t high =
        quant_bits_4(quant_word(words, 32 + half * 8 + c), part * 2, 3);
    KERN_UNROLL
    for (int i = 0; i < 4; i++) {
        q.val[i] = vorrq_u8(q.val[i], vshlq_n_u8(high.val[i], 4));
        q.val[i] = quant_less(q.val[i], 32);
    }
    return q;
}

KERN_INLINE uint8x16x4_t quant_iq4(uint8x16x4_t q) {
    const uint8x16_t values = vreinterpretq_u8_s8(vld1q_s8(kern_iq4_values));
    KERN_UNROLL
    for (int i = 0; i < 4; i++)
        q.val[i] = vqtbl1q_u8(values, q.val[i]);
    return q;
}

// Columns 4c..4c+3 of 16 rows in a group, as signed bytes; without the offset
// of 8 for Q4_0.
KERN_INLINE uint8x16x4_t quant_quad(enum kern_type type, const char *words,
                                    int group, int c) {
    switch (type) {
    case KERN_Q4_0:
    case KERN_Q4_1:
        return quant_bits_4(quant_word(words, c % 4), c / 4 * 4, 15);
    case KERN_IQ4_NL:
        return quant_iq4(quant_bits_4(quant_word(words, c % 4), c / 4 * 4, 15));
    case KERN_Q5_0:
        return quant_q5(words, c, 16);
    case KERN_Q5_1:
        return quant_q5(words, c, 0);
    case KERN_Q2_K:
        return quant_bits_4(quant_word(words, 4 + group / 4 * 8 + c),
                            group % 4 * 2, 3);
    case KERN_Q3_K:
        return quant_q3_k(words, group, c);
    case KERN_Q4_K:
        return quant_bits_4(quant_word(words, 3 + group / 2 * 8 + c),
                            group % 2 * 4, 15);
    case KERN_Q5_K:
        return quant_q5_k(words, group, c);
    case KERN_Q6_K:
        return quant_q6_k(words, group, c);
    case KERN_IQ4_XS:
        return quant_iq4(quant_bits_4(quant_word(words, 1 + group * 4 + c % 4),
                                      c / 4 * 4, 15));
    default: // KERN_Q8_0
        return quant_word(words, c);
    }
}

// ---- scales -----------------------------------------------------------------

// Scales and minima of a block's groups. Minima are stored negated where the
// format subtracts them.
struct quant_scales {
    struct kern_16_neon scale[QUANT_MAX_SCALES], min[QUANT_MAX_SCALES];
};

// A signed byte of each row, times d.
KERN_INLINE struct kern_16_neon quant_times(uint8x16_t bytes,
                                            struct kern_16_neon d) {
    return kern_mul_neon(d, kern_bytes_neon(vreinterpretq_s8_u8(bytes)));
}

KERN_INLINE struct kern_16_neon quant_minus(struct kern_16_neon v) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        v.reg[i] = vnegq_f32(v.reg[i]);
    return v;
}

// Q4_K and Q5_K: six bits each.
KERN_INLINE void quant_scales_q4_k(struct quant_block at,
                                   struct quant_scales *s) {
    struct kern_16_neon d = kern_halves_neon(at.scales);
    struct kern_16_neon dmin = kern_halves_neon(at.scales + 32);
    uint8x16x4_t scale = quant_word(at.words, 0), min = quant_word(at.words, 1);
    uint8x16x4_t low = quant_word(at.words, 2);
    KERN_UNROLL
    for (int i = 0; i < 4; i++) {
        uint8x16_t a = scale.val[i], b = min.val[i];
        s->scale[i] = quant_times(quant_bits(a, 0, 63), d);
        s->min[i] = quant_minus(quant_times(quant_bits(b, 0, 63), dmin));
        a = vorrq_u8(quant_bits(low.val[i], 0, 15), quant_bits(a, 2, 0x30));
        b = vorrq_u8(quant_bits(low.val[i], 4, 15), quant_bits(b, 2, 0x30));
        s->scale[4 + i] = quant_times(a, d);
        s->min[4 + i] = quant_minus(quant_times(b, dmin));
    }
}

KERN_INLINE void quant_scales_q6_k(struct quant_block at,
                                   struct quant_scales *s) {
    struct kern_16_neon d =
        kern_load_neon((const float *)(const void *)at.scales);
    KERN_UNROLL
    for (int i = 0; i < 16; i++)
        s->scale[i] =
            quant_times(quant_word(at.words, 48 + i / 4).val[i % 4], d);
}

KERN_INLINE void quant_scales_q2_k(struct quant_block at,
                                   struct quant_scales *s) {
    struct kern_16_neon d = kern_halves_neon(at.scales);
    struct kern_16_neon dmin = kern_halves_neon(at.scales + 32);
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        uint8x16_t v = quant_word(at.words, i / 4).val[i % 4];
        s->scale[i] = quant_times(quant_bits(v, 0, 15), d);
        s->min[i] = quant_minus(quant_times(quant_bits(v, 4, 15), dmin));
    }
}

// Words 24 to 26: see scale_of_q3_k() in kern_format.c.
KERN_INLINE void quant_scales_q3_k(struct quant_block at,
                                   struct quant_scales *s) {
    struct kern_16_neon d =
        kern_load_neon((const float *)(const void *)at.scales);
    uint8x16x4_t high = quant_word(at.words, 26);
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        uint8x16_t low = quant_word(at.words, 24 + i / 4 % 2).val[i % 4];
        uint8x16_t top = quant_bits(high.val[i % 4], i / 4 * 2, 3);
        low = vorrq_u8(quant_bits(low, i / 8 * 4, 15), vshlq_n_u8(top, 4));
        s->scale[i] = quant_times(quant_less(low, 32), d);
    }
}

KERN_INLINE void quant_scales_iq4_xs(struct quant_block at,
                                     struct quant_scales *s) {
    struct kern_16_neon d = kern_halves_neon(at.scales);
    uint8x16x2_t high = vld2q_u8((const uint8_t *)at.scales + 32);
    uint8x16x4_t low = quant_word(at.words, 0);
    KERN_UNROLL
    for (int g = 0; g < 8; g++) {
        uint8x16_t top = quant_bits(high.val[g / 4], g % 4 * 2, 3);
        uint8x16_t v = quant_bits(low.val[g / 2], g % 2 * 4, 15);
        v = vorrq_u8(v, vshlq_n_u8(top, 4));
        s->scale[g] = quant_times(quant_less(v, 32), d);
    }
}

KERN_INLINE void quant_scales(enum kern_type type, struct quant_block at,
                              struct quant_scales *s) {
    switch (type) {
    case KERN_Q4_K:
    case KERN_Q5_K:
        quant_scales_q4_k(at, s);
        break;
    case KERN_Q6_K:
        quant_scales_q6_k(at, s);
        break;
    case KERN_Q2_K:
        quant_scales_q2_k(at, s);
        break;
    case KERN_Q3_K:
        quant_scales_q3_k(at, s);
        break;
    case KERN_IQ4_XS:
        quant_scales_iq4_xs(at, s);
        break;
    case KERN_Q4_1:
    case KERN_Q5_1:
        s->min[0] = kern_halves_neon(at.scales + 32);
        s->scale[0] = kern_halves_neon(at.scales);
        break;
    default:
        s->scale[0] = kern_halves_neon(at.scales);
    }
}
