// Products of quantised weights with several tokens. Unpacking a weight costs
// as much as a product or two; here it is paid once for all tokens: PART_GROUPS
// groups of one panel are unpacked to a buffer that stays in L1, then the
// tokens pass by, TILE_TOKENS at a time, so many that their integer sums fit
// the registers. Float sums wait in memory between two parts, so every element
// sees the operations of kern_quant_avx2.c in the same order.
//
// The limit is the rate of vector instructions: 4096 multiplications and
// additions (32 columns, 16 rows, 4 tokens) take 280 of them for Q8_0, 168 for
// Q4_0 and 224 for Q6_K, beside loads. A core with three vector ports at 3.0
// GHz (Sapphire Rapids, 64 tokens, matrix in L2) reaches 115 of 132, 181 of 219
// and 127 of 164 Gop/s.

#include "engine/kernels/kern_quant_avx2.h"

enum {
    PART_GROUPS = 8,  // groups unpacked at a time, a block of the K types
    TILE_TOKENS = 4,  // tokens whose integer sums stay in registers
    STRIP_TOKENS = 32 // tokens that pass by an unpacked part
};

// ---- unpacking --------------------------------------------------------------

// Up to PART_GROUPS groups of one panel. Halves stand side by side; wide
// weights are those of the even columns, then those of the odd.
struct part {
    __m256i w[PART_GROUPS * QUANT_GROUP_QUADS * 4];
    __m256i weights[QUANT_MAX_SCALES][2]; // sums of those that share a scale
    struct quant_scales scales;
};

KERN_INLINE void unpack_wide(enum kern_type type, int base, int part,
                             const char *words, __m256i *to) {
    KERN_UNROLL
    for (int c = 0; c < QUANT_GROUP_QUADS; c++)
        KERN_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i w = quant_quad(type, words, base, part, c, half);
        to[c * 4 + half] = quant_even(w);
        to[c * 4 + 2 + half] = quant_odd(w);
    }
}

KERN_INLINE void unpack_narrow(enum kern_type type, int base, int part,
                               const char *words, __m256i *to,
                               __m256i weights[][2]) {
    int quads = QUANT_GROUP_QUADS / quant_shape(type).n_scales;
    int less =
        8 * (quant_unpacked_range(type).eights - quant_range(type).eights);
    __m256i sum[2];
    KERN_UNROLL
    for (int c = 0; c < QUANT_GROUP_QUADS; c++)
        KERN_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i w = quant_quad(type, words, base, part, c, half);
        if (less) w = _mm256_sub_epi8(w, _mm256_set1_epi8((char)less));
        to[c * 2 + half] = w;
        sum[half] = c % quads ? _mm256_add_epi8(sum[half], w) : w;
        if (c % quads == quads - 1)
            weights[c / quads][half] = quant_widen(
                _mm256_maddubs_epi16(_mm256_set1_epi8(1), sum[half]));
    }
}

// Groups [first, first + n_groups) of a panel, whole blocks.
KERN_INLINE void unpack(enum kern_type type, const char *panel, size_t first,
                        int n_groups, struct part *p) {
    const struct quant_shape shape = quant_shape(type);
    int size = QUANT_GROUP_QUADS * (quant_range(type).wide ? 4 : 2);
    for (int b = 0; b < n_groups; b += shape.block_groups) {
        struct quant_block at = quant_block(
            type, panel, (first + (size_t)b) / (size_t)shape.block_groups);
        quant_scales(type, at, 0, b, &p->scales);
        quant_scales(type, at, 1, b, &p->scales);
        KERN_UNROLL
        for (int g = 0; g < shape.block_groups; g += shape.pair)
            KERN_UNROLL
        for (int i = 0; i < shape.pair; i++) {
            int group = b + g + i;
            if (quant_range(type).wide)
                unpack_wide(type, g, i, at.words, p->w + group * size);
            else
                unpack_narrow(type, g, i, at.words, p->w + group * size,
                              p->weights + group * shape.n_scales);
        }
    }
}

