#pragma once
// What a backend implements. One file per backend, one `const struct
// lm_backend` each; lm.c owns everything that is the same for all: token
// lists, the row store, bookkeeping of what is pending.
//
// A backend embeds `struct lm` and `struct lm_seq` as first members of its own
// structs and fills `facts` and `caps` when it opens.

#include "engine/lm/lm.h"

enum { LM_ROWS_MAX = 256 }; // most row slots per sequence

// What a backend evaluates of one sequence: tokens [n_evaluated, end) of it, at
// least one. For each of positions[0..n_rows) (ascending, > n_evaluated, <=
// end) the logits go to rows[i][n_vocab].
struct lm_eval {
    struct lm_seq *seq;
    int end;
    const int *positions;
    int n_rows;
    float **rows;
};

struct lm_backend {
    const char *name;
    void (*close)(struct lm *lm);
    // Allocate / free the backend's sequence (whose first member is lm_seq).
    struct lm_seq *(*seq_new)(struct lm *lm, int n_rows, struct error *err);
    void (*seq_free)(struct lm_seq *s);
    // lm.c moves n_evaluated: after eval and seq_share, before seq_cut.
    // Give up what `to` has evaluated and share the first n tokens of `from`,
    // n <= from->n_evaluated. NULL without LM_CAP_FORK.
    void (*seq_share)(struct lm_seq *to, struct lm_seq *from, int n);
    // Forget evaluated tokens from n on.
    void (*seq_cut)(struct lm_seq *s, int n);
    // Evaluate n different sequences, 1 <= n <= LM_SHARED_MAX, in one batch
    // where the backend has batches. On failure none has changed.
    int (*eval)(const struct lm_eval *evals, int n, struct error *err);
    int (*n_used_pages)(const struct lm *lm); // NULL: has none
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
    int n_rows; // row slots of a sequence that keeps rows
};

struct lm_seq {
    struct lm *lm;
    int32_t *tokens;                   // [n_ctx]
    int n_tokens, n_evaluated, n_high; // n_high: most ever evaluated
    int n_rows;                        // row slots; 0: it keeps none
    float *row_data;                   // [n_rows][n_vocab]
    int *row_pos;                      // [n_rows] position held, 0: free
    int *missing;                      // [n_rows] of the call at hand:
    float **missing_rows;              // [n_rows] rows to be evaluated
    bool is_asked;                     // in the call at hand
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
// n_rows 0: a past, without rows.
int lm_seq_init(struct lm_seq *s, struct lm *lm, int n_rows, struct error *err);
void lm_seq_release(struct lm_seq *s);
