#pragma once
// Cuts text into the pieces inside which BPE merges: words, numbers, runs of
// punctuation or blanks, by the regular expressions of each tokenizer family.
//
// Any bytes are accepted: each byte that is not part of valid UTF-8 is a piece
// of its own, and the pieces always cover the text without gap or overlap.

#include <stdbool.h>
#include <stddef.h>

struct error;
struct pretokenizer;
struct pretokenizer_work; // scratch of one thread

struct piece {
    size_t at, n_bytes;
};

// By the name in tokenizer.ggml.pre. NULL with ERR_UNSUPPORTED that lists the
// names known.
struct pretokenizer *pretokenizer_new(const char *name, struct error *err);
void pretokenizer_free(struct pretokenizer *p); // NULL is fine
// A piece that is a token as a whole is taken as it is, merges or not.
bool pretokenizer_ignores_merges(const struct pretokenizer *p);
// Whether BOS is put in front when the file does not say.
bool pretokenizer_adds_bos(const struct pretokenizer *p);

struct pretokenizer_work *pretokenizer_work_new(void);
void pretokenizer_work_free(struct pretokenizer_work *w); // NULL is fine

// The pieces of text[0..n_bytes) in order; valid until the next call with the
// same scratch. NULL with ERR_INTERNAL when the matcher gives up.
const struct piece *pretokenizer_split(const struct pretokenizer *p,
                                       struct pretokenizer_work *w,
                                       const char *text, size_t n_bytes,
                                       size_t *n_pieces, struct error *err);
