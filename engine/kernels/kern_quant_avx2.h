#pragma once
// Reading quantised panels with AVX2: the scales of a block and the weights of
// four columns of 8 rows (a half of the panel, 0 or 1) as signed bytes, one
// inline function for all types. The type, the column and the half are
// constants where they are called, so each call shrinks to its type's few
// instructions. Internal to engine/kernels/; the layout of the panels is in
// kern_format.h.

#include "engine/kernels/kern_quant.h"
#include "engine/kernels/kern_simd_avx2.h"

// How products with a type's weights are summed.
struct quant_range {
    // Weights of more than 7 bits: vpmaddubsw would saturate, so they are
    // widened to 16 bits and meet q16. Weights of others meet q.
    bool wide;
    // Quads (4 columns) whose products two rows' 16-bit sums can take. A sum
    // of pairs is at least -32768 and at most 32767; a quad adds at most 2 *
    // 255 * the largest weight to it.
    int quads;
    // The weights are read less 8 * eights.
    int eights;
};

// As quant_quad() reads them.
KERN_INLINE struct quant_range quant_range(enum kern_type type) {
    switch (type) {
    case KERN_Q4_0: // 0..15: 4 * 2 * 255 * 15 = 30600
        return (struct quant_range){false, 4, -1};
    case KERN_Q4_1:
    case KERN_Q4_K:
        return (struct quant_range){false, 4, 0};
    case KERN_Q5_0: // -16..15: 4 * 2 * 255 * -16 = -32640
        return (struct quant_range){false, 4, 0};
    case KERN_Q5_1:
    case KERN_Q5_K:
        return (struct quant_range){false, 4, 2};
    case KERN_Q6_K: // -32..31: 2 * 2 * 255 * -32 = -32640
        return (struct quant_range){false, 2, 0};
    case KERN_Q2_K: // 0..3: 4 * 2 * 255 * 3 = 6120
    case KERN_Q3_K: // -4..3: 4 * 2 * 255 * -4 = -8160
        return (struct quant_range){false, 4, 0};
    default: // Q8_0, IQ4_NL, IQ4_XS: -128..127
        return (struct quant_range){true, 0, 0};
    }
}

// The same of weights unpacked for many tokens: nibbles of no sign become
// -8..7, 8 * 2 * 255 * -8 = -32640, so that a group fits.
KERN_INLINE struct quant_range quant_unpacked_range(enum kern_type type) {
    struct quant_range range = quant_range(type);
    if (type == KERN_Q4_0 || type == KERN_Q4_1 || type == KERN_Q4_K)
        return (struct quant_range){false, 8, range.eights + 1};
    return range;
}

// ---- weights ----------------------------------------------------------------

KERN_INLINE __m256i quant_load(const char *p) {
    return _mm256_load_si256((const __m256i *)(const void *)p);
}

KERN_INLINE __m256i quant_word(const char *words, int i, int half) {
    return quant_load(words + (size_t)i * QUANT_WORD_BYTES + half * 32);
}

// Bits [shift, shift + 4) of every byte.
KERN_INLINE __m256i quant_nibble(__m256i v, int shift) {
    return _mm256_and_si256(shift ? _mm256_srli_epi16(v, shift) : v,
                            _mm256_set1_epi8(15));
}

// Bits [shift, shift + 2) of every byte.
KERN_INLINE __m256i quant_two_bits(__m256i v, int shift) {
    return _mm256_and_si256(shift ? _mm256_srli_epi16(v, shift) : v,
                            _mm256_set1_epi8(3));
}

// q, less 1 << at where bit `bit` of the byte of v is clear.
KERN_INLINE __m256i quant_unless(__m256i q, __m256i v, int bit, int at) {
    if (bit > at) v = _mm256_srli_epi16(v, bit - at);
    if (bit < at) v = _mm256_slli_epi16(v, at - bit);
    return _mm256_sub_epi8(
        q, _mm256_andnot_si256(v, _mm256_set1_epi8((char)(1 << at))));
}

