#pragma once
// What a method sees of a language model.
//
// A `struct lm` is one opened model behind a backend (native, scripted; later
// openai). A `struct lm_seq` is a transcript: a list of token ids that can be
// pushed to, truncated and forked, and for which the model's next-token logits
// can be asked at any position. Backends compute lazily and at most once:
// lm_push() only records tokens; lm_rows() evaluates what is not yet evaluated
// and keeps the rows asked for until they are truncated away. So drafting,
// judging and rewriting reuse the caches of both models without the method
// having to think about it.
//
// Position p means "after the first p tokens": row p predicts token p (0-based)
// and depends on tokens 0..p-1. p >= 1.
//
// Threads: one lm may be used by several threads at once when it was opened
// for that (throughput mode: their work meets in shared batches); one lm_seq by
// one thread at a time. A sequence's rows do not depend on its neighbours.

#include "engine/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batcher;
struct error;
struct lm;
struct lm_seq;

// What a backend can do. A cell that needs more is refused with the config.
enum lm_cap {
    LM_CAP_LOGITS = 1 << 0, // lm_rows(): all next-token logits
    LM_CAP_FORK = 1 << 1,   // lm_seq_fork()
    LM_CAP_SHARED = 1 << 2, // several sequences at once (throughput mode)
};

struct lm_facts {
    const char *backend;             // "native", "scripted"
    char vocab_hash[HASH_HEX_SIZE];  // equal: token ids can be exchanged
    char family_hash[HASH_HEX_SIZE]; // equal: those of ordinary tokens can
    const char *arch;                // "qwen3", ...
    const char *kernels; // "avx512", ...; "" where it does not apply
    int64_t n_params;
    int n_vocab; // length of a logits row
    int n_used;  // ids from here on are padding: nothing is written with
                 // them, and they are never sampled
    int n_ctx;
    int n_layer, n_embd;
    int32_t eos_token; // -1: none
    int32_t bos_token; // that texts begin with; -1: none
    const char *kv;    // type of the KV cache: "f32", "f16", "q8_0"; or ""
    size_t weights_bytes, kv_bytes;
    size_t kv_token_bytes; // of kv_bytes, what one position takes
};

// ---- models ---------------------------------------------------------------

struct lm_native_options {
    const char *isa;   // "auto", "ref", "avx2", "avx512", "neon"
    int n_threads;     // >= 1
    int n_ctx;         // tokens of one sequence; 0: the model's own
    int n_seq;         // sequences alive at once, at most, each up to n_ctx
    int n_forks;       // forks besides, which share a past with one of those
    int fork_tokens;   // and have at most so many tokens of their own
    int n_rows;        // rows kept per sequence (draft_tokens + 4 or more)
    bool prefill_blas; // OpenBLAS for prompts: other bits on other CPUs
    const char *kv;    // KV cache: "f32" (or NULL), "f16", "q8_0": other bits,
                       // the same on every CPU
    struct batcher *batcher; // shared by the models of a throughput run, so
                             // that calls of several threads meet in batches
                             // (batcher.h); NULL: one thread uses the model
};

// What opening a file with these options takes, from its metadata alone.
struct lm_need {
    size_t weights_bytes, kv_bytes;
    size_t row_bytes; // of one logits row
    int n_ctx;        // tokens of one sequence
};
int lm_native_need(const char *path, const struct lm_native_options *o,
                   struct lm_need *need, struct error *err);

// Opens a GGUF file. NULL with an error that names the file. ERR_MEMORY, before
// anything is read, when weights and KV cache do not fit into memory.
struct lm *lm_native_open(const char *path, const struct lm_native_options *o,
                          struct error *err);
void lm_free(struct lm *lm); // all its sequences must be freed; NULL is fine

const struct lm_facts *lm_facts(const struct lm *lm);
unsigned lm_caps(const struct lm *lm); // or of enum lm_cap

// Pages of the KV cache that hold something, for leak tests: shared ones count
// once. The scripted backend, which shares none, counts what they would be.
int lm_n_used_pages(const struct lm *lm);

// Metadata string of the model ("specsweep.grade_suffix", ...); NULL if absent.
const char *lm_meta(const struct lm *lm, const char *key);

// ---- text -----------------------------------------------------------------

// Encode text. `special`: parse the model's special tokens (templates only,
// never user text). Appends nothing of its own. Returns the number of tokens,
// or -1 with an error; *tokens is malloc'ed.
int lm_encode(const struct lm *lm, const char *text, size_t n_bytes,
              bool special, int32_t **tokens, struct error *err);
