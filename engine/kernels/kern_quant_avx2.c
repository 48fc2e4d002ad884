// Products with quantised weights of one token; kern_wide_avx2.c has those of
// more. vpmaddubsw multiplies an unsigned activation and a signed weight and
// adds neighbours in 16 bits; a few such sums fit before vpmaddwd widens them
// to 32 bits (quant_range). They are of q * weight; what is wanted is (q -
// zero) * weight, so the sum of the weights is taken away `zero` times. Weights
// of 8 bits are widened first and meet q - zero in vpmaddwd. All of it is
// exact; floats begin where the group's sum meets its scales.

#include "engine/kernels/kern_quant_avx2.h"

// ---- activations ------------------------------------------------------------

static void quantize_zeros(uint8_t *q, int16_t *q16, struct kern_scale *s,
                           float scale) {
    memset(q, 0, KERN_BLOCK * sizeof *q);
    memset(q16, 0, KERN_BLOCK * sizeof *q16);
    *s = (struct kern_scale){
        .scale = scale, .sum = scale, .half_sum = {scale, scale}};
}

KERN_INLINE float smallest(__m256 v) {
    __m128 a =
        _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_min_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_min_ss(a, _mm_movehdup_ps(a)));
}

// low and high: the least and the greatest of 0 and x[0..31]. Returns whether
// all are finite.
KERN_INLINE bool find_range(const float *x, float *low, float *high) {
    const __m256 sign = _mm256_set1_ps(-0.0f), inf = _mm256_set1_ps(INFINITY);
    __m256 least = _mm256_setzero_ps(), most = least;
    __m256 finite = _mm256_cmp_ps(least, inf, _CMP_LT_OQ);
    KERN_UNROLL
    for (int i = 0; i < KERN_BLOCK; i += 8) {
        __m256 v = _mm256_loadu_ps(x + i);
        finite = _mm256_and_ps(
            finite, _mm256_cmp_ps(_mm256_andnot_ps(sign, v), inf, _CMP_LT_OQ));
        least = _mm256_min_ps(least, v);
        most = _mm256_max_ps(most, v);
    }
    *low = smallest(least);
    *high = -smallest(_mm256_xor_ps(most, sign));
    return _mm256_movemask_ps(finite) == 0xff;
}

// 32 activations; the sums of q of 16 each.
KERN_INLINE void quantize_values(const float *x, float inverse, int zero,
                                 uint8_t *q, int16_t *q16, int sum[2]) {
    const __m256i rows = _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0);
    const __m256i order = _mm256_set_epi8(
        15, 13, 14, 12, 11, 9, 10, 8, 7, 5, 6, 4, 3, 1, 2, 0, 15, 13, 14, 12,
        11, 9, 10, 8, 7, 5, 6, 4, 3, 1, 2, 0); // kern_q16_at()
    const __m256i zeros = _mm256_set1_epi16((short)zero);
    __m256i v[4];
    KERN_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = _mm256_add_epi32(
            _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8 * i),
                                             _mm256_set1_ps(inverse))),
            _mm256_set1_epi32(zero));
    // Packing clamps to 0..255 and interleaves quads of the 128-bit halves.
    __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(v[0], v[1]),
                                        _mm256_packs_epi32(v[2], v[3]));
    bytes = _mm256_permutevar8x32_epi32(bytes, rows);
    _mm256_storeu_si256((__m256i *)(void *)q, bytes);
    __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    sum[0] = _mm256_extract_epi16(sums, 0) + _mm256_extract_epi16(sums, 4);
    sum[1] = _mm256_extract_epi16(sums, 8) + _mm256_extract_epi16(sums, 12);
    bytes = _mm256_shuffle_epi8(bytes, order);
    _mm256_storeu_si256(
        (__m256i *)(void *)q16,
        _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(bytes)),
                         zeros));
    _mm256_storeu_si256(
        (__m256i *)(void *)(q16 + 16),
        _mm256_sub_epi16(
            _mm256_cvtepu8_epi16(_mm256_extracti128_si256(bytes, 1)), zeros));
}

