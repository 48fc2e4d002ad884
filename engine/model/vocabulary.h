#pragma once
// The tokens of a vocabulary: their bytes, types, and look-up.
//
// GGUF writes the normal tokens of byte-level BPE in GPT-2's printable alphabet
// (a blank is "Ġ", and so on) and those of SentencePiece with U+2581 for a
// blank and "<0x0A>" for a byte; here every token is the bytes that it stands
// for. Control and user-defined tokens are written as they are.
//
// A model's matrices are often taller than its vocabulary, and the file fills
// the rest with padding: tokens at the end that are of type "unused", or that
// are called "[PAD17]" after their own number, whatever their type.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct gguf;

// Values are those of tokenizer.ggml.token_type.
enum token_kind {
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN = 2,
    TOKEN_CONTROL = 3,
    TOKEN_USER_DEFINED = 4,
    TOKEN_UNUSED = 5,
    TOKEN_BYTE = 6,
};

enum vocabulary_style { VOCABULARY_BYTE_LEVEL, VOCABULARY_SENTENCEPIECE };

// Tokens that are looked for in text before it is cut into words.
struct special_set {
    int32_t *ids; // [n] sorted by bytes
    int n;
    bool first[256]; // bytes that one of them begins with
};

struct vocabulary {
    int n;          // tokens
    int n_used;     // without the padding
    char *bytes;    // all tokens, one after the other
    size_t *starts; // [n + 1] into bytes
    uint8_t *kinds; // [n] enum token_kind
    int32_t *table; // [table_mask + 1] hash table of normal tokens, -1: free
    size_t table_mask;
    int32_t byte_token[256];        // -1: none
    struct special_set always, all; // user-defined; with control and unknown
};

// Fills *v from tokenizer.ggml.tokens and .token_type (SentencePiece must have
// both). -1 with an error that names the file; release it then too.
int vocabulary_init(struct vocabulary *v, const struct gguf *g,
                    enum vocabulary_style style, struct error *err);
void vocabulary_release(struct vocabulary *v); // safe when zeroed

// Token i in 0..n-1.
const char *vocabulary_bytes(const struct vocabulary *v, int32_t i,
                             size_t *n_bytes);
// The normal token with these bytes, or -1. Unused tokens of SentencePiece are
// no answer: they are never made from text.
int32_t vocabulary_find(const struct vocabulary *v, const char *bytes,
                        size_t n_bytes);
// Of a kind that is looked for in text before it is cut: control, user-defined
// or unknown.
bool vocabulary_is_special(const struct vocabulary *v, int32_t i);
// The longest token of the set that text begins with, or -1.
int32_t vocabulary_match_special(const struct vocabulary *v,
                                 const struct special_set *set,
                                 const char *text, size_t n_bytes);

// Undo GPT-2's alphabet: `text` becomes at most n_bytes bytes in `out`.
// Returns their number, or -1 when a character is not of the alphabet.
long vocabulary_unmap(const char *text, size_t n_bytes, char *out);
