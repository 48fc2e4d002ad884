// Layouts: the block structs of ggml-common.h; fields in the order in which the
// functions below write them. Sigmas of the quants are those of uniform ones:
// sqrt((n^2 - 1) / 12) for n levels.

#include "engine/model/synth_block.h"

#include "engine/model/tensor_type.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static uint64_t bits(struct synth_stream *s) {
    uint64_t z = s->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint8_t *put_bits(struct synth_stream *s, uint8_t *out, size_t n) {
    for (; n >= 8; n -= 8, out += 8) {
        uint64_t word = bits(s);
        memcpy(out, &word, 8);
    }
    uint64_t word = bits(s);
    memcpy(out, &word, n);
    return out + n;
}

static uint16_t f16_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    uint16_t sign = (uint16_t)(u >> 16 & 0x8000);
    float a = fabsf(x);
    assert(a < 65504.0f);
    if (a < 0x1p-14f) // subnormal: units of 2^-24
        return (uint16_t)(sign | (uint16_t)(a * 0x1p24f + 0.5f));
    u = (u & 0x7fffffff) - (112u << 23); // rebias the exponent
    return (uint16_t)(sign | (u + 0xfff + (u >> 13 & 1)) >> 13);
}

static uint16_t bf16_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static uint8_t *put_f16(uint8_t *out, float x) {
    uint16_t h = f16_of(x);
    memcpy(out, &h, sizeof h);
    return out + sizeof h;
}

// sigma / unit, with a quarter of spread.
static float scale(struct synth_stream *s, float unit) {
    return s->sigma / unit * (0.75f + (float)(bits(s) >> 40) * 0x1p-25f);
}

static float signed_scale(struct synth_stream *s, float unit) {
    float d = scale(s, unit);
    return bits(s) & 1 ? d : -d;
}

// ---- blocks of 32 -----------------------------------------------------------

static void fill_q8_0(struct synth_stream *s, uint8_t *out) {
    put_bits(s, put_f16(out, signed_scale(s, 73.9f)), 32);
}

static void fill_q4_0(struct synth_stream *s, uint8_t *out) {
    put_bits(s, put_f16(out, signed_scale(s, 4.61f)), 16);
}

static void fill_q4_1(struct synth_stream *s, uint8_t *out) {
    float d = scale(s, 4.61f);
    put_bits(s, put_f16(put_f16(out, d), -7.5f * d), 16);
}

static void fill_q5_0(struct synth_stream *s, uint8_t *out) {
    put_bits(s, put_f16(out, signed_scale(s, 9.23f)), 4 + 16);
}

static void fill_q5_1(struct synth_stream *s, uint8_t *out) {
    float d = scale(s, 9.23f);
    put_bits(s, put_f16(put_f16(out, d), -15.5f * d), 4 + 16);
}

static void fill_iq4_nl(struct synth_stream *s, uint8_t *out) {
    put_bits(s, put_f16(out, signed_scale(s, 70.6f)), 16);
}

// ---- blocks of 256 ----------------------------------------------------------

// Scales of 8..15 of 15, minimum equal to the scale: dmin = 1.5 d.
static void fill_q2_k(struct synth_stream *s, uint8_t *out) {
    uint64_t word[2] = {bits(s), bits(s)};
    uint8_t *at = out;
    for (int i = 0; i < 16; i++) {
        unsigned nibble = 8 + (word[i / 8] >> i % 8 * 8 & 7);
        *at++ = (uint8_t)(nibble << 4 | nibble);
    }
    float d = scale(s, 1.118f * 11.7f);
    at = put_bits(s, at, 64);
    put_f16(put_f16(at, d), 1.5f * d);
}

// Any six bits are a scale of -32..31.
static void fill_q3_k(struct synth_stream *s, uint8_t *out) {
    put_f16(put_bits(s, out, 32 + 64 + 12), scale(s, 2.29f * 18.5f));
}

// Twelve bytes for eight 6-bit scales and eight equal minima. The first four
// have their low six bits in bytes 0..3 (scales) and 4..7 (minima); the others
// have four bits in bytes 8..11 and two on top of the first eight.
static uint8_t *put_scales_k4(struct synth_stream *s, uint8_t *out) {
    uint64_t word = bits(s);
    for (int i = 0; i < 4; i++) {
        unsigned low = 32 + (word >> i * 8 & 31);        // scale i
        unsigned high = 32 + (word >> 32 >> i * 8 & 31); // scale i + 4
        out[i] = out[i + 4] = (uint8_t)(low | high >> 4 << 6);
        out[i + 8] = (uint8_t)((high & 15) | (high & 15) << 4);
    }
    return out + 12;
}

