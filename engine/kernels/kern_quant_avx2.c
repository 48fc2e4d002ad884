// Products with quantised weights. vpmaddubsw multiplies an unsigned activation
// and a signed weight and adds neighbours in 16 bits; a few such sums fit
// before vpmaddwd widens them to 32 bits (quant_range). They are of q * weight;
// what is wanted is (q - zero) * weight, so the sum of the weights is taken
// away `zero` times. Weights of 8 bits are widened first and meet q - zero in
// vpmaddwd. All of it is exact; floats begin where the group's sum meets its
// scales.
//
// One token reads the panel once. More tokens share its unpacking: 256 columns
// of 16 rows are unpacked to the stack, then meet four tokens at a time, whose
// sums stand in memory from one part of the columns to the next.

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

// ---- sums -------------------------------------------------------------------

enum {
    GROUP_QUADS = KERN_BLOCK / 4,
    PART_GROUPS = 8,  // groups unpacked at a time
    TILE_TOKENS = 4,  // of 16 rows, whose integer sums stay in registers
    STRIP_TOKENS = 32 // whose float sums wait in memory
};

// The activations of consecutive tokens from some group on.
struct tokens {
    const uint8_t *q;
    const int16_t *q16;
    const struct kern_scale *scales;
    size_t n_cols, n_groups; // strides of q and q16, of scales
    const char *ahead;       // bytes of weights that come next,
    size_t ahead_bytes;      // so many to prefetch with each group
};

KERN_INLINE struct tokens tokens_at(const struct kern_input *in, int token,
                                    size_t group) {
    size_t n_cols = (size_t)in->n_cols, n_groups = n_cols / KERN_BLOCK;
    size_t at = (size_t)token * n_cols + group * KERN_BLOCK;
    return (struct tokens){
        in->q + at, in->q16 + at, in->scales + (size_t)token * n_groups + group,
        n_cols,     n_groups,     NULL,
        0};
}

KERN_INLINE __m256i four_bytes(const void *p) {
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm256_set1_epi32(v);
}

KERN_INLINE __m256i widen(__m256i pairs) {
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

// How the groups of a type are multiplied once they are unpacked.
struct rule {
    struct quant_range range;
    int n_scales;
    bool has_min;
};

// What the weights read less than they are adds to the sums of one token.
KERN_INLINE __m256i add_eights(int eights, __m256i isum, __m256i minus_8_sum) {
    if (eights < 0) return _mm256_add_epi32(isum, minus_8_sum);
    for (; eights > 0; eights--)
        isum = _mm256_sub_epi32(isum, minus_8_sum);
    return isum;
}

// Sums of columns that share a scale, 8 rows and one token, meet it.
KERN_INLINE __m256 add_scaled(__m256 sum, __m256i isum, const __m256 *scale,
                              const __m256 *min, __m256 token_scale,
                              __m256 token_sum) {
    __m256 both = _mm256_mul_ps(token_scale, *scale);
    sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(isum), both, sum);
    return min ? _mm256_fmadd_ps(token_sum, *min, sum) : sum;
}

// The floats of one token meet both halves' integer sums.
KERN_INLINE void add_token(struct rule rule, int k, const __m256i isum[2],
                           const __m256 scale[2], const __m256 min[2],
                           const struct kern_scale *s, __m256 sum[2]) {
    __m256i eights = four_bytes(&s->minus_8_sum);
    __m256 token_scale = _mm256_set1_ps(s->scale);
    __m256 token_sum =
        _mm256_set1_ps(rule.n_scales == 1 ? s->sum : s->half_sum[k]);
    KERN_UNROLL
    for (int half = 0; half < 2; half++)
        sum[half] = add_scaled(
            sum[half], add_eights(rule.range.eights, isum[half], eights),
            &scale[half], rule.has_min ? &min[half] : NULL, token_scale,
            token_sum);
}

// ---- one token --------------------------------------------------------------

