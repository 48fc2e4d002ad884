// Repacking of GGUF rows into panels of 16 rows, and back. The layout is in
// kern_format.h.

#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_math.h"
#include "engine/kernels/kernels.h"

#include <string.h>

enum { WORD = 4, ROWS = KERN_PANEL_ROWS };

// Bytes that one row of a field takes in a panel.
static size_t field_bytes(const struct kern_field *field) {
    switch (field->kind) {
    case FIELD_END:
        return 0;
    case FIELD_WORDS:
        return (size_t)field->n * WORD;
    case FIELD_FLOAT:
    case FIELD_WIDE:
        return WORD;
    default:
        return WORD / 2;
    }
}

// Bytes that a row of one block takes in a panel: its small fields, its words.
static void block_sizes(const struct kern_format *f, size_t *small,
                        size_t *words) {
    *small = *words = 0;
    for (const struct kern_field *i = f->fields; i->kind; i++)
        *(i->kind == FIELD_WORDS ? words : small) += field_bytes(i);
}

size_t kern_unit_bytes(const struct kern_format *f) {
    size_t small, words;
    block_sizes(f, &small, &words);
    return (small + words) * ROWS * (size_t)f->unit_blocks;
}

size_t kern_panel_bytes(enum kern_type type, int n_cols) {
    if (!kern_row_bytes(type, n_cols)) return 0;
    const struct kern_format *f = kern_format(type);
    int unit_cols = f->block_cols * f->unit_blocks;
    size_t n_units =
        ((size_t)n_cols + (size_t)unit_cols - 1) / (size_t)unit_cols;
    return (n_units * kern_unit_bytes(f) + 63) / 64 * 64;
}

size_t kern_matrix_bytes(enum kern_type type, int n_rows, int n_cols) {
    size_t panel = kern_panel_bytes(type, n_cols), bytes;
    if (n_rows <= 0) return 0;
    size_t n_panels = ((size_t)n_rows + ROWS - 1) / ROWS;
    return __builtin_mul_overflow(n_panels, panel, &bytes) ? 0 : bytes;
}

static uint16_t load_u16(const uint8_t *p) {
    uint16_t h;
    memcpy(&h, p, sizeof h); // GGUF is little-endian, and so are our ISAs
    return h;
}

// ---- into panels ------------------------------------------------------------

// The 16 rows of a panel at one block: rows[r], n of them, `stride` apart.
struct sixteen {
    const uint8_t *first;
    size_t stride;
    int n;
};

static bool is_finite(enum kern_field_kind kind, const uint8_t *p) {
    uint32_t bits = load_u16(p + (kind == FIELD_FLOAT ? 2 : 0));
    uint32_t exponent =
        kind == FIELD_HALF || kind == FIELD_WIDE ? 0x7c00 : 0x7f80;
    return kind == FIELD_BITS || (bits & exponent) != exponent;
}

// One small field of 16 rows, `to` being [16]; the last row that is not finite,
// or -1.
static int pack_small(const struct kern_field *field, const struct sixteen *s,
                      uint8_t *to) {
    int bad = -1;
    for (int r = 0; r < s->n; r++) {
        const uint8_t *from = s->first + (size_t)r * s->stride + field->at;
        size_t n_bytes = field_bytes(field);
        if (!is_finite(field->kind, from)) bad = r;
        if (field->kind == FIELD_WIDE) {
            float wide = kern_f16_to_f32(load_u16(from));
            memcpy(to + (size_t)r * WORD, &wide, WORD);
        } else if (n_bytes == WORD) {
            memcpy(to + (size_t)r * WORD, from, WORD);
        } else {
            memcpy(to + 2 * r, from, 2);
        }
    }
    return bad;
}

static void pack_words(const struct kern_field *field, const struct sixteen *s,
                       uint8_t *to) {
    if (s->n == ROWS) {
        for (int w = 0; w < field->n; w++, to += ROWS * WORD) {
            const uint8_t *from = s->first + field->at + w * WORD;
            for (int r = 0; r < ROWS; r++)
                memcpy(to + r * WORD, from + (size_t)r * s->stride, WORD);
        }
        return;
    }
    for (int w = 0; w < field->n; w++, to += ROWS * WORD)
        for (int r = 0; r < s->n; r++)
            memcpy(to + r * WORD,
                   s->first + (size_t)r * s->stride + field->at + w * WORD,
                   WORD);
}

