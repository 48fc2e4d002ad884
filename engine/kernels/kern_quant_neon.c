// Products with quantised weights: a column of 16 rows, widened to 16 bits, is
// multiplied by one activation q - zero of each token and added to 32-bit sums,
// four rows to a register. All of it is exact; floats begin where the group's
// sum meets its scales.

#include "engine/kernels/kern_quant_neon.h"

// ---- activations ------------------------------------------------------------

// 16 activations: q and q16 are written, the sum of q - zero is returned.
static int quantize_half(const float *x, float inverse, int zero, uint8_t *q,
                         int16_t *q16) {
    static const uint8_t order[16] = {0, 1, 4,  5,  2,  3,  6,  7,
                                      8, 9, 12, 13, 10, 11, 14, 15};
    const int32x4_t offset = vdupq_n_s32(zero);
    int sum = 0;
    for (int i = 0; i < 16; i += 8) {
        int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i), inverse));
        int32x4_t b =
            vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i + 4), inverse));
        uint16x8_t v = vcombine_u16(vqmovun_s32(vaddq_s32(a, offset)),
                                    vqmovun_s32(vaddq_s32(b, offset)));
        uint8x8_t bytes = vqmovn_u16(v); // both saturate: 0..255
        vst1_u8(q + i, bytes);
        int16x8_t rest = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(bytes)),
                                   vdupq_n_s16((int16_t)zero));
        sum += vaddvq_s16(rest);
        uint8x16_t turned =
            vqtbl1q_u8(vreinterpretq_u8_s16(rest), vld1q_u8(order));
        vst1q_s16(q16 + i, vreinterpretq_s16_u8(turned));
    }
    return sum;
}

// Least and greatest of 32 activations and 0; false where one is not finite.
static bool limits(const float *x, float *low, float *high) {
    const float32x4_t inf = vdupq_n_f32(INFINITY);
    float32x4_t min = vdupq_n_f32(0.0f), max = min;
    uint32x4_t finite = vdupq_n_u32(UINT32_MAX);
    for (int i = 0; i < KERN_BLOCK; i += KERN_REG_FLOATS) {
        float32x4_t v = vld1q_f32(x + i);
        finite = vandq_u32(finite, vcaltq_f32(v, inf));
        min = vminq_f32(min, v);
        max = vmaxq_f32(max, v);
    }
    *low = vminvq_f32(min);
    *high = vmaxvq_f32(max);
    return vminvq_u32(finite) != 0;
}

static void quantize_block(const float *x, uint8_t *q, int16_t *q16,
                           struct kern_scale *s) {
    float low, high;
    bool finite = limits(x, &low, &high);
    float range = high - low;
    *s = (struct kern_scale){0};
    finite = finite && range < INFINITY;
    if (!finite || range < KERN_QUANT_TINY) {
        memset(q, 0, KERN_BLOCK * sizeof *q);
        memset(q16, 0, KERN_BLOCK * sizeof *q16);
        s->scale = s->sum = finite ? 0.0f : NAN;
        s->half_sum[0] = s->half_sum[1] = s->sum;
        return;
    }
    float inverse = KERN_QUANT_MAX / range;
    int zero = vcvtns_s32_f32(-low * inverse);
    int sum[2] = {quantize_half(x, inverse, zero, q, q16),
                  quantize_half(x + 16, inverse, zero, q + 16, q16 + 16)};
    s->scale = range / KERN_QUANT_MAX;
    s->minus_zero = -zero & 0xffff;
    s->minus_8_sum = -8 * (sum[0] + sum[1]);
    s->sum = s->scale * (float)(sum[0] + sum[1]);
    s->half_sum[0] = s->scale * (float)sum[0];
    s->half_sum[1] = s->scale * (float)sum[1];
}

void kern_quantize_neon(struct kern_input *in, int begin, int end) {
    size_t n_blocks = (size_t)in->n_cols / KERN_BLOCK;
    for (size_t i = (size_t)begin * n_blocks; i < (size_t)end * n_blocks; i++)
        quantize_block(in->x + i * KERN_BLOCK, in->q + i * KERN_BLOCK,
                       in->q16 + i * KERN_BLOCK, &in->scales[i]);
}

// ---- products ---------------------------------------------------------------

enum { MAX_TOKENS = 4, MAX_PANELS = 2, GROUP_QUADS = KERN_BLOCK / 4 };

// What a tile carries through its columns.
struct tile {
    struct kern_16_neon sum[MAX_TOKENS][MAX_PANELS];
    struct quant_block at[MAX_PANELS];
    const int16_t *q16;             // of the first token, at this group
    const struct kern_scale *scale; // the same
    size_t n_cols, n_groups;
};

// 32-bit sums of 16 rows.
struct sums {
    int32x4_t reg[KERN_PANEL_REGS];
};

// Adds column k of four times its activation of x, in the order 0, 2, 1, 3.
KERN_INLINE struct sums add_column(struct sums s, int16x8_t low, int16x8_t high,
                                   int16x4_t x, int k) {
#define PRODUCTS(lane)                                                         \
    s.reg[0] = vmlal_lane_s16(s.reg[0], vget_low_s16(low), x, lane);           \
    s.reg[1] = vmlal_high_lane_s16(s.reg[1], low, x, lane);                    \
    s.reg[2] = vmlal_lane_s16(s.reg[2], vget_low_s16(high), x, lane);          \
    s.reg[3] = vmlal_high_lane_s16(s.reg[3], high, x, lane)
    switch (k) {
    case 0:
        PRODUCTS(0);
        break;
    case 1:
        PRODUCTS(2);
        break;
    case 2:
        PRODUCTS(1);
        break;
    default:
        PRODUCTS(3);
    }
#undef PRODUCTS
    return s;
}