#define UNPACK(type)                                                           \
    static void type##_unpack(const char *panel, size_t first, int n_groups,   \
                              struct part *p) {                                \
        unpack(KERN_##type, panel, first, n_groups, p);                        \
    }
QUANT_TYPES(UNPACK)

// ---- products ---------------------------------------------------------------

// gcc would rather compute a pointer for every load than keep one per token.
#define KEEP_POINTER(p) __asm__("" : "+r"(p))

// isum: columns of one scale; w: their weights; at: the tokens at their group.
KERN_INLINE void narrow_sums(int nt, int run, int first, int end,
                             const __m256i *w, const __m256i weights[2],
                             const struct quant_token at[TILE_TOKENS],
                             __m256i isum[TILE_TOKENS][2]) {
    __m256i pairs[TILE_TOKENS][2];
    KERN_UNROLL
    for (int c = first; c < end; c++) {
        __m256i u = w[c * 2], v = w[c * 2 + 1];
        KERN_KEEP(u);
        KERN_KEEP(v);
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            __m256i x = quant_four_bytes(at[i].x + 4 * c);
            __m256i a = _mm256_maddubs_epi16(x, u);
            __m256i b = _mm256_maddubs_epi16(x, v);
            pairs[i][0] = c % run == 0 ? a : _mm256_add_epi16(pairs[i][0], a);
            pairs[i][1] = c % run == 0 ? b : _mm256_add_epi16(pairs[i][1], b);
            KERN_KEEP(pairs[i][0]);
            KERN_KEEP(pairs[i][1]);
        }
        if (c % run != run - 1) continue;
        KERN_UNROLL
        for (int i = 0; i < nt; i++)
            KERN_UNROLL
        for (int half = 0; half < 2; half++) {
            __m256i sum = quant_widen(pairs[i][half]);
            isum[i][half] =
                c < first + run ? sum : _mm256_add_epi32(isum[i][half], sum);
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        __m256i zero = quant_four_bytes(&at[i].scales->minus_zero);
        KERN_UNROLL
        for (int half = 0; half < 2; half++)
            isum[i][half] = _mm256_add_epi32(
                isum[i][half], _mm256_madd_epi16(weights[half], zero));
    }
}

KERN_INLINE void wide_sums(int nt, const __m256i *w,
                           const struct quant_token at[TILE_TOKENS],
                           __m256i isum[TILE_TOKENS][2]) {
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        isum[i][0] = isum[i][1] = _mm256_setzero_si256();
    KERN_UNROLL
    for (int c = 0; c < QUANT_GROUP_QUADS * 2; c++) {
        __m256i u = w[c * 2], v = w[c * 2 + 1];
        KERN_KEEP(u);
        KERN_KEEP(v);
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            __m256i x = quant_four_bytes(at[i].x + 4 * c);
            isum[i][0] = _mm256_add_epi32(isum[i][0], _mm256_madd_epi16(x, u));
            isum[i][1] = _mm256_add_epi32(isum[i][1], _mm256_madd_epi16(x, v));
            KERN_KEEP(isum[i][0]);
            KERN_KEEP(isum[i][1]);
        }
    }
}

// Columns of a panel that were unpacked, and their tokens.
struct columns {
    const struct kern_input *in;
    size_t first; // group
    int n_groups;
    uintptr_t ahead;    // the weights that come next, may end beyond the last:
    size_t ahead_bytes; // so many to prefetch with each group
};

KERN_INLINE void group_of_tile(struct quant_rule rule, int nt,
                               const struct part *p, int g,
                               const struct quant_token at[TILE_TOKENS],
                               __m256 sum[TILE_TOKENS][2]) {
    const int quads = QUANT_GROUP_QUADS / rule.n_scales;
    const __m256i *w = p->w + g * QUANT_GROUP_QUADS * (rule.range.wide ? 4 : 2);
    KERN_UNROLL
    for (int k = 0; k < rule.n_scales; k++) {
        int index = g * rule.n_scales + k;
        __m256i isum[TILE_TOKENS][2];
        if (rule.range.wide)
            wide_sums(nt, w, at, isum);
        else
            narrow_sums(nt, rule.range.quads, k * quads, (k + 1) * quads, w,
                        p->weights[index], at, isum);
        KERN_UNROLL
        for (int i = 0; i < nt; i++)
            quant_add_scaled(rule, k, isum[i], p->scales.scale[index],
                             p->scales.min[index], at[i].scales, sum[i]);
    }
}

// The part for nt tokens, added to sums.
KERN_INLINE void tile(enum kern_type type, int nt, const struct part *p,
                      const struct columns *c, int token, __m256 sums[][2]) {
    const struct quant_shape shape = quant_shape(type);
    const struct quant_rule rule = {quant_unpacked_range(type), shape.n_scales,
                                    shape.has_min};
    uintptr_t ahead = c->ahead;
    struct quant_token at[TILE_TOKENS];
    __m256 sum[TILE_TOKENS][2];
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        at[i] = quant_token_at(c->in, rule.range.wide, token + i, c->first);
        sum[i][0] = sums[i][0];
        sum[i][1] = sums[i][1];
    }
    for (int g = 0; g < c->n_groups; g++) {
        group_of_tile(rule, nt, p, g, at, sum);
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            quant_next_group(&at[i], rule.range.wide);
            KEEP_POINTER(at[i].x);
        }
        for (size_t i = 0; i < c->ahead_bytes; i += 64)
            _mm_prefetch((const char *)(ahead + i), _MM_HINT_T0);
        ahead += c->ahead_bytes;
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        sums[i][0] = sum[i][0];
        sums[i][1] = sum[i][1];
    }
}