// The fifth bits of Q5_0 and Q5_1: of each row's 32 bits in word 0, four from
// 4c on. Nibbles become -16..15. The four are in the high half of a byte, a bit
// for each of four copies, where any bit is at least 16.
KERN_INLINE __m256i quant_fifth_bits(__m256i q, const char *words, int c,
                                     int half) {
    const __m256i spread =
        _mm256_set_epi8(12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0, 12,
                        12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0);
    __m256i bits = quant_word(words, 0, half);
    if (c % 2 == 0) bits = _mm256_slli_epi16(bits, 4);
    bits = _mm256_shuffle_epi8(
        bits, _mm256_add_epi8(spread, _mm256_set1_epi8((char)(c / 2))));
    bits = _mm256_andnot_si256(bits, _mm256_set1_epi32((int)0x80402010));
    return _mm256_sub_epi8(q, _mm256_min_epu8(bits, _mm256_set1_epi8(16)));
}

KERN_INLINE __m256i quant_q6(const char *words, int base, int part, int c,
                             int half) {
    __m256i low = quant_nibble(
        quant_word(words, base * 4 + part % 2 * 8 + c, half), part / 2 * 4);
    __m256i high = quant_word(words, 32 + base * 2 + c, half);
    high = part < 2    ? _mm256_slli_epi16(high, 4 - 2 * part)
           : part == 3 ? _mm256_srli_epi16(high, 2)
                       : high;
    high = _mm256_and_si256(high, _mm256_set1_epi8(0x30));
    return _mm256_sub_epi8(_mm256_or_si256(high, low), _mm256_set1_epi8(32));
}

KERN_INLINE __m256i quant_iq4(__m256i nibbles) {
    const __m256i values = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)kern_iq4_values));
    return _mm256_shuffle_epi8(values, nibbles);
}

// Columns 4c..4c+3 of 8 rows in group base + part, as signed bytes, less
// 8 * quant_range.eights. base is a multiple of quant_shape.pair, part less
// than it; constants both.
KERN_INLINE __m256i quant_quad(enum kern_type type, const char *words, int base,
                               int part, int c, int half) {
    int nibble = c / 4 * 4;
    __m256i q;
    switch (type) {
    case KERN_Q4_0:
    case KERN_Q4_1:
        return quant_nibble(quant_word(words, c % 4, half), nibble);
    case KERN_IQ4_NL:
        return quant_iq4(quant_nibble(quant_word(words, c % 4, half), nibble));
    case KERN_Q5_0:
    case KERN_Q5_1:
        q = quant_nibble(quant_word(words, 1 + c % 4, half), nibble);
        return quant_fifth_bits(q, words, c, half);
    case KERN_Q2_K:
        return quant_two_bits(quant_word(words, 4 + base * 2 + c, half),
                              part * 2);
    case KERN_Q3_K:
        q = quant_two_bits(quant_word(words, 8 + base * 2 + c, half), part * 2);
        return quant_unless(q, quant_word(words, c, half), base + part, 2);
    case KERN_Q4_K:
        return quant_nibble(quant_word(words, 3 + base * 4 + c, half),
                            part * 4);
    case KERN_Q5_K:
        q = quant_nibble(quant_word(words, 11 + base * 4 + c, half), part * 4);
        return quant_unless(q, quant_word(words, 3 + c, half), base + part, 4);
    case KERN_Q6_K:
        return quant_q6(words, base, part, c, half);
    case KERN_IQ4_XS:
        return quant_iq4(quant_nibble(
            quant_word(words, 1 + base * 4 + c % 4, half), nibble));
    default: // KERN_Q8_0
        return quant_word(words, c, half);
    }
}

// Of signed bytes, those of even and odd columns in 16 bits.
KERN_INLINE __m256i quant_odd(__m256i w) {
    return _mm256_srai_epi16(w, 8);
}

KERN_INLINE __m256i quant_even(__m256i w) {
    return quant_odd(_mm256_slli_epi16(w, 8));
}

// ---- scales -----------------------------------------------------------------

// Scales and minima of groups, two registers of 8 rows each. Minima are stored
// negated where the format subtracts them.
struct quant_scales {
    __m256 scale[QUANT_MAX_SCALES][2], min[QUANT_MAX_SCALES][2];
};

KERN_INLINE __m256 quant_halves(const char *p, int half) {
    return _mm256_cvtph_ps(
        _mm_load_si128((const __m128i *)(const void *)(p + half * 16)));
}

