#pragma once
// Reading quantised panels with AVX-512: the scales of a block and the weights
// of four columns as signed bytes, one inline function for all types. The type
// and the column are constants where they are called, so each call shrinks to
// its type's few instructions. Internal to engine/kernels/; the layout of the
// panels is in kern_format.h.

#include "engine/kernels/kern_quant.h"
#include "engine/kernels/kern_simd_avx512.h"

// _mm512_dpbusd_epi32() and _mm512_dpwssd_epi32(), for which gcc 12 copies the
// sum twice per use: a third slower for one token.
KERN_INLINE __m512i quant_add_quads(__m512i sum, __m512i q, __m512i w) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(q), "v"(w));
    return sum;
}

KERN_INLINE __m512i quant_add_pairs(__m512i sum, __m512i a, __m512i b) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

// Words of a block.
KERN_INLINE int quant_words(enum kern_type type) {
    switch (type) {
    case KERN_Q8_0:
        return 8;
    case KERN_Q5_0:
    case KERN_Q5_1:
        return 5;
    case KERN_Q2_K:
        return 20;
    case KERN_Q3_K:
        return 27;
    case KERN_Q4_K:
        return 35;
    case KERN_Q5_K:
        return 43;
    case KERN_Q6_K:
        return 52;
    case KERN_IQ4_XS:
        return 33;
    default:
        return 4;
    }
}

// ---- weights ----------------------------------------------------------------

KERN_INLINE __m512i quant_word(const char *words, int i) {
    return _mm512_load_si512(words + (size_t)i * QUANT_WORD_BYTES);
}

// Bits [shift, shift + 4) of every byte.
KERN_INLINE __m512i quant_nibble(__m512i v, int shift) {
    return _mm512_and_si512(shift ? _mm512_srli_epi16(v, shift) : v,
                            _mm512_set1_epi8(15));
}

// Bits [shift, shift + 2) of every byte.
KERN_INLINE __m512i quant_two_bits(__m512i v, int shift) {
    return _mm512_and_si512(shift ? _mm512_srli_epi16(v, shift) : v,
                            _mm512_set1_epi8(3));
}

// Of each row's 32 bits, four from 4c on: a mask of its four bytes.
KERN_INLINE __mmask64 quant_fifth_bits(const char *words, int c) {
    const __m512i spread = _mm512_set_epi8(
        12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0, 12, 12, 12, 12, 8,
        8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0, 12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4,
        0, 0, 0, 0, 12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0);
    __m512i bytes = _mm512_shuffle_epi8(
        quant_word(words, 0),
        _mm512_add_epi8(spread, _mm512_set1_epi8((char)(c / 2))));
    return _mm512_test_epi8_mask(
        bytes, _mm512_set1_epi32(c % 2 ? (int)0x80402010 : 0x08040201));
}

KERN_INLINE __m512i quant_q6(const char *words, int base, int part, int c) {
    __m512i low = quant_nibble(quant_word(words, base * 4 + part % 2 * 8 + c),
                               part / 2 * 4);
    __m512i high = quant_word(words, 32 + base * 2 + c);
    high = part < 2    ? _mm512_slli_epi16(high, 4 - 2 * part)
           : part == 3 ? _mm512_srli_epi16(high, 2)
                       : high;
    // (high & 0x30) | low
    __m512i both =
        _mm512_ternarylogic_epi32(high, _mm512_set1_epi8(0x30), low, 0xea);
    return _mm512_sub_epi8(both, _mm512_set1_epi8(32));
}

KERN_INLINE __m512i quant_iq4(__m512i nibbles) {
    const __m512i values = _mm512_broadcast_i32x4(
        _mm_loadu_si128((const __m128i *)(const void *)kern_iq4_values));
    return _mm512_shuffle_epi8(values, nibbles);
}

// Columns 4c..4c+3 of 16 rows in group base + part, as signed bytes; without
// the offset of 8 for Q4_0. base is a multiple of quant_shape.pair, part less
// than it and constant.
KERN_INLINE __m512i quant_quad(enum kern_type type, const char *words, int base,
                               int part, int c) {
    const __m512i sixteen = _mm512_set1_epi8(16);
    __m512i q;
    switch (type) {
    case KERN_Q4_0:
    case KERN_Q4_1:
        return quant_nibble(quant_word(words, c % 4), c / 4 * 4);
    case KERN_IQ4_NL:
        return quant_iq4(quant_nibble(quant_word(words, c % 4), c / 4 * 4));
    case KERN_Q5_0:
        q = quant_nibble(quant_word(words, 1 + c % 4), c / 4 * 4);
        return _mm512_mask_sub_epi8(q, ~quant_fifth_bits(words, c), q, sixteen);
    case KERN_Q5_1:
        q = quant_nibble(quant_word(words, 1 + c % 4), c / 4 * 4);
        return _mm512_mask_add_epi8(q, quant_fifth_bits(words, c), q, sixteen);
    case KERN_Q2_K:
        return quant_two_bits(quant_word(words, 4 + base * 2 + c), part * 2);
    case KERN_Q3_K:
        q = quant_two_bits(quant_word(words, 8 + base * 2 + c), part * 2);
        return _mm512_mask_sub_epi8(
            q,
            _mm512_testn_epi8_mask(
                quant_word(words, c),
                _mm512_set1_epi8((char)(1 << (base + part)))),
            q, _mm512_set1_epi8(4));
    case KERN_Q4_K:
        return quant_nibble(quant_word(words, 3 + base * 4 + c), part * 4);
    case KERN_Q5_K:
        q = quant_nibble(quant_word(words, 11 + base * 4 + c), part * 4);
        return _mm512_mask_add_epi8(
            q,
            _mm512_test_epi8_mask(quant_word(words, 3 + c),
                                  _mm512_set1_epi8((char)(1 << (base + part)))),
            q, sixteen);
    case KERN_Q6_K:
        return quant_q6(words, base, part, c);
    case KERN_IQ4_XS:
        return quant_iq4(
            quant_nibble(quant_word(words, 1 + base * 4 + c % 4), c / 4 * 4));
    default: // KERN_Q8_0
        return quant_word(words, c);
    }
}

