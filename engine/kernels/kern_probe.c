// The buffer is four times the last-level cache, at least 512 MiB, at most a
// sixteenth of the memory beyond that. Huge pages are asked for, so that the
// read is not slowed by the address translation.

#include "engine/kernels/kern_probe.h"

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/pool.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PASSES = 6, LOOP_ROUNDS = 4000000, HAND_OFFS = 2000 };

static const size_t least_bytes = (size_t)512 << 20;

// ---- plain C ----------------------------------------------------------------

static uint64_t read_ref(const void *bytes, size_t n_bytes) {
    const uint64_t *x = bytes;
    uint64_t sum[8] = {0};
    for (size_t i = 0; i < n_bytes / sizeof *x; i += 8)
        for (int j = 0; j < 8; j++)
            sum[j] += x[i + (size_t)j];
    uint64_t all = 0;
    for (int j = 0; j < 8; j++)
        all += sum[j];
    return all;
}

// Sixteen products and sums; the compiler may use what vectors it knows.
static void f32_loop_ref(int64_t n_rounds) {
    float sum[16] = {0}, x = 1.0f;
    for (int64_t i = 0; i < n_rounds; i++) {
        __asm__ volatile("" : "+m"(x));
        for (int j = 0; j < 16; j++)
            sum[j] = sum[j] * 0.5f + x;
    }
    __asm__ volatile("" : : "m"(sum));
}

const struct kern_probe kern_probe_ref = {
    .isa = "ref", .read = read_ref, .f32_ops = 32, .f32_loop = f32_loop_ref};

const struct kern_probe *kern_probe_find(const char *isa) {
#if defined(__x86_64__)
    if (strcmp(isa, "avx2") == 0) return &kern_probe_avx2;
    if (strcmp(isa, "avx512") == 0) return &kern_probe_avx512;
#endif
    (void)isa;
    return &kern_probe_ref;
}

// ---- measuring --------------------------------------------------------------

struct probing {
    const struct kern_probe *probe;
    const char *bytes;
    void (*loop)(int64_t n_rounds);
};

static void run_read(void *ctx, int begin, int end, int worker) {
    const struct probing *p = ctx;
    (void)worker;
    volatile uint64_t sum =
        p->probe->read(p->bytes + (size_t)begin * KERN_PROBE_CHUNK,
                       (size_t)(end - begin) * KERN_PROBE_CHUNK);
    (void)sum;
}

static void run_loop(void *ctx, int begin, int end, int worker) {
    const struct probing *p = ctx;
    (void)worker;
    for (int i = begin; i < end; i++)
        p->loop(LOOP_ROUNDS);
}

static void run_nothing(void *ctx, int begin, int end, int worker) {
    (void)ctx, (void)begin, (void)end, (void)worker;
}

// Seconds of the fastest pass.
static double best_of(struct pool *pool, int n, pool_fn fn, void *ctx) {
    int64_t best = INT64_MAX;
    for (int i = 0; i < PASSES; i++) {
        int64_t start = clock_now_ns(NULL);
        pool_run(pool, n, 1, fn, ctx);
        int64_t took = clock_now_ns(NULL) - start;
        if (took < best) best = took;
    }
    return (double)(best > 0 ? best : 1) / 1e9;
}

static double loop_rate(struct probing *p, struct pool *pool, double ops) {
    int n = pool_n_threads(pool);
    if (!p->loop) return 0;
    return ops * LOOP_ROUNDS * n / best_of(pool, n, run_loop, p);
}

static double hand_off(struct pool *pool) {
    int n = pool_n_threads(pool);
    int64_t start = clock_now_ns(NULL);
    for (int i = 0; i < HAND_OFFS; i++)
        pool_run(pool, n, 1, run_nothing, NULL);
    return (double)(clock_now_ns(NULL) - start) / 1e9 / HAND_OFFS;
}

static size_t buffer_bytes(void) {
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t n = cache > 0 ? 4 * (size_t)cache : 0;
    size_t most = pages > 0 && page > 0 ? (size_t)pages / 16 * (size_t)page : 0;
    if (n > most) n = most;
    if (n < least_bytes) n = least_bytes;
    return n / KERN_PROBE_CHUNK * KERN_PROBE_CHUNK;
}

int kern_probe_measure(const char *isa, struct pool *pool,
                       struct kern_peaks *peaks, struct error *err) {
    size_t n_bytes = buffer_bytes();
    void *bytes = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, ERR_MEMORY,
                           "no room for a buffer of %zu bytes to read",
                           n_bytes);
    madvise(bytes, n_bytes, MADV_HUGEPAGE);
    memset(bytes, 1, n_bytes);
    struct probing p = {.probe = kern_probe_find(isa), .bytes = bytes};
    int n_chunks = (int)(n_bytes / KERN_PROBE_CHUNK);
    *peaks = (struct kern_peaks){.read_bytes = n_bytes};
    peaks->read_bytes_per_s =
        (double)n_bytes / best_of(pool, n_chunks, run_read, &p);
    munmap(bytes, n_bytes);
    p.loop = p.probe->int8_loop;
    peaks->int8_ops_per_s = loop_rate(&p, pool, p.probe->int8_ops);
    p.loop = p.probe->f32_loop;
    peaks->f32_ops_per_s = loop_rate(&p, pool, p.probe->f32_ops);
    peaks->hand_off_s = hand_off(pool);
    return 0;
}
