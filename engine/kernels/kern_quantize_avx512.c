// Activations for quantised weights, eight blocks at a time: what is computed
// once for a block (its range, its scale, products of its sums) is computed for
// eight at once, a lane each, and so are the last steps of what is reduced over
// a block. In registers of pairs, pair k is blocks k and k + 4, so that the
// reductions leave the blocks in order.

#include "engine/kernels/kern_simd_avx512.h"

#include <math.h>
#include <stdalign.h>

enum { GROUP = 8 }; // blocks

// Of each of GROUP blocks, in order.
struct group {
    __m256 scale, inverse;
    __m256i zero;
};

// The largest of 32 values in lanes 0 to 7 of the result, of their negatives in
// lanes 8 to 15, not yet of each other.
KERN_INLINE __m512 extremes_of(const float *x) {
    __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    __m512 most = _mm512_max_ps(a, b);
    __m512 least = _mm512_sub_ps(_mm512_setzero_ps(), _mm512_min_ps(a, b));
    return _mm512_max_ps(_mm512_shuffle_f32x4(most, least, 0x44),
                         _mm512_shuffle_f32x4(most, least, 0xee));
}

// Blocks k and k + 4: 4 candidates each for block k's largest, its negatives'
// largest, and the same of block k + 4.
KERN_INLINE __m512 extremes_of_pair(const float *const *x, int k) {
    __m512 a = extremes_of(x[k]), b = extremes_of(x[k + 4]);
    return _mm512_max_ps(_mm512_shuffle_f32x4(a, b, 0x88),
                         _mm512_shuffle_f32x4(a, b, 0xdd));
}

// Lane i of 128 bits of the result: of lane i of each pair, the largest.
KERN_INLINE __m512 join_extremes(const __m512 *pair) {
    __m512 a = _mm512_max_ps(_mm512_shuffle_ps(pair[0], pair[1], 0x44),
                             _mm512_shuffle_ps(pair[0], pair[1], 0xee));
    __m512 b = _mm512_max_ps(_mm512_shuffle_ps(pair[2], pair[3], 0x44),
                             _mm512_shuffle_ps(pair[2], pair[3], 0xee));
    return _mm512_max_ps(_mm512_shuffle_ps(a, b, 0x88),
                         _mm512_shuffle_ps(a, b, 0xdd));
}

// A bit for each block that holds a NaN or an infinity.
KERN_INLINE __mmask8 not_finite(const float *const *x) {
    enum { NOT_FINITE = 0x99 }; // quiet and signalling NaN, both infinities
    unsigned found = 0;
    for (int i = 0; i < GROUP; i++) {
        __mmask16 a = _mm512_fpclass_ps_mask(_mm512_loadu_ps(x[i]), NOT_FINITE);
        __mmask16 b =
            _mm512_fpclass_ps_mask(_mm512_loadu_ps(x[i] + 16), NOT_FINITE);
        found |= (unsigned)!_kortestz_mask16_u8(a, b) << i;
    }
    return (__mmask8)found;
}

KERN_INLINE void scale_group(const float *const *x, struct group *g) {
    const __m256 none = _mm256_setzero_ps();
    const __m256 most_q = _mm256_set1_ps(KERN_QUANT_MAX);
    __m512 pair[4];
    KERN_UNROLL
    for (int k = 0; k < 4; k++)
        pair[k] = extremes_of_pair(x, k);
    __m512 m = join_extremes(pair);
    __m256 high = _mm512_castps512_ps256(_mm512_shuffle_f32x4(m, m, 0x08));
    __m256 minus_low = _mm512_castps512_ps256(_mm512_shuffle_f32x4(m, m, 0x0d));
    high = _mm256_max_ps(high, none);
    minus_low = _mm256_max_ps(minus_low, none);
    __m256 range = _mm256_add_ps(high, minus_low);
    __mmask8 bad =
        not_finite(x) |
        _mm256_cmp_ps_mask(range, _mm256_set1_ps(INFINITY), _CMP_NLT_UQ);
    __mmask8 zeros =
        bad |
        _mm256_cmp_ps_mask(range, _mm256_set1_ps(KERN_QUANT_TINY), _CMP_LT_OQ);
    __mmask8 usual = (__mmask8)~zeros;
    g->inverse = _mm256_maskz_div_ps(usual, most_q, range);
    g->zero =
        _mm256_maskz_cvtps_epi32(usual, _mm256_mul_ps(minus_low, g->inverse));
    g->scale = _mm256_maskz_div_ps(usual, range, most_q);
    g->scale = _mm256_mask_mov_ps(g->scale, bad, _mm256_set1_ps(NAN));
}

// 16 activations as bytes.
KERN_INLINE __m128i quantize_half(const float *x, float inverse, int zero) {
    __m512 v = _mm512_mul_ps(_mm512_loadu_ps(x), _mm512_set1_ps(inverse));
    __m512i q =
        _mm512_add_epi32(_mm512_cvtps_epi32(v), _mm512_set1_epi32(zero));
    q = _mm512_max_epi32(q, _mm512_setzero_si512());
    return _mm512_cvtusepi32_epi8(q); // 255 at most
}

