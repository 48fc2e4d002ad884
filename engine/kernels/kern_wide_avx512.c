// Products of quantised weights with many tokens. Unpacking a weight costs as
// much as a few products; here it is paid once for all tokens: WIDE_COLS
// columns of two panels are unpacked into a buffer that stays in L1, then all
// tokens pass by, eight at a time. Sums rest in y between two such pieces, so
// every element sees the operations of the narrow tiles in the same order.

#include "engine/kernels/kern_quant_avx512.h"

enum {
    WIDE_TOKENS = 8,
    WIDE_PANELS = 2,
    WIDE_COLS = 512,
    WIDE_SUMS = WIDE_COLS / 16, // integer sums of WIDE_COLS, at most
    WIDE_STEP = 8,              // panels whose part of y should stay in L2
};

struct wide_weights {
    __m512i quad[WIDE_COLS / 4][WIDE_PANELS]; // offsets taken away
    __m512i sum[WIDE_SUMS][WIDE_PANELS];      // of the weights of a sum
    __m512 scale[WIDE_SUMS][WIDE_PANELS], min[WIDE_SUMS][WIDE_PANELS];
    int n_groups; // of 32 columns
};

// ---- unpacking --------------------------------------------------------------

// Group base + part of a block becomes group `to` of the buffer.
KERN_INLINE void unpack_group(enum kern_type type, struct quant_block at,
                              const struct quant_scales *scales, int base,
                              int part, int j, int to, struct wide_weights *w) {
    const struct quant_shape shape = quant_shape(type);
    const __m512i ones = _mm512_set1_epi8(1), eight = _mm512_set1_epi8(8);
    int quads = KERN_BLOCK / 4 / shape.n_scales;
    KERN_UNROLL
    for (int h = 0; h < shape.n_scales; h++) {
        int from = (base + part) * shape.n_scales + h;
        int sum = to * shape.n_scales + h;
        __m512i total = _mm512_setzero_si512();
        KERN_UNROLL
        for (int c = h * quads; c < (h + 1) * quads; c++) {
            __m512i v = quant_quad(type, at.words, base, part, c);
            if (shape.minus_8) v = _mm512_sub_epi8(v, eight);
            w->quad[to * (KERN_BLOCK / 4) + c][j] = v;
            total = quant_add_quads(total, ones, v);
        }
        w->sum[sum][j] = total;
        w->scale[sum][j] = scales->scale[from];
        if (shape.has_min) w->min[sum][j] = scales->min[from];
    }
}

KERN_INLINE void unpack(enum kern_type type, const char *panel, int j,
                        int first_group, int n_groups, struct wide_weights *w) {
    const struct quant_shape shape = quant_shape(type);
    struct quant_scales scales;
    for (int to = 0; to < n_groups; to += shape.block_groups) {
        struct quant_block at = quant_block(
            type, panel, (size_t)((first_group + to) / shape.block_groups));
        quant_scales(type, at, &scales);
        for (int g = 0; g < shape.block_groups; g += shape.pair)
            KERN_UNROLL
        for (int part = 0; part < shape.pair; part++)
            unpack_group(type, at, &scales, g, part, j, to + g + part, w);
    }
}

typedef void (*unpack_fn)(const char *panel, int j, int first_group,
                          int n_groups, struct wide_weights *w);