// Columns 4c..4c+3 of panel j in a group, times those of all tokens.
KERN_INLINE void add_quad(enum kern_type type, int nt, int j, int group, int c,
                          const struct tile *t,
                          struct sums isum[MAX_TOKENS][MAX_PANELS]) {
    uint8x16x4_t w = quant_quad(type, t->at[j].words, group, c);
    int16x4_t x[MAX_TOKENS];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        x[i] = vld1_s16(t->q16 + (size_t)i * t->n_cols + 4 * c);
    KERN_UNROLL
    for (int k = 0; k < 4; k++) {
        int8x16_t column = vreinterpretq_s8_u8(w.val[k]);
        int16x8_t low = vmovl_s8(vget_low_s8(column));
        int16x8_t high = vmovl_high_s8(column);
        KERN_UNROLL
        for (int i = 0; i < nt; i++)
            isum[i][j] = add_column(isum[i][j], low, high, x[i], k);
    }
}

// isum[i][j]: columns [4 * first, 4 * end) of a group.
KERN_INLINE void integer_sums(enum kern_type type, int nt, int np, int group,
                              int first, int end, const struct tile *t,
                              struct sums isum[MAX_TOKENS][MAX_PANELS]) {
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        int start = quant_shape(type).minus_8
                        ? t->scale[(size_t)i * t->n_groups].minus_8_sum
                        : 0;
        int32x4_t all = vdupq_n_s32(start);
        KERN_UNROLL
        for (int j = 0; j < np; j++)
            isum[i][j] = (struct sums){{all, all, all, all}};
    }
    for (int c = first; c < end; c++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        add_quad(type, nt, j, group, c, t, isum);
}

// The exact sums times both scales.
KERN_INLINE struct kern_16_neon add_scaled(struct kern_16_neon sum,
                                           struct sums isum,
                                           struct kern_16_neon scale,
                                           float x_scale) {
    KERN_UNROLL
    for (int i = 0; i < KERN_PANEL_REGS; i++)
        sum.reg[i] = vfmaq_f32(sum.reg[i], vcvtq_f32_s32(isum.reg[i]),
                               vmulq_n_f32(scale.reg[i], x_scale));
    return sum;
}

// 32 columns, or the half of them that has a scale of its own, of all tokens
// and panels.
KERN_INLINE void add_part(enum kern_type type, int nt, int np, int group,
                          int half, const struct quant_scales *scales,
                          struct tile *t) {
    const struct quant_shape shape = quant_shape(type);
    int quads = GROUP_QUADS / shape.n_scales;
    int index = group * shape.n_scales + half;
    struct sums isum[MAX_TOKENS][MAX_PANELS];
    integer_sums(type, nt, np, group, half * quads, (half + 1) * quads, t,
                 isum);
    KERN_UNROLL
    for (int j = 0; j < np; j++) {
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            const struct kern_scale *s = &t->scale[(size_t)i * t->n_groups];
            struct kern_16_neon *sum = &t->sum[i][j];
            *sum =
                add_scaled(*sum, isum[i][j], scales[j].scale[index], s->scale);
            if (shape.has_min)
                *sum = kern_fma_neon(*sum, scales[j].min[index],
                                     shape.n_scales == 1 ? s->sum
                                                         : s->half_sum[half]);
        }
    }
}

KERN_INLINE void multiply(enum kern_type type, int nt, int np,
                          const struct kern_tile *to) {
    const struct quant_shape shape = quant_shape(type);
    struct tile t = {.q16 = to->q16,
                     .scale = to->scales,
                     .n_cols = to->n_cols,
                     .n_groups = to->n_cols / KERN_BLOCK};
    struct quant_scales scales[MAX_PANELS];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        t.sum[i][j] = kern_zeros_neon();
    size_t n_blocks = t.n_groups / (size_t)shape.block_groups;
    for (size_t b = 0; b < n_blocks; b++) {
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            t.at[j] =
                quant_block(type, to->panel + (size_t)j * to->panel_bytes, b);
            quant_scales(type, t.at[j], &scales[j]);
        }
        for (int g = 0; g < shape.block_groups; g++) {
            for (int half = 0; half < shape.n_scales; half++)
                add_part(type, nt, np, g, half, scales, &t);
            t.q16 += KERN_BLOCK;
            t.scale++;
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        kern_store_neon(to->y + (size_t)i * to->y_stride + j * KERN_PANEL_ROWS,
                        t.sum[i][j], to->n_rows - j * KERN_PANEL_ROWS);
}

// 32 registers: 4 * nt * np sums, a word of weights and a column widened.
#define TILE(type, nt, np)                                                     \
    static void type##_##nt##x##np(const struct kern_tile *t) {                \
        multiply(KERN_##type, nt, np, t);                                      \
    }
#define TILES(type)                                                            \
    TILE(type, 1, 1)                                                           \
    TILE(type, 1, 2)                                                           \
    TILE(type, 2, 1)                                                           \
    TILE(type, 4, 1)                                                           \
    static const struct kern_tile_set type##_tiles = {                         \
        .most = {0, 2, 1, 0, 1, 0, 0, 0, 0},                                   \
        .fn = {[1] = {NULL, type##_1x1, type##_1x2},                           \
               [2] = {NULL, type##_2x1},                                       \
               [4] = {NULL, type##_4x1}},                                      \
    };

QUANT_TYPES(TILES)

#define ENTRY(type) [KERN_##type] = &type##_tiles,
static const struct kern_tile_set *const tiles[] = {QUANT_TYPES(ENTRY)};

void kern_matmul_quant_neon(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end) {
    kern_tile_matmul(tiles[w->type], w, in, y, y_stride, begin, end);
}
