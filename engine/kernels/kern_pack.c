// Repacking of GGUF rows into panels of 16 rows, and what the bytes of a row
// mean. The layouts are in kernels.h. GGUF's Q8_0 block is a half-precision
// scale followed by 32 signed bytes (ggml-common.h, block_q8_0).

#include "engine/kernels/kernels.h"

#include "engine/kernels/kern_math.h"

#include <stdint.h>
#include <string.h>

enum { Q8_0_BYTES = 2 + KERN_BLOCK };

static uint16_t load_u16(const void *p) {
    uint16_t h;
    memcpy(&h, p, sizeof h); // GGUF is little-endian, and so are our ISAs
    return h;
}

size_t kern_row_bytes(enum kern_type type, int n_cols) {
    size_t n = n_cols > 0 ? (size_t)n_cols : 0;
    switch (type) {
    case KERN_F32:
        return n * sizeof(float);
    case KERN_F16:
    case KERN_BF16:
        return n * sizeof(uint16_t);
    case KERN_Q8_0:
        return n % KERN_BLOCK ? 0 : n / KERN_BLOCK * Q8_0_BYTES;
    }
    return 0;
}

size_t kern_panel_bytes(enum kern_type type, int n_cols) {
    size_t row = kern_row_bytes(type, n_cols);
    if (!row) return 0;
    if (type == KERN_Q8_0) // float scales instead of halves
        row = (size_t)n_cols / KERN_BLOCK * (sizeof(float) + KERN_BLOCK);
    return (row * KERN_PANEL_ROWS + 63) / 64 * 64;
}

size_t kern_matrix_bytes(enum kern_type type, int n_rows, int n_cols) {
    size_t panel = kern_panel_bytes(type, n_cols), bytes;
    if (n_rows <= 0) return 0;
    size_t n_panels = ((size_t)n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
    return __builtin_mul_overflow(n_panels, panel, &bytes) ? 0 : bytes;
}

// Column c of row r goes to [c][r].
static void pack_plain(char *panel, const char *row, int r, int n_cols,
                       size_t width) {
    char *to = panel + (size_t)r * width;
    for (int c = 0; c < n_cols; c++)
        memcpy(to + (size_t)c * KERN_PANEL_ROWS * width,
               row + (size_t)c * width, width);
}

static void pack_q8_0(char *panel, const char *row, int r, int n_cols) {
    for (int b = 0; b < n_cols / KERN_BLOCK; b++) {
        float scale = kern_f16_to_f32(load_u16(row));
        memcpy(panel + (size_t)r * sizeof scale, &scale, sizeof scale);
        char *pairs = panel + KERN_PANEL_ROWS * sizeof scale + 2 * r;
        for (int c = 0; c < KERN_BLOCK; c += 2)
            memcpy(pairs + c * KERN_PANEL_ROWS, row + 2 + c, 2);
        panel += KERN_PANEL_ROWS * (sizeof scale + KERN_BLOCK);
        row += Q8_0_BYTES;
    }
}

void kern_pack(struct kern_matrix *m, const void *rows, int begin, int end) {
    size_t row_bytes = kern_row_bytes(m->type, m->n_cols);
    size_t width = m->type == KERN_F32 ? sizeof(float) : sizeof(uint16_t);
    for (int p = begin; p < end; p++) {
        char *panel = (char *)m->panels + (size_t)p * m->panel_bytes;
        memset(panel, 0, m->panel_bytes);
        for (int r = 0; r < KERN_PANEL_ROWS; r++) {
            size_t i = (size_t)p * KERN_PANEL_ROWS + (size_t)r;
            if (i >= (size_t)m->n_rows) break;
            const char *row = (const char *)rows + i * row_bytes;
            if (m->type == KERN_Q8_0)
                pack_q8_0(panel, row, r, m->n_cols);
            else
                pack_plain(panel, row, r, m->n_cols, width);
        }
    }
}

static void q8_0_to_f32(const char *row, int n_cols, float *out) {
    for (int c = 0; c < n_cols; c++) {
        const char *block = row + (size_t)(c / KERN_BLOCK) * Q8_0_BYTES;
        int8_t v = (int8_t)block[2 + c % KERN_BLOCK];
        out[c] = kern_f16_to_f32(load_u16(block)) * (float)v;
    }
}

void kern_row_to_f32(enum kern_type type, const void *row, int n_cols,
                     float *out) {
    const char *bytes = row;
    switch (type) {
    case KERN_F32:
        memcpy(out, row, (size_t)n_cols * sizeof *out);
        break;
    case KERN_F16:
        for (int c = 0; c < n_cols; c++)
            out[c] = kern_f16_to_f32(load_u16(bytes + 2 * (size_t)c));
        break;
    case KERN_BF16:
        for (int c = 0; c < n_cols; c++)
            out[c] = kern_bf16_to_f32(load_u16(bytes + 2 * (size_t)c));
        break;
    case KERN_Q8_0:
        q8_0_to_f32(bytes, n_cols, out);
        break;
    }
}