// isum: columns [4 * first, 4 * end) of group base + part, zero taken away.
KERN_INLINE void sums_of_one(enum kern_type type, int first, int end, int base,
                             int part, const char *words, const uint8_t *q,
                             int32_t minus_zero, __m256i isum[2]) {
    const int run = quant_range(type).quads;
    __m256i weights[2], pairs[2];
    KERN_UNROLL
    for (int c = first; c < end; c++) {
        __m256i x = four_bytes(q + 4 * c);
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
            p = widen(pairs[half]);
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
                                  const char *words, const int16_t *q16,
                                  __m256i isum[2]) {
    __m256i even[2], odd[2];
    KERN_UNROLL
    for (int half = 0; half < 2; half++)
        even[half] = odd[half] = _mm256_setzero_si256();
    KERN_UNROLL
    for (int c = 0; c < GROUP_QUADS; c++) {
        __m256i x[2] = {four_bytes(q16 + 4 * c), four_bytes(q16 + 4 * c + 2)};
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
                              const struct tokens *t, __m256 sum[2]) {
    const struct quant_shape shape = quant_shape(type);
    const struct rule rule = {quant_range(type), shape.n_scales, shape.has_min};
    int quads = GROUP_QUADS / shape.n_scales;
    KERN_UNROLL
    for (int k = 0; k < shape.n_scales; k++) {
        int index = (base + part) * shape.n_scales + k;
        __m256i isum[2];
        if (rule.range.wide)
            wide_sums_of_one(type, base, part, at.words, t->q16, isum);
        else
            sums_of_one(type, k * quads, (k + 1) * quads, base, part, at.words,
                        t->q, t->scales->minus_zero, isum);
        add_token(rule, k, isum, s->scale[index], s->min[index], t->scales,
                  sum);
    }
}

// One panel; y: 16 sums.
KERN_INLINE void panel_of_one(enum kern_type type, const char *panel,
                              struct tokens t, __m256 sum[2]) {
    const struct quant_shape shape = quant_shape(type);
    struct quant_scales s;
    size_t n_blocks = t.n_groups / (size_t)shape.block_groups;
    sum[0] = sum[1] = _mm256_setzero_ps();
    for (size_t b = 0; b < n_blocks; b++) {
        struct quant_block at = quant_block(type, panel, b);
        quant_scales(type, at, 0, 0, &s);
        quant_scales(type, at, 1, 0, &s);
        KERN_UNROLL
        for (int g = 0; g < shape.block_groups; g += shape.pair)
            KERN_UNROLL
        for (int part = 0; part < shape.pair; part++) {
            group_of_one(type, g, part, at, &s, &t, sum);
            t.q += KERN_BLOCK;
            t.q16 += KERN_BLOCK;
            t.scales++;
        }
    }
}

// ---- many tokens ------------------------------------------------------------

// Up to PART_GROUPS groups of one panel. Halves stand side by side; wide
// weights are those of the even columns, then those of the odd.
struct part {
    __m256i w[PART_GROUPS * GROUP_QUADS * 4];
    __m256i weights[QUANT_MAX_SCALES][2]; // sums of those that share a scale
    struct quant_scales scales;
};

KERN_INLINE void unpack_wide(enum kern_type type, int base, int part,
                             const char *words, __m256i *to) {
    KERN_UNROLL
    for (int c = 0; c < GROUP_QUADS; c++)
        KERN_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i w = quant_quad(type, words, base, part, c, half);
        to[c * 4 + half] = quant_even(w);
        to[c * 4 + 2 + half] = quant_odd(w);
    }
}

KERN_INLINE void unpack_narrow(enum kern_type type, int base, int part,
                               const char *words, __m256i *to,
                               __m256i weights[][2]) {
    int quads = GROUP_QUADS / quant_shape(type).n_scales;
    int less =
        8 * (quant_unpacked_range(type).eights - quant_range(type).eights);
    __m256i sum[2];
    KERN_UNROLL
    for (int c = 0; c < GROUP_QUADS; c++)
        KERN_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i w = quant_quad(type, words, base, part, c, half);
        if (less) w = _mm256_sub_epi8(w, _mm256_set1_epi8((char)less));
        to[c * 2 + half] = w;
        sum[half] = c % quads ? _mm256_add_epi8(sum[half], w) : w;
        if (c % quads == quads - 1)
            weights[c / quads][half] =
                widen(_mm256_maddubs_epi16(_mm256_set1_epi8(1), sum[half]));
    }
}