static void quantize_block(const float *x, uint8_t *q, int16_t *q16,
                           struct kern_scale *s) {
    float low, high;
    bool finite = find_range(x, &low, &high);
    float range = high - low;
    if (!finite || !(range < INFINITY)) {
        quantize_zeros(q, q16, s, NAN);
        return;
    }
    if (range < KERN_QUANT_TINY) {
        quantize_zeros(q, q16, s, 0.0f);
        return;
    }
    float inverse = KERN_QUANT_MAX / range;
    int zero = _mm_cvtss_si32(_mm_set_ss(-low * inverse));
    int sum[2];
    quantize_values(x, inverse, zero, q, q16, sum);
    sum[0] -= 16 * zero;
    sum[1] -= 16 * zero;
    s->scale = range / KERN_QUANT_MAX;
    s->minus_zero = -zero & 0xffff;
    s->minus_8_sum = -8 * (sum[0] + sum[1]);
    s->sum = s->scale * (float)(sum[0] + sum[1]);
    s->half_sum[0] = s->scale * (float)sum[0];
    s->half_sum[1] = s->scale * (float)sum[1];
}

void kern_quantize_avx2(struct kern_input *in, int begin, int end) {
    size_t n_blocks = (size_t)in->n_cols / KERN_BLOCK;
    for (size_t i = (size_t)begin * n_blocks; i < (size_t)end * n_blocks; i++)
        quantize_block(in->x + i * KERN_BLOCK, in->q + i * KERN_BLOCK,
                       in->q16 + i * KERN_BLOCK, &in->scales[i]);
}

// ---- products --------------------------------------------------------------

// isum: columns [4 * first, 4 * end) of group base + part, zero taken away.
KERN_INLINE void sums_of_one(enum kern_type type, int first, int end, int base,
                             int part, const char *words, const char *q,
                             int32_t minus_zero, __m256i isum[2]) {
    const int run = quant_range(type).quads;
    __m256i weights[2], pairs[2];
    KERN_UNROLL
    for (int c = first; c < end; c++) {
        __m256i x = quant_four_bytes(q + 4 * c);
        KERN_UNROLL
        for (int half = 0; half < 2; half++) {
            __m256i w = quant_quad(type, words, base, part, c, half);
            __m256i p = _mm256_maddubs_epi16(x, w);
            // At most 8 weights of -16..15 or 4 of -32..31: fits a byte.
            weights[half] = c == first ? w : _mm256_add_epi8(weights[half], w);
            pairs[half] = c % run == 0 ? p : _mm256_add_epi16(pairs[half], p);
            KERN_KEEP(weights[half]);
            KERN_KEEP(pairs[half]);
            if (c % run != run - 1) continue;
            p = quant_widen(pairs[half]);
            isum[half] = c < first + run ? p : _mm256_add_epi32(isum[half], p);
        }
    }
    const __m256i zero = _mm256_set1_epi16((short)minus_zero);
    KERN_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i w = _mm256_maddubs_epi16(_mm256_set1_epi8(1), weights[half]);
        isum[half] = _mm256_add_epi32(isum[half], _mm256_madd_epi16(w, zero));
    }
}

// The same of a group of wide weights. The even columns' are moved to the high
// byte, which is 256 times their value: at most 16 * 128 * 255 * 256 < 2^31.
KERN_INLINE void wide_sums_of_one(enum kern_type type, int base, int part,
                                  const char *words, const char *q16,
                                  __m256i isum[2]) {
    __m256i even[2], odd[2];
    KERN_UNROLL
    for (int half = 0; half < 2; half++)
        even[half] = odd[half] = _mm256_setzero_si256();
    KERN_UNROLL
    for (int c = 0; c < QUANT_GROUP_QUADS; c++) {
        __m256i x[2] = {quant_four_bytes(q16 + 8 * c),
                        quant_four_bytes(q16 + 8 * c + 4)};
        KERN_UNROLL
        for (int half = 0; half < 2; half++) {
            __m256i w = quant_quad(type, words, base, part, c, half);
            even[half] = _mm256_add_epi32(
                even[half], _mm256_madd_epi16(_mm256_slli_epi16(w, 8), x[0]));
            odd[half] = _mm256_add_epi32(odd[half],
                                         _mm256_madd_epi16(quant_odd(w), x[1]));
            KERN_KEEP(even[half]);
            KERN_KEEP(odd[half]);
        }
    }
    KERN_UNROLL
    for (int half = 0; half < 2; half++)
        isum[half] =
            _mm256_add_epi32(_mm256_srai_epi32(even[half], 8), odd[half]);
}

