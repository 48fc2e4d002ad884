// Attention of every instruction set and type of cache against the reference,
// bit for bit; the reference against a softmax average in double.

#include "engine/kernels/kern_kv.h"
#include "tests/helper_kernels.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES = 8 };

static const enum kern_type types[] = {KERN_F32, KERN_F16, KERN_Q8_0};
enum { N_TYPES = sizeof types / sizeof *types };

// Pages of random keys and values; what lies behind n_pos is NaN.
struct cache {
    enum kern_type type;
    int head_dim;
    char *data; // [PAGES] of keys, then values
    float *q, *scratch;
};

static size_t page_stride(const struct cache *c) {
    return kern_keys_bytes(c->type, c->head_dim) +
           kern_values_bytes(c->type, c->head_dim);
}

static void *keys_of(const struct cache *c, int page) {
    return c->data + (size_t)page * page_stride(c);
}

static void *values_of(const struct cache *c, int page) {
    return (char *)keys_of(c, page) + kern_keys_bytes(c->type, c->head_dim);
}

static void page_fill(struct cache *c, int page, int n_pos) {
    uint64_t seed = 40 + (uint64_t)page;
    int dim = c->head_dim;
    float *x = floats((size_t)(2 * dim * KERN_PAGE), seed, 1);
    memset(values_of(c, page), 0xff, kern_values_bytes(c->type, dim));
    for (int p = 0; p < KERN_PAGE; p++) {
        float *k = x + 2 * p * dim, *v = k + dim;
        for (int d = 0; d < 2 * dim; d++)
            if (page * KERN_PAGE + p >= n_pos) k[d] = NAN;
        kern_keys_put(c->type, dim, keys_of(c, page), p, k);
        kern_values_put(c->type, dim, values_of(c, page), p, v);
    }
    free(x);
}

static void cache_make(struct cache *c, enum kern_type type, int n_queries,
                       int head_dim, int n_pos) {
    c->type = type;
    c->head_dim = head_dim;
    c->data = block(PAGES * page_stride(c));
    for (int i = 0; i < PAGES; i++)
        page_fill(c, i, n_pos);
    c->q = floats((size_t)(n_queries * head_dim), 60, 3.0f);
    c->scratch = poisoned(kern_attn_scratch_floats(n_queries, PAGES, head_dim));
}

static void cache_release(struct cache *c) {
    free(c->data);
    free(c->q);
    free(c->scratch);
}

static float *attend_tokens(const struct kernels *k, struct cache *c,
                            const struct kern_attn_token *tokens, int n_tokens,
                            int n_group) {
    int head_dim = c->head_dim;
    float *out = poisoned((size_t)(n_tokens * n_group * head_dim));
    k->attn(&(struct kern_attn){
        .type = c->type,
        .q = c->q,
        .keys = keys_of(c, 0),
        .values = values_of(c, 0),
        .page_stride = page_stride(c),
        .tokens = tokens,
        .n_tokens = n_tokens,
        .n_pages = PAGES,
        .scratch = c->scratch,
        .out = out,
        .scale = 1.0f / sqrtf((float)head_dim),
        .n_group = n_group,
        .head_dim = head_dim,
        .stride = (size_t)(n_group * head_dim),
    });
    return out;
}

static const int in_order[PAGES] = {0, 1, 2, 3, 4, 5, 6, 7};

// n_tokens tokens of one sequence, the last of which sees n_pos positions.
static float *attend(const struct kernels *k, struct cache *c, int n_tokens,
                     int n_group, int head_dim, int n_pos) {
    struct kern_attn_token tokens[8];
    (void)head_dim;
    for (int t = 0; t < n_tokens; t++)
        tokens[t] =
            (struct kern_attn_token){n_pos - n_tokens + 1 + t, in_order};
    return attend_tokens(k, c, tokens, n_tokens, n_group);
}

static void attn_case(const struct kernels *k, const struct kernels *ref,
                      enum kern_type type, int n, int g, int dim, int n_pos) {
    struct cache c;
    cache_make(&c, type, n * g, dim, n_pos);
    float *a = attend(k, &c, n, g, dim, n_pos);
    size_t n_scratch = kern_attn_scratch_floats(n * g, PAGES, dim);
    float *poison = poisoned(0);
    same(c.scratch + n_scratch, poison, GUARD, "end of the scratch");
    free(poison);
    float *b = attend(ref, &c, n, g, dim, n_pos);
    same(a, b, (size_t)(n * g * dim) + GUARD, kern_kv_name(type));
    for (int i = 0; i < n * g * dim; i++)
        cr_assert(a[i] == a[i], "%s: NaN from behind the end", k->name);
    free(a);
    free(b);
    cache_release(&c);
}

