// The native backend: GGUF weights, our forward pass, our paged cache.
//
// With a batcher, calls of several threads meet in one forward_run; the lock
// keeps the page tables whole while other threads fork and truncate.

#include "engine/lm/lm_backend.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/pool.h"
#include "engine/lm/batcher.h"
#include "engine/model/forward.h"
#include "engine/model/tokenizer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NATIVE_MAX_BATCH = 256, // tokens of one chunk
    NATIVE_MAX_ITEMS = 256, // sequences of one batch
};

struct native {
    struct lm lm;
    struct model *model;
    struct tokenizer *tokenizer;
    const struct kernels *kernels;
    struct pool *pool;
    struct kv *kv;
    struct forward *forward;
    struct batcher *batcher; // borrowed, may be NULL
    pthread_mutex_t lock;    // kv, forward
};

struct native_seq {
    struct lm_seq s;
    struct kv_seq kv;
    int *rows; // [s.n_rows] scratch
};

// One call on its way through the batcher.
struct native_call {
    struct native *n;
    struct forward_item items[LM_SHARED_MAX];
    int n_items;
    struct error *err;
};

static struct native *native_of(const struct lm_seq *s) {
    return (struct native *)s->lm;
}

// ---- evaluation -------------------------------------------------------------

static int native_run(struct native *n, struct forward_item *items, int n_items,
                      struct error *err) {
    pthread_mutex_lock(&n->lock);
    int status = forward_run(n->forward, items, n_items, err);
    pthread_mutex_unlock(&n->lock);
    return status;
}

// A full cache refuses several calls whole; then each stands alone.
static void native_run_calls(struct batcher_call **calls, int n_calls,
                             struct forward_item *items, int n_items) {
    struct native *n = ((struct native_call *)calls[0]->item)->n;
    int status = native_run(n, items, n_items, NULL);
    for (int i = 0; i < n_calls; i++) {
        struct native_call *c = calls[i]->item;
        calls[i]->status =
            status ? native_run(n, c->items, c->n_items, c->err) : 0;
    }
}

// As many calls at a time as the array of items holds.
static void native_run_batch(struct batcher_call **calls, int n_calls) {
    struct forward_item items[NATIVE_MAX_ITEMS];
    int first = 0, n_items = 0;
    for (int i = 0; i < n_calls; i++) {
        const struct native_call *c = calls[i]->item;
        if (n_items + c->n_items > NATIVE_MAX_ITEMS) {
            native_run_calls(calls + first, i - first, items, n_items);
            first = i;
            n_items = 0;
        }
        memcpy(items + n_items, c->items, (size_t)c->n_items * sizeof *items);
        n_items += c->n_items;
    }
    native_run_calls(calls + first, n_calls - first, items, n_items);
}

static struct forward_item native_item(const struct lm_eval *e) {
    const struct lm_seq *s = e->seq;
    struct native_seq *ns = (struct native_seq *)e->seq;
    for (int i = 0; i < e->n_rows; i++)
        ns->rows[i] = e->positions[i] - 1 - s->n_evaluated;
    return (struct forward_item){
        .seq = &ns->kv,
        .tokens = s->tokens + s->n_evaluated,
        .n_tokens = e->end - s->n_evaluated,
        .rows = ns->rows,
        .n_rows = e->n_rows,
        .logits = e->rows,
    };
}

static int native_eval(const struct lm_eval *evals, int n_evals,
                       struct error *err) {
    struct native *n = native_of(evals[0].seq);
    struct native_call call; // whose unused items are not worth writing
    call.n = n;
    call.n_items = n_evals;
    call.err = err;
    for (int i = 0; i < n_evals; i++)
        call.items[i] = native_item(&evals[i]);
    if (!n->batcher) return native_run(n, call.items, n_evals, err);
    return batcher_submit(
        n->batcher, &(struct batcher_call){
                        .model = n, .run = native_run_batch, .item = &call});
}

// ---- sequences --------------------------------------------------------------

static void native_seq_free(struct lm_seq *s) {
    struct native *n = native_of(s);
    struct native_seq *ns = (struct native_seq *)s;
    pthread_mutex_lock(&n->lock);
    kv_seq_release(n->kv, &ns->kv);
    pthread_mutex_unlock(&n->lock);
    lm_seq_release(s);
    free(ns->rows);
    free(ns);
}

static struct lm_seq *native_seq_new(struct lm *lm, int n_rows,
                                     struct error *err) {
    struct native *n = (struct native *)lm;
    struct native_seq *ns = xcalloc(1, sizeof *ns);
    ns->s.lm = lm;
    ns->rows = xcalloc((size_t)n_rows, sizeof *ns->rows);
    if (lm_seq_init(&ns->s, lm, n_rows, err) ||
        kv_seq_init(n->kv, &ns->kv, err)) {
        native_seq_free(&ns->s);
        return NULL;
    }
    return &ns->s;
}

