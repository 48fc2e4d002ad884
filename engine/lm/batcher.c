// The thread that completes the set of waiting threads becomes the leader: it
// picks the model with the most waiting calls, runs them as one batch outside
// the lock, and wakes everybody. A thread that leaves may complete the set for
// others, so those who wait re-check whenever anything changes.

#include "engine/lm/batcher.h"

#include "engine/base/alloc.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct batcher {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n_entered; // threads that will submit
    int n_waiting; // of those, threads inside batcher_submit
    bool running;  // a leader is running a batch
    struct batcher_call *queue;
};

struct batcher *batcher_new(void) {
    struct batcher *b = xcalloc(1, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    return b;
}

void batcher_free(struct batcher *b) {
    if (!b) return;
    assert(b->n_entered == 0 && !b->queue);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static void batcher_enter_by(struct batcher *b, int change) {
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    b->n_entered += change;
    assert(b->n_entered >= 0 && b->n_entered <= BATCHER_MAX_CALLS);
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void batcher_enter(struct batcher *b) {
    batcher_enter_by(b, 1);
}

void batcher_leave(struct batcher *b) {
    batcher_enter_by(b, -1);
}

static int batcher_count(const struct batcher *b, const void *model) {
    int n = 0;
    for (const struct batcher_call *c = b->queue; c; c = c->next)
        n += c->model == model;
    return n;
}

// The model that most waiting calls are for.
static const void *batcher_busiest(const struct batcher *b) {
    const void *best = NULL;
    int n_best = 0;
    for (const struct batcher_call *c = b->queue; c; c = c->next) {
        int n = batcher_count(b, c->model);
        if (n > n_best) {
            n_best = n;
            best = c->model;
        }
    }
    return best;
}

// Unlink the calls for `model` into batch[]; returns how many.
static int batcher_take(struct batcher *b, const void *model,
                        struct batcher_call **batch) {
    int n = 0;
    for (struct batcher_call **link = &b->queue; *link;) {
        struct batcher_call *c = *link;
        if (c->model != model) {
            link = &c->next;
            continue;
        }
        *link = c->next;
        batch[n++] = c;
    }
    return n;
}

// Called with the lock held, returns with it held.
static void batcher_lead(struct batcher *b) {
    struct batcher_call *batch[BATCHER_MAX_CALLS];
    int n = batcher_take(b, batcher_busiest(b), batch);
    b->running = true;
    pthread_mutex_unlock(&b->lock);
    batch[0]->run(batch, n);
    pthread_mutex_lock(&b->lock);
    b->running = false;
    b->n_waiting -= n;
    for (int i = 0; i < n; i++)
        batch[i]->done = 1;
    pthread_cond_broadcast(&b->changed);
}

int batcher_submit(struct batcher *b, struct batcher_call *call) {
    pthread_mutex_lock(&b->lock);
    call->done = 0;
    call->next = b->queue;
    b->queue = call;
    b->n_waiting++;
    while (!call->done) {
        if (b->n_waiting >= b->n_entered && !b->running)
            batcher_lead(b);
        else
            pthread_cond_wait(&b->changed, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
    return call->status;
}