// Groups [first, first + n_groups) of a panel, whole blocks.
KERN_INLINE void unpack(enum kern_type type, const char *panel, size_t first,
                        int n_groups, struct part *p) {
    const struct quant_shape shape = quant_shape(type);
    int size = GROUP_QUADS * (quant_range(type).wide ? 4 : 2);
    for (int b = 0; b < n_groups; b += shape.block_groups) {
        struct quant_block at = quant_block(
            type, panel, (first + (size_t)b) / (size_t)shape.block_groups);
        quant_scales(type, at, 0, b, &p->scales);
        quant_scales(type, at, 1, b, &p->scales);
        KERN_UNROLL
        for (int g = 0; g < shape.block_groups; g += shape.pair)
            KERN_UNROLL
        for (int i = 0; i < shape.pair; i++) {
            int group = b + g + i;
            if (quant_range(type).wide)
                unpack_wide(type, g, i, at.words, p->w + group * size);
            else
                unpack_narrow(type, g, i, at.words, p->w + group * size,
                              p->weights + group * shape.n_scales);
        }
    }
}

// One token at a group: q, or q16 for wide weights.
struct token {
    const char *x;
    const struct kern_scale *scales;
};

// gcc would rather compute a pointer for every load than keep one per token.
#define KEEP_POINTER(p) __asm__("" : "+r"(p))

// isum: columns of one scale; w: their weights; at: the tokens at their group.
KERN_INLINE void narrow_sums(int nt, int run, int first, int end,
                             const __m256i *w, const __m256i weights[2],
                             const struct token at[TILE_TOKENS],
                             __m256i isum[TILE_TOKENS][2]) {
    __m256i pairs[TILE_TOKENS][2];
    KERN_UNROLL
    for (int c = first; c < end; c++) {
        __m256i u = w[c * 2], v = w[c * 2 + 1];
        KERN_KEEP(u);
        KERN_KEEP(v);
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            __m256i x = four_bytes(at[i].x + 4 * c);
            __m256i a = _mm256_maddubs_epi16(x, u);
            __m256i b = _mm256_maddubs_epi16(x, v);
            pairs[i][0] = c % run == 0 ? a : _mm256_add_epi16(pairs[i][0], a);
            pairs[i][1] = c % run == 0 ? b : _mm256_add_epi16(pairs[i][1], b);
            KERN_KEEP(pairs[i][0]);
            KERN_KEEP(pairs[i][1]);
        }
        if (c % run != run - 1) continue;
        KERN_UNROLL
        for (int i = 0; i < nt; i++)
            KERN_UNROLL
        for (int half = 0; half < 2; half++) {
            __m256i sum = widen(pairs[i][half]);
            isum[i][half] =
                c < first + run ? sum : _mm256_add_epi32(isum[i][half], sum);
        }
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        __m256i zero = four_bytes(&at[i].scales->minus_zero);
        KERN_UNROLL
        for (int half = 0; half < 2; half++)
            isum[i][half] = _mm256_add_epi32(
                isum[i][half], _mm256_madd_epi16(weights[half], zero));
    }
}

KERN_INLINE void wide_sums(int nt, const __m256i *w,
                           const struct token at[TILE_TOKENS],
                           __m256i isum[TILE_TOKENS][2]) {
    KERN_UNROLL
    for (int i = 0; i < nt; i++)
        isum[i][0] = isum[i][1] = _mm256_setzero_si256();
    KERN_UNROLL
    for (int c = 0; c < GROUP_QUADS * 2; c++) {
        __m256i u = w[c * 2], v = w[c * 2 + 1];
        KERN_KEEP(u);
        KERN_KEEP(v);
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            __m256i x = four_bytes(at[i].x + 4 * c);
            isum[i][0] = _mm256_add_epi32(isum[i][0], _mm256_madd_epi16(x, u));
            isum[i][1] = _mm256_add_epi32(isum[i][1], _mm256_madd_epi16(x, v));
            KERN_KEEP(isum[i][0]);
            KERN_KEEP(isum[i][1]);
        }
    }
}

