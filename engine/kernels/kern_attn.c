#include "engine/kernels/kern_attn.h"

#include "engine/base/minmax.h"
#include "engine/kernels/kern_kv.h"

#include <stdalign.h>
#include <string.h>

enum {
    QUERIES = 128 // whose pointers are kept at a time
};

struct query {
    const struct kern_attn_token *token;
    int n_pages;
    float *out;
    float total;
};

// Up to QUERIES queries.
struct job {
    const struct kern_attn *a;
    const struct kern_attn_ops *ops;
    int n;
    int n_pages;       // of the query that sees most
    bool side_by_side; // ranges of one query
    // To be asked for of the next page: for a dimension of keys, and for a
    // position of values in KERN_ATTN_DIMS dimensions.
    size_t key_bytes, value_bytes;
    struct query queries[QUERIES];
    const float *q[QUERIES];
    float *scores[QUERIES], *sums[QUERIES];
};

// Queries [first, end) that read the same page.
struct range {
    int first, end;
    int at;           // position of the page's first
    const char *page; // keys or values
    const char *next; // the page after it, or NULL
};

// Some lanes more than needed, so that the rows of queries do not lie a power
// of two apart.
size_t kern_attn_scratch_floats(int n_queries, int n_pages, int head_dim) {
    size_t row = (size_t)n_pages * KERN_PAGE +
                 (size_t)kern_kv_padded(head_dim) + KERN_LANES;
    return (size_t)n_queries * row;
}

static void add_query(struct job *j, int token, int head, int i) {
    const struct kern_attn *a = j->a;
    const struct kern_attn_token *t = &a->tokens[token];
    size_t at = (size_t)token * a->stride + (size_t)(head * a->head_dim);
    int n_pages = kern_attn_pages(t->n_pos);
    j->queries[j->n] =
        (struct query){.token = t, .n_pages = n_pages, .out = a->out + at};
    j->q[j->n] = a->q + at;
    j->scores[j->n] = kern_attn_scores(a, i);
    j->sums[j->n] = j->scores[j->n] + (size_t)a->n_pages * KERN_PAGE;
    j->n_pages = max_int(j->n_pages, n_pages);
    j->n++;
}

// ---- ranges -----------------------------------------------------------------

// The range from query `first` on that reads the same page, of those that see
// it at all; false when there is none.
static bool next_range(const struct job *j, int page, int first,
                       struct range *r) {
    const struct query *q = j->queries;
    while (first < j->n && q[first].n_pages <= page)
        first++;
    if (first == j->n) return false;
    int number = q[first].token->pages[page], end = first + 1;
    while (end < j->n && q[end].n_pages > page &&
           q[end].token->pages[page] == number)
        end++;
    r->first = first;
    r->end = end;
    r->at = page * KERN_PAGE;
    return true;
}

// Where the range's page is; `base`: page 0, of keys or of values.
static void find_pages(const struct job *j, int page, const void *base,
                       struct range *r) {
    const struct query *last = &j->queries[r->end - 1];
    const int *pages = last->token->pages;
    r->page = (const char *)base + (size_t)pages[page] * j->a->page_stride;
    r->next =
        page + 1 < last->n_pages
            ? (const char *)base + (size_t)pages[page + 1] * j->a->page_stride
            : NULL;
}

// Tiles of nearly equal size: where tile t of n_tiles begins.
static int tile_at(const struct range *r, int t, int n_tiles) {
    return r->first + (r->end - r->first) * t / n_tiles;
}

static int count_tiles(const struct job *j, const struct range *r) {
    int most = j->ops->n_queries, n = r->end - r->first;
    return n <= most ? 1 : (n + most - 1) / most;
}

typedef void range_fn(const struct job *j, const struct range *r);
typedef void lone_fn(const struct job *j, const struct range *r, int n);

// Meets all pages in order. `base`: page 0, of keys or of values. Ranges of one
// query are gathered for `each`, if the instruction set has it.
static void walk(const struct job *j, const void *base, range_fn *one,
                 lone_fn *each) {
    struct range lone[KERN_ATTN_LONE];
    for (int page = 0; page < j->n_pages; page++) {
        int n_lone = 0;
        struct range *r = lone;
        for (int i = 0; next_range(j, page, i, r); r = &lone[n_lone]) {
            find_pages(j, page, base, r);
            i = r->end;
            if (j->side_by_side && r->end - r->first == 1)
                n_lone++;
            else
                one(j, r);
            if (n_lone < KERN_ATTN_LONE) continue;
            each(j, lone, n_lone);
            n_lone = 0;
        }
        if (n_lone == 1)
            one(j, lone);
        else if (n_lone)
            each(j, lone, n_lone);
    }
}

