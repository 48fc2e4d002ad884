#pragma once
// SentencePiece's BPE (tokenizer.ggml.model = llama): characters become tokens
// by merging, again and again, the adjacent pair whose union is the token with
// the highest score. What is no token then becomes the tokens of its bytes.

#include <stdbool.h>
#include <stddef.h>

struct error;
struct gguf;
struct spm;
struct spm_work; // scratch of one thread
struct token_list;
struct vocabulary;

// Scores from tokenizer.ggml.scores; the vocabulary is borrowed. NULL with an
// error that names the file.
struct spm *spm_new(const struct gguf *g, const struct vocabulary *v,
                    struct error *err);
void spm_free(struct spm *s); // NULL is fine
// [vocabulary->n], borrowed.
const float *spm_scores(const struct spm *s);

struct spm_work *spm_work_new(void);
void spm_work_free(struct spm_work *w); // NULL is fine

// Append the tokens of text[0..n_bytes), n_bytes < INT32_MAX, with a blank put
// in front when `prefix` is set. U+2581 reads as a blank; bytes that are not
// UTF-8 count as characters. -1 with ERR_INPUT when a character is no token
// and the vocabulary lacks a token for one of its bytes. O(n log n).
int spm_encode(const struct spm *s, struct spm_work *w, const char *text,
               size_t n_bytes, bool prefix, struct token_list *out,
               struct error *err);
