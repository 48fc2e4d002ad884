#include "engine/kernels/kern_attn.h"

#include "engine/kernels/kern_kv.h"

#include <stdalign.h>
#include <string.h>

enum {
    TILES = 16,   // whose pointers are kept at a time
    REG_DIMS = 16 // dimensions of one step of `regs`
};

struct tile {
    const float *q[KERN_ATTN_QUERIES];
    float *scores[KERN_ATTN_QUERIES], *sums[KERN_ATTN_QUERIES];
    int n, n_pos; // n_pos: what the first query sees, the least
};

// Queries [first, first + n), n <= TILES * n_queries.
struct job {
    const struct kern_attn *a;
    const struct kern_attn_ops *ops;
    int first, n;
    int n_pages; // that the last query sees
    int n_tiles;
    struct tile tiles[TILES];
};

size_t kern_attn_scratch_floats(int n_queries, int n_pages, int head_dim) {
    size_t row = (size_t)n_pages * KERN_PAGE +
                 (size_t)kern_kv_padded(head_dim) + KERN_LANES;
    return (size_t)n_queries * row;
}

static int min_int(int a, int b) {
    return a < b ? a : b;
}

static float *sums_of(const struct kern_attn *a, int i) {
    int n_pages = kern_attn_pages(a->n_pos + a->n_tokens - 1);
    return kern_attn_scores(a, i) + (size_t)n_pages * KERN_PAGE;
}

static float *total_of(const struct kern_attn *a, int i) {
    return sums_of(a, i) + kern_kv_padded(a->head_dim);
}

// Tiles of nearly equal size.
static void cut(struct job *j) {
    const struct kern_attn *a = j->a;
    j->n_tiles = (j->n + j->ops->n_queries - 1) / j->ops->n_queries;
    for (int t = 0, i = j->first; t < j->n_tiles; t++) {
        struct tile *tile = &j->tiles[t];
        int end = j->first + (t + 1) * j->n / j->n_tiles;
        tile->n = end - i;
        tile->n_pos = kern_attn_positions(a, i);
        for (int g = 0; i < end; i++, g++) {
            tile->q[g] = a->q + kern_attn_offset(a, i);
            tile->scores[g] = kern_attn_scores(a, i);
            tile->sums[g] = sums_of(a, i);
        }
    }
}

// The part of the next page that corresponds to bytes [from, to) of this one,
// to be asked for in n_rows steps.
static struct kern_attn_ahead ahead(const struct job *j,
                                    const void *const *pages, int page,
                                    size_t from, size_t to, int n_rows) {
    if (page + 1 >= j->n_pages) return (struct kern_attn_ahead){NULL, 0};
    return (struct kern_attn_ahead){(const char *)pages[page + 1] + from,
                                    (to - from) / (size_t)n_rows};
}

// ---- scores -----------------------------------------------------------------

static void score_page(const struct job *j, int page) {
    alignas(64) float floats[KERN_CHUNK * KERN_PAGE];
    const struct kern_attn *a = j->a;
    const void *keys = a->k_page[page];
    size_t page_bytes = kern_keys_bytes(a->type, a->head_dim);
    size_t done = 0;
    for (int d = 0; d < a->head_dim; d += KERN_CHUNK) {
        struct kern_attn_keys k = {.k = floats,
                                   .d = d,
                                   .n = min_int(a->head_dim - d, KERN_CHUNK),
                                   .at = page * KERN_PAGE,
                                   .first = d == 0,
                                   .scale = a->scale};
        k.last = d + k.n == a->head_dim;
        if (a->type == KERN_F32)
            k.k = (const float *)keys + (size_t)d * KERN_PAGE;
        else
            j->ops->keys(a, keys, d, k.n, floats);
        size_t upto = page_bytes * (size_t)(d + k.n) / (size_t)a->head_dim;
        k.ahead = ahead(j, a->k_page, page, done, upto, k.n);
        done = upto;
        for (int t = 0; t < j->n_tiles; t++, k.ahead.next = NULL)
            j->ops->score(j->tiles[t].n, j->tiles[t].q, j->tiles[t].scores, &k);
    }
}

