// One layer, in the order of the papers (Touvron et al. 2023; Qwen2, Qwen3):
//
//   h = rmsnorm(x); q, k, v = Wq h, Wk h, Wv h (+ bias)
//   q, k = norm per head (qwen3); rotate q, k by position; store k, v
//   x += Wo attention(q, K, V)
//   h = rmsnorm(x); x += Wdown (silu(Wgate h) * (Wup h))
//
// Work is cut over panels of output rows (matrices), over (KV head, run of
// tokens) pairs (attention) and over tokens (the rest). Each output element is
// computed by one thread in one fixed order, so the cut does not show in the
// bits.

#include "engine/model/forward.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/minmax.h"
#include "engine/base/pool.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORWARD_LOGIT_ROWS = 32, // rows of logits computed together
    FORWARD_RUN_TOKENS = 8,  // tokens that attend together, at most
    // A hand-over to the pool takes a microsecond or two where its threads
    // wait for it, and milliseconds where others have their cores. So many
    // multiply-adds of integers take three or more.
    FORWARD_MIN_WORK = 1 << 20,
    FORWARD_FLOAT_WORK = 4, // multiply-adds of integers that one of floats is
};

// Consecutive tokens that attend together: of one sequence, or of several that
// share their first page.
struct run {
    int first, n;
    int n_pages; // of the token that sees most
};

// Where token t of the chunk belongs.
struct slot {
    const struct kv_seq *seq;
    int position;
    int32_t token;
    float *logits; // NULL: not wanted
};

struct forward {
    const struct model *m;
    struct forward_options o;
    int n_group;       // query heads per KV head
    int q_dim, kv_dim; // n_head * head_dim, n_head_kv * head_dim
    int n_slots, n_runs;
    struct slot *slots;           // [max_batch]
    struct run *runs;             // [max_batch]
    struct kern_attn_token *seen; // [max_batch] what each slot attends to
    float *x;                     // [max_batch][n_embd] residual stream
    float *h;                     // [max_batch][n_embd] normed
    float *q;                     // [max_batch][q_dim]
    float *k, *v;                 // [max_batch][kv_dim]
    float *attended;              // [max_batch][q_dim]
    float *gate, *up;             // [max_batch][n_ff]
    float *logits;                // [FORWARD_LOGIT_ROWS][n_vocab]
    struct kern_input quantized;  // buffers for [max_batch][widest input]
    float *rope;                  // [n_ctx][n_rot / 2] (cos, sin)
    size_t scratch_floats;        // of attention, of the longest sequence
    float *scratch;               // [n_threads][scratch_floats]
    float *blas_tile;             // scratch of kern_matmul_blas, or NULL
    int seq_pages;
};

// Cuts n items, each of `work` multiply-adds of integers, over the threads;
// does them here where they are too few to pay for that.
static void share_out(const struct forward *f, int n, int64_t work, pool_fn fn,
                      void *ctx) {
    bool pays = n * work >= f->o.min_work;
    pool_run(pays ? f->o.pool : NULL, n, 1, fn, ctx);
}

// ---- matrices ---------------------------------------------------------------

// Up to three matrices that read the same input, computed in one hand-over.
struct product {
    struct forward *f;
    struct kern_input in;
    const struct linear *part[3];
    float *y[3];
    int n_parts;
    bool blas;
};

