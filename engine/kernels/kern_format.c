// The formats as ggml-quants.c (llama.cpp) defines them. Scales and minima are
// computed with one rounding each, as the vector kernels do it.

#include "engine/kernels/kern_format.h"

#include "engine/kernels/kern_math.h"

#include <string.h>

const int8_t kern_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                    1,    13,   25,  38,  53,  69,  89,  113};

static uint32_t load_u16(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8;
}

static float load_half(const uint8_t *p) {
    return kern_f16_to_f32((uint16_t)load_u16(p));
}

static void one_scale(struct kern_group *g, float scale, float min) {
    g->scale[0] = g->scale[1] = scale;
    g->min[0] = g->min[1] = min;
}

// 16 bytes: low nibbles are columns 0 to 15, high nibbles 16 to 31.
static void nibbles(const uint8_t *qs, int offset, int8_t q[KERN_BLOCK]) {
    for (int i = 0; i < 16; i++) {
        q[i] = (int8_t)((qs[i] & 15) - offset);
        q[i + 16] = (int8_t)((qs[i] >> 4) - offset);
    }
}

// Adds 16 where bit c of the four bytes is set, then `offset` less.
static void fifth_bits(const uint8_t *qh, int offset, int8_t q[KERN_BLOCK]) {
    for (int c = 0; c < KERN_BLOCK; c++)
        q[c] = (int8_t)(q[c] + (qh[c / 8] >> c % 8 & 1) * 16 - offset);
}

static void decode_q4_0(const uint8_t *b, int group, struct kern_group *g) {
    (void)group;
    one_scale(g, load_half(b), 0);
    nibbles(b + 2, 8, g->q);
}

static void decode_q4_1(const uint8_t *b, int group, struct kern_group *g) {
    (void)group;
    one_scale(g, load_half(b), load_half(b + 2));
    nibbles(b + 4, 0, g->q);
}

static void decode_q5_0(const uint8_t *b, int group, struct kern_group *g) {
    (void)group;
    one_scale(g, load_half(b), 0);
    nibbles(b + 6, 0, g->q);
    fifth_bits(b + 2, 16, g->q);
}

static void decode_q5_1(const uint8_t *b, int group, struct kern_group *g) {
    (void)group;
    one_scale(g, load_half(b), load_half(b + 2));
    nibbles(b + 8, 0, g->q);
    fifth_bits(b + 4, 0, g->q);
}

static void decode_q8_0(const uint8_t *b, int group, struct kern_group *g) {
    (void)group;
    one_scale(g, load_half(b), 0);
    memcpy(g->q, b + 2, KERN_BLOCK);
}

static void decode_iq4_nl(const uint8_t *b, int group, struct kern_group *g) {
    (void)group;
    one_scale(g, load_half(b), 0);
    nibbles(b + 2, 0, g->q);
    for (int c = 0; c < KERN_BLOCK; c++)
        g->q[c] = kern_iq4_values[g->q[c]];
}

// scales[16], qs[64], d, dmin. Four groups share 32 bytes, two bits each.
static void decode_q2_k(const uint8_t *b, int group, struct kern_group *g) {
    const uint8_t *qs = b + 16 + group / 4 * 32;
    float d = load_half(b + 80), dmin = load_half(b + 82);
    for (int h = 0; h < 2; h++) {
        g->scale[h] = d * (float)(b[2 * group + h] & 15);
        g->min[h] = -(dmin * (float)(b[2 * group + h] >> 4));
    }
    for (int c = 0; c < KERN_BLOCK; c++)
        g->q[c] = (int8_t)(qs[c] >> group % 4 * 2 & 3);
}

// Twelve bytes hold 16 scales of six bits: four low ones in nibbles, then two
// high ones of scale s at bit 2 * (s / 4) of byte 8 + s % 4.
static int scale_of_q3_k(const uint8_t *scales, int s) {
    int low = scales[s % 8] >> s / 8 * 4 & 15;
    int high = scales[8 + s % 4] >> s / 4 * 2 & 3;
    return (low | high << 4) - 32;
}

