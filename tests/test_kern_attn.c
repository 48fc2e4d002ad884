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
    void *k[PAGES], *v[PAGES];
    float *q, *scratch;
};

static void page_fill(struct cache *c, int page, int head_dim, int n_pos) {
    enum kern_type type = c->type;
    uint64_t seed = 40 + (uint64_t)page;
    float *x = floats((size_t)(2 * head_dim * KERN_PAGE), seed, 1);
    c->k[page] = block(kern_keys_bytes(type, head_dim));
    c->v[page] = block(kern_values_bytes(type, head_dim));
    memset(c->v[page], 0xff, kern_values_bytes(type, head_dim));
    for (int p = 0; p < KERN_PAGE; p++) {
        float *k = x + 2 * p * head_dim, *v = k + head_dim;
        for (int d = 0; d < 2 * head_dim; d++)
            if (page * KERN_PAGE + p >= n_pos) k[d] = NAN;
        kern_keys_put(type, head_dim, c->k[page], p, k);
        kern_values_put(type, head_dim, c->v[page], p, v);
    }
    free(x);
}

static void cache_make(struct cache *c, enum kern_type type, int n_queries,
                       int head_dim, int n_pos) {
    c->type = type;
    for (int i = 0; i < PAGES; i++)
        page_fill(c, i, head_dim, n_pos);
    c->q = floats((size_t)(n_queries * head_dim), 60, 3.0f);
    c->scratch = poisoned(kern_attn_scratch_floats(n_queries, PAGES, head_dim));
}

static void cache_release(struct cache *c) {
    for (int i = 0; i < PAGES; i++) {
        free(c->k[i]);
        free(c->v[i]);
    }
    free(c->q);
    free(c->scratch);
}

// n_tokens tokens, the last of which sees n_pos positions.
static float *attend(const struct kernels *k, struct cache *c, int n_tokens,
                     int n_group, int head_dim, int n_pos) {
    float *out = poisoned((size_t)(n_tokens * n_group * head_dim));
    k->attn(&(struct kern_attn){
        .type = c->type,
        .q = c->q,
        .k_page = (const void *const *)c->k,
        .v_page = (const void *const *)c->v,
        .scratch = c->scratch,
        .out = out,
        .scale = 1.0f / sqrtf((float)head_dim),
        .n_group = n_group,
        .head_dim = head_dim,
        .n_pos = n_pos - n_tokens + 1,
        .n_tokens = n_tokens,
        .stride = (size_t)(n_group * head_dim),
    });
    return out;
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

// What a type stores, the definition gives back: keys and values of one slot.
static double key(const struct cache *c, int dim, int p, int d) {
    return (double)kern_keys_get(c->type, dim, c->k[p / KERN_PAGE],
                                 p % KERN_PAGE, d);
}

static double value(const struct cache *c, int dim, int p, int d) {
    return (double)kern_values_get(c->type, dim, c->v[p / KERN_PAGE],
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
