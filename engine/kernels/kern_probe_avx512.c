// Twelve accumulators: more than latency times rate of either instruction.

#include "engine/kernels/kern_probe.h"

#include "engine/kernels/kern_tiles.h"

#include <immintrin.h>

enum { ACCUMULATORS = 12 };

// With prefetches, as the kernels read: without them a sixth less is reached.
static uint64_t read_avx512(const void *bytes, size_t n_bytes) {
    const char *at = bytes;
    __m512i sum[8];
    KERN_UNROLL
    for (int j = 0; j < 8; j++)
        sum[j] = _mm512_setzero_si512();
    for (size_t i = 0; i < n_bytes; i += 8 * 64)
        KERN_UNROLL
    for (size_t j = 0; j < 8; j++) {
        _mm_prefetch((const char *)((uintptr_t)at + i + j * 64 + 4096),
                     _MM_HINT_T0);
        sum[j] = _mm512_add_epi64(sum[j], _mm512_load_si512(at + i + j * 64));
    }
    for (int j = 1; j < 8; j++)
        sum[0] = _mm512_add_epi64(sum[0], sum[j]);
    uint64_t lanes[8], total = 0;
    _mm512_storeu_si512(lanes, sum[0]);
    for (int j = 0; j < 8; j++)
        total += lanes[j];
    return total;
}

static void int8_loop_avx512(int64_t n_rounds) {
    __m512i sum[ACCUMULATORS], a = _mm512_set1_epi8(1);
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        sum[j] = _mm512_set1_epi32(j); // equal sums would become one
    for (int64_t i = 0; i < n_rounds; i++) {
        __asm__ volatile("" : "+v"(a));
        KERN_UNROLL
        for (int j = 0; j < ACCUMULATORS; j++)
            __asm__ volatile("vpdpbusd %1, %1, %0" : "+v"(sum[j]) : "v"(a));
    }
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        __asm__ volatile("" : : "v"(sum[j]));
}

static void f32_loop_avx512(int64_t n_rounds) {
    __m512 sum[ACCUMULATORS], a = _mm512_set1_ps(0.5f);
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        sum[j] = _mm512_set1_ps((float)j);
    for (int64_t i = 0; i < n_rounds; i++) {
        __asm__ volatile("" : "+v"(a));
        KERN_UNROLL
        for (int j = 0; j < ACCUMULATORS; j++)
            sum[j] = _mm512_fmadd_ps(a, sum[j], a);
    }
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        __asm__ volatile("" : : "v"(sum[j]));
}

const struct kern_probe kern_probe_avx512 = {
    .isa = "avx512",
    .int8_name = "vpdpbusd",
    .read = read_avx512,
    .int8_ops = ACCUMULATORS * 128,
    .f32_ops = ACCUMULATORS * 32,
    .int8_loop = int8_loop_avx512,
    .f32_loop = f32_loop_avx512,
};