// The same for text that goes on after other text: no blank goes in front of it
// where the vocabulary begins texts with one. *tokens is borrowed until the
// next call with this scratch, which belongs to one thread and serves all
// models. Allocates only where a text needs more room than those before it.
struct lm_scratch;
struct lm_scratch *lm_scratch_new(void);
void lm_scratch_free(struct lm_scratch *s); // NULL is fine
int lm_encode_more(const struct lm *lm, struct lm_scratch *s, const char *text,
                   size_t n_bytes, bool special, const int32_t **tokens,
                   struct error *err);
// The bytes of one token (control tokens: their text); borrowed, not NUL
// terminated. n_bytes 0 for ids out of range.
const char *lm_token_bytes(const struct lm *lm, int32_t token, size_t *n_bytes);
bool lm_token_is_end(const struct lm *lm, int32_t token); // eos, eot
bool lm_token_is_control(const struct lm *lm, int32_t token);
// Neither control nor user-defined nor unused.
bool lm_token_is_ordinary(const struct lm *lm, int32_t token);

// ---- transcripts ----------------------------------------------------------

// An empty transcript. Everything it will ever need is allocated here.
struct lm_seq *lm_seq_new(struct lm *lm, struct error *err);
void lm_seq_free(struct lm_seq *s); // NULL is fine
// A copy that shares the evaluated past (O(pages)).
struct lm_seq *lm_seq_fork(struct lm_seq *s, struct error *err);
// An empty transcript that keeps no logits: a place to keep an evaluated past
// (lm_seq_copy) at the price of its pages and token ids. lm_rows() on it is
// ERR_INTERNAL.
struct lm_seq *lm_seq_new_past(struct lm *lm, struct error *err);
// Make `to` the first n tokens of `from` (same lm, n <= lm_n_tokens(from),
// to != from): what is evaluated of them is shared (O(pages)), the rest is
// pending. What `to` held is given up. The row at n is copied where `from` has
// it and `to` keeps rows. Allocates nothing and cannot fail. Needs LM_CAP_FORK.
void lm_seq_copy(struct lm_seq *to, struct lm_seq *from, int n);

struct lm *lm_seq_lm(const struct lm_seq *s);
int lm_n_tokens(const struct lm_seq *s);
const int32_t *lm_tokens(const struct lm_seq *s); // [lm_n_tokens]
int lm_n_free(const struct lm_seq *s);            // tokens that still fit

// Append tokens; fails with ERR_INPUT when they do not fit the context or an id
// is out of range. Nothing is evaluated yet.
int lm_push(struct lm_seq *s, const int32_t *tokens, int n, struct error *err);
// Keep the first n tokens (n <= lm_n_tokens). Rows after them are dropped.
void lm_truncate(struct lm_seq *s, int n);

// Logits rows [n_vocab] at ascending positions[0..n); evaluates pending tokens
// up to the last of them in one batch. rows[i] stays valid until position i is
// truncated or the sequence has kept n_rows newer ones.
int lm_rows(struct lm_seq *s, const int *positions, int n, const float **rows,
            struct error *err);
// lm_rows() of n different sequences of one model, 1 <= n <= LM_SHARED_MAX:
// what is pending in any of them up to its last position is evaluated in one
// batch. n_rows 0: all that is pending in it is evaluated, without rows. Rows
// stay valid as above. On failure nothing of what was pending is evaluated.
enum { LM_SHARED_MAX = 64 };
struct lm_ask {
    struct lm_seq *seq;
    const int *positions; // [n_rows] ascending
    int n_rows;
    const float **rows; // [n_rows] out
};
int lm_rows_batch(const struct lm_ask *asks, int n, struct error *err);
// The row after the last token of each of them.
int lm_rows_shared(struct lm_seq *const *seqs, int n, const float **rows,
                   struct error *err);
// Evaluate all that is pending without asking for logits (prefill).
int lm_prefill(struct lm_seq *s, struct error *err);

// Work done on behalf of a sequence since it was made (forks start at 0).
struct lm_work {
    int64_t n_calls;    // batches it took part in
    int64_t n_tokens;   // tokens evaluated
    int64_t n_repeated; // of those, evaluated before and dropped since
};
struct lm_work lm_work(const struct lm_seq *s);