static void softmax(const struct job *j) {
    for (int i = j->first; i < j->first + j->n; i++) {
        float *s = kern_attn_scores(j->a, i);
        int n = kern_attn_positions(j->a, i);
        *total_of(j->a, i) = j->ops->exp_sum(s, n, j->ops->max(s, n), 1.0f);
        memset(sums_of(j->a, i), 0,
               (size_t)kern_kv_padded(j->a->head_dim) * sizeof *s);
    }
}

// ---- values -----------------------------------------------------------------

// Positions that query g of a tile sees beyond those that all see.
static void weigh_rest(const struct job *j, const struct tile *t, int first,
                       int shared, struct kern_attn_values v) {
    int page = v.at;
    const float *values = v.v;
    for (int g = 0; g < t->n; g++) {
        int seen = kern_attn_positions(j->a, first + g) - page;
        v.n = min_int(seen, KERN_PAGE) - shared;
        if (v.n <= 0) continue;
        v.v = values + (size_t)shared * v.stride;
        v.at = page + shared;
        const float *weights = t->scores[g];
        j->ops->weigh(1, &t->sums[g], &weights, &v);
    }
}

// v: all positions of the page that any query sees.
static void weigh_tiles(const struct job *j, struct kern_attn_values v) {
    for (int t = 0, first = j->first; t < j->n_tiles; t++) {
        const struct tile *tile = &j->tiles[t];
        int shared = min_int(tile->n_pos - v.at, KERN_PAGE);
        if (shared < 0) shared = 0;
        struct kern_attn_values all = v;
        all.n = shared;
        if (shared)
            j->ops->weigh(tile->n, tile->sums,
                          (const float *const *)tile->scores, &all);
        v.ahead.next = NULL;
        if (shared < v.n) weigh_rest(j, tile, first, shared, v);
        first += tile->n;
    }
}

static void weigh_page(const struct job *j, int page) {
    alignas(64) float floats[KERN_PAGE * KERN_ATTN_DIMS];
    const struct kern_attn *a = j->a;
    const void *values = a->v_page[page];
    int padded = kern_kv_padded(a->head_dim), last = j->first + j->n - 1;
    size_t page_bytes = kern_values_bytes(a->type, a->head_dim), done = 0;
    struct kern_attn_values v = {.at = page * KERN_PAGE};
    v.n = min_int(kern_attn_positions(a, last) - v.at, KERN_PAGE);
    for (v.d = 0; v.d < padded; v.d += KERN_ATTN_DIMS) {
        int n_dims = min_int(padded - v.d, KERN_ATTN_DIMS);
        v.regs = n_dims / REG_DIMS;
        v.v = a->type == KERN_F32 ? (const float *)values + v.d : floats;
        v.stride =
            a->type == KERN_F32 ? (size_t)padded : (size_t)KERN_ATTN_DIMS;
        if (a->type != KERN_F32) j->ops->values(a, values, v.d, v.n, floats);
        size_t upto = page_bytes * (size_t)(v.d + n_dims) / (size_t)padded;
        v.ahead = ahead(j, a->v_page, page, done, upto, KERN_PAGE);
        done = upto;
        weigh_tiles(j, v);
    }
}

static void run(struct job *j) {
    cut(j);
    j->n_pages =
        kern_attn_pages(kern_attn_positions(j->a, j->first + j->n - 1));
    for (int page = 0; page < j->n_pages; page++)
        score_page(j, page);
    softmax(j);
    for (int page = 0; page < j->n_pages; page++)
        weigh_page(j, page);
    for (int i = j->first; i < j->first + j->n; i++)
        j->ops->divide(j->a->out + kern_attn_offset(j->a, i), sums_of(j->a, i),
                       *total_of(j->a, i), j->a->head_dim);
}

void kern_attn_run(const struct kern_attn *a, const struct kern_attn_ops *ops) {
    int n = a->n_tokens * a->n_group, most = TILES * ops->n_queries;
    for (int i = 0; i < n; i += most)
        run(&(struct job){
            .a = a, .ops = ops, .first = i, .n = min_int(n - i, most)});
}
