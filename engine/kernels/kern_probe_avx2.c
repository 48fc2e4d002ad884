// Twelve accumulators: more than latency times rate of any of these
// instructions, and few enough to stay in registers.

#include "engine/kernels/kern_probe.h"

#include "engine/kernels/kern_tiles.h"

#include <immintrin.h>

enum { ACCUMULATORS = 12 };

// With prefetches, as the kernels read: without them a sixth less is reached.
static uint64_t read_avx2(const void *bytes, size_t n_bytes) {
    const char *at = bytes;
    __m256i sum[8];
    KERN_UNROLL
    for (int j = 0; j < 8; j++)
        sum[j] = _mm256_setzero_si256();
    for (size_t i = 0; i < n_bytes; i += 8 * 32)
        KERN_UNROLL
    for (size_t j = 0; j < 8; j++) {
        if (j % 2 == 0)
            _mm_prefetch((const char *)((uintptr_t)at + i + j * 32 + 4096),
                         _MM_HINT_T0);
        sum[j] = _mm256_add_epi64(
            sum[j], _mm256_load_si256((const __m256i *)(at + i + j * 32)));
    }
    for (int j = 1; j < 8; j++)
        sum[0] = _mm256_add_epi64(sum[0], sum[j]);
    uint64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, sum[0]);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

static void int8_loop_avx2(int64_t n_rounds) {
    __m256i sum[ACCUMULATORS], a = _mm256_set1_epi8(1), ones;
    ones = _mm256_set1_epi16(1);
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        sum[j] = _mm256_set1_epi32(j); // equal sums would become one
    for (int64_t i = 0; i < n_rounds; i++) {
        KERN_UNROLL
        for (int j = 0; j < ACCUMULATORS; j++) {
            __asm__ volatile("" : "+x"(a)); // a new operand each time
            __m256i pairs = _mm256_maddubs_epi16(a, a);
            sum[j] = _mm256_add_epi32(sum[j], _mm256_madd_epi16(pairs, ones));
        }
    }
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        __asm__ volatile("" : : "x"(sum[j]));
}

static void f32_loop_avx2(int64_t n_rounds) {
    __m256 sum[ACCUMULATORS], a = _mm256_set1_ps(0.5f);
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        sum[j] = _mm256_set1_ps((float)j);
    for (int64_t i = 0; i < n_rounds; i++) {
        __asm__ volatile("" : "+x"(a));
        KERN_UNROLL
        for (int j = 0; j < ACCUMULATORS; j++)
            sum[j] = _mm256_fmadd_ps(a, sum[j], a);
    }
    KERN_UNROLL
    for (int j = 0; j < ACCUMULATORS; j++)
        __asm__ volatile("" : : "x"(sum[j]));
}

const struct kern_probe kern_probe_avx2 = {
    .isa = "avx2",
    .int8_name = "vpmaddubsw + vpmaddwd + vpaddd",
    .read = read_avx2,
    .int8_ops = ACCUMULATORS * 64,
    .f32_ops = ACCUMULATORS * 16,
    .int8_loop = int8_loop_avx2,
    .f32_loop = f32_loop_avx2,
};