static void check_attn(const struct kernels *k, const struct kernels *ref) {
    static const int dims[] = {2, 16, 24, 32, 48, 64, 80, 96, 100, 128};
    static const int positions[] = {1, 2, 17, 32, 33, 64, 95, 129, 161, 256};
    for (int g = 1; g <= 8; g++)
        for (int d = 0; d < 10; d++)
            for (int p = (g + d) % 2; p < 10; p += 2) {
                int n = (g + d + p) % 8 + 1, n_pos = positions[p];
                if (n > n_pos) n = n_pos;
                attn_case(k, ref, types[(g + d + p / 2) % N_TYPES], n, g,
                          dims[d], n_pos);
            }
}

Test(kern_attn, has_the_bits_of_the_reference) {
    each_isa(check_attn);
}

// More queries than the tiles whose pointers are kept at a time.
static void check_many(const struct kernels *k, const struct kernels *ref) {
    for (int t = 0; t < N_TYPES; t++)
        attn_case(k, ref, types[t], 8, 24, 40, 77);
}

Test(kern_attn, of_many_heads_has_the_bits_of_the_reference) {
    each_isa(check_many);
}

// A head alone gives the bits that it gives inside its group.
static void check_group(const struct kernels *k, const struct kernels *ref) {
    enum { GROUP = 7, DIM = 40, POS = 77 };
    (void)ref;
    struct cache c;
    cache_make(&c, KERN_F16, GROUP, DIM, POS);
    float *all = attend(k, &c, 1, GROUP, DIM, POS), *q = c.q;
    for (int g = 0; g < GROUP; g++) {
        c.q = q + g * DIM;
        float *one = attend(k, &c, 1, 1, DIM, POS);
        same(all + g * DIM, one, DIM, k->name);
        free(one);
    }
    c.q = q;
    free(all);
    cache_release(&c);
}

Test(kern_attn, of_a_head_does_not_depend_on_its_group) {
    each_isa(check_group);
}

// Siblings: tokens of several sequences with a common past, that part at
// different pages, see different numbers of positions, and stand beside one
// that shares nothing.
static void check_siblings(const struct kernels *k, const struct kernels *ref) {
    static const int tables[][PAGES] = {
        {0, 1, 2, 3}, {0, 1, 2, 4}, {0, 1, 5}, {6, 1, 2}, {0, 1, 2, 3, 7}};
    static const struct kern_attn_token tokens[] = {
        {70, tables[0]}, {100, tables[0]}, {97, tables[1]}, {128, tables[1]},
        {66, tables[3]}, {75, tables[2]},  {5, tables[0]},  {160, tables[4]}};
    enum { N = sizeof tokens / sizeof *tokens };
    static const int dims[] = {16, 32, 72, 128};
    for (int i = 0; i < 4 * N_TYPES; i++) {
        for (int group = 1; group <= 20; group += 1 + group / 4 * 5) {
            struct cache c;
            int dim = dims[i / N_TYPES];
            cache_make(&c, types[i % N_TYPES], N * group, dim, 1 << 20);
            float *a = attend_tokens(k, &c, tokens, N, group);
            float *b = attend_tokens(ref, &c, tokens, N, group), *q = c.q;
            same(a, b, (size_t)(N * group * dim) + GUARD, k->name);
            for (int t = 0; t < N; t++) {
                c.q = q + t * group * dim;
                float *one = attend_tokens(k, &c, &tokens[t], 1, group);
                same(a + t * group * dim, one, (size_t)(group * dim), k->name);
                free(one);
            }
            c.q = q;
            free(a);
            free(b);
            cache_release(&c);
        }
    }
}

Test(kern_attn, of_siblings_is_that_of_each_alone) {
    each_isa(check_siblings);
}

// What a type stores, the definition gives back: keys and values of one slot.
static double key(const struct cache *c, int dim, int p, int d) {
    return (double)kern_keys_get(c->type, dim, keys_of(c, p / KERN_PAGE),
                                 p % KERN_PAGE, d);
}

static double value(const struct cache *c, int dim, int p, int d) {
    return (double)kern_values_get(c->type, dim, values_of(c, p / KERN_PAGE),
                                   p % KERN_PAGE, d);
}

Test(kern_attn, of_the_reference_is_a_softmax_average) {
    enum { DIM = 40, POS = 45 };
    for (int t = 0; t < N_TYPES; t++) {
        struct cache c;
        cache_make(&c, types[t], 1, DIM, POS);
        float *out = attend(kern_get(KERN_REF, NULL), &c, 1, 1, DIM, POS);
        double weights[POS], total = 0;
        for (int p = 0; p < POS; p++) {
            double s = 0;
            for (int d = 0; d < DIM; d++)
                s += (double)c.q[d] * key(&c, DIM, p, d);
            total += weights[p] = exp(s / sqrt((double)DIM));
        }
        for (int d = 0; d < DIM; d++) {
            double sum = 0;
            for (int p = 0; p < POS; p++)
                sum += weights[p] / total * value(&c, DIM, p, d);
            cr_assert(fabs((double)out[d] - sum) < 2e-6,
                      "%s %d: %g, expected %g", kern_kv_name(types[t]), d,
                      (double)out[d], sum);
        }
        free(out);
        cache_release(&c);
    }
}
