#pragma once
// Text to token ids and back, as GGUF files carry it: byte-level BPE
// (tokenizer.ggml.model = gpt2) and SentencePiece (llama).
//
// Any bytes can be encoded, also those that are not UTF-8, and decoding the
// ids gives the same bytes again, with one exception: to SentencePiece U+2581
// is a blank, and comes back as one. Encoding adds neither BOS nor EOS: they
// are the caller's business (tokenizer_adds_bos).
//
// Most SentencePiece vocabularies (tokenizer.ggml.add_space_prefix) want words
// to begin with a blank, the first one too: encoding puts one in front of the
// text, and in front of what follows a control or user-defined token.
// tokenizer_decode() takes exactly these away again. Text that is continued has
// none: tokenizer_encode_more() adds none and tokenizer_bytes() drops none.
//
// A tokenizer is read-only after tokenizer_new() and may be used by many
// threads; it does not need the file any more.

#include "engine/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
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

// As tokenizer_encode(), for text that goes on where other text ended: no blank
// is put in front of it, and the bytes of its tokens are the text.
int tokenizer_encode_more(const struct tokenizer *t, const char *text,
                          size_t n_bytes, bool special, int32_t **tokens,
                          struct error *err);

// Scratch of one thread, for any tokenizers.
struct tokenizer_work;
struct tokenizer_work *tokenizer_work_new(void);
void tokenizer_work_free(struct tokenizer_work *w); // NULL is fine

// As tokenizer_encode_more(), but *tokens is borrowed until the next call with
// this scratch; memory is allocated only where a text needs more than those
// before it.
int tokenizer_encode_in(const struct tokenizer *t, struct tokenizer_work *w,
                        const char *text, size_t n_bytes, bool special,
                        const int32_t **tokens, struct error *err);

// The bytes that a token stands for, out of context; borrowed, not
// NUL-terminated. Control tokens: their text. *n_bytes = 0 and "" for ids out
// of range.
const char *tokenizer_bytes(const struct tokenizer *t, int32_t token,
                            size_t *n_bytes);

// Append the text of whole ids, the inverse of encoding. Control tokens are
// written only when `special` is set; ids out of range are nothing.
void tokenizer_decode(const struct tokenizer *t, const int32_t *tokens,
                      size_t n_tokens, bool special, struct buf *out);

int tokenizer_n_tokens(const struct tokenizer *t);
// Without the padding at the end (vocabulary.h).
int tokenizer_n_used(const struct tokenizer *t);
// The token with exactly these bytes, control tokens first; -1: none.
int32_t tokenizer_find(const struct tokenizer *t, const char *bytes,
                       size_t n_bytes);
bool tokenizer_is_control(const struct tokenizer *t, int32_t token);
// Normal, or a byte: made from text by the rules of the vocabulary alone.
bool tokenizer_is_ordinary(const struct tokenizer *t, int32_t token);
// eos, eot and their like: generation stops here.
bool tokenizer_is_end(const struct tokenizer *t, int32_t token);
int32_t tokenizer_eos(const struct tokenizer *t);   // -1: none
int32_t tokenizer_bos(const struct tokenizer *t);   // -1: none
bool tokenizer_adds_bos(const struct tokenizer *t); // prompts begin with BOS

// Hash over the texts, types, merges or scores of all tokens but the padding at
// the end. Equal: ids can be exchanged, though n_tokens may differ.
void tokenizer_hash(const struct tokenizer *t, char hex[HASH_HEX_SIZE]);
// The same over ordinary tokens with their ids, and merges or scores. Equal:
// vocabularies of one family, whose special tokens may be others or elsewhere.
void tokenizer_family_hash(const struct tokenizer *t, char hex[HASH_HEX_SIZE]);