// ---- scores -----------------------------------------------------------------

static void score_tiles(const struct job *j, const struct range *r,
                        struct kern_attn_keys *k) {
    int n_tiles = count_tiles(j, r), from = r->first;
    for (int t = 1; t <= n_tiles; t++) {
        int to = tile_at(r, t, n_tiles);
        j->ops->score(to - from, j->q + from, j->scores + from, k);
        k->ahead.next = NULL;
        from = to;
    }
}

// The chunk from dimension d on; where pages hold floats, as they lie there.
// Field by field: a copy made of wider loads would wait for the stores.
static void take_chunk(const struct job *j, const struct range *r, int d,
                       struct kern_attn_keys *k) {
    int dim = j->a->head_dim;
    k->k = (const float *)(const void *)r->page + (size_t)d * KERN_PAGE;
    k->d = d;
    k->n = min_int(dim - d, KERN_CHUNK);
    k->at = r->at;
    k->first = d == 0;
    k->last = d + k->n == dim;
    k->scale = j->a->scale;
    k->ahead.next = r->next ? r->next + (size_t)d * j->key_bytes : NULL;
    k->ahead.n_bytes = j->key_bytes;
}

static void score_range(const struct job *j, const struct range *r) {
    alignas(64) float floats[KERN_CHUNK * KERN_PAGE];
    const struct kern_attn *a = j->a;
    for (int d = 0; d < a->head_dim; d += KERN_CHUNK) {
        struct kern_attn_keys k;
        take_chunk(j, r, d, &k);
        if (a->type != KERN_F32) {
            j->ops->keys(a, r->page, d, k.n, floats);
            k.k = floats;
        }
        score_tiles(j, r, &k);
    }
}

static void score_lone(const struct job *j, const struct range *r, int n) {
    const float *q[KERN_ATTN_LONE];
    float *scores[KERN_ATTN_LONE];
    struct kern_attn_keys k[KERN_ATTN_LONE];
    for (int d = 0; d < j->a->head_dim; d += KERN_CHUNK) {
        for (int g = 0; g < n; g++) {
            q[g] = j->q[r[g].first];
            scores[g] = j->scores[r[g].first];
            take_chunk(j, &r[g], d, &k[g]);
        }
        j->ops->score_each(n, q, scores, k);
    }
}

static void softmax(struct job *j) {
    size_t n_sums = (size_t)kern_kv_padded(j->a->head_dim);
    for (int i = 0; i < j->n; i++) {
        float *s = j->scores[i];
        int n = j->queries[i].token->n_pos;
        j->queries[i].total = j->ops->exp_sum(s, n, j->ops->max(s, n), 1.0f);
        memset(j->sums[i], 0, n_sums * sizeof *s);
    }
}

// ---- values -----------------------------------------------------------------

static int seen_of(const struct job *j, int query, int at) {
    return min_int(j->queries[query].token->n_pos - at, KERN_PAGE);
}

// Positions that query i sees beyond those that all of its tile see.
static void weigh_rest(const struct job *j, int i, int shared,
                       const struct kern_attn_values *page) {
    const float *weights = j->scores[i];
    int n = seen_of(j, i, page->at) - shared;
    if (n <= 0) return;
    struct kern_attn_values v = *page;
    v.n = n;
    v.v += (size_t)shared * v.stride;
    v.at += shared;
    v.ahead.next = NULL;
    j->ops->weigh(1, &j->sums[i], &weights, &v);
}

static void weigh_tile(const struct job *j, int from, int to,
                       struct kern_attn_values *v) {
    int least = KERN_PAGE, most = 0;
    for (int i = from; i < to; i++) {
        int n = seen_of(j, i, v->at);
        least = min_int(least, n);
        most = max_int(most, n);
    }
    v->n = least;
    j->ops->weigh(to - from, j->sums + from,
                  (const float *const *)j->scores + from, v);
    for (int i = from; i < to && least < most; i++)
        weigh_rest(j, i, least, v);
}