// hmask[32], qs[64], scales[12], d. Bit `group` of hmask: no 4 is subtracted.
static void decode_q3_k(const uint8_t *b, int group, struct kern_group *g) {
    const uint8_t *qs = b + 32 + group / 4 * 32;
    float d = load_half(b + 108);
    one_scale(g, 0, 0);
    for (int h = 0; h < 2; h++)
        g->scale[h] = d * (float)scale_of_q3_k(b + 96, 2 * group + h);
    for (int c = 0; c < KERN_BLOCK; c++)
        g->q[c] = (int8_t)((qs[c] >> group % 4 * 2 & 3) -
                           (b[c] >> group & 1 ? 0 : 4));
}

// d, dmin, scales[12] of eight scales and eight minima of six bits.
static void scales_of_q4_k(const uint8_t *b, int group, struct kern_group *g) {
    const uint8_t *s = b + 4 + group % 4;
    int scale = s[0] & 63, min = s[4] & 63;
    if (group >= 4) {
        scale = (s[8] & 15) | s[0] >> 6 << 4;
        min = s[8] >> 4 | s[4] >> 6 << 4;
    }
    one_scale(g, load_half(b) * (float)scale, -(load_half(b + 2) * (float)min));
}

// Two groups share 32 bytes, a nibble each.
static void nibbles_of_pair(const uint8_t *qs, int group,
                            int8_t q[KERN_BLOCK]) {
    for (int c = 0; c < KERN_BLOCK; c++)
        q[c] = (int8_t)(qs[group / 2 * 32 + c] >> group % 2 * 4 & 15);
}

static void decode_q4_k(const uint8_t *b, int group, struct kern_group *g) {
    scales_of_q4_k(b, group, g);
    nibbles_of_pair(b + 16, group, g->q);
}

// qh[32] before qs: bit `group` of byte c is worth 16.
static void decode_q5_k(const uint8_t *b, int group, struct kern_group *g) {
    scales_of_q4_k(b, group, g);
    nibbles_of_pair(b + 48, group, g->q);
    for (int c = 0; c < KERN_BLOCK; c++)
        g->q[c] = (int8_t)(g->q[c] + (b[16 + c] >> group & 1) * 16);
}

// ql[128], qh[64], scales[16] (signed), d. In each half of 128 columns, groups
// 0 and 1 are low nibbles of 32 bytes each, 2 and 3 the high ones.
static void decode_q6_k(const uint8_t *b, int group, struct kern_group *g) {
    int half = group / 4, part = group % 4;
    const uint8_t *low = b + half * 64 + part % 2 * 32;
    const uint8_t *high = b + 128 + half * 32;
    float d = load_half(b + 208);
    one_scale(g, 0, 0);
    for (int h = 0; h < 2; h++)
        g->scale[h] = d * (float)(int8_t)b[192 + 2 * group + h];
    for (int c = 0; c < KERN_BLOCK; c++)
        g->q[c] = (int8_t)((low[c] >> part / 2 * 4 & 15) +
                           (high[c] >> part * 2 & 3) * 16 - 32);
}

// d, scales_h (two bits a group), scales_l[4] (four bits), qs[128].
static void decode_iq4_xs(const uint8_t *b, int group, struct kern_group *g) {
    int low = b[4 + group / 2] >> group % 2 * 4 & 15;
    int high = (int)(load_u16(b + 2) >> group * 2 & 3);
    one_scale(g, load_half(b) * (float)((low | high << 4) - 32), 0);
    nibbles(b + 8 + group * 16, 0, g->q);
    for (int c = 0; c < KERN_BLOCK; c++)
        g->q[c] = kern_iq4_values[g->q[c]];
}