static int linear_panels(const struct linear *l) {
    return (l->w.n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
}

static void add_bias(const struct kernels *k, const struct linear *l, float *y,
                     int n_tokens, int begin, int end) {
    if (!l->bias) return;
    int first = begin * KERN_PANEL_ROWS;
    int last = end * KERN_PANEL_ROWS;
    if (last > l->w.n_rows) last = l->w.n_rows;
    for (int t = 0; t < n_tokens; t++)
        k->add(y + (size_t)t * (size_t)l->w.n_rows + first, l->bias + first,
               last - first);
}

static void product_part(const struct product *p, int i, int begin, int end) {
    const struct linear *l = p->part[i];
    const struct kernels *k = p->f->o.kernels;
    if (p->blas)
        kern_matmul_blas(&l->w, &p->in, p->y[i], l->w.n_rows, begin, end,
                         p->f->blas_tile);
    else
        k->matmul(&l->w, &p->in, p->y[i], l->w.n_rows, begin, end);
    add_bias(k, l, p->y[i], p->in.n_tokens, begin, end);
}

// Panels of all parts are numbered through; this is the range [begin, end).
static void product_range(void *ctx, int begin, int end, int worker) {
    (void)worker;
    const struct product *p = ctx;
    for (int i = 0, base = 0; i < p->n_parts; i++) {
        int n = linear_panels(p->part[i]);
        int from = max_int(begin - base, 0);
        int to = end - base < n ? end - base : n;
        if (from < to) product_part(p, i, from, to);
        base += n;
    }
}

static void quantize_range(void *ctx, int begin, int end, int worker) {
    (void)worker;
    struct product *p = ctx;
    p->f->o.kernels->quantize(&p->in, begin, end);
}

static void multiply(struct forward *f, const float *x, int n_tokens,
                     struct product *p) {
    int n_cols = p->part[0]->w.n_cols;
    p->f = f;
    p->in = (struct kern_input){.x = x,
                                .q = f->quantized.q,
                                .q16 = f->quantized.q16,
                                .scales = f->quantized.scales,
                                .n_tokens = n_tokens,
                                .n_cols = n_cols};
    p->blas = f->o.prefill_blas && n_tokens >= FORWARD_BLAS_TOKENS;
    bool quantised = false;
    int n_panels = 0;
    for (int i = 0; i < p->n_parts; i++) {
        quantised |= kern_is_quantized(p->part[i]->w.type);
        n_panels += linear_panels(p->part[i]);
    }
    if (quantised && !p->blas)
        share_out(f, n_tokens, n_cols, quantize_range, p);
    int64_t work = (int64_t)KERN_PANEL_ROWS * n_cols * n_tokens;
    if (p->blas) // OpenBLAS has threads of its own
        product_range(p, 0, n_panels, 0);
    else
        share_out(f, n_panels, quantised ? work : work * FORWARD_FLOAT_WORK,
                  product_range, p);
}

// ---- attention --------------------------------------------------------------

// Norm (where the model has one) and rotate one head.
static void turn_head(const struct forward *f, float *head, const float *weight,
                      int position) {
    const struct model_shape *s = &f->m->shape;
    if (weight)
        f->o.kernels->rmsnorm(head, head, weight, s->head_dim, s->norm_eps);
    const float *cs = f->rope + (size_t)position * (size_t)s->n_rot;
    if (s->pairing == ROPE_NEOX)
        f->o.kernels->rope_neox(head, cs, s->n_rot);
    else
        f->o.kernels->rope_norm(head, cs, s->n_rot);
}

struct layer_job {
    struct forward *f;
    const struct layer *layer;
    int index;
};

// Norm and rotate the heads of tokens [begin, end); cache keys and values.
static void store_heads(void *ctx, int begin, int end, int worker) {
    (void)worker;
    const struct layer_job *job = ctx;
    const struct forward *f = job->f;
    int d = f->m->shape.head_dim;
    for (int t = begin; t < end; t++) {
        const struct slot *slot = &f->slots[t];
        float *q = f->q + (size_t)t * (size_t)f->q_dim;
        float *k = f->k + (size_t)t * (size_t)f->kv_dim;
        const float *v = f->v + (size_t)t * (size_t)f->kv_dim;
        for (int h = 0; h < f->m->shape.n_head; h++)
            turn_head(f, q + h * d, job->layer->q_norm, slot->position);
        for (int h = 0; h < f->m->shape.n_head_kv; h++) {
            turn_head(f, k + h * d, job->layer->k_norm, slot->position);
            kv_write(f->o.kv, slot->seq, slot->position, job->index, h,
                     k + h * d, v + h * d);
        }
    }
}

// A run of tokens against one KV head.
static void attend(const struct layer_job *job, const struct run *run, int head,
                   int worker) {
    const struct forward *f = job->f;
    int d = f->m->shape.head_dim;
    struct kv_head cache = kv_head(f->o.kv, job->index, head);
    size_t at =
        (size_t)run->first * (size_t)f->q_dim + (size_t)(head * f->n_group * d);
    f->o.kernels->attn(&(struct kern_attn){
        .type = kv_type(f->o.kv),
        .q = f->q + at,
        .keys = cache.keys,
        .values = cache.values,
        .page_stride = cache.page_stride,
        .tokens = f->seen + run->first,
        .n_tokens = run->n,
        .n_pages = run->n_pages,
        .scratch = f->scratch + (size_t)worker * f->scratch_floats,
        .out = f->attended + at,
        .scale = 1.0f / sqrtf((float)d),
        .n_group = f->n_group,
        .head_dim = d,
        .stride = (size_t)f->q_dim,
    });
}

// Items are (KV head, run) pairs, head-major.
static void attend_range(void *ctx, int begin, int end, int worker) {
    const struct layer_job *job = ctx;
    const struct forward *f = job->f;
    for (int i = begin; i < end; i++)
        attend(job, &f->runs[i % f->n_runs], i / f->n_runs, worker);
}

static void attention(struct forward *f, const struct layer *l, int index) {
    struct layer_job job = {.f = f, .layer = l, .index = index};
    share_out(f, f->n_slots, 8 * f->q_dim, store_heads, &job);
    int64_t work = 0;
    for (int t = 0; t < f->n_slots; t++)
        work += f->slots[t].position + 1;
    work = work / f->n_runs * 2 * f->m->shape.head_dim * f->n_group;
    share_out(f, f->n_runs * f->m->shape.n_head_kv, work * FORWARD_FLOAT_WORK,
              attend_range, &job);
}

// ---- one layer --------------------------------------------------------------

// dst[t] = rmsnorm(src[t]).
struct norm_job {
    const struct forward *f;
    float *dst;
    const float *src, *weight;
};

static void norm_range(void *ctx, int begin, int end, int worker) {
    (void)worker;
    const struct norm_job *job = ctx;
    const struct model_shape *s = &job->f->m->shape;
    for (int t = begin; t < end; t++) {
        size_t at = (size_t)t * (size_t)s->n_embd;
        job->f->o.kernels->rmsnorm(job->dst + at, job->src + at, job->weight,
                                   s->n_embd, s->norm_eps);
    }
}

static void norm(struct forward *f, float *dst, const float *src,
                 const float *weight, int n_tokens) {
    struct norm_job job = {f, dst, src, weight};
    share_out(f, n_tokens, 4 * f->m->shape.n_embd, norm_range, &job);
}

static void swiglu_range(void *ctx, int begin, int end, int worker) {
    (void)worker;
    const struct forward *f = ctx;
    size_t n = (size_t)f->m->shape.n_ff;
    f->o.kernels->swiglu(f->gate + (size_t)begin * n, f->up + (size_t)begin * n,
                         (int)((size_t)(end - begin) * n));
}

// x += y, all tokens.
static void add_residual(struct forward *f, const float *y) {
    f->o.kernels->add(f->x, y, f->n_slots * f->m->shape.n_embd);
}

static void run_layer(struct forward *f, const struct layer *l, int index) {
    const struct model_shape *s = &f->m->shape;
    int n = f->n_slots;
    norm(f, f->h, f->x, l->attn_norm, n);
    multiply(f, f->h, n,
             &(struct product){.part = {&l->q, &l->k, &l->v},
                               .y = {f->q, f->k, f->v},
                               .n_parts = 3});
    attention(f, l, index);
    multiply(f, f->attended, n,
             &(struct product){.part = {&l->o}, .y = {f->h}, .n_parts = 1});
    add_residual(f, f->h);

    norm(f, f->h, f->x, l->ffn_norm, n);
    multiply(f, f->h, n,
             &(struct product){.part = {&l->gate, &l->up},
                               .y = {f->gate, f->up},
                               .n_parts = 2});
    share_out(f, n, 16 * s->n_ff, swiglu_range, f);
    multiply(f, f->gate, n,
             &(struct product){.part = {&l->down}, .y = {f->h}, .n_parts = 1});
    add_residual(f, f->h);
}

// ---- a chunk ----------------------------------------------------------------

static void embed(struct forward *f) {
    size_t n_embd = (size_t)f->m->shape.n_embd;
    for (int t = 0; t < f->n_slots; t++)
        model_embed(f->m, f->slots[t].token, f->x + (size_t)t * n_embd);
}

// Logits of the slots wanted[0..n): gather, norm, multiply, hand out.
static void logits_of(struct forward *f, const int *wanted, int n) {
    size_t n_embd = (size_t)f->m->shape.n_embd;
    size_t n_vocab = (size_t)f->m->shape.n_vocab;
    for (int i = 0; i < n; i++)
        memcpy(f->h + (size_t)i * n_embd, f->x + (size_t)wanted[i] * n_embd,
               n_embd * sizeof(float));
    norm(f, f->h, f->h, f->m->output_norm, n);
    multiply(f, f->h, n,
             &(struct product){
                 .part = {&f->m->output}, .y = {f->logits}, .n_parts = 1});
    for (int i = 0; i < n; i++)
        memcpy(f->slots[wanted[i]].logits, f->logits + (size_t)i * n_vocab,
               n_vocab * sizeof(float));
}

static void wanted_logits(struct forward *f) {
    int wanted[FORWARD_LOGIT_ROWS], n = 0;
    for (int t = 0; t < f->n_slots; t++) {
        if (f->slots[t].logits) wanted[n++] = t;
        if (n == FORWARD_LOGIT_ROWS || (n > 0 && t == f->n_slots - 1)) {
            logits_of(f, wanted, n);
            n = 0;
        }
    }
}

// Whether the pages that a token sees may also serve the one before it.
static bool attends_with(const struct kv_seq *a, const struct kv_seq *b) {
    return a == b || a->pages[0] == b->pages[0];
}

static void cut_runs(struct forward *f, int most) {
    f->n_runs = 0;
    for (int t = 0; t < f->n_slots; t++) {
        struct run *last = f->n_runs ? &f->runs[f->n_runs - 1] : NULL;
        int n_pages = f->slots[t].position / KERN_PAGE + 1;
        if (last && last->n < most &&
            attends_with(f->slots[t - 1].seq, f->slots[t].seq)) {
            last->n++;
            last->n_pages = max_int(last->n_pages, n_pages);
        } else {
            f->runs[f->n_runs++] =
                (struct run){.first = t, .n = 1, .n_pages = n_pages};
        }
    }
}

// Long runs, unless so few of them would leave threads without work.
static void find_runs(struct forward *f) {
    int n_threads = pool_n_threads(f->o.pool);
    for (int t = 0; t < f->n_slots; t++)
        f->seen[t] = (struct kern_attn_token){f->slots[t].position + 1,
                                              f->slots[t].seq->pages};
    cut_runs(f, FORWARD_RUN_TOKENS);
    int n_items = f->n_runs * f->m->shape.n_head_kv;
    if (n_items % n_threads && n_items < 4 * n_threads)
        cut_runs(f, FORWARD_RUN_TOKENS / 2);
}

static void run_chunk(struct forward *f) {
    if (f->n_slots == 0) return;
    find_runs(f);
    embed(f);
    for (int i = 0; i < f->m->shape.n_layer; i++)
        run_layer(f, &f->m->layers[i], i);
    wanted_logits(f);
    f->n_slots = 0;
}

static void add_item(struct forward *f, const struct forward_item *item) {
    int row = 0;
    for (int i = 0; i < item->n_tokens; i++) {
        bool wanted = row < item->n_rows && item->rows[row] == i;
        f->slots[f->n_slots++] = (struct slot){
            .seq = item->seq,
            .position = item->seq->n_tokens + i,
            .token = item->tokens[i],
            .logits = wanted ? item->logits[row] : NULL,
        };
        row += wanted;
        if (f->n_slots == f->o.max_batch) run_chunk(f);
    }
    assert(row == item->n_rows);
}

int forward_run(struct forward *f, struct forward_item *items, int n_items,
                struct error *err) {
    for (int i = 0; i < n_items; i++) {
        if (kv_reserve(f->o.kv, items[i].seq, items[i].n_tokens, err) == 0)
            continue;
        for (int j = 0; j <= i; j++) // give back what was reserved
            kv_truncate(f->o.kv, items[j].seq, items[j].seq->n_tokens);
        return -1;
    }
    for (int i = 0; i < n_items; i++)
        add_item(f, &items[i]);
    run_chunk(f);
    for (int i = 0; i < n_items; i++)
        items[i].seq->n_tokens += items[i].n_tokens;
    return 0;
}

// ---- set-up -----------------------------------------------------------------

static float *floats(size_t rows, size_t cols, int *failed, struct error *err) {
    float *p = NULL;
    size_t count;
    if (*failed) return NULL;
    if (__builtin_mul_overflow(rows, cols, &count))
        error_set(err, ERR_MEMORY, "buffers of %zu x %zu floats", rows, cols);
    else
        p = alloc_try(count, sizeof(float), "evaluation buffers", err);
    *failed |= !p;
    return p;
}

static void fill_rope(struct forward *f) {
    const struct model_shape *s = &f->m->shape;
    double theta = s->rope_theta;
    for (int p = 0; p < f->o.n_ctx; p++)
        kern_rope_table(f->rope + (size_t)p * (size_t)s->n_rot, p, s->n_rot,
                        theta, f->m->rope_factors);
}

// Buffers of quantised activations; max_batch * widest was checked.
static int allocate_quantized(struct forward *f, size_t n, struct error *err) {
    struct kern_input *in = &f->quantized;
    const char *what = "evaluation buffers";
    in->q = alloc_try(n, sizeof *in->q, what, err);
    if (in->q) in->q16 = alloc_try(n, sizeof *in->q16, what, err);
    if (in->q16)
        in->scales =
            alloc_try(n / KERN_BLOCK + 1, sizeof *in->scales, what, err);
    return in->scales ? 0 : -1;
}

static int allocate(struct forward *f, struct error *err) {
    const struct model_shape *s = &f->m->shape;
    size_t batch = (size_t)f->o.max_batch;
    size_t threads = (size_t)pool_n_threads(f->o.pool);
    size_t widest = (size_t)max_int(max_int(s->n_embd, s->n_ff), f->q_dim);
    int failed = 0;
    f->x = floats(batch, (size_t)s->n_embd, &failed, err);
    f->h = floats(batch, (size_t)s->n_embd, &failed, err);
    f->q = floats(batch, (size_t)f->q_dim, &failed, err);
    f->k = floats(batch, (size_t)f->kv_dim, &failed, err);
    f->v = floats(batch, (size_t)f->kv_dim, &failed, err);
    f->attended = floats(batch, (size_t)f->q_dim, &failed, err);
    f->gate = floats(batch, (size_t)s->n_ff, &failed, err);
    f->up = floats(batch, (size_t)s->n_ff, &failed, err);
    f->logits = floats(FORWARD_LOGIT_ROWS, (size_t)s->n_vocab, &failed, err);
    failed = failed || allocate_quantized(f, batch * widest, err);
    f->rope = floats((size_t)f->o.n_ctx, (size_t)s->n_rot, &failed, err);
    f->scratch_floats = kern_attn_scratch_floats(
        FORWARD_RUN_TOKENS * f->n_group, f->seq_pages, s->head_dim);
    f->scratch = floats(threads, f->scratch_floats, &failed, err);
    if (f->o.prefill_blas)
        f->blas_tile =
            floats(1, kern_blas_tile_floats((int)widest), &failed, err);
    if (failed) return -1;
    f->slots = xcalloc(batch, sizeof *f->slots);
    f->runs = xcalloc(batch, sizeof *f->runs);
    f->seen = xcalloc(batch, sizeof *f->seen);
    return 0;
}

struct forward *forward_new(const struct model *m,
                            const struct forward_options *o,
                            struct error *err) {
    struct forward *f = xcalloc(1, sizeof *f);
    f->m = m;
    f->o = *o;
    if (!f->o.min_work) f->o.min_work = FORWARD_MIN_WORK;
    f->n_group = m->shape.n_head / m->shape.n_head_kv;
    f->q_dim = m->shape.n_head * m->shape.head_dim;
    f->kv_dim = m->shape.n_head_kv * m->shape.head_dim;
    f->seq_pages = (o->n_ctx + KERN_PAGE - 1) / KERN_PAGE;
    if (allocate(f, err)) {
        forward_free(f);
        return NULL;
    }
    fill_rope(f);
    return f;
}

void forward_free(struct forward *f) {
    if (!f) return;
    void *blocks[] = {f->slots,
                      f->runs,
                      f->x,
                      f->h,
                      f->q,
                      f->k,
                      f->v,
                      f->attended,
                      f->gate,
                      f->up,
                      f->logits,
                      f->quantized.q,
                      f->quantized.q16,
                      f->quantized.scales,
                      f->rope,
                      f->scratch,
                      f->seen,
                      f->blas_tile};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
    free(f);
}
