// Products with F32, F16 and BF16 weights: a register holds one column of a
// panel, multiplied by one activation that is broadcast from memory.

#include "engine/kernels/kern_simd_avx512.h"

// 16 weights as floats, element `i` (in registers) of a panel.
KERN_INLINE __m512 load_weights(enum kern_type type, const char *panel,
                                size_t i) {
    if (type == KERN_F32) return _mm512_load_ps(panel + i * 64);
    __m256i h = _mm256_load_si256((const __m256i *)(panel + i * 32));
    if (type == KERN_F16) return _mm512_cvtph_ps(h);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

// The hardware does not look far enough ahead: on matrices larger than the
// caches this makes one token 1.15 and 8 tokens 1.3 times as fast, on smaller
// ones nothing changes. (F32 tiles have no load slots to spare: 1.1 times and 4
// % slower.) Reaching past the panel's end does no harm; the address is never
// read.
KERN_INLINE void prefetch_half(const char *panel, size_t c) {
    enum { AHEAD = 36 * 64, COLUMN = KERN_PANEL_ROWS * 2 };
    _mm_prefetch((const char *)((uintptr_t)panel + c * COLUMN + AHEAD),
                 _MM_HINT_T0);
}

// Columns [c, end), a chunk: its sums, from zero, are added to sum.
KERN_INLINE void chunk(enum kern_type type, int nt, int np,
                       const struct kern_tile *t, size_t c, size_t end,
                       __m512 sum[8][12]) {
    __m512 part[8][12];
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        part[i][j] = _mm512_setzero_ps();
    for (; c < end; c++) {
        __m512 w[12];
        KERN_UNROLL
        for (int j = 0; j < np; j++) {
            const char *panel = t->panel + (size_t)j * t->panel_bytes;
            if (type != KERN_F32) prefetch_half(panel, c);
            w[j] = load_weights(type, panel, c);
            if (nt > 1) KERN_KEEP(w[j]);
        }
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            __m512 x = _mm512_set1_ps(t->x[(size_t)i * t->x_stride + c]);
            KERN_UNROLL
            for (int j = 0; j < np; j++)
                part[i][j] = _mm512_fmadd_ps(w[j], x, part[i][j]);
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = _mm512_add_ps(sum[i][j], part[i][j]);
}

KERN_INLINE void tile(enum kern_type type, int nt, int np,
                      const struct kern_tile *t) {
    __m512 sum[8][12];
    __mmask16 rows[12];
    KERN_UNROLL
    for (int j = 0; j < np; j++)
        rows[j] = kern_mask_avx512(t->n_rows - j * KERN_PANEL_ROWS);
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        sum[i][j] = _mm512_maskz_loadu_ps(t->is_more ? rows[j] : 0,
                                          t->y + (size_t)i * t->y_stride +
                                              j * KERN_PANEL_ROWS);
    size_t whole = t->n_cols / KERN_CHUNK * KERN_CHUNK;
    for (size_t c = 0; c < whole; c += KERN_CHUNK)
        chunk(type, nt, np, t, c, c + KERN_CHUNK, sum);
    if (whole < t->n_cols) chunk(type, nt, np, t, whole, t->n_cols, sum);
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        KERN_UNROLL
    for (int j = 0; j < np; j++)
        _mm512_mask_storeu_ps(t->y + (size_t)i * t->y_stride +
                                  j * KERN_PANEL_ROWS,
                              rows[j], sum[i][j]);
}

// 32 registers: nt * np sums, np weights, one activation.
// clang-format off
#define TILE(type, nt, np)                                                     \
    static void type##_##nt##x##np(const struct kern_tile *t) {                \
        tile(KERN_##type, nt, np, t);                                          \
    }
#define ALL_TILES(DO, type)                                                    \
    DO(type, 1, 1) DO(type, 1, 2) DO(type, 1, 3) DO(type, 1, 4)                \
    DO(type, 1, 5) DO(type, 1, 6) DO(type, 1, 7) DO(type, 1, 8)                \
    DO(type, 1, 9) DO(type, 1, 10) DO(type, 1, 11) DO(type, 1, 12)             \
    DO(type, 2, 1) DO(type, 2, 2) DO(type, 2, 3) DO(type, 2, 4)                \
    DO(type, 2, 5) DO(type, 2, 6) DO(type, 2, 7) DO(type, 2, 8)                \
    DO(type, 3, 1) DO(type, 3, 2) DO(type, 3, 3) DO(type, 3, 4)                \
    DO(type, 3, 5) DO(type, 3, 6)                                              \
    DO(type, 4, 1) DO(type, 4, 2) DO(type, 4, 3) DO(type, 4, 4)                \
    DO(type, 4, 5)                                                             \
    DO(type, 6, 1) DO(type, 6, 2) DO(type, 6, 3) DO(type, 6, 4)                \
    DO(type, 8, 1) DO(type, 8, 2) DO(type, 8, 3)
#define ENTRY(type, nt, np) [nt][np] = type##_##nt##x##np,
#define TILES(type)                                                            \
    ALL_TILES(TILE, type)                                                      \
    static const struct kern_tile_set type##_tiles = {                         \
        .most = {0, 12, 8, 6, 5, 0, 4, 0, 3},                                  \
        .fn = {ALL_TILES(ENTRY, type)},                                        \
    };
// clang-format on

TILES(F32)
TILES(F16)
TILES(BF16)

// ---- many tokens ------------------------------------------------------------

// Halves are widened once for all tokens: WIDE_COLS columns of three panels,
// into a buffer that fits in L1; then they are F32.
enum { WIDE_COLS = 128, WIDE_PANELS = 3, WIDE_STEP = 12, WIDEN_TOKENS = 32 };

struct wide_weights {
    __m512 column[WIDE_PANELS][WIDE_COLS];
};

static void widen(const struct kern_matrix *w, int p, size_t first, size_t n,
                  __m512 *column) {
    const char *panel = (const char *)w->panels + (size_t)p * w->panel_bytes;
    if (w->type == KERN_F16)
        for (size_t c = 0; c < n; c++)
            column[c] = load_weights(KERN_F16, panel, first + c);
    else
        for (size_t c = 0; c < n; c++)
            column[c] = load_weights(KERN_BF16, panel, first + c);
}

// Panels [p, p + np) at WIDE_COLS columns from `first` on, all tokens.
static void piece(const struct kern_matrix *w, const struct kern_input *in,
                  float *y, int y_stride, int p, int np, size_t first) {
    struct wide_weights weights;
    size_t left = (size_t)w->n_cols - first;
    size_t n = left < WIDE_COLS ? left : WIDE_COLS;
    for (int j = 0; j < np; j++)
        // cppcheck-suppress uninitvar ; it is what is written
        widen(w, p + j, first, n, weights.column[j]);
    for (int i = 0, nt; i < in->n_tokens; i += nt) {
        nt = kern_tile_tokens(&F32_tiles, in->n_tokens - i);
        F32_tiles.fn[nt][np](&(struct kern_tile){
            .panel = (const char *)weights.column,
            .panel_bytes = sizeof weights.column[0],
            .x = in->x + (size_t)i * (size_t)w->n_cols + first,
            .y = y + (size_t)i * (size_t)y_stride + (size_t)p * KERN_PANEL_ROWS,
            .n_cols = n,
            .x_stride = (size_t)w->n_cols,
            .y_stride = (size_t)y_stride,
            .n_rows = w->n_rows - p * KERN_PANEL_ROWS,
            .is_more = first > 0,
        });
    }
}

static void matmul_wide(const struct kern_matrix *w,
                        const struct kern_input *in, float *y, int y_stride,
                        int begin, int end) {
    for (int step = begin; step < end; step += WIDE_STEP) {
        int last = step + WIDE_STEP < end ? step + WIDE_STEP : end;
        for (size_t c = 0; c < (size_t)w->n_cols; c += WIDE_COLS)
            for (int p = step; p < last; p += WIDE_PANELS)
                piece(w, in, y, y_stride, p,
                      last - p < WIDE_PANELS ? last - p : WIDE_PANELS, c);
    }
}

void kern_matmul_float_avx512(const struct kern_matrix *w,
                              const struct kern_input *in, float *y,
                              int y_stride, int begin, int end) {
    const struct kern_tile_set *tiles = w->type == KERN_F32   ? &F32_tiles
                                        : w->type == KERN_F16 ? &F16_tiles
                                                              : &BF16_tiles;
    if (w->type != KERN_F32 && in->n_tokens >= WIDEN_TOKENS)
        matmul_wide(w, in, y, y_stride, begin, end);
    else
        kern_tile_matmul(tiles, w, in, y, y_stride, begin, end);
}