// Group base + part, 32 columns; t stands at the group.
KERN_INLINE void group_of_one(enum kern_type type, int base, int part,
                              struct quant_block at,
                              const struct quant_scales *s,
                              const struct quant_token *t, __m256 sum[2]) {
    const struct quant_shape shape = quant_shape(type);
    const struct quant_rule rule = {quant_range(type), shape.n_scales,
                                    shape.has_min};
    int quads = QUANT_GROUP_QUADS / shape.n_scales;
    KERN_UNROLL
    for (int k = 0; k < shape.n_scales; k++) {
        int index = (base + part) * shape.n_scales + k;
        __m256i isum[2];
        if (rule.range.wide)
            wide_sums_of_one(type, base, part, at.words, t->x, isum);
        else
            sums_of_one(type, k * quads, (k + 1) * quads, base, part, at.words,
                        t->x, t->scales->minus_zero, isum);
        quant_add_scaled(rule, k, isum, s->scale[index], s->min[index],
                         t->scales, sum);
    }
}

// Asks for a block early, without which the products and the loads take turns:
// with 8960 x 1536 from memory Q8_0 runs 1.2 times as fast, Q4_0 1.3 times.
// (Not so the K types, whose larger blocks are 10 % slower for it.) Reaching
// past the panel's end does no harm; the address is never read.
KERN_INLINE void prefetch_block(enum kern_type type, const char *panel,
                                size_t b) {
    enum { AHEAD = 32 * 64 };
    const size_t n_bytes = (size_t)(quant_block(type, panel, 2).scales -
                                    quant_block(type, panel, 0).scales) /
                           2;
    KERN_UNROLL
    for (size_t i = 0; i < n_bytes; i += 64)
        _mm_prefetch((const char *)((uintptr_t)panel + b * n_bytes + i + AHEAD),
                     _MM_HINT_T0);
}

// One panel: the sums of its rows.
KERN_INLINE void panel_of_one(enum kern_type type, const char *panel,
                              const struct kern_input *in, int token,
                              __m256 sum[2]) {
    const struct quant_shape shape = quant_shape(type);
    const bool wide = quant_range(type).wide;
    struct quant_token t = quant_token_at(in, wide, token, 0);
    struct quant_scales s;
    size_t n_blocks = (size_t)(in->n_cols / KERN_BLOCK / shape.block_groups);
    sum[0] = sum[1] = _mm256_setzero_ps();
    for (size_t b = 0; b < n_blocks; b++) {
        struct quant_block at = quant_block(type, panel, b);
        if (shape.block_groups == 1) prefetch_block(type, panel, b);
        quant_scales(type, at, 0, 0, &s);
        quant_scales(type, at, 1, 0, &s);
        KERN_UNROLL
        for (int g = 0; g < shape.block_groups; g += shape.pair)
            KERN_UNROLL
        for (int part = 0; part < shape.pair; part++) {
            group_of_one(type, g, part, at, &s, &t, sum);
            quant_next_group(&t, wide);
        }
    }
}

typedef void (*one_fn)(const char *panel, const struct kern_input *in,
                       int token, __m256 sum[2]);

#define ONE(type)                                                              \
    static void type##_one(const char *panel, const struct kern_input *in,     \
                           int token, __m256 sum[2]) {                         \
        panel_of_one(KERN_##type, panel, in, token, sum);                      \
    }
QUANT_TYPES(ONE)

#define ENTRY(type) [KERN_##type] = type##_one,
static const one_fn one_of[] = {QUANT_TYPES(ENTRY)};

void kern_matmul_quant_avx2(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end) {
    if (in->n_tokens > 1) {
        kern_matmul_wide_avx2(w, in, y, y_stride, begin, end);
        return;
    }
    for (int p = begin; p < end; p++) {
        __m256 sum[2];
        int row = p * KERN_PANEL_ROWS;
        one_of[w->type]((const char *)w->panels + (size_t)p * w->panel_bytes,
                        in, 0, sum);
        kern_store_avx2(y + row, sum[0], sum[1], w->n_rows - row);
    }
}
