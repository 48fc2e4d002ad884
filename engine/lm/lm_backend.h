#pragma once
// What a backend implements. One file per backend, one `const struct
// lm_backend` each; lm.c owns everything that is the same for all: token
// lists, the row store, bookkeeping of what is pending.
//
// A backend embeds `struct lm` and `struct lm_seq` as first members of its own
// structs and fills `facts` and `caps` when it opens.

#include "engine/lm/lm.h"

enum { LM_ROWS_MAX = 256 }; // most row slots per sequence

struct lm_backend {
    const char *name;
    void (*close)(struct lm *lm);
    // Allocate / free the backend's sequence (whose first member is lm_seq).
    struct lm_seq *(*seq_new)(struct lm *lm, struct error *err);
    void (*seq_free)(struct lm_seq *s);
    // lm.c moves n_evaluated: after eval, before seq_cut.
    // Make `to` (fresh) share the first n_evaluated tokens of `from`.
    int (*seq_share)(struct lm_seq *to, struct lm_seq *from, struct error *err);
    // Forget evaluated tokens from n on.
    void (*seq_cut)(struct lm_seq *s, int n);
    // Evaluate tokens [s->n_evaluated, end) of s->tokens; for each position in
    // positions[0..n_rows) (ascending, > n_evaluated, <= end) write logits to
    // rows[i][n_vocab].
    int (*eval)(struct lm_seq *s, int end, const int *positions, int n_rows,
                float **rows, struct error *err);
    // Evaluate all pending tokens (at least one) of n sequences, n <=
    // LM_SHARED_MAX, in one batch; the logits after the last of seqs[i] go to
    // rows[i][n_vocab]. NULL: the backend has no batches.
    int (*eval_shared)(struct lm_seq *const *seqs, int n, float **rows,
                       struct error *err);
    // Text side; see lm.h.
    int (*encode)(const struct lm *lm, const char *text, size_t n_bytes,
                  bool special, int32_t **tokens, struct error *err);
    int (*encode_more)(const struct lm *lm, struct lm_scratch *s,
                       const char *text, size_t n_bytes, bool special,
                       const int32_t **tokens, struct error *err);
    const char *(*token_bytes)(const struct lm *lm, int32_t token,
                               size_t *n_bytes);
    bool (*is_end)(const struct lm *lm, int32_t token);
    bool (*is_control)(const struct lm *lm, int32_t token);
    bool (*is_ordinary)(const struct lm *lm, int32_t token);
    const char *(*meta)(const struct lm *lm, const char *key);
};

struct lm {
    const struct lm_backend *backend;
    struct lm_facts facts;
    unsigned caps;
    int n_rows; // row slots per sequence
};

struct lm_seq {
    struct lm *lm;
    int32_t *tokens;                   // [n_ctx]
    int n_tokens, n_evaluated, n_high; // n_high: most ever evaluated
    float *row_data;                   // [n_rows][n_vocab]
    int *row_pos;                      // [n_rows] position held, 0: free
    int row_next;                      // slot to evict next
    struct lm_work work;
};

struct lm_scratch {
    struct tokenizer_work *work; // of the native backend
    struct lm_scratch_tokens {
        int32_t *items;
        size_t n, cap;
    } tokens; // of others
};

// For backends: set up and tear down the common part of a sequence.
int lm_seq_init(struct lm_seq *s, struct lm *lm, struct error *err);
void lm_seq_release(struct lm_seq *s);
