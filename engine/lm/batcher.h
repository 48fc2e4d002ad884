#pragma once
// Gathers the model calls of several threads into shared batches.
//
// One batcher serves all models of a throughput run. Each worker thread calls
// batcher_enter() once before its first sample and batcher_leave() after its
// last. A call waits until every entered thread is waiting in some call; then
// the calls that are waiting for the same model run as one batch. Rows do not
// depend on who else is in the batch, so the tokens are those of latency mode.

struct batcher;
struct error;

struct batcher *batcher_new(void);
void batcher_free(struct batcher *b);  // no thread may be inside; NULL is fine
void batcher_enter(struct batcher *b); // NULL: no-op
void batcher_leave(struct batcher *b);

struct batcher_call;
// Runs `n` calls of one model as one batch; sets each call's status.
typedef void (*batcher_run_fn)(struct batcher_call **calls, int n);

// One waiting call, filled by the backend up to `status`.
struct batcher_call {
    const void *model;  // calls with the same model can share a batch
    batcher_run_fn run; // the same for all calls of a model
    void *item;         // the backend's own request
    int status;         // set by `run`
    int done;           // the batcher's
    struct batcher_call *next;
};

enum { BATCHER_MAX_CALLS = 256 }; // threads at most

// Blocks until the call has been part of a batch; returns its status.
int batcher_submit(struct batcher *b, struct batcher_call *call);