// ---- scales -----------------------------------------------------------------

// Scales and minima of a block's groups, a register of 16 rows each. minima are
// stored negated where the format subtracts them.
struct quant_scales {
    __m512 scale[QUANT_MAX_SCALES], min[QUANT_MAX_SCALES];
};

KERN_INLINE __m512 quant_halves(const char *p) {
    return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(const void *)p));
}

// Byte i of every row's word, times d.
KERN_INLINE __m512 quant_byte_times(__m512i v, int i, __m512 d) {
    __m512i byte = _mm512_and_si512(_mm512_srli_epi32(v, (unsigned)i * 8),
                                    _mm512_set1_epi32(255));
    return _mm512_mul_ps(d, _mm512_cvtepi32_ps(byte));
}

KERN_INLINE __m512 quant_minus(__m512 x) {
    return _mm512_xor_ps(x, _mm512_set1_ps(-0.0f));
}

// Q4_K and Q5_K.
KERN_INLINE void quant_scales_q4_k(struct quant_block at,
                                   struct quant_scales *s) {
    const __m512i six = _mm512_set1_epi8(63), high = _mm512_set1_epi8(0x30);
    __m512 d = quant_halves(at.scales), dmin = quant_halves(at.scales + 32);
    __m512i a = quant_word(at.words, 0), b = quant_word(at.words, 1);
    __m512i c = quant_word(at.words, 2);
    __m512i scales[2] = {
        _mm512_and_si512(a, six),
        _mm512_or_si512(quant_nibble(c, 0),
                        _mm512_and_si512(_mm512_srli_epi16(a, 2), high))};
    __m512i mins[2] = {
        _mm512_and_si512(b, six),
        _mm512_or_si512(quant_nibble(c, 4),
                        _mm512_and_si512(_mm512_srli_epi16(b, 2), high))};
    KERN_UNROLL
    for (int g = 0; g < 8; g++) {
        s->scale[g] = quant_byte_times(scales[g / 4], g % 4, d);
        s->min[g] = quant_minus(quant_byte_times(mins[g / 4], g % 4, dmin));
    }
}

KERN_INLINE void quant_scales_q6_k(struct quant_block at,
                                   struct quant_scales *s) {
    __m512 d = _mm512_load_ps(at.scales);
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        __m512i v = quant_word(at.words, 48 + i / 4);
        v = _mm512_srai_epi32(_mm512_slli_epi32(v, (unsigned)(24 - i % 4 * 8)),
                              24);
        s->scale[i] = _mm512_mul_ps(d, _mm512_cvtepi32_ps(v));
    }
}

KERN_INLINE void quant_scales_q2_k(struct quant_block at,
                                   struct quant_scales *s) {
    __m512 d = quant_halves(at.scales), dmin = quant_halves(at.scales + 32);
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        __m512i v = quant_word(at.words, i / 4);
        s->scale[i] = quant_byte_times(quant_nibble(v, 0), i % 4, d);
        s->min[i] =
            quant_minus(quant_byte_times(quant_nibble(v, 4), i % 4, dmin));
    }
}

// Words 24 to 26: see scale_of_q3_k() in kern_format.c.
KERN_INLINE void quant_scales_q3_k(struct quant_block at,
                                   struct quant_scales *s) {
    __m512 d = _mm512_load_ps(at.scales);
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        __m512i low =
            quant_nibble(quant_word(at.words, 24 + i / 4 % 2), i / 8 * 4);
        __m512i high = quant_two_bits(quant_word(at.words, 26), i / 4 * 2);
        __m512i v = _mm512_or_si512(low, _mm512_slli_epi16(high, 4));
        v = _mm512_and_si512(_mm512_srli_epi32(v, (unsigned)(i % 4) * 8),
                             _mm512_set1_epi32(255));
        v = _mm512_sub_epi32(v, _mm512_set1_epi32(32));
        s->scale[i] = _mm512_mul_ps(d, _mm512_cvtepi32_ps(v));
    }
}

KERN_INLINE void quant_scales_iq4_xs(struct quant_block at,
                                     struct quant_scales *s) {
    __m512 d = quant_halves(at.scales);
    __m512i high = _mm512_cvtepu16_epi32(
        _mm256_load_si256((const __m256i *)(const void *)(at.scales + 32)));
    __m512i low = quant_word(at.words, 0);
    KERN_UNROLL
    for (int g = 0; g < 8; g++) {
        __m512i v = _mm512_and_si512(_mm512_srli_epi32(low, (unsigned)g * 4),
                                     _mm512_set1_epi32(15));
        __m512i top = _mm512_and_si512(_mm512_srli_epi32(high, (unsigned)g * 2),
                                       _mm512_set1_epi32(3));
        v = _mm512_or_si512(v, _mm512_slli_epi32(top, 4));
        v = _mm512_sub_epi32(v, _mm512_set1_epi32(32));
        s->scale[g] = _mm512_mul_ps(d, _mm512_cvtepi32_ps(v));
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
        s->min[0] = quant_halves(at.scales + 32);
        s->scale[0] = quant_halves(at.scales);
        break;
    default:
        s->scale[0] = quant_halves(at.scales);
    }
}
