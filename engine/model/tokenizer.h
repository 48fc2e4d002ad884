#pragma once
// Text to token ids and back: byte-level BPE as GGUF files carry it
// (tokenizer.ggml.model = gpt2).
//
// Any bytes can be encoded, also those that are not UTF-8, and decoding the
// ids gives the same bytes again. Encoding appends nothing of its own: BOS is
// the caller's business (tokenizer_adds_bos). A tokenizer is read-only after
// tokenizer_new() and may be used by many threads; it does not need the file
// any more.

#include "engine/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct gguf;
struct tokenizer;

// NULL with an error that names the file: ERR_INPUT for a damaged vocabulary,
// ERR_UNSUPPORTED for a kind of tokenizer that this build does not have.
struct tokenizer *tokenizer_new(const struct gguf *g, struct error *err);
void tokenizer_free(struct tokenizer *t); // NULL is fine

// Number of tokens, or -1 with an error: text too long, or a byte that the
// vocabulary has no token for. *tokens is malloc'ed (NULL for none). Control
// tokens are found in the text only when `special` is set: templates, never
// user text. User-defined tokens are always found. Where several begin at the
// same byte the longest is taken.
int tokenizer_encode(const struct tokenizer *t, const char *text,
                     size_t n_bytes, bool special, int32_t **tokens,
                     struct error *err);

// The bytes that a token stands for; borrowed, not NUL-terminated. Control
// tokens: their text. *n_bytes = 0 and "" for ids out of range.
const char *tokenizer_bytes(const struct tokenizer *t, int32_t token,
                            size_t *n_bytes);

int tokenizer_n_tokens(const struct tokenizer *t);
// The token with exactly these bytes, control tokens first; -1: none.
int32_t tokenizer_find(const struct tokenizer *t, const char *bytes,
                       size_t n_bytes);
bool tokenizer_is_control(const struct tokenizer *t, int32_t token);
// eos, eot and their like: generation stops here.
bool tokenizer_is_end(const struct tokenizer *t, int32_t token);
int32_t tokenizer_eos(const struct tokenizer *t);   // -1: none
int32_t tokenizer_bos(const struct tokenizer *t);   // -1: none
bool tokenizer_adds_bos(const struct tokenizer *t); // prompts begin with BOS

// Hash over token texts, types and merges. Equal: ids can be exchanged.
void tokenizer_hash(const struct tokenizer *t, char hex[HASH_HEX_SIZE]);
