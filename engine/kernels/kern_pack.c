// Repacking of GGUF rows into panels of 16 rows, and back. The layout is in
// kern_format.h.
//
// A file is repacked at the speed of memory or nearly: full panels go through
// transpositions of 16-byte pieces, written with the vector extensions of GCC
// and clang, so that they are the same on every machine.

#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_math.h"
#include "engine/kernels/kernels.h"

#include <string.h>

enum { WORD = 4, HALF = 2, PIECE = 16, ROWS = KERN_PANEL_ROWS };

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
        return HALF;
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

// ---- numbers that are not finite --------------------------------------------

// The exponent within the upper two bytes of a weight or scale; 0: no number.
static uint16_t exponent_bits(enum kern_field_kind kind) {
    switch (kind) {
    case FIELD_HALF:
    case FIELD_WIDE:
        return 0x7c00;
    case FIELD_FLOAT:
    case FIELD_BF16:
        return 0x7f80;
    default:
        return 0;
    }
}

// Bit 15 is set where the exponent of h is all ones: adding its lowest bit
// carries.
static uint16_t carry(uint16_t h, uint16_t exponent) {
    return (uint16_t)((h & exponent) + (exponent & -exponent));
}

enum { NOT_FINITE = 0x8000 };

// ---- transpositions ---------------------------------------------------------

typedef uint16_t halves __attribute__((vector_size(PIECE)));
typedef uint32_t words __attribute__((vector_size(PIECE)));
typedef uint64_t pairs __attribute__((vector_size(PIECE)));

#ifdef __clang__
#define SHUFFLE(mask, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(mask, a, b, ...) __builtin_shuffle(a, b, (mask){__VA_ARGS__})
#endif

static words load_piece(const uint8_t *from) {
    words v;
    memcpy(&v, from, sizeof v);
    return v;
}

static void store_piece(uint8_t *to, words v) {
    memcpy(to, &v, sizeof v);
}

// v[i][j] goes to v[j][i].
static void transpose(words v[4]) {
    words a = SHUFFLE(words, v[0], v[1], 0, 4, 1, 5);
    words b = SHUFFLE(words, v[0], v[1], 2, 6, 3, 7);
    words c = SHUFFLE(words, v[2], v[3], 0, 4, 1, 5);
    words d = SHUFFLE(words, v[2], v[3], 2, 6, 3, 7);
    v[0] = (words)SHUFFLE(pairs, (pairs)a, (pairs)c, 0, 2);
    v[1] = (words)SHUFFLE(pairs, (pairs)a, (pairs)c, 1, 3);
    v[2] = (words)SHUFFLE(pairs, (pairs)b, (pairs)d, 0, 2);
    v[3] = (words)SHUFFLE(pairs, (pairs)b, (pairs)d, 1, 3);
}

// The 16 rows of a panel, or the first n of them, `stride` bytes apart.
struct sixteen {
    const uint8_t *first;
    size_t stride;
    int n;
};

// Four words of 16 rows, beginning `at` bytes into each: [4][16] words.
static void pack_four_words(const struct sixteen *s, size_t at, uint8_t *to) {
    for (int r = 0; r < ROWS; r += 4) {
        const uint8_t *from = s->first + (size_t)r * s->stride + at;
        words v[4];
        for (int i = 0; i < 4; i++)
            v[i] = load_piece(from + (size_t)i * s->stride);
        transpose(v);
        for (int i = 0; i < 4; i++)
            store_piece(to + (i * ROWS + r) * WORD, v[i]);
    }
}

// The same for eight halves: [8][16] halves.
static void pack_eight_halves(const struct sixteen *s, size_t at, uint8_t *to) {
    for (int r = 0; r < ROWS; r += 8) {
        words low[4], high[4]; // columns 0 to 3, 4 to 7 of two rows each
        for (int i = 0; i < 4; i++) {
            const uint8_t *from =
                s->first + (size_t)(r + 2 * i) * s->stride + at;
            halves a = (halves)load_piece(from);
            halves b = (halves)load_piece(from + s->stride);
            low[i] = (words)SHUFFLE(halves, a, b, 0, 8, 1, 9, 2, 10, 3, 11);
            high[i] = (words)SHUFFLE(halves, a, b, 4, 12, 5, 13, 6, 14, 7, 15);
        }
        transpose(low);
        transpose(high);
        for (int i = 0; i < 4; i++) {
            store_piece(to + (i * ROWS + r) * HALF, low[i]);
            store_piece(to + ((i + 4) * ROWS + r) * HALF, high[i]);
        }
    }
}

// Columns [begin, end) of `width` bytes, one by one, of any number of rows.
static void pack_columns(const struct sixteen *s, size_t width, int begin,
                         int end, uint8_t *to) {
    for (int c = begin; c < end; c++)
        for (int r = 0; r < s->n; r++)
            memcpy(to + ((size_t)c * ROWS + (size_t)r) * width,
                   s->first + (size_t)r * s->stride + (size_t)c * width, width);
}