static void weigh_tiles(const struct job *j, const struct range *r,
                        struct kern_attn_values *v) {
    int n_tiles = count_tiles(j, r), from = r->first;
    for (int t = 1; t <= n_tiles; t++) {
        int to = tile_at(r, t, n_tiles);
        weigh_tile(j, from, to, v);
        v->ahead.next = NULL;
        from = to;
    }
}

// Positions of the page that any of the range sees.
static int most_seen(const struct job *j, const struct range *r) {
    int n = 0;
    for (int i = r->first; i < r->end; i++)
        n = max_int(n, seen_of(j, i, r->at));
    return n;
}

// KERN_ATTN_DIMS dimensions from d on; where pages hold floats, as they lie
// there.
static void take_dims(const struct job *j, const struct range *r, int d,
                      struct kern_attn_values *v) {
    size_t done = (size_t)(d / KERN_ATTN_DIMS) * KERN_PAGE * j->value_bytes;
    int padded = kern_kv_padded(j->a->head_dim);
    v->v = (const float *)(const void *)r->page + d;
    v->stride = (size_t)padded;
    v->d = d;
    v->regs = padded - d < KERN_ATTN_DIMS ? 1 : 2;
    v->at = r->at;
    v->ahead.next = r->next ? r->next + done : NULL;
    v->ahead.n_bytes = j->value_bytes;
}

static void weigh_range(const struct job *j, const struct range *r) {
    alignas(64) float floats[KERN_PAGE * KERN_ATTN_DIMS];
    const struct kern_attn *a = j->a;
    int padded = kern_kv_padded(a->head_dim);
    for (int d = 0; d < padded; d += KERN_ATTN_DIMS) {
        struct kern_attn_values v;
        take_dims(j, r, d, &v);
        if (a->type != KERN_F32) {
            j->ops->values(a, r->page, d, most_seen(j, r), floats);
            v.v = floats;
            v.stride = KERN_ATTN_DIMS;
        }
        weigh_tiles(j, r, &v);
    }
}

static void weigh_lone(const struct job *j, const struct range *r, int n) {
    float *sums[KERN_ATTN_LONE];
    const float *weights[KERN_ATTN_LONE];
    struct kern_attn_values v[KERN_ATTN_LONE];
    int least = KERN_PAGE;
    for (int g = 0; g < n; g++) {
        sums[g] = j->sums[r[g].first];
        weights[g] = j->scores[r[g].first];
        least = min_int(least, seen_of(j, r[g].first, r[g].at));
    }
    for (int d = 0; d < kern_kv_padded(j->a->head_dim); d += KERN_ATTN_DIMS) {
        for (int g = 0; g < n; g++) {
            take_dims(j, &r[g], d, &v[g]);
            v[g].n = least;
        }
        j->ops->weigh_each(n, sums, weights, v);
        for (int g = 0; g < n; g++)
            weigh_rest(j, r[g].first, least, &v[g]);
    }
}

// ---- a job ------------------------------------------------------------------

static void run(struct job *j) {
    walk(j, j->a->keys, score_range, score_lone);
    softmax(j);
    walk(j, j->a->values, weigh_range, weigh_lone);
    for (int i = 0; i < j->n; i++)
        j->ops->divide(j->queries[i].out, j->sums[i], j->queries[i].total,
                       j->a->head_dim);
}

void kern_attn_run(const struct kern_attn *a, const struct kern_attn_ops *ops) {
    struct job j; // whose unused queries are not worth writing
    j.a = a;
    j.ops = ops;
    j.n = j.n_pages = 0;
    j.side_by_side = a->type == KERN_F32 && ops->score_each;
    size_t dims = (size_t)max_int(kern_kv_padded(a->head_dim), KERN_ATTN_DIMS);
    j.key_bytes = kern_keys_bytes(a->type, a->head_dim) / (size_t)a->head_dim;
    j.value_bytes = kern_values_bytes(a->type, a->head_dim) * KERN_ATTN_DIMS /
                    (dims * KERN_PAGE);
    for (int t = 0, i = 0; t < a->n_tokens; t++)
        for (int head = 0; head < a->n_group; head++, i++) {
            add_query(&j, t, head, i);
            if (j.n < QUERIES) continue;
            run(&j);
            j.n = j.n_pages = 0;
        }
    if (j.n) run(&j);
}