static void fill_q4_k(struct synth_stream *s, uint8_t *out) {
    float d = scale(s, 4.61f * 48.4f);
    put_bits(s, put_scales_k4(s, put_f16(put_f16(out, d), 7.5f * d)), 128);
}

static void fill_q5_k(struct synth_stream *s, uint8_t *out) {
    float d = scale(s, 9.23f * 48.4f);
    out = put_scales_k4(s, put_f16(put_f16(out, d), 15.5f * d));
    put_bits(s, out, 32 + 128);
}

// Scales of 32..63 with either sign.
static void fill_q6_k(struct synth_stream *s, uint8_t *out) {
    out = put_bits(s, out, 128 + 64);
    uint64_t word[2] = {bits(s), bits(s)};
    for (int i = 0; i < 16; i++) {
        unsigned byte = word[i / 8] >> i % 8 * 8 & 255;
        int value = 32 + (int)(byte & 31);
        *out++ = (uint8_t)(byte & 128 ? -value : value);
    }
    put_f16(out, scale(s, 18.5f * 48.4f));
}

static void fill_iq4_xs(struct synth_stream *s, uint8_t *out) {
    out = put_f16(out, scale(s, 70.6f * 18.5f));
    put_bits(s, out, 2 + 4 + 128);
}

// ---- plain ------------------------------------------------------------------

static void fill_f32(struct synth_stream *s, uint8_t *out) {
    // uniform in +-sqrt(3) sigma
    float u = (float)(bits(s) >> 40) * 0x1p-23f - 1.0f;
    float x = s->mean + s->sigma * 1.7320508f * u;
    memcpy(out, &x, sizeof x);
}

// Five draws of twelve bits from each word.
static void fill_halves(struct synth_stream *s, uint8_t *out, size_t n) {
    while (n) {
        uint64_t word = bits(s);
        size_t part = n < 5 ? n : 5;
        for (size_t i = 0; i < part; i++, out += 2, word >>= 12)
            memcpy(out, &s->table[word & (SYNTH_TABLE - 1)], 2);
        n -= part;
    }
}

// ---- streams ----------------------------------------------------------------

typedef void (*fill_fn)(struct synth_stream *s, uint8_t *out);

static const fill_fn fills[] = {
    [SYNTH_F32] = fill_f32,       [SYNTH_Q4_0] = fill_q4_0,
    [SYNTH_Q4_1] = fill_q4_1,     [SYNTH_Q5_0] = fill_q5_0,
    [SYNTH_Q5_1] = fill_q5_1,     [SYNTH_Q8_0] = fill_q8_0,
    [SYNTH_Q2_K] = fill_q2_k,     [SYNTH_Q3_K] = fill_q3_k,
    [SYNTH_Q4_K] = fill_q4_k,     [SYNTH_Q5_K] = fill_q5_k,
    [SYNTH_Q6_K] = fill_q6_k,     [SYNTH_IQ4_NL] = fill_iq4_nl,
    [SYNTH_IQ4_XS] = fill_iq4_xs,
};

static bool is_half(uint32_t type) {
    return type == SYNTH_F16 || type == SYNTH_BF16;
}

void synth_stream_init(struct synth_stream *s, uint32_t type, uint64_t seed,
                       float mean, float sigma) {
    s->state = seed;
    s->type = type;
    s->mean = mean;
    s->sigma = sigma;
    for (int i = 0; i < SYNTH_TABLE && is_half(type); i++) {
        float u = ((float)i + 0.5f) * (2.0f / SYNTH_TABLE) - 1.0f;
        float x = mean + sigma * 1.7320508f * u;
        s->table[i] = type == SYNTH_F16 ? f16_of(x) : bf16_of(x);
    }
}

void synth_stream_fill(struct synth_stream *s, uint8_t *out, size_t n_blocks) {
    if (is_half(s->type)) {
        fill_halves(s, out, n_blocks);
        return;
    }
    size_t block_bytes = tensor_type_find(s->type)->block_bytes;
    fill_fn fill = fills[s->type];
    for (size_t i = 0; i < n_blocks; i++, out += block_bytes)
        fill(s, out);
}