static void native_seq_share(struct lm_seq *to, struct lm_seq *from,
                             int n_tokens) {
    struct native *n = native_of(to);
    struct kv_seq *kv = &((struct native_seq *)to)->kv;
    pthread_mutex_lock(&n->lock);
    kv_truncate(n->kv, kv, 0);
    kv_fork(n->kv, kv, &((struct native_seq *)from)->kv, n_tokens);
    pthread_mutex_unlock(&n->lock);
}

static void native_seq_cut(struct lm_seq *s, int n_tokens) {
    struct native *n = native_of(s);
    pthread_mutex_lock(&n->lock);
    kv_truncate(n->kv, &((struct native_seq *)s)->kv, n_tokens);
    pthread_mutex_unlock(&n->lock);
}

static int native_n_used_pages(const struct lm *lm) {
    struct native *n = (struct native *)lm;
    pthread_mutex_lock(&n->lock);
    int n_pages = kv_n_used_pages(n->kv);
    pthread_mutex_unlock(&n->lock);
    return n_pages;
}

// ---- text -------------------------------------------------------------------

static int native_encode(const struct lm *lm, const char *text, size_t n_bytes,
                         bool special, int32_t **tokens, struct error *err) {
    const struct native *n = (const struct native *)lm;
    return tokenizer_encode(n->tokenizer, text, n_bytes, special, tokens, err);
}

static int native_encode_more(const struct lm *lm, struct lm_scratch *s,
                              const char *text, size_t n_bytes, bool special,
                              const int32_t **tokens, struct error *err) {
    const struct native *n = (const struct native *)lm;
    return tokenizer_encode_in(n->tokenizer, s->work, text, n_bytes, special,
                               tokens, err);
}

static const char *native_token_bytes(const struct lm *lm, int32_t token,
                                      size_t *n_bytes) {
    return tokenizer_bytes(((const struct native *)lm)->tokenizer, token,
                           n_bytes);
}

static bool native_is_end(const struct lm *lm, int32_t token) {
    return tokenizer_is_end(((const struct native *)lm)->tokenizer, token);
}

static bool native_is_control(const struct lm *lm, int32_t token) {
    return tokenizer_is_control(((const struct native *)lm)->tokenizer, token);
}

static bool native_is_ordinary(const struct lm *lm, int32_t token) {
    return tokenizer_is_ordinary(((const struct native *)lm)->tokenizer, token);
}

static const char *native_meta(const struct lm *lm, const char *key) {
    return gguf_find_text(((const struct native *)lm)->model->file, key);
}

// ---- opening ----------------------------------------------------------------

