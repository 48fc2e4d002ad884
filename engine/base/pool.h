#pragma once
// A thread pool with one operation: run a function over row ranges.
//
// The caller takes part, so a pool of 1 has no threads of its own. Work is cut
// into `n_threads` contiguous ranges; a result must not depend on the cut. One
// pool is passed as a parameter, never global. pool_run() of one pool is not
// reentrant: one caller at a time.

struct pool;

enum { POOL_MAX_THREADS = 256 };

struct pool *pool_new(int n_threads);     // 1..POOL_MAX_THREADS
void pool_free(struct pool *p);           // NULL is fine; joins the threads
int pool_n_threads(const struct pool *p); // 1 for NULL

// Called once per range [begin, end) of 0..n, `worker` in 0..n_threads-1.
typedef void (*pool_fn)(void *ctx, int begin, int end, int worker);

// Returns when the whole of 0..n is done. Ranges begin at multiples of `grain`
// (>= 1); at most n/grain workers take part. p NULL: all on the caller.
void pool_run(struct pool *p, int n, int grain, pool_fn fn, void *ctx);