KERN_INLINE __m256 quant_minus(__m256 x) {
    return _mm256_xor_ps(x, _mm256_set1_ps(-0.0f));
}

// Byte i of every row's word, as a number.
KERN_INLINE __m256i quant_byte(__m256i v, int i) {
    if (i) v = _mm256_srli_epi32(v, i * 8);
    return i == 3 ? v : _mm256_and_si256(v, _mm256_set1_epi32(255));
}

KERN_INLINE __m256 quant_times(__m256i v, __m256 d) {
    return _mm256_mul_ps(d, _mm256_cvtepi32_ps(v));
}

// Q4_K and Q5_K.
KERN_INLINE void quant_scales_q4_k(struct quant_block at, int half,
                                   struct quant_scales *s) {
    const __m256i six = _mm256_set1_epi8(63), high = _mm256_set1_epi8(0x30);
    __m256 d = quant_halves(at.scales, half);
    __m256 dmin = quant_minus(quant_halves(at.scales + 32, half));
    __m256i a = quant_word(at.words, 0, half);
    __m256i b = quant_word(at.words, 1, half);
    __m256i c = quant_word(at.words, 2, half);
    __m256i scales[2] = {
        _mm256_and_si256(a, six),
        _mm256_or_si256(quant_nibble(c, 0),
                        _mm256_and_si256(_mm256_srli_epi16(a, 2), high))};
    __m256i mins[2] = {
        _mm256_and_si256(b, six),
        _mm256_or_si256(quant_nibble(c, 4),
                        _mm256_and_si256(_mm256_srli_epi16(b, 2), high))};
    KERN_UNROLL
    for (int g = 0; g < 8; g++) {
        s->scale[g][half] = quant_times(quant_byte(scales[g / 4], g % 4), d);
        s->min[g][half] = quant_times(quant_byte(mins[g / 4], g % 4), dmin);
    }
}

KERN_INLINE void quant_scales_q6_k(struct quant_block at, int half,
                                   struct quant_scales *s) {
    __m256 d =
        _mm256_load_ps((const float *)(const void *)(at.scales + half * 32));
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        __m256i v = quant_word(at.words, 48 + i / 4, half);
        v = _mm256_srai_epi32(_mm256_slli_epi32(v, 24 - i % 4 * 8), 24);
        s->scale[i][half] = quant_times(v, d);
    }
}

KERN_INLINE void quant_scales_q2_k(struct quant_block at, int half,
                                   struct quant_scales *s) {
    __m256 d = quant_halves(at.scales, half);
    __m256 dmin = quant_minus(quant_halves(at.scales + 32, half));
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        __m256i v = quant_word(at.words, i / 4, half);
        s->scale[i][half] =
            quant_times(quant_byte(quant_nibble(v, 0), i % 4), d);
        s->min[i][half] =
            quant_times(quant_byte(quant_nibble(v, 4), i % 4), dmin);
    }
}

// Words 24 to 26: see scale_of_q3_k() in kern_format.c.
KERN_INLINE void quant_scales_q3_k(struct quant_block at, int half,
                                   struct quant_scales *s) {
    __m256 d =
        _mm256_load_ps((const float *)(const void *)(at.scales + half * 32));
    KERN_UNROLL
    for (int i = 0; i < 16; i++) {
        __m256i low =
            quant_nibble(quant_word(at.words, 24 + i / 4 % 2, half), i / 8 * 4);
        __m256i high =
            quant_two_bits(quant_word(at.words, 26, half), i / 4 * 2);
        __m256i v = _mm256_or_si256(low, _mm256_slli_epi16(high, 4));
        v = _mm256_sub_epi32(quant_byte(v, i % 4), _mm256_set1_epi32(32));
        s->scale[i][half] = quant_times(v, d);
    }
}

