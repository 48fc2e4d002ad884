#include "engine/kernels/kern_probe.h"

#include "engine/kernels/kernels.h"

#include "engine/base/pool.h"

#include <criterion/criterion.h>
#include <string.h>

static bool cpu_has(const char *isa) {
    enum kern_isa id;
    return kern_isa_parse(isa, &id, NULL) == 0 && kern_get(id, NULL);
}

// The loop must read all of it, or the bandwidth is too good to be true.
Test(kern_probe, read_sums_every_byte) {
    static const char *const names[] = {"ref", "avx2", "avx512"};
    static _Alignas(64) uint64_t data[2 * KERN_PROBE_CHUNK / 8];
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        if (!cpu_has(names[k])) continue;
        const struct kern_probe *p = kern_probe_find(names[k]);
        cr_expect_str_eq(p->isa, names[k]);
        uint64_t sum = 0;
        for (size_t i = 0; i < sizeof data / 8; i++) {
            data[i] = i * 0x9e3779b97f4a7c15u;
            sum += data[i];
        }
        cr_expect_eq(p->read(data, sizeof data), sum, "%s", names[k]);
        cr_expect_eq(p->read(data, 0), 0, "%s", names[k]);
    }
}

Test(kern_probe, other_names_get_plain_loops) {
    cr_expect_eq(kern_probe_find("no such thing"), &kern_probe_ref);
}

// Bounds that any machine keeps, and that a loop which the compiler removed
// does not: a core retires fewer than 2^13 operations a nanosecond.
Test(kern_probe, peaks_are_possible, .timeout = 300) {
    static const char *const names[] = {"ref", "avx2", "avx512"};
    struct pool *pool = pool_new(1);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct kern_peaks peaks;
        if (!cpu_has(names[k])) continue;
        cr_assert_eq(kern_probe_measure(names[k], pool, &peaks, NULL), 0);
        cr_expect_gt(peaks.read_bytes_per_s, 1e7);
        cr_expect_lt(peaks.read_bytes_per_s, 1e12);
        cr_expect_gt(peaks.f32_ops_per_s, 1e7);
        cr_expect_lt(peaks.f32_ops_per_s, 8e12);
        cr_expect_eq(peaks.int8_ops_per_s > 0, k > 0, "%s", names[k]);
        cr_expect_lt(peaks.int8_ops_per_s, 8e12);
        cr_expect_geq(peaks.read_bytes, (size_t)512 << 20);
    }
    pool_free(pool);
}