// n_groups of a panel for nt tokens; sums: [nt][2] of 8 rows.
KERN_INLINE void multiply(struct rule rule, int nt, const struct part *p,
                          int n_groups, struct tokens t, __m256 *sums) {
    const int quads = GROUP_QUADS / rule.n_scales;
    const __m256i *w = p->w;
    struct token at[TILE_TOKENS];
    __m256 sum[TILE_TOKENS][2];
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        size_t skip = (size_t)i * t.n_cols;
        at[i].x = rule.range.wide ? (const char *)(t.q16 + skip)
                                  : (const char *)(t.q + skip);
        at[i].scales = t.scales + (size_t)i * t.n_groups;
        sum[i][0] = sums[i * 2];
        sum[i][1] = sums[i * 2 + 1];
    }
    for (int g = 0; g < n_groups; g++) {
        KERN_UNROLL
        for (int k = 0; k < rule.n_scales; k++) {
            int index = g * rule.n_scales + k;
            __m256i isum[TILE_TOKENS][2];
            if (rule.range.wide)
                wide_sums(nt, w, at, isum);
            else
                narrow_sums(nt, rule.range.quads, k * quads, (k + 1) * quads, w,
                            p->weights[index], at, isum);
            KERN_UNROLL
            for (int i = 0; i < nt; i++)
                add_token(rule, k, isum[i], p->scales.scale[index],
                          p->scales.min[index], at[i].scales, sum[i]);
        }
        w += GROUP_QUADS * (rule.range.wide ? 4 : 2);
        KERN_UNROLL
        for (int i = 0; i < nt; i++) {
            at[i].x += KERN_BLOCK * (rule.range.wide ? 2 : 1);
            at[i].scales++;
            KEEP_POINTER(at[i].x);
        }
        for (size_t i = 0; i < t.ahead_bytes; i += 64)
            _mm_prefetch(t.ahead + i, _MM_HINT_T0);
        t.ahead += t.ahead_bytes;
    }
    KERN_UNROLL
    for (int i = 0; i < nt; i++) {
        sums[i * 2] = sum[i][0];
        sums[i * 2 + 1] = sum[i][1];
    }
}

typedef void (*multiply_fn)(const struct part *p, int n_groups,
                            const struct tokens *t, __m256 *sums);

#define RULE(name, nt, ...)                                                    \
    static void name##_##nt(const struct part *p, int n_groups,                \
                            const struct tokens *t, __m256 *sums) {            \
        multiply((struct rule)__VA_ARGS__, nt, p, n_groups, *t, sums);         \
    }