// n words of 16 rows: [n][16].
static void pack_words(const struct sixteen *s, int n, uint8_t *to) {
    int done = 0;
    if (s->n == ROWS)
        for (; done + 4 <= n; done += 4)
            pack_four_words(s, (size_t)done * WORD, to + done * ROWS * WORD);
    pack_columns(s, WORD, done, n, to);
}

static void pack_halves(const struct sixteen *s, int n, uint8_t *to) {
    int done = 0;
    if (s->n == ROWS)
        for (; done + 8 <= n; done += 8)
            pack_eight_halves(s, (size_t)done * HALF, to + done * ROWS * HALF);
    pack_columns(s, HALF, done, n, to);
}

// ---- into panels ------------------------------------------------------------

// One small field of 16 rows, `to` being [16]. bad[r] gathers NOT_FINITE.
static void pack_small(enum kern_field_kind kind, const struct sixteen *s,
                       uint8_t *to, uint16_t bad[ROWS]) {
    uint16_t h[ROWS] = {0}, exponent = exponent_bits(kind);
    for (int r = 0; r < s->n; r++)
        h[r] = load_u16(s->first + (size_t)r * s->stride);
    for (int r = 0; r < ROWS; r++)
        bad[r] |= carry(h[r], exponent);
    if (kind == FIELD_WIDE) {
        float wide[ROWS];
        for (int r = 0; r < ROWS; r++)
            wide[r] = kern_f16_to_f32(h[r]);
        memcpy(to, wide, sizeof wide);
    } else {
        memcpy(to, h, sizeof h);
    }
}

// Block `i` of its unit.
static void pack_block(const struct kern_format *f, const struct sixteen *s,
                       int i, uint8_t *unit, uint16_t bad[ROWS]) {
    size_t small, n_words;
    block_sizes(f, &small, &n_words);
    uint8_t *to = unit + (size_t)i * small * ROWS;
    uint8_t *to_words =
        unit + ((size_t)f->unit_blocks * small + (size_t)i * n_words) * ROWS;
    for (const struct kern_field *field = f->fields; field->kind; field++) {
        struct sixteen at = {s->first + field->at, s->stride, s->n};
        if (field->kind == FIELD_WORDS) {
            pack_words(&at, field->n, to_words);
        } else {
            pack_small(field->kind, &at, to, bad);
            to += field_bytes(field) * ROWS;
        }
    }
}

static void pack_blocks(const struct kern_format *f, int n_blocks,
                        const struct sixteen *s, uint8_t *panel,
                        uint16_t bad[ROWS]) {
    for (int b = 0; b < n_blocks; b++) {
        struct sixteen at = {s->first + (size_t)b * (size_t)f->block_bytes,
                             s->stride, s->n};
        pack_block(f, &at, b % f->unit_blocks, panel, bad);
        if (b % f->unit_blocks == f->unit_blocks - 1)
            panel += kern_unit_bytes(f);
    }
}

// A row of floats, whatever their width: 0, or NOT_FINITE if one is not.
static uint16_t check_floats(enum kern_field_kind kind, const uint8_t *row,
                             size_t n_bytes) {
    uint16_t e = exponent_bits(kind), one = (uint16_t)(e & -e);
    halves exponent = {e, e, e, e, e, e, e, e};
    halves carrying = {one, one, one, one, one, one, one, one}, seen = {0};
    if (kind == FIELD_FLOAT) { // the exponent is in the upper half
        exponent = (halves){0, e, 0, e, 0, e, 0, e};
        carrying = (halves){0, one, 0, one, 0, one, 0, one};
    }
    size_t at = 0;
    for (; at + PIECE <= n_bytes; at += PIECE)
        seen |= ((halves)load_piece(row + at) & exponent) + carrying;
    uint8_t tail[PIECE] = {0};
    memcpy(tail, row + at, n_bytes - at);
    seen |= ((halves)load_piece(tail) & exponent) + carrying;
    uint16_t any = 0;
    for (int i = 0; i < PIECE / HALF; i++)
        any |= seen[i];
    return any & NOT_FINITE;
}

// Column c of row r goes to [c][r].
static void pack_floats(const struct kern_format *f, int n_cols,
                        const struct sixteen *s, uint8_t *panel,
                        uint16_t bad[ROWS]) {
    size_t row_bytes = (size_t)n_cols * (size_t)f->block_bytes;
    for (int r = 0; r < s->n; r++)
        bad[r] = check_floats(f->fields[0].kind,
                              s->first + (size_t)r * s->stride, row_bytes);
    if (f->block_bytes == WORD)
        pack_words(s, n_cols, panel);
    else
        pack_halves(s, n_cols, panel);
}

