#pragma once
// What this machine can do at most: the bandwidth of a read and the rate of
// arithmetic, measured with the threads and the instructions that the kernels
// use. Speeds are stated as shares of these.
//
// Read: every thread sums a contiguous range of a buffer much larger than the
// last-level cache, so nothing is written and nothing is found in a cache.
// Arithmetic: loops on registers alone, of the instruction that the products of
// quantised weights use (int8) and of the fused multiply-add (f32).

#include <stddef.h>
#include <stdint.h>

struct error;
struct pool;

// One instruction set's loops. An operation is a multiplication or an addition.
struct kern_probe {
    const char *isa;       // name of the table in kernels.h
    const char *int8_name; // instructions of int8_loop; NULL: no such loop
    // Sum of n_bytes (a multiple of KERN_PROBE_CHUNK, 64-byte aligned).
    uint64_t (*read)(const void *bytes, size_t n_bytes);
    double int8_ops, f32_ops; // operations of one round of the loops
    void (*int8_loop)(int64_t n_rounds);
    void (*f32_loop)(int64_t n_rounds);
};

enum { KERN_PROBE_CHUNK = 4096 };

extern const struct kern_probe kern_probe_ref;
extern const struct kern_probe kern_probe_avx2;
extern const struct kern_probe kern_probe_avx512;

// "avx512", ...; the CPU must have it. Other names get the loops in plain C.
const struct kern_probe *kern_probe_find(const char *isa);

struct kern_peaks {
    double read_bytes_per_s;
    double int8_ops_per_s; // 0: the instruction set has no such loop
    double f32_ops_per_s;
    double hand_off_s; // starting and ending one parallel loop
    size_t read_bytes; // size of the buffer
};

// Best of a few passes each, about a second in all. -1 with ERR_MEMORY when
// the buffer cannot be had.
int kern_probe_measure(const char *isa, struct pool *pool,
                       struct kern_peaks *peaks, struct error *err);