#define RULES(name, ...)                                                       \
    RULE(name, 1, __VA_ARGS__)                                                 \
    RULE(name, 2, __VA_ARGS__)                                                 \
    RULE(name, 3, __VA_ARGS__)                                                 \
    RULE(name, 4, __VA_ARGS__)                                                 \
    static const multiply_fn name[] = {name##_1, name##_2, name##_3, name##_4};

// One for all types whose ranges and shapes are equal.
RULES(nibbles, {{false, 8, 0}, 1, false})    // Q4_0
RULES(nibbles_min, {{false, 8, 1}, 1, true}) // Q4_1, Q4_K
RULES(fives, {{false, 4, 0}, 1, false})      // Q5_0
RULES(fives_min, {{false, 4, 2}, 1, true})   // Q5_1, Q5_K
RULES(twos_min, {{false, 4, 0}, 2, true})    // Q2_K
RULES(threes, {{false, 4, 0}, 2, false})     // Q3_K
RULES(sixes, {{false, 2, 0}, 2, false})      // Q6_K
RULES(bytes, {{true, 0, 0}, 1, false})       // Q8_0, IQ4_NL, IQ4_XS

// ---- all types --------------------------------------------------------------

struct functions {
    void (*one)(const char *panel, const struct tokens *t, __m256 sum[2]);
    void (*unpack)(const char *panel, size_t first, int n_groups,
                   struct part *p);
    const multiply_fn *multiply; // [TILE_TOKENS], from 1 on
};

#define TYPE(type, rule)                                                       \
    static void type##_one(const char *panel, const struct tokens *t,          \
                           __m256 sum[2]) {                                    \
        panel_of_one(KERN_##type, panel, *t, sum);                             \
    }                                                                          \
    static void type##_unpack(const char *panel, size_t first, int n_groups,   \
                              struct part *p) {                                \
        unpack(KERN_##type, panel, first, n_groups, p);                        \
    }
#define TYPES(DO)                                                              \
    DO(Q4_0, nibbles)                                                          \
    DO(Q4_1, nibbles_min)                                                      \
    DO(Q5_0, fives)                                                            \
    DO(Q5_1, fives_min)                                                        \
    DO(Q8_0, bytes)                                                            \
    DO(Q2_K, twos_min)                                                         \
    DO(Q3_K, threes)                                                           \
    DO(Q4_K, nibbles_min)                                                      \
    DO(Q5_K, fives_min)                                                        \
    DO(Q6_K, sixes)                                                            \
    DO(IQ4_NL, bytes)                                                          \
    DO(IQ4_XS, bytes)

TYPES(TYPE)

#define ENTRY(type, rule) [KERN_##type] = {type##_one, type##_unpack, rule},
static const struct functions functions[] = {TYPES(ENTRY)};

static void panel_of_many(const struct functions *f, const char *panel,
                          size_t panel_bytes, const struct kern_input *in,
                          int token, int n, __m256 sums[STRIP_TOKENS][2]) {
    struct part p;
    size_t n_groups = (size_t)in->n_cols / KERN_BLOCK;
    for (int i = 0; i < n; i++)
        sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    size_t n_tiles = ((size_t)n + TILE_TOKENS - 1) / TILE_TOKENS;
    size_t part_bytes = panel_bytes / n_groups * PART_GROUPS;
    for (size_t g = 0; g < n_groups; g += PART_GROUPS) {
        size_t left = n_groups - g;
        int size = left < PART_GROUPS ? (int)left : PART_GROUPS;
        f->unpack(panel, g, size, &p);
        for (int i = 0, nt; i < n; i += nt) {
            nt = n - i < TILE_TOKENS ? n - i : TILE_TOKENS;
            struct tokens t = tokens_at(in, token + i, g);
            t.ahead_bytes = (part_bytes / PART_GROUPS / n_tiles + 63) / 64 * 64;
            t.ahead = panel + (g / PART_GROUPS + 1) * part_bytes +
                      i / TILE_TOKENS * t.ahead_bytes * PART_GROUPS;
            f->multiply[nt - 1](&p, size, &t, sums[i]);
        }
    }
}

void kern_matmul_quant_avx2(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end) {
    const struct functions *f = &functions[w->type];
    __m256 sums[STRIP_TOKENS][2];
    for (int token = 0, n; token < in->n_tokens; token += n) {
        n = in->n_tokens - token;
        if (n > STRIP_TOKENS) n = STRIP_TOKENS;
        for (int p = begin; p < end; p++) {
            const char *panel =
                (const char *)w->panels + (size_t)p * w->panel_bytes;
            int row = p * KERN_PANEL_ROWS;
            if (n == 1) {
                struct tokens t = tokens_at(in, token, 0);
                f->one(panel, &t, sums[0]);
            } else {
                panel_of_many(f, panel, w->panel_bytes, in, token, n, sums);
            }
            for (int i = 0; i < n; i++)
                kern_store_avx2(y + (size_t)(token + i) * (size_t)y_stride +
                                    row,
                                sums[i][0], sums[i][1], w->n_rows - row);
        }
    }
}