typedef void (*tile_fn)(const struct part *p, const struct columns *c,
                        int token, __m256 sums[][2]);

#define TILE(type, nt)                                                         \
    static void type##_##nt(const struct part *p, const struct columns *c,     \
                            int token, __m256 sums[][2]) {                     \
        tile(KERN_##type, nt, p, c, token, sums);                              \
    }
#define TILES(type)                                                            \
    TILE(type, 1)                                                              \
    TILE(type, 2)                                                              \
    TILE(type, 3)                                                              \
    TILE(type, 4)                                                              \
    static const tile_fn type##_tiles[] = {NULL, type##_1, type##_2, type##_3, \
                                           type##_4};

TILES(Q4_0)
TILES(Q4_1)
TILES(Q5_0)
TILES(Q5_1)
TILES(Q8_0)
TILES(Q2_K)
TILES(Q3_K)
TILES(Q6_K)

// ---- all types --------------------------------------------------------------

struct functions {
    void (*unpack)(const char *panel, size_t first, int n_groups,
                   struct part *p);
    const tile_fn *tiles; // [1 + TILE_TOKENS]
};

// Unpacked, types of equal ranges and shapes are multiplied alike.
static const struct functions functions[] = {
    [KERN_Q4_0] = {Q4_0_unpack, Q4_0_tiles},
    [KERN_Q4_1] = {Q4_1_unpack, Q4_1_tiles},
    [KERN_Q5_0] = {Q5_0_unpack, Q5_0_tiles},
    [KERN_Q5_1] = {Q5_1_unpack, Q5_1_tiles},
    [KERN_Q8_0] = {Q8_0_unpack, Q8_0_tiles},
    [KERN_Q2_K] = {Q2_K_unpack, Q2_K_tiles},
    [KERN_Q3_K] = {Q3_K_unpack, Q3_K_tiles},
    [KERN_Q4_K] = {Q4_K_unpack, Q4_1_tiles},
    [KERN_Q5_K] = {Q5_K_unpack, Q5_1_tiles},
    [KERN_Q6_K] = {Q6_K_unpack, Q6_K_tiles},
    [KERN_IQ4_NL] = {IQ4_NL_unpack, Q8_0_tiles},
    [KERN_IQ4_XS] = {IQ4_XS_unpack, Q8_0_tiles},
};

// One panel for n tokens.
static void panel_of_strip(const struct kern_matrix *w, const char *panel,
                           const struct kern_input *in, int token, int n,
                           __m256 sums[STRIP_TOKENS][2]) {
    const struct functions *f = &functions[w->type];
    struct part p;
    size_t n_groups = (size_t)in->n_cols / KERN_BLOCK;
    size_t group_bytes = w->panel_bytes / n_groups;
    size_t n_tiles = ((size_t)n + TILE_TOKENS - 1) / TILE_TOKENS;
    struct columns c = {.in = in,
                        .ahead_bytes = (group_bytes / n_tiles + 63) / 64 * 64};
    for (int i = 0; i < n; i++)
        sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    for (; c.first < n_groups; c.first += PART_GROUPS) {
        size_t left = n_groups - c.first;
        c.n_groups = left < PART_GROUPS ? (int)left : PART_GROUPS;
        c.ahead = (uintptr_t)panel + (c.first + PART_GROUPS) * group_bytes;
        f->unpack(panel, c.first, c.n_groups, &p);
        for (int i = 0, nt; i < n; i += nt) {
            nt = n - i < TILE_TOKENS ? n - i : TILE_TOKENS;
            f->tiles[nt](&p, &c, token + i, sums + i);
            c.ahead += c.ahead_bytes * PART_GROUPS;
        }
    }
}

void kern_matmul_wide_avx2(const struct kern_matrix *w,
                           const struct kern_input *in, float *y, int y_stride,
                           int begin, int end) {
    __m256 sums[STRIP_TOKENS][2];
    for (int token = 0, n; token < in->n_tokens; token += n) {
        n = in->n_tokens - token;
        if (n > STRIP_TOKENS) n = STRIP_TOKENS;
        for (int p = begin; p < end; p++) {
            int row = p * KERN_PANEL_ROWS;
            panel_of_strip(w,
                           (const char *)w->panels + (size_t)p * w->panel_bytes,
                           in, token, n, sums);
            for (int i = 0; i < n; i++)
                kern_store_avx2(y + (size_t)(token + i) * (size_t)y_stride +
                                    row,
                                sums[i][0], sums[i][1], w->n_rows - row);
        }
    }
}
