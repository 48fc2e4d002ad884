// Products with quantised weights: vpdpbusd adds four products of an unsigned
// activation and a signed weight to each row's 32-bit sum. That sum is of
// q * weight; what is wanted is (q - zero) * weight, so the sum of the weights,
// found once for all tokens of a tile, is taken away `zero` times. All of it is
// exact; floats begin where the group's sum meets its scales.

#include "engine/kernels/kern_quant_avx512.h"

enum {
    MAX_TOKENS = 8,
    MAX_PANELS = 4,
    GROUP_QUADS = KERN_BLOCK / 4,
    AHEAD = 4096, // bytes
};

// What a tile carries through its columns.
struct tile {
    __m512 sum[MAX_TOKENS][MAX_PANELS];
    struct quant_block at[MAX_PANELS];
    const uint8_t *q;               // of the first token, at this group
    const struct kern_scale *scale; // the same
    size_t n_cols, n_groups;
    size_t ahead; // bytes from here to what is asked for
};

// isum[i][j]: columns [4 * first, 4 * end) of a group, zero taken away.
KERN_INLINE void integer_sums(enum kern_type type, int nt, int np, int first,
                              int end, int base, int part, const struct tile *t,
                              __m512i isum[MAX_TOKENS][MAX_PANELS]) {
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i weights[MAX_PANELS];
    KERN_UNROLL
    for (int j = 0; j < np; j++)
        weights[j] = _mm512_setzero_si512();
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        __m512i start = quant_shape(type).minus_8
                            ? _mm512_set1_epi32(
                                  t->scale[(size_t)i * t->n_groups].minus_8_sum)
                            : _mm512_setzero_si512();
        KERN_UNROLL
        for (int j = 0; j < np; j++)
            isum[i][j] = start;
    }
    KERN_UNROLL
    for (int c = first; c < end; c++) {
        __m512i w[MAX_PANELS];
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            w[j] = quant_quad(type, t->at[j].words, base, part, c);
            weights[j] = quant_add_quads(weights[j], ones, w[j]);
        }
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            int32_t quad;
            memcpy(&quad, t->q + (size_t)i * t->n_cols + 4 * c, sizeof quad);
            __m512i x = _mm512_set1_epi32(quad);
            KERN_UNROLL
            for (int j = 0; j < np; j++)
                isum[i][j] = quant_add_quads(isum[i][j], x, w[j]);
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        __m512i zero =
            _mm512_set1_epi32(t->scale[(size_t)i * t->n_groups].minus_zero);
        KERN_UNROLL
        for (int j = 0; j < np; j++)
            isum[i][j] = quant_add_pairs(isum[i][j], weights[j], zero);
    }
}

// Asks for what is t->ahead of group `number` of a block: the hardware alone
// leaves a sixth of the memory's bandwidth unused, and a whole block at once is
// more than it can have under way. Reaching past the panels' end does no harm:
// the address is never read.
KERN_INLINE void prefetch_group(enum kern_type type, const struct tile *t,
                                int j, int number) {
    const int groups = quant_shape(type).block_groups;
    const int lines = (quant_words(type) + groups) / groups;
    uintptr_t from = (uintptr_t)t->at[j].words - QUANT_WORD_BYTES + t->ahead +
                     (uintptr_t)(number * lines * QUANT_WORD_BYTES);
    KERN_UNROLL
    for (int i = 0; i < lines; i++)
        _mm_prefetch((const char *)(from + (uintptr_t)(i * QUANT_WORD_BYTES)),
                     _MM_HINT_T0);
}

// Group base + part, 32 columns, of all tokens and panels.
KERN_INLINE void group(enum kern_type type, int nt, int np, int base, int part,
                       const struct quant_scales *scales, struct tile *t) {
    const struct quant_shape shape = quant_shape(type);
    int quads = GROUP_QUADS / shape.n_scales;
    KERN_UNROLL
    for (int j = 0; j < np; j++)
        prefetch_group(type, t, j, base + part);
    KERN_UNROLL
    for (int h = 0; h < shape.n_scales; h++) {
        __m512i isum[MAX_TOKENS][MAX_PANELS];
        integer_sums(type, nt, np, h * quads, (h + 1) * quads, base, part, t,
                     isum);
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            int index = (base + part) * shape.n_scales + h;
            __m512 scale = scales[j].scale[index];
            KERN_UNROLL
            for (int i = 0; i < nt; i++) {
                const struct kern_scale *s = &t->scale[(size_t)i * t->n_groups];
                __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(s->scale));
                t->sum[i][j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(isum[i][j]),
                                               both, t->sum[i][j]);
                if (shape.has_min)
                    t->sum[i][j] = _mm512_fmadd_ps(
                        scales[j].min[index],
                        _mm512_set1_ps(shape.n_scales == 1 ? s->sum
                                                           : s->half_sum[h]),
                        t->sum[i][j]);
            }
        }
    }
    t->q += KERN_BLOCK;
    t->scale++;
}