// Sums of 4 lanes, of each quarter of each of 4 registers: lane i of 128 bits
// of the result has those of quarter i.
KERN_INLINE __m512i join_sums(const __m512i *pair) {
    __m512 p[4], a, b;
    for (int k = 0; k < 4; k++)
        p[k] = _mm512_castsi512_ps(pair[k]);
    a = _mm512_castsi512_ps(_mm512_add_epi32(
        _mm512_castps_si512(_mm512_shuffle_ps(p[0], p[1], 0x88)),
        _mm512_castps_si512(_mm512_shuffle_ps(p[0], p[1], 0xdd))));
    b = _mm512_castsi512_ps(_mm512_add_epi32(
        _mm512_castps_si512(_mm512_shuffle_ps(p[2], p[3], 0x88)),
        _mm512_castps_si512(_mm512_shuffle_ps(p[2], p[3], 0xdd))));
    return _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(a, b, 0x88)),
                            _mm512_castps_si512(_mm512_shuffle_ps(a, b, 0xdd)));
}

// Sums of q - zero over each half of each block.
KERN_INLINE void sum_halves(const __m256i *sums, __m256i zero, __m256i *half) {
    __m512i pair[4];
    KERN_UNROLL
    for (int k = 0; k < 4; k++)
        pair[k] =
            _mm512_inserti64x4(_mm512_castsi256_si512(sums[k]), sums[k + 4], 1);
    __m512i s = join_sums(pair);
    __m256i zeros = _mm256_slli_epi32(zero, 4);
    half[0] = _mm512_castsi512_si256(_mm512_shuffle_i32x4(s, s, 0x08));
    half[1] = _mm512_castsi512_si256(_mm512_shuffle_i32x4(s, s, 0x0d));
    half[0] = _mm256_sub_epi32(half[0], zeros);
    half[1] = _mm256_sub_epi32(half[1], zeros);
}

// The first n of the group's scales.
KERN_INLINE void store_scales(const struct group *g, const __m256i *half,
                              struct kern_scale *s, int n) {
    alignas(32) float scale[GROUP], sum[3][GROUP];
    alignas(32) int32_t minus_zero[GROUP], minus_8_sum[GROUP];
    __m256i total = _mm256_add_epi32(half[0], half[1]);
    __m256i minus = _mm256_sub_epi32(_mm256_setzero_si256(), g->zero);
    _mm256_store_ps(scale, g->scale);
    _mm256_store_ps(sum[0], _mm256_mul_ps(g->scale, _mm256_cvtepi32_ps(total)));
    for (int i = 0; i < 2; i++)
        _mm256_store_ps(sum[1 + i],
                        _mm256_mul_ps(g->scale, _mm256_cvtepi32_ps(half[i])));
    _mm256_store_si256((__m256i *)(void *)minus_zero,
                       _mm256_and_si256(minus, _mm256_set1_epi32(0xffff)));
    _mm256_store_si256((__m256i *)(void *)minus_8_sum,
                       _mm256_mullo_epi32(total, _mm256_set1_epi32(-8)));
    for (int i = 0; i < n; i++, s++) {
        s->scale = scale[i];
        s->minus_zero = minus_zero[i];
        s->minus_8_sum = minus_8_sum[i];
        s->sum = sum[0][i];
        s->half_sum[0] = sum[1][i];
        s->half_sum[1] = sum[2][i];
    }
}

// n <= GROUP blocks; zeros stand for those that are not there.
static void quantize_group(const float *x, uint8_t *q, struct kern_scale *s,
                           int n) {
    alignas(64) static const float nothing[KERN_BLOCK];
    alignas(32) float inverse[GROUP];
    alignas(32) int32_t zero[GROUP];
    const float *from[GROUP];
    __m256i sums[GROUP], half[2];
    struct group g;
    for (int i = 0; i < GROUP; i++) {
        from[i] = i < n ? x + i * KERN_BLOCK : nothing;
        sums[i] = _mm256_setzero_si256();
    }
    scale_group(from, &g);
    _mm256_store_ps(inverse, g.inverse);
    _mm256_store_si256((__m256i *)(void *)zero, g.zero);
    for (int i = 0; i < n; i++) {
        __m256i bytes =
            _mm256_set_m128i(quantize_half(from[i] + 16, inverse[i], zero[i]),
                             quantize_half(from[i], inverse[i], zero[i]));
        _mm256_storeu_si256((__m256i *)(void *)(q + i * KERN_BLOCK), bytes);
        sums[i] = _mm256_dpbusd_epi32(_mm256_setzero_si256(), bytes,
                                      _mm256_set1_epi8(1));
    }
    sum_halves(sums, g.zero, half);
    store_scales(&g, half, s, n);
}

void kern_quantize_avx512(struct kern_input *in, int begin, int end) {
    size_t n_blocks = (size_t)in->n_cols / KERN_BLOCK;
    size_t last = (size_t)end * n_blocks;
    for (size_t i = (size_t)begin * n_blocks; i < last; i += GROUP)
        quantize_group(in->x + i * KERN_BLOCK, in->q + i * KERN_BLOCK,
                       &in->scales[i],
                       last - i < GROUP ? (int)(last - i) : GROUP);
}
