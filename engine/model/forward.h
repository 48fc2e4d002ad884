#pragma once
// The forward pass: evaluates a batch of tokens of several sequences.
//
// Decoding one token, verifying a draft, prefilling a judge prompt and growing
// a beam are all this one call. After it, each sequence's KV cache holds its
// new tokens. The logits of a token do not depend on the batch it was in, nor
// on the number of threads (prefill through BLAS excepted).
//
// Everything is allocated by forward_new for `max_batch` tokens; larger
// requests run in chunks.

#include "engine/model/kv.h"
#include "engine/model/model.h"

#include <stdbool.h>

struct pool;

struct forward_options {
    const struct kernels *kernels;
    struct pool *pool; // borrowed; NULL: one thread
    struct kv *kv;     // borrowed; where the sequences of its batches live
    int n_ctx;         // longest sequence; sizes tables and scratch
    int max_batch;     // tokens of one chunk
    bool prefill_blas; // OpenBLAS for chunks of FORWARD_BLAS_TOKENS or more
    int64_t min_work;  // integer multiply-adds that pay for a hand-over to the
                       // pool; 0: the default. Never shows in the bits
};

enum { FORWARD_BLAS_TOKENS = 32 };

// Part of a batch: the next n_tokens of one sequence (at most one item of a
// batch per sequence).
struct forward_item {
    struct kv_seq *seq;
    const int32_t *tokens; // [n_tokens], checked: 0 <= id < n_vocab
    int n_tokens;
    const int *rows; // [n_rows] ascending indices into tokens whose
    int n_rows;      // logits are wanted
    float **logits;  // [n_rows] -> [n_vocab]
};

struct forward;
struct forward *forward_new(const struct model *m,
                            const struct forward_options *o, struct error *err);
void forward_free(struct forward *f); // NULL is fine

// -1 with ERR_MEMORY when the cache is full; then no sequence has changed.
int forward_run(struct forward *f, struct forward_item *items, int n_items,
                struct error *err);