#define UNPACK(type)                                                           \
    static void unpack_##type(const char *panel, int j, int first_group,       \
                              int n_groups, struct wide_weights *w) {          \
        unpack(KERN_##type, panel, j, first_group, n_groups, w);               \
    }
QUANT_TYPES(UNPACK)

#define ENTRY(type) [KERN_##type] = unpack_##type,
static const unpack_fn unpack_of[] = {QUANT_TYPES(ENTRY)};

// ---- products ---------------------------------------------------------------

// WIDE_TOKENS tokens against the buffer.
struct wide_tile {
    const struct wide_weights *w;
    const uint8_t *q;                // of the first token, at the buffer's
    const struct kern_scale *scales; // first column
    size_t n_cols;
    float *y; // of the first token and row
    size_t y_stride;
    int n_rows;    // rows from y to the matrix' last
    bool is_first; // y holds no sums yet
    // What the next buffer will be made of, to be asked for meanwhile: lines of
    // each panel, n_lines a group.
    uintptr_t next[WIDE_PANELS]; // addresses that are never read
    int n_lines;
};

KERN_INLINE void wide_sums(int n_scales, int np, int g, int h,
                           const struct wide_tile *t,
                           __m512i isum[WIDE_TOKENS][WIDE_PANELS]) {
    const struct wide_weights *w = t->w;
    int quads = KERN_BLOCK / 4 / n_scales;
    KERN_UNROLL
    for (int i = 0; i < WIDE_TOKENS; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        isum[i][j] = _mm512_setzero_si512();
    KERN_UNROLL
    for (int c = h * quads; c < (h + 1) * quads; c++) {
        __m512i v[WIDE_PANELS];
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            v[j] = w->quad[g * (KERN_BLOCK / 4) + c][j];
            KERN_KEEP(v[j]);
        }
        KERN_UNROLL
        for (int i = 0; i < WIDE_TOKENS; i++) {
            int32_t quad;
            memcpy(&quad, t->q + (size_t)i * t->n_cols + g * KERN_BLOCK + 4 * c,
                   sizeof quad);
            __m512i x = _mm512_set1_epi32(quad);
            KERN_UNROLL
            for (int j = 0; j < np; j++)
                isum[i][j] = quant_add_quads(isum[i][j], x, v[j]);
        }
    }
}

KERN_INLINE void wide_group(int n_scales, bool has_min, int np, int g, int h,
                            const struct wide_tile *t,
                            __m512 sum[WIDE_TOKENS][WIDE_PANELS]) {
    const struct wide_weights *w = t->w;
    size_t n_groups = t->n_cols / KERN_BLOCK;
    int at = g * n_scales + h;
    __m512i isum[WIDE_TOKENS][WIDE_PANELS];
    wide_sums(n_scales, np, g, h, t, isum);
    KERN_UNROLL
    for (int i = 0; i < WIDE_TOKENS; i++) {
        const struct kern_scale *s =
            &t->scales[(size_t)i * n_groups + (size_t)g];
        __m512i zero = _mm512_set1_epi32(s->minus_zero);
        __m512 scale = _mm512_set1_ps(s->scale);
        __m512 total = _mm512_set1_ps(n_scales == 1 ? s->sum : s->half_sum[h]);
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            isum[i][j] = quant_add_pairs(isum[i][j], w->sum[at][j], zero);
            sum[i][j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(isum[i][j]),
                                        _mm512_mul_ps(w->scale[at][j], scale),
                                        sum[i][j]);
            if (has_min)
                sum[i][j] = _mm512_fmadd_ps(w->min[at][j], total, sum[i][j]);
        }
    }
}