static void native_close(struct lm *lm) {
    struct native *n = (struct native *)lm;
    forward_free(n->forward);
    kv_free(n->kv);
    tokenizer_free(n->tokenizer);
    model_free(n->model);
    pool_free(n->pool);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

static const struct lm_backend native_backend = {
    .name = "native",
    .close = native_close,
    .seq_new = native_seq_new,
    .seq_free = native_seq_free,
    .seq_share = native_seq_share,
    .seq_cut = native_seq_cut,
    .eval = native_eval,
    .n_used_pages = native_n_used_pages,
    .encode = native_encode,
    .encode_more = native_encode_more,
    .token_bytes = native_token_bytes,
    .is_end = native_is_end,
    .is_control = native_is_control,
    .is_ordinary = native_is_ordinary,
    .meta = native_meta,
};

// The cache that the options ask for, and what it all takes.
static int native_plan(struct gguf *file, const char *path,
                       const struct lm_native_options *o, struct kv_shape *kv,
                       struct lm_need *need, struct error *err) {
    struct model_shape shape;
    enum kern_type type;
    if (kern_kv_parse(o->kv ? o->kv : "f32", &type, err) ||
        model_shape_read(file, &shape, err))
        return -1;
    if (o->n_ctx > shape.n_ctx_train)
        return error_set(err, ERR_USAGE,
                         "%s: context of %d tokens asked for, the model has %d",
                         path, o->n_ctx, shape.n_ctx_train);
    *kv = (struct kv_shape){.n_layer = shape.n_layer,
                            .n_head_kv = shape.n_head_kv,
                            .head_dim = shape.head_dim,
                            .n_ctx = o->n_ctx ? o->n_ctx : shape.n_ctx_train,
                            .n_seq = o->n_seq,
                            .n_forks = o->n_forks,
                            .fork_tokens = o->fork_tokens,
                            .type = type};
    *need = (struct lm_need){
        .kv_bytes = kv_bytes(kv),
        .row_bytes = (size_t)shape.n_vocab * sizeof(float),
        .n_ctx = kv->n_ctx,
    };
    for (size_t i = 0; i < gguf_n_tensors(file); i++)
        need->weights_bytes += gguf_tensor_at(file, i)->n_bytes;
    return 0;
}

static int native_check_memory(const char *path, const struct kv_shape *kv,
                               const struct lm_need *need, struct error *err) {
    size_t sum, free_bytes = memory_available();
    if (need->kv_bytes &&
        !__builtin_add_overflow(need->weights_bytes, need->kv_bytes, &sum) &&
        sum <= free_bytes)
        return 0;
    char forks[64] = "";
    if (kv->n_forks)
        snprintf(forks, sizeof forks, " and %d forks of %d", kv->n_forks,
                 kv->fork_tokens);
    return error_set(err, ERR_MEMORY,
                     "%s: %.2f GB of weights and %.2f GB of KV cache (%s, %d x "
                     "%d tokens%s) do not fit into %.2f GB of free memory; "
                     "lower context or concurrency, or choose a smaller kv",
                     path, (double)need->weights_bytes / 1e9,
                     (double)need->kv_bytes / 1e9, kern_kv_name(kv->type),
                     kv->n_seq, kv->n_ctx, forks, (double)free_bytes / 1e9);
}

int lm_native_need(const char *path, const struct lm_native_options *o,
                   struct lm_need *need, struct error *err) {
    struct kv_shape kv;
    struct gguf *file = gguf_open(path, err);
    if (!file) return -1;
    int status = native_plan(file, path, o, &kv, need, err);
    gguf_close(file);
    return status;
}

// The model, once it is known that it fits.
static int native_load_model(struct native *n, const char *path,
                             const struct lm_native_options *o,
                             struct kv_shape *kv, struct error *err) {
    struct lm_need need;
    struct gguf *file = gguf_open(path, err);
    if (!file) return -1;
    if (native_plan(file, path, o, kv, &need, err) ||
        native_check_memory(path, kv, &need, err)) {
        gguf_close(file);
        return -1;
    }
    n->lm.facts.n_ctx = need.n_ctx;
    n->lm.facts.kv_bytes = need.kv_bytes;
    n->lm.facts.kv = kern_kv_name(kv->type);
    n->model = model_new(file, n->pool, err);
    return n->model ? 0 : -1;
}

static int native_load(struct native *n, const char *path,
                       const struct lm_native_options *o, struct error *err) {
    enum kern_isa isa;
    if (kern_isa_parse(o->isa ? o->isa : "auto", &isa, err) ||
        !(n->kernels = kern_get(isa, err)))
        return -1;
    n->pool = pool_new(o->n_threads);
    struct kv_shape kv;
    if (native_load_model(n, path, o, &kv, err)) return -1;
    n->tokenizer = tokenizer_new(n->model->file, err);
    if (!n->tokenizer) return -1;
    n->kv = kv_new(&kv, err);
    if (!n->kv) return error_prefix(err, "%s", path);
    n->forward = forward_new(n->model,
                             &(struct forward_options){
                                 .kernels = n->kernels,
                                 .pool = n->pool,
                                 .kv = n->kv,
                                 .n_ctx = kv.n_ctx,
                                 .max_batch = NATIVE_MAX_BATCH,
                                 .prefill_blas = o->prefill_blas,
                             },
                             err);
    if (!n->forward) return error_prefix(err, "%s", path);
    kv.n_ctx = KERN_PAGE;
    kv.n_seq = 1;
    kv.n_forks = 0;
    n->lm.facts.kv_token_bytes = kv_bytes(&kv) / KERN_PAGE;
    return 0;
}

static void native_state_facts(struct native *n) {
    struct lm_facts *facts = &n->lm.facts;
    const struct model_shape *shape = &n->model->shape;
    facts->backend = native_backend.name;
    tokenizer_hash(n->tokenizer, facts->vocab_hash);
    tokenizer_family_hash(n->tokenizer, facts->family_hash);
    facts->arch = shape->arch;
    facts->kernels = n->kernels->name;
    facts->n_params = n->model->n_params;
    facts->n_vocab = shape->n_vocab;
    facts->n_used = tokenizer_n_used(n->tokenizer);
    if (facts->n_used > facts->n_vocab) facts->n_used = facts->n_vocab;
    facts->n_layer = shape->n_layer;
    facts->n_embd = shape->n_embd;
    facts->eos_token = tokenizer_eos(n->tokenizer);
    facts->bos_token =
        tokenizer_adds_bos(n->tokenizer) ? tokenizer_bos(n->tokenizer) : -1;
    facts->weights_bytes = n->model->weights_bytes;
}

struct lm *lm_native_open(const char *path, const struct lm_native_options *o,
                          struct error *err) {
    struct native *n = xcalloc(1, sizeof *n);
    n->lm.backend = &native_backend;
    n->lm.caps = LM_CAP_LOGITS | LM_CAP_FORK | LM_CAP_SHARED;
    n->lm.n_rows = o->n_rows;
    n->batcher = o->batcher;
    pthread_mutex_init(&n->lock, NULL);
    if (native_load(n, path, o, err)) {
        native_close(&n->lm);
        return NULL;
    }
    native_state_facts(n);
    return &n->lm;
}