// clang-format off
static const struct kern_format formats[] = {
    // name     cols bytes unit
    [KERN_F32]    = {"F32",  1,   4, 1, .fields = {{FIELD_FLOAT, 0, 1}}},
    [KERN_F16]    = {"F16",  1,   2, 1, .fields = {{FIELD_HALF, 0, 0}}},
    [KERN_BF16]   = {"BF16", 1,   2, 1, .fields = {{FIELD_BF16, 0, 0}}},
    [KERN_Q4_0]   = {"Q4_0", 32, 18, 2, .decode = decode_q4_0,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_WORDS, 2, 4}}},
    [KERN_Q4_1]   = {"Q4_1", 32, 20, 1, .decode = decode_q4_1, .has_min = true,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_HALF, 2, 0},
                                {FIELD_WORDS, 4, 4}}},
    [KERN_Q5_0]   = {"Q5_0", 32, 22, 2, .decode = decode_q5_0,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_WORDS, 2, 5}}},
    [KERN_Q5_1]   = {"Q5_1", 32, 24, 1, .decode = decode_q5_1, .has_min = true,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_HALF, 2, 0},
                                {FIELD_WORDS, 4, 5}}},
    [KERN_Q8_0]   = {"Q8_0", 32, 34, 2, .decode = decode_q8_0,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_WORDS, 2, 8}}},
    [KERN_Q2_K]   = {"Q2_K", 256, 84, 1, .decode = decode_q2_k,
                     .has_halves = true, .has_min = true,
                     .fields = {{FIELD_HALF, 80, 0}, {FIELD_HALF, 82, 0},
                                {FIELD_WORDS, 0, 20}}},
    [KERN_Q3_K]   = {"Q3_K", 256, 110, 1, .decode = decode_q3_k,
                     .has_halves = true,
                     .fields = {{FIELD_WIDE, 108, 0}, {FIELD_WORDS, 0, 27}}},
    [KERN_Q4_K]   = {"Q4_K", 256, 144, 1, .decode = decode_q4_k,
                     .has_min = true,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_HALF, 2, 0},
                                {FIELD_WORDS, 4, 35}}},
    [KERN_Q5_K]   = {"Q5_K", 256, 176, 1, .decode = decode_q5_k,
                     .has_min = true,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_HALF, 2, 0},
                                {FIELD_WORDS, 4, 43}}},
    [KERN_Q6_K]   = {"Q6_K", 256, 210, 1, .decode = decode_q6_k,
                     .has_halves = true,
                     .fields = {{FIELD_WIDE, 208, 0}, {FIELD_WORDS, 0, 52}}},
    [KERN_IQ4_NL] = {"IQ4_NL", 32, 18, 2, .decode = decode_iq4_nl,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_WORDS, 2, 4}}},
    [KERN_IQ4_XS] = {"IQ4_XS", 256, 136, 1, .decode = decode_iq4_xs,
                     .fields = {{FIELD_HALF, 0, 0}, {FIELD_BITS, 2, 0},
                                {FIELD_WORDS, 4, 33}}},
};
// clang-format on

enum { N_FORMATS = sizeof formats / sizeof *formats };

const struct kern_format *kern_format(enum kern_type type) {
    unsigned i = (unsigned)type;
    return i < N_FORMATS && formats[i].name ? &formats[i] : NULL;
}

const char *kern_type_name(enum kern_type type) {
    const struct kern_format *f = kern_format(type);
    return f ? f->name : "?";
}

bool kern_is_quantized(enum kern_type type) {
    const struct kern_format *f = kern_format(type);
    return f && f->decode;
}

size_t kern_row_bytes(enum kern_type type, int n_cols) {
    const struct kern_format *f = kern_format(type);
    if (!f || n_cols <= 0 || n_cols % f->block_cols) return 0;
    return (size_t)(n_cols / f->block_cols) * (size_t)f->block_bytes;
}

void kern_block_to_f32(const struct kern_format *f, const uint8_t *block,
                       float *out) {
    struct kern_group g;
    for (int c = 0; c < f->block_cols; c += KERN_BLOCK) {
        f->decode(block, c / KERN_BLOCK, &g);
        for (int i = 0; i < KERN_BLOCK; i++)
            out[c + i] = fmaf(g.scale[i / 16], (float)g.q[i], g.min[i / 16]);
    }
}

void kern_row_to_f32(enum kern_type type, const void *row, int n_cols,
                     float *out) {
    const struct kern_format *f = kern_format(type);
    const uint8_t *bytes = row;
    if (f->decode) {
        for (int c = 0; c < n_cols; c += f->block_cols, bytes += f->block_bytes)
            kern_block_to_f32(f, bytes, out + c);
    } else if (type == KERN_F32) {
        memcpy(out, row, (size_t)n_cols * sizeof *out);
    } else if (type == KERN_F16) {
        for (int c = 0; c < n_cols; c++)
            out[c] = kern_f16_to_f32((uint16_t)load_u16(bytes + 2 * c));
    } else {
        for (int c = 0; c < n_cols; c++)
            out[c] = kern_bf16_to_f32((uint16_t)load_u16(bytes + 2 * c));
    }
}
