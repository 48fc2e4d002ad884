#pragma once
// Byte-pair encoding: the bytes of one piece of text become tokens by merging,
// again and again, the adjacent pair that comes first in the list of merges.

#include "engine/base/array.h"

#include <stddef.h>
#include <stdint.h>

struct bpe;
struct bpe_work; // scratch of one thread
struct error;
struct gguf;
struct vocabulary;

struct token_list {
    int32_t *items;
    size_t n, cap;
};

// From tokenizer.ggml.merges; the vocabulary is borrowed. NULL with an error
// that names the file.
struct bpe *bpe_new(const struct gguf *g, const struct vocabulary *v,
                    struct error *err);
void bpe_free(struct bpe *b); // NULL is fine

struct bpe_work *bpe_work_new(void);
void bpe_work_free(struct bpe_work *w); // NULL is fine

// Append the tokens of bytes[0..n_bytes), n_bytes <= INT32_MAX. -1 with
// ERR_INPUT when the vocabulary lacks a token for one of the bytes.
// O(n log n).
int bpe_encode(const struct bpe *b, struct bpe_work *w, const char *bytes,
               size_t n_bytes, struct token_list *out, struct error *err);