KERN_INLINE void store(int nt, int np, const struct kern_tile *to,
                       const struct tile *t) {
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        _mm512_mask_storeu_ps(
            to->y + (size_t)i * to->y_stride + j * KERN_PANEL_ROWS,
            kern_mask_avx512(to->n_rows - j * KERN_PANEL_ROWS), t->sum[i][j]);
}

KERN_INLINE void multiply(enum kern_type type, int nt, int np,
                          const struct kern_tile *to) {
    const struct quant_shape shape = quant_shape(type);
    struct tile t = {.q = to->q,
                     .scale = to->scales,
                     .n_cols = to->n_cols,
                     .n_groups = to->n_cols / KERN_BLOCK};
    struct quant_scales scales[MAX_PANELS];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        t.sum[i][j] = _mm512_setzero_ps();
    size_t n_blocks = t.n_groups / (size_t)shape.block_groups;
    for (size_t b = 0; b < n_blocks; b++) {
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            t.at[j] =
                quant_block(type, to->panel + (size_t)j * to->panel_bytes, b);
            quant_scales(type, t.at[j], &scales[j]);
        }
        // Near a panel's end: the beginning of the one np further on.
        size_t at = (size_t)(t.at[0].words - to->panel);
        t.ahead = AHEAD;
        if (at + AHEAD >= to->panel_bytes)
            t.ahead += (size_t)(np - 1) * to->panel_bytes;
        for (int g = 0; g < shape.block_groups; g += shape.pair)
            KERN_UNROLL
        for (int part = 0; part < shape.pair; part++)
            group(type, nt, np, g, part, scales, &t);
    }
    store(nt, np, to, &t);
}

#define TILE(type, nt, np)                                                     \
    static void type##_##nt##x##np(const struct kern_tile *t) {                \
        multiply(KERN_##type, nt, np, t);                                      \
    }
#define TILES(type)                                                            \
    TILE(type, 1, 1)                                                           \
    TILE(type, 1, 2)                                                           \
    TILE(type, 2, 1)                                                           \
    TILE(type, 2, 2)                                                           \
    TILE(type, 4, 1)                                                           \
    TILE(type, 4, 2)                                                           \
    TILE(type, 6, 1)                                                           \
    TILE(type, 6, 2)                                                           \
    TILE(type, 8, 1)                                                           \
    TILE(type, 8, 2)                                                           \
    static const struct kern_tile_set type##_tiles = {                         \
        .most = {0, 2, 2, 0, 2, 0, 2, 0, 2},                                   \
        .fn = {[1] = {NULL, type##_1x1, type##_1x2},                           \
               [2] = {NULL, type##_2x1, type##_2x2},                           \
               [4] = {NULL, type##_4x1, type##_4x2},                           \
               [6] = {NULL, type##_6x1, type##_6x2},                           \
               [8] = {NULL, type##_8x1, type##_8x2}},                          \
    };

QUANT_TYPES(TILES)

#define ENTRY(type) [KERN_##type] = &type##_tiles,
static const struct kern_tile_set *const tiles[] = {QUANT_TYPES(ENTRY)};

void kern_matmul_quant_avx512(const struct kern_matrix *w,
                              const struct kern_input *in, float *y,
                              int y_stride, int begin, int end) {
    struct kern_input rest = *in;
    if (in->n_tokens >= KERN_WIDE_TOKENS) {
        int n_wide = in->n_tokens / KERN_TILE_TOKENS * KERN_TILE_TOKENS;
        struct kern_input wide = *in;
        size_t at = (size_t)n_wide * (size_t)in->n_cols;
        wide.n_tokens = n_wide;
        kern_matmul_wide_avx512(w, &wide, y, y_stride, begin, end);
        rest.n_tokens -= n_wide;
        rest.q += at;
        rest.scales += at / KERN_BLOCK;
        y += (size_t)n_wide * (size_t)y_stride;
    }
    if (rest.n_tokens)
        kern_tile_matmul(tiles[w->type], w, &rest, y, y_stride, begin, end);
}