KERN_INLINE void quant_scales_iq4_xs(struct quant_block at, int half,
                                     struct quant_scales *s) {
    __m256 d = quant_halves(at.scales, half);
    __m256i high = _mm256_cvtepu16_epi32(_mm_load_si128(
        (const __m128i *)(const void *)(at.scales + 32 + half * 16)));
    __m256i low = quant_word(at.words, 0, half);
    KERN_UNROLL
    for (int g = 0; g < 8; g++) {
        __m256i v = _mm256_and_si256(_mm256_srli_epi32(low, g * 4),
                                     _mm256_set1_epi32(15));
        __m256i top = _mm256_and_si256(_mm256_srli_epi32(high, g * 2),
                                       _mm256_set1_epi32(3));
        v = _mm256_or_si256(v, _mm256_slli_epi32(top, 4));
        v = _mm256_sub_epi32(v, _mm256_set1_epi32(32));
        s->scale[g][half] = quant_times(v, d);
    }
}

// Of one block; those of its first group become number `first`, which is 0 for
// types of more than one group.
KERN_INLINE void quant_scales(enum kern_type type, struct quant_block at,
                              int half, int first, struct quant_scales *s) {
    switch (type) {
    case KERN_Q4_K:
    case KERN_Q5_K:
        quant_scales_q4_k(at, half, s);
        break;
    case KERN_Q6_K:
        quant_scales_q6_k(at, half, s);
        break;
    case KERN_Q2_K:
        quant_scales_q2_k(at, half, s);
        break;
    case KERN_Q3_K:
        quant_scales_q3_k(at, half, s);
        break;
    case KERN_IQ4_XS:
        quant_scales_iq4_xs(at, half, s);
        break;
    case KERN_Q4_1:
    case KERN_Q5_1:
        s->min[first][half] = quant_halves(at.scales + 32, half);
        s->scale[first][half] = quant_halves(at.scales, half);
        break;
    default:
        s->scale[first][half] = quant_halves(at.scales, half);
    }
}

// ---- sums -------------------------------------------------------------------

enum { QUANT_GROUP_QUADS = KERN_BLOCK / 4 };

// A token at a group of 32 columns.
struct quant_token {
    const char *x; // q, or q16 for wide weights
    const struct kern_scale *scales;
};

KERN_INLINE struct quant_token quant_token_at(const struct kern_input *in,
                                              bool wide, int token,
                                              size_t group) {
    size_t n_groups = (size_t)in->n_cols / KERN_BLOCK;
    size_t at = (size_t)token * n_groups + group;
    return (struct quant_token){wide ? (const char *)(in->q16 + at * KERN_BLOCK)
                                     : (const char *)(in->q + at * KERN_BLOCK),
                                in->scales + at};
}

KERN_INLINE void quant_next_group(struct quant_token *t, bool wide) {
    t->x += KERN_BLOCK * (wide ? 2 : 1);
    t->scales++;
}

KERN_INLINE __m256i quant_four_bytes(const void *p) {
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm256_set1_epi32(v);
}

KERN_INLINE __m256i quant_widen(__m256i pairs) {
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

// How the integer sums of a type come about and meet its scales.
struct quant_rule {
    struct quant_range range;
    int n_scales; // of a group
    bool has_min;
};

// What the weights read less than they are adds to the sum of a token.
KERN_INLINE __m256i quant_add_eights(int eights, __m256i isum,
                                     __m256i minus_8_sum) {
    if (eights < 0) return _mm256_add_epi32(isum, minus_8_sum);
    for (; eights > 0; eights--)
        isum = _mm256_sub_epi32(isum, minus_8_sum);
    return isum;
}

// A token's integer sums of the columns of scale k of a group, both halves,
// become floats: in the order of kern_dot() in kern_ref.c.
KERN_INLINE void quant_add_scaled(struct quant_rule rule, int k,
                                  const __m256i isum[2], const __m256 scale[2],
                                  const __m256 min[2],
                                  const struct kern_scale *s, __m256 sum[2]) {
    __m256i minus_8_sum = quant_four_bytes(&s->minus_8_sum);
    __m256 token_scale = _mm256_set1_ps(s->scale);
    __m256 token_sum =
        _mm256_set1_ps(rule.n_scales == 1 ? s->sum : s->half_sum[k]);
    KERN_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i v =
            quant_add_eights(rule.range.eights, isum[half], minus_8_sum);
        __m256 both = _mm256_mul_ps(token_scale, scale[half]);
        sum[half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(v), both, sum[half]);
        if (rule.has_min)
            sum[half] = _mm256_fmadd_ps(token_sum, min[half], sum[half]);
    }
}