// Block `i` of its unit. Returns as pack_small.
static int pack_block(const struct kern_format *f, const struct sixteen *s,
                      int i, uint8_t *unit) {
    size_t small, words;
    int bad = -1;
    block_sizes(f, &small, &words);
    uint8_t *to = unit + (size_t)i * small * ROWS;
    uint8_t *to_words =
        unit + ((size_t)f->unit_blocks * small + (size_t)i * words) * ROWS;
    for (const struct kern_field *field = f->fields; field->kind; field++) {
        if (field->kind == FIELD_WORDS) {
            pack_words(field, s, to_words);
        } else {
            int row = pack_small(field, s, to);
            bad = row > bad ? row : bad;
            to += field_bytes(field) * ROWS;
        }
    }
    return bad;
}

// Column c of row r goes to [c][r].
static int pack_floats(const struct kern_format *f, int n_cols,
                       const struct sixteen *s, uint8_t *panel) {
    size_t width = (size_t)f->block_bytes;
    int bad = -1;
    for (int r = 0; r < s->n; r++) {
        const uint8_t *from = s->first + (size_t)r * s->stride;
        uint8_t *to = panel + (size_t)r * width;
        for (int c = 0; c < n_cols; c++, from += width, to += ROWS * width) {
            if (!is_finite(f->fields[0].kind, from)) bad = r;
            memcpy(to, from, width);
        }
    }
    return bad;
}

static int pack_panel(const struct kern_format *f, const struct kern_matrix *m,
                      const uint8_t *rows, int n, uint8_t *panel) {
    size_t stride = kern_row_bytes(m->type, m->n_cols);
    int bad = -1, n_blocks = m->n_cols / f->block_cols;
    if (n < ROWS || n_blocks % f->unit_blocks || !f->decode)
        memset(panel, 0, m->panel_bytes);
    if (!f->decode)
        return pack_floats(f, m->n_cols, &(struct sixteen){rows, stride, n},
                           panel);
    for (int b = 0; b < n_blocks; b++) {
        struct sixteen s = {rows + (size_t)b * (size_t)f->block_bytes, stride,
                            n};
        int row = pack_block(f, &s, b % f->unit_blocks, panel);
        bad = row > bad ? row : bad;
        if (b % f->unit_blocks == f->unit_blocks - 1)
            panel += kern_unit_bytes(f);
    }
    return bad;
}

int kern_pack(struct kern_matrix *m, const void *rows, int begin, int end) {
    const struct kern_format *f = kern_format(m->type);
    size_t row_bytes = kern_row_bytes(m->type, m->n_cols);
    int bad = -1;
    for (int p = begin; p < end; p++) {
        int first = p * ROWS;
        int n = m->n_rows - first < ROWS ? m->n_rows - first : ROWS;
        int row =
            pack_panel(f, m, (const uint8_t *)rows + (size_t)first * row_bytes,
                       n, (uint8_t *)m->panels + (size_t)p * m->panel_bytes);
        if (row >= 0) bad = first + row;
    }
    return bad;
}

// ---- and back ---------------------------------------------------------------

// Undo FIELD_WIDE, exactly.
static void narrow(const uint8_t *from, uint8_t *to) {
    float wide;
    memcpy(&wide, from, sizeof wide);
    uint16_t half = kern_f32_to_f16(wide);
    memcpy(to, &half, sizeof half);
}

void kern_panel_block(const struct kern_format *f, const void *panel, int block,
                      int r, uint8_t *bytes) {
    size_t small, words;
    block_sizes(f, &small, &words);
    int i = block % f->unit_blocks;
    const uint8_t *unit = (const uint8_t *)panel +
                          (size_t)(block / f->unit_blocks) * kern_unit_bytes(f);
    const uint8_t *from = unit + (size_t)i * small * ROWS;
    const uint8_t *from_words =
        unit + ((size_t)f->unit_blocks * small + (size_t)i * words) * ROWS;
    for (const struct kern_field *field = f->fields; field->kind; field++) {
        size_t n_bytes = field_bytes(field);
        if (field->kind == FIELD_WORDS) {
            for (int w = 0; w < field->n; w++)
                memcpy(bytes + field->at + w * WORD,
                       from_words + (w * ROWS + r) * WORD, WORD);
            continue;
        }
        if (field->kind == FIELD_WIDE)
            narrow(from + (size_t)r * WORD, bytes + field->at);
        else
            memcpy(bytes + field->at, from + (size_t)r * n_bytes, n_bytes);
        from += n_bytes * ROWS;
    }
}