// The last row that is not finite, or -1.
static int pack_panel(const struct kern_format *f, const struct kern_matrix *m,
                      const uint8_t *rows, int n, uint8_t *panel) {
    struct sixteen s = {rows, kern_row_bytes(m->type, m->n_cols), n};
    int n_blocks = m->n_cols / f->block_cols;
    uint16_t bad[ROWS] = {0};
    if (n < ROWS || n_blocks % f->unit_blocks || !f->decode)
        memset(panel, 0, m->panel_bytes);
    if (f->decode)
        pack_blocks(f, n_blocks, &s, panel, bad);
    else
        pack_floats(f, m->n_cols, &s, panel, bad);
    for (int r = ROWS - 1; r >= 0; r--)
        if (bad[r] & NOT_FINITE) return r;
    return -1;
}

// Rows are read 16 side by side, which hides from the machine that they are one
// run of bytes.
static void fetch(const uint8_t *bytes, size_t n_bytes) {
    for (size_t at = 0; at < n_bytes; at += 64)
        __builtin_prefetch(bytes + at);
}

int kern_pack(struct kern_matrix *m, const void *rows, int begin, int end) {
    const struct kern_format *f = kern_format(m->type);
    size_t row_bytes = kern_row_bytes(m->type, m->n_cols);
    int bad = -1;
    for (int p = begin; p < end; p++) {
        int first = p * ROWS;
        int n = m->n_rows - first < ROWS ? m->n_rows - first : ROWS;
        int left = p + 1 < end ? m->n_rows - first - n : 0;
        fetch((const uint8_t *)rows + (size_t)(first + n) * row_bytes,
              (size_t)(left < ROWS ? left : ROWS) * row_bytes);
        int row =
            pack_panel(f, m, (const uint8_t *)rows + (size_t)first * row_bytes,
                       n, (uint8_t *)m->panels + (size_t)p * m->panel_bytes);
        if (row >= 0) bad = first + row;
    }
    return bad;
}

// ---- rows as they stand in the file -----------------------------------------

static uint16_t check_block(const struct kern_format *f, const uint8_t *block) {
    uint16_t any = 0;
    for (const struct kern_field *field = f->fields; field->kind; field++)
        if (field->kind != FIELD_WORDS)
            any |=
                carry(load_u16(block + field->at), exponent_bits(field->kind));
    return any & NOT_FINITE;
}

static bool check_row(const struct kern_format *f, const uint8_t *row,
                      size_t n_bytes) {
    if (!f->decode) return !check_floats(f->fields[0].kind, row, n_bytes);
    for (size_t at = 0; at < n_bytes; at += (size_t)f->block_bytes)
        if (check_block(f, row + at)) return false;
    return true;
}

int kern_check_rows(enum kern_type type, const void *rows, int n_cols,
                    int begin, int end) {
    size_t n_bytes = kern_row_bytes(type, n_cols);
    for (int r = begin; r < end; r++)
        if (!check_row(kern_format(type),
                       (const uint8_t *)rows + (size_t)r * n_bytes, n_bytes))
            return r;
    return -1;
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
    size_t small, n_words;
    block_sizes(f, &small, &n_words);
    int i = block % f->unit_blocks;
    const uint8_t *unit = (const uint8_t *)panel +
                          (size_t)(block / f->unit_blocks) * kern_unit_bytes(f);
    const uint8_t *from = unit + (size_t)i * small * ROWS;
    const uint8_t *from_words =
        unit + ((size_t)f->unit_blocks * small + (size_t)i * n_words) * ROWS;
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

// Pieces of a row of floats, gathered so that they can be decoded together.
enum { GATHER_COLS = 128 };

// n elements that lie `step` bytes apart; the sizes are constants, or each copy
// would be a call.
static void gather(uint8_t *row, const uint8_t *from, size_t width, int n) {
    size_t step = ROWS * width;
    for (int i = 0; i < n && width == 2; i++)
        memcpy(row + 2 * i, from + (size_t)i * step, 2);
    for (int i = 0; i < n && width == 4; i++)
        memcpy(row + 4 * i, from + (size_t)i * step, 4);
}

static void float_row(const struct kern_matrix *m, const uint8_t *panel, int r,
                      float *out) {
    size_t width = (size_t)kern_format(m->type)->block_bytes;
    for (int c = 0; c < m->n_cols; c += GATHER_COLS) {
        int n = m->n_cols - c < GATHER_COLS ? m->n_cols - c : GATHER_COLS;
        uint8_t row[GATHER_COLS * WORD];
        gather(row, panel + ((size_t)c * ROWS + (size_t)r) * width, width, n);
        kern_row_to_f32(m->type, row, n, out + c);
    }
}

void kern_matrix_row_to_f32(const struct kern_matrix *m, int row, float *out) {
    const struct kern_format *f = kern_format(m->type);
    const uint8_t *panel =
        (const uint8_t *)m->panels + (size_t)(row / ROWS) * m->panel_bytes;
    uint8_t block[KERN_MAX_BLOCK_BYTES];
    if (!f->decode) {
        float_row(m, panel, row % ROWS, out);
        return;
    }
    for (int c = 0; c < m->n_cols; c += f->block_cols) {
        kern_panel_block(f, panel, c / f->block_cols, row % ROWS, block);
        kern_block_to_f32(f, block, out + c);
    }
}