KERN_INLINE void wide_tile(int n_scales, bool has_min, int np,
                           const struct wide_tile *t) {
    __m512 sum[WIDE_TOKENS][WIDE_PANELS];
    __mmask16 rows[WIDE_PANELS];
    KERN_UNROLL
    for (int j = 0; j < np; j++)
        rows[j] = kern_mask_avx512(t->n_rows - j * KERN_PANEL_ROWS);
    KERN_UNROLL
    for (int i = 0; i < WIDE_TOKENS; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = _mm512_maskz_loadu_ps(t->is_first ? 0 : rows[j],
                                          t->y + (size_t)i * t->y_stride +
                                              j * KERN_PANEL_ROWS);
    for (int g = 0; g < t->w->n_groups; g++) {
        for (int i = 0; i < t->n_lines; i++)
            KERN_UNROLL
        for (int j = 0; j < np; j++)
            _mm_prefetch((const char *)(t->next[j] +
                                        (uintptr_t)(g * t->n_lines + i) * 64),
                         _MM_HINT_T1);
        KERN_UNROLL
        for (int h = 0; h < n_scales; h++)
            wide_group(n_scales, has_min, np, g, h, t, sum);
    }
    KERN_UNROLL
    for (int i = 0; i < WIDE_TOKENS; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        _mm512_mask_storeu_ps(t->y + (size_t)i * t->y_stride +
                                  j * KERN_PANEL_ROWS,
                              rows[j], sum[i][j]);
}

typedef void (*wide_tile_fn)(const struct wide_tile *t);

#define WIDE(n_scales, has_min, np)                                            \
    static void tile_##n_scales##has_min##np(const struct wide_tile *t) {      \
        wide_tile(n_scales, has_min, np, t);                                   \
    }
WIDE(1, 0, 1)
WIDE(1, 0, 2)
WIDE(1, 1, 1)
WIDE(1, 1, 2)
WIDE(2, 0, 1)
WIDE(2, 0, 2)
WIDE(2, 1, 1)
WIDE(2, 1, 2)

// [scales - 1][has a minimum][panels - 1]
static const wide_tile_fn tile_of[2][2][WIDE_PANELS] = {
    {{tile_101, tile_102}, {tile_111, tile_112}},
    {{tile_201, tile_202}, {tile_211, tile_212}},
};

// ---- the loops --------------------------------------------------------------

// Panels [p, p + np) at WIDE_COLS columns from first_group on, all tokens; the
// panels from `next` on at next_group come after it.
struct piece {
    int p, np, first_group, next, next_group;
};

// The first two tiles ask for what comes next, half each.
static void ask_ahead(const struct kern_matrix *w, const struct piece *piece,
                      int tile, struct wide_tile *t) {
    if (tile > 1) return;
    int n_groups = w->n_cols / KERN_BLOCK;
    size_t n_bytes = w->panel_bytes * (size_t)t->w->n_groups / (size_t)n_groups;
    size_t from = w->panel_bytes * (size_t)piece->next_group / (size_t)n_groups;
    t->n_lines = (int)(n_bytes / 128 / (size_t)t->w->n_groups) + 1;
    for (int j = 0; j < piece->np; j++)
        t->next[j] = (uintptr_t)w->panels +
                     (size_t)(piece->next + j) * w->panel_bytes + from +
                     (size_t)tile * n_bytes / 2;
}

static void wide_piece(const struct kern_matrix *w, const struct kern_input *in,
                       float *y, int y_stride, const struct piece *piece) {
    const struct quant_shape shape = quant_shape(w->type);
    struct wide_weights weights;
    int left = w->n_cols / KERN_BLOCK - piece->first_group;
    weights.n_groups =
        left < WIDE_COLS / KERN_BLOCK ? left : WIDE_COLS / KERN_BLOCK;
    for (int j = 0; j < piece->np; j++)
        unpack_of[w->type]((const char *)w->panels +
                               (size_t)(piece->p + j) * w->panel_bytes,
                           j, piece->first_group, weights.n_groups, &weights);
    wide_tile_fn tile =
        tile_of[shape.n_scales - 1][shape.has_min][piece->np - 1];
    for (int i = 0; i < in->n_tokens; i += WIDE_TOKENS) {
        size_t at = (size_t)i * (size_t)w->n_cols +
                    (size_t)piece->first_group * KERN_BLOCK;
        struct wide_tile t = {
            .w = &weights,
            .q = in->q + at,
            .scales = in->scales + at / KERN_BLOCK,
            .n_cols = (size_t)w->n_cols,
            .y = y + (size_t)i * (size_t)y_stride +
                 (size_t)piece->p * KERN_PANEL_ROWS,
            .y_stride = (size_t)y_stride,
            .n_rows = w->n_rows - piece->p * KERN_PANEL_ROWS,
            .is_first = piece->first_group == 0,
        };
        ask_ahead(w, piece, i / WIDE_TOKENS, &t);
        tile(&t);
    }
}

// All columns of panels [begin, end).
static void wide_step(const struct kern_matrix *w, const struct kern_input *in,
                      float *y, int y_stride, int begin, int end) {
    enum { GROUPS = WIDE_COLS / KERN_BLOCK };
    int n_groups = w->n_cols / KERN_BLOCK;
    for (int g = 0; g < n_groups; g += GROUPS) {
        for (int p = begin; p < end; p += WIDE_PANELS) {
            struct piece piece = {
                .p = p,
                .np = end - p < WIDE_PANELS ? end - p : WIDE_PANELS,
                .first_group = g,
                .next = p + WIDE_PANELS,
                .next_group = g,
            };
            if (piece.next >= end) { // the next columns, or the next step
                bool is_last = g + GROUPS >= n_groups;
                piece.next = is_last ? end : begin;
                piece.next_group = is_last ? 0 : g + GROUPS;
            }
            wide_piece(w, in, y, y_stride, &piece);
        }
    }
}

void kern_matmul_wide_avx512(const struct kern_matrix *w,
                             const struct kern_input *in, float *y,
                             int y_stride, int begin, int end) {
    for (int step = begin; step < end; step += WIDE_STEP) {
        int last = step + WIDE_STEP < end ? step + WIDE_STEP : end;
        wide_step(w, in, y, y_stride, step, last);
    }
}
