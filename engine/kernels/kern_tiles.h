#pragma once
// How a matrix product is cut into tiles of `nt` tokens by `np` panels whose
// sums stay in registers. Each instruction set brings a table of tile
// functions; this header holds the loop around them. Internal to
// engine/kernels/.
//
// A tile of one token takes many panels, because a fused multiply-add has a
// latency of 4 cycles and each output element is one chain of them: 8 or more
// chains must run side by side. A tile of many tokens takes few panels and
// uses each weight it loads nt times. docs/PERFORMANCE.md says how far from the
// floor they are.

#include "engine/kernels/kernels.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KERN_UNROLL // unrolled and instrumented they take minutes to compile
#elif defined(__clang__)
#define KERN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define KERN_UNROLL _Pragma("GCC unroll 16")
#endif
// Keep a value that several sums share in its register: gcc would rather load
// it again for each of them, and the loads would become the limit.
#define KERN_KEEP(x) __asm__("" : "+v"(x))
#define KERN_INLINE static inline __attribute__((always_inline))

enum {
    KERN_TILE_TOKENS = 8,  // tiles exist for 1, 2, 3, 4, 6 and 8 tokens
    KERN_TILE_PANELS = 12, // most panels of a tile
    KERN_WIDE_TOKENS = 16, // from here on unpacking weights first pays
    // Panels read again by the next tile of tokens should still be in L2.
    KERN_TILE_BYTES = 1 << 20,
};

// One tile: np panels from `panel` on, nt tokens from x (q, q_scale) on.
struct kern_tile {
    const char *panel;
    size_t panel_bytes;
    const float *x;
    const uint8_t *q; // quantised weights only, as those below
    const int16_t *q16;
    const struct kern_scale *scales;
    float *y;
    size_t n_cols, x_stride, y_stride;
    int n_rows;   // rows from the first panel's first to the matrix' last
    bool is_more; // y holds the sums of the columns before: go on from them
};

typedef void (*kern_tile_fn)(const struct kern_tile *t);

// [nt][np], with most[nt] > 0 where tiles of nt tokens exist, for np up to it.
struct kern_tile_set {
    int most[KERN_TILE_TOKENS + 1];
    kern_tile_fn fn[KERN_TILE_TOKENS + 1][KERN_TILE_PANELS + 1];
};

// Tokens of the next tile when `left` remain.
static inline int kern_tile_tokens(const struct kern_tile_set *s, int left) {
    if (left == 9 && s->most[6] && s->most[3]) return 6;
    if (left == 7 && s->most[4]) return 4;
    if (left == 5 && s->most[3]) return 3;
    int nt = left < KERN_TILE_TOKENS ? left : KERN_TILE_TOKENS;
    while (!s->most[nt])
        nt--;
    return nt;
}

// Panels [begin, end) for nt tokens, in tiles of nearly equal width.
static inline void kern_tile_panels(const struct kern_tile_set *s,
                                    struct kern_tile t, int nt, int n_panels) {
    int n_tiles = (n_panels + s->most[nt] - 1) / s->most[nt];
    for (; n_tiles > 0; n_tiles--) {
        int np = (n_panels + n_tiles - 1) / n_tiles;
        s->fn[nt][np](&t);
        t.panel += (size_t)np * t.panel_bytes;
        t.y += np * KERN_PANEL_ROWS;
        t.n_rows -= np * KERN_PANEL_ROWS;
        n_panels -= np;
    }
}

static inline void kern_tile_matmul(const struct kern_tile_set *s,
                                    const struct kern_matrix *w,
                                    const struct kern_input *in, float *y,
                                    int y_stride, int begin, int end) {
    size_t n_cols = (size_t)w->n_cols;
    int step = end - begin;
    if (in->n_tokens > kern_tile_tokens(s, in->n_tokens)) {
        int fit = (int)(KERN_TILE_BYTES / w->panel_bytes);
        step = fit < 6 ? 6 : fit > 24 ? 24 : fit / 6 * 6;
    }
    for (int p = begin; p < end; p += step) {
        int n_panels = end - p < step ? end - p : step;
        for (int i = 0, nt; i < in->n_tokens; i += nt) {
            size_t at = (size_t)i * n_cols;
            struct kern_tile t = {
                .panel = (const char *)w->panels + (size_t)p * w->panel_bytes,
                .panel_bytes = w->panel_bytes,
                .x = in->x + at,
                .y = y + (size_t)i * (size_t)y_stride +
                     (size_t)p * KERN_PANEL_ROWS,
                .n_cols = n_cols,
                .x_stride = n_cols,
                .y_stride = (size_t)y_stride,
                .n_rows = w->n_rows - p * KERN_PANEL_ROWS,
            };
            if (kern_is_quantized(w->type)) {
                t.q = in->q + at;
                t.q16 = in->q16 + at;
                t.scales = in->scales + at / KERN_BLOCK;
            }
            nt = kern_tile_tokens(s, in->n_tokens - i);
            kern_tile_panels(s, t, nt, n_panels);
        }
    }
}
