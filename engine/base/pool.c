// A job is published by raising `epoch`; workers spin for a few microseconds
// before they sleep, because a decode step hands over hundreds of short jobs
// and a futex wake-up costs more than most of them. Ranges are fixed by the
// worker's number: no stealing, so a worker's cache keeps its rows.

#include "engine/base/pool.h"

#include "engine/base/alloc.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { POOL_SPINS = 2000 }; // pauses, some tens of microseconds

struct worker {
    struct pool *pool;
    pthread_t thread;
    int id;
};

struct pool {
    int n_threads;
    int n_spins;
    struct worker *workers; // [n_threads]; 0 is the caller
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint epoch;  // raised under `lock` for each job
    atomic_int pending; // workers that have not finished the job
    bool stop;
    pool_fn fn;
    void *ctx;
    int n, grain;
};

static void pool_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void pool_range(const struct pool *p, int id) {
    int n_grains = (p->n + p->grain - 1) / p->grain;
    int first = (int)((long)n_grains * id / p->n_threads);
    int last = (int)((long)n_grains * (id + 1) / p->n_threads);
    int begin = first * p->grain;
    int end = last * p->grain < p->n ? last * p->grain : p->n;
    if (begin < end) p->fn(p->ctx, begin, end, id);
}

// Wait until the epoch differs from `seen`.
static void pool_wait(struct pool *p, unsigned seen) {
    for (int i = 0; i < p->n_spins; i++) {
        if (atomic_load_explicit(&p->epoch, memory_order_acquire) != seen)
            return;
        pool_relax();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load_explicit(&p->epoch, memory_order_relaxed) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static void *pool_main(void *arg) {
    struct worker *w = arg;
    struct pool *p = w->pool;
    for (unsigned seen = 0;; seen++) {
        pool_wait(p, seen);
        if (p->stop) return NULL;
        pool_range(p, w->id);
        atomic_fetch_sub_explicit(&p->pending, 1, memory_order_release);
    }
}

static void pool_publish(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add_explicit(&p->epoch, 1, memory_order_release);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

// Processors that this process may run on.
static int pool_n_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

struct pool *pool_new(int n_threads) {
    assert(n_threads >= 1 && n_threads <= POOL_MAX_THREADS);
    struct pool *p = xcalloc(1, sizeof *p);
    p->n_threads = n_threads;
    // Spinning only pays where every thread has a core of its own.
    p->n_spins = pool_n_processors() >= n_threads ? POOL_SPINS : 0;
    p->workers = xcalloc((size_t)n_threads, sizeof *p->workers);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (int i = 1; i < n_threads; i++) {
        p->workers[i] = (struct worker){.pool = p, .id = i};
        if (pthread_create(&p->workers[i].thread, NULL, pool_main,
                           &p->workers[i])) {
            p->n_threads = i; // carry on with the threads that there are
            break;
        }
    }
    return p;
}

void pool_free(struct pool *p) {
    if (!p) return;
    p->stop = true;
    pool_publish(p);
    for (int i = 1; i < p->n_threads; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p->workers);
    free(p);
}

int pool_n_threads(const struct pool *p) {
    return p ? p->n_threads : 1;
}

void pool_run(struct pool *p, int n, int grain, pool_fn fn, void *ctx) {
    if (n <= 0) return;
    if (!p || p->n_threads == 1 || n <= grain) {
        fn(ctx, 0, n, 0);
        return;
    }
    p->fn = fn;
    p->ctx = ctx;
    p->n = n;
    p->grain = grain;
    atomic_store_explicit(&p->pending, p->n_threads - 1, memory_order_relaxed);
    pool_publish(p);
    pool_range(p, 0);
    for (int i = 0; atomic_load_explicit(&p->pending, memory_order_acquire);
         i++) {
        if (i > p->n_spins)
            sched_yield();
        else
            pool_relax();
    }
}
