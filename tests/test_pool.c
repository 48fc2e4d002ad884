#include "engine/base/pool.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>

struct job {
    int hits[1000];
    atomic_int ranges;
    int grain;
};

static void mark(void *ctx, int begin, int end, int worker) {
    (void)worker;
    struct job *job = ctx;
    atomic_fetch_add(&job->ranges, 1);
    cr_assert_eq(begin % job->grain, 0);
    for (int i = begin; i < end; i++)
        job->hits[i]++;
}

static void cover(struct pool *p, int n, int grain) {
    struct job job = {.grain = grain};
    pool_run(p, n, grain, mark, &job);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(job.hits[i], i < n, "n %d grain %d item %d", n, grain, i);
    cr_assert_leq(job.ranges, pool_n_threads(p));
}

Test(pool, covers_every_item_once) {
    static const int sizes[] = {0, 1, 2, 3, 7, 16, 100, 999, 1000};
    for (int threads = 1; threads <= 5; threads++) {
        struct pool *p = pool_new(threads);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            cover(p, sizes[i], 1);
            cover(p, sizes[i], 3);
            cover(p, sizes[i], 64);
        }
        pool_free(p);
    }
}

Test(pool, runs_on_the_caller_without_a_pool) {
    struct job job = {.grain = 1};
    pool_run(NULL, 10, 1, mark, &job);
    cr_assert_eq(job.ranges, 1);
    cr_assert_eq(job.hits[9], 1);
    cr_assert_eq(pool_n_threads(NULL), 1);
    pool_free(NULL);
}

static void add_one(void *ctx, int begin, int end, int worker) {
    (void)worker;
    int *sums = ctx;
    for (int i = begin; i < end; i++)
        sums[i] += 1;
}

// Thousands of short jobs in a row: a lost wake-up would hang here.
Test(pool, survives_many_short_jobs, .timeout = 60) {
    struct pool *p = pool_new(3);
    int sums[64] = {0};
    for (int i = 0; i < 20000; i++)
        pool_run(p, 64, 1, add_one, sums);
    for (int i = 0; i < 64; i++)
        cr_assert_eq(sums[i], 20000);
    pool_free(p);
}
