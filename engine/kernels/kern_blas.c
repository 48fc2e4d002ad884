// Matrix product through OpenBLAS: 256 rows at a time are turned into floats
// [n_cols][256], the transposed tile, which is how panels already lie; then one
// sgemm for all tokens.

#include "engine/kernels/kernels.h"

#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_math.h"

#include <cblas.h>
#include <stdint.h>
#include <string.h>

enum { TILE_ROWS = 256, TILE_PANELS = TILE_ROWS / KERN_PANEL_ROWS };

size_t kern_blas_tile_floats(int n_cols) {
    size_t floats;
    if (n_cols <= 0 ||
        __builtin_mul_overflow((size_t)n_cols, (size_t)TILE_ROWS, &floats))
        return 0;
    return floats;
}

static void unpack_quantized(const struct kern_format *f, const char *panel,
                             int n_cols, float *tile) {
    uint8_t block[KERN_MAX_BLOCK_BYTES];
    float row[KERN_MAX_BLOCK_COLS];
    for (int r = 0; r < KERN_PANEL_ROWS; r++) {
        float *to = tile + r;
        for (int b = 0; b < n_cols / f->block_cols; b++) {
            kern_panel_block(f, panel, b, r, block);
            kern_block_to_f32(f, block, row);
            for (int c = 0; c < f->block_cols; c++, to += TILE_ROWS)
                *to = row[c];
        }
    }
}

static void unpack_half(const char *panel, int n_cols, float *tile,
                        float (*to_f32)(uint16_t)) {
    const uint16_t *h = (const uint16_t *)(const void *)panel;
    for (int c = 0; c < n_cols; c++, tile += TILE_ROWS, h += KERN_PANEL_ROWS)
        for (int r = 0; r < KERN_PANEL_ROWS; r++)
            tile[r] = to_f32(h[r]);
}

// One panel into 16 columns of the tile.
static void unpack_panel(const struct kern_matrix *w, int p, float *tile) {
    const char *panel = (const char *)w->panels + (size_t)p * w->panel_bytes;
    switch (w->type) {
    case KERN_F32:
        for (size_t c = 0; c < (size_t)w->n_cols; c++)
            memcpy(tile + c * TILE_ROWS,
                   panel + c * KERN_PANEL_ROWS * sizeof *tile,
                   KERN_PANEL_ROWS * sizeof *tile);
        break;
    case KERN_F16:
        unpack_half(panel, w->n_cols, tile, kern_f16_to_f32);
        break;
    case KERN_BF16:
        unpack_half(panel, w->n_cols, tile, kern_bf16_to_f32);
        break;
    default:
        unpack_quantized(kern_format(w->type), panel, w->n_cols, tile);
    }
}

void kern_matmul_blas(const struct kern_matrix *w, const struct kern_input *in,
                      float *y, int y_stride, int begin, int end, float *tile) {
    for (int p = begin; p < end; p += TILE_PANELS) {
        int last = p + TILE_PANELS < end ? p + TILE_PANELS : end;
        for (int i = p; i < last; i++)
            unpack_panel(w, i, tile + (i - p) * KERN_PANEL_ROWS);
        int first_row = p * KERN_PANEL_ROWS, end_row = last * KERN_PANEL_ROWS;
        if (end_row > w->n_rows) end_row = w->n_rows;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, in->n_tokens,
                    end_row - first_row, w->n_cols, 1.0f, in->x, in->n_cols,
                    tile, TILE_ROWS, 0.0f, y + first_row, y_stride);
    }
}
