// A merge joins two tokens of letters, the left one with or without a leading
// blank, drawn at random: at first single letters, so that most pairs become
// tokens, then those pairs too, then all short tokens that there are. The 256
// bytes come in the order of GPT-2's vocabulary: printable ones first.

#include "engine/model/synth_vocab.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/hash.h"
#include "engine/base/rng.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 24, PART_BYTES = 7, N_BYTES = 256 };
enum { MERGES_OF_LETTERS = 600, MERGES_OF_PAIRS = 20000 };
enum { KIND_NORMAL = 1, KIND_CONTROL = 3, KIND_UNUSED = 5 };

static const char blank[] = "\xc4\xa0"; // U+0120 stands for a blank

struct maker {
    struct synth_vocab *out;
    struct rng rng;
    uint64_t n_draws;
    char (*texts)[TEXT_BYTES]; // [n_text]
    int32_t *parts;            // [n_parts] ids of at most PART_BYTES letters
    int n_parts, n_usable;     // merges draw from the first n_usable
    uint64_t *seen;            // [seen_mask + 1] hashes of texts, 0: free
    uint64_t seen_mask;
};

static void add_text(struct buf *b, const char *text) {
    uint64_t n = strlen(text);
    buf_add(b, &n, sizeof n);
    buf_adds(b, text);
}

static void add_token(struct maker *m, const char *text, int32_t kind) {
    add_text(m->out->tokens, text);
    buf_add(m->out->types, &kind, sizeof kind);
}

// False if it was there.
static bool add_seen(struct maker *m, const char *text) {
    uint64_t hash = hash_u64(text, strlen(text)) | 1;
    uint64_t at = hash >> 1 & m->seen_mask;
    for (; m->seen[at]; at = (at + 1) & m->seen_mask)
        if (m->seen[at] == hash) return false;
    m->seen[at] = hash;
    return true;
}

static void char_of(unsigned c, char *text) {
    if (c < 128) {
        text[0] = (char)c;
    } else {
        text[0] = (char)(0xc0 | c >> 6);
        text[1] = (char)(0x80 | (c & 63));
    }
}

static bool is_printable(unsigned c) {
    return (c > 32 && c < 127) || (c > 160 && c != 173);
}

static void make_bytes(struct maker *m) {
    int n = 0;
    unsigned other = 256;
    for (unsigned c = 0; c < N_BYTES; c++)
        if (is_printable(c)) char_of(c, m->texts[n++]);
    while (n < N_BYTES)
        char_of(other++, m->texts[n++]);
    for (int i = 0; i < N_BYTES; i++) {
        const char *text = m->texts[i];
        bool is_letter = text[0] >= 'a' && text[0] <= 'z';
        if (is_letter || strcmp(text, blank) == 0) m->parts[m->n_parts++] = i;
        add_seen(m, text);
        add_token(m, text, KIND_NORMAL);
    }
}

static const char *draw_part(struct maker *m) {
    uint64_t i =
        rng_below(&m->rng, RNG_ORDER, m->n_draws++, (uint64_t)m->n_usable);
    return m->texts[m->parts[i]];
}

static void make_merge(struct maker *m, int id) {
    char merge[2 * TEXT_BYTES];
    const char *left, *right;
    size_t n_left, n_right;
    do {
        left = draw_part(m);
        right = draw_part(m);
        n_left = strlen(left);
        n_right = strlen(right);
        if (right[0] == blank[0]) continue;
        memcpy(m->texts[id], left, n_left);
        memcpy(m->texts[id] + n_left, right, n_right + 1);
        if (add_seen(m, m->texts[id])) break;
    } while (true);
    snprintf(merge, sizeof merge, "%s %s", left, right);
    add_text(m->out->merges, merge);
    add_token(m, m->texts[id], KIND_NORMAL);
    if (n_left + n_right <= PART_BYTES) m->parts[m->n_parts++] = id;
}

static void make_rest(struct maker *m, int n_text, int n_vocab) {
    static const char *const control[SYNTH_N_CONTROL] = {
        "<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    for (int i = 0; i < SYNTH_N_CONTROL; i++)
        add_token(m, control[i], KIND_CONTROL);
    for (int i = n_text + SYNTH_N_CONTROL; i < n_vocab; i++) {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text, "[PAD%d]", i);
        add_token(m, text, KIND_UNUSED);
    }
}

void synth_vocab_fill(struct synth_vocab *v, uint64_t seed, int n_text,
                      int n_vocab) {
    uint64_t n_slots = 1024;
    while (n_slots < (uint64_t)n_text * 2)
        n_slots *= 2;
    struct maker m = {
        .out = v,
        .rng = rng_make(seed, "synth vocabulary", 0),
        .texts = xcalloc((size_t)n_text, sizeof *m.texts),
        .parts = xcalloc((size_t)n_text, sizeof *m.parts),
        .seen = xcalloc(n_slots, sizeof *m.seen),
        .seen_mask = n_slots - 1,
    };
    make_bytes(&m);
    for (int i = 0; i < n_text - N_BYTES; i++) {
        if (i == 0 || i == MERGES_OF_LETTERS || i >= MERGES_OF_PAIRS)
            m.n_usable = m.n_parts;
        make_merge(&m, N_BYTES + i);
    }
    make_rest(&m, n_text, n_vocab);
    free(m.texts);
    free(m.parts);
    free(m.seen);
}
