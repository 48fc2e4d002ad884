// Pages lie in one anonymous mapping that the kernel fills with zeros when a
// page is first touched, so reserving for the worst case costs address space
// and no memory.

#include "engine/model/kv.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct kv {
    struct kv_shape shape;
    size_t keys_bytes; // of one layer and head
    size_t head_bytes; // keys and values
    size_t page_bytes; // all layers and heads
    size_t total_bytes;
    int n_pages, n_free, seq_pages;
    int *free_pages; // [n_pages] stack
    int *refs;       // [n_pages]
    char *data;      // [n_pages][page_bytes]
};

static int kv_pages_of(int n_tokens) {
    return n_tokens / KERN_PAGE + (n_tokens % KERN_PAGE != 0);
}

// Pages in all; 0 when that overflows or the shape is absurd.
static size_t kv_count_pages(const struct kv_shape *s) {
    size_t full = (size_t)kv_pages_of(s->n_ctx);
    int own = s->fork_tokens < s->n_ctx ? s->fork_tokens : s->n_ctx;
    size_t forks = (size_t)kv_pages_of(own) + 1;
    if (s->n_ctx < 1 || s->n_seq < 1 || s->n_forks < 0 || s->fork_tokens < 0 ||
        __builtin_mul_overflow(full, (size_t)s->n_seq, &full) ||
        __builtin_mul_overflow(forks, (size_t)s->n_forks, &forks) ||
        __builtin_add_overflow(full, forks, &full))
        return 0;
    return full;
}

// 0 when the product overflows or the type is none.
static size_t kv_page_bytes(const struct kv_shape *s) {
    size_t bytes = kern_keys_bytes(s->type, s->head_dim) +
                   kern_values_bytes(s->type, s->head_dim);
    if (__builtin_mul_overflow(bytes, (size_t)s->n_head_kv, &bytes) ||
        __builtin_mul_overflow(bytes, (size_t)s->n_layer, &bytes))
        return 0;
    return bytes;
}

size_t kv_bytes(const struct kv_shape *s) {
    size_t bytes = kv_page_bytes(s);
    if (__builtin_mul_overflow(bytes, kv_count_pages(s), &bytes)) return 0;
    return bytes;
}

struct kv *kv_new(const struct kv_shape *shape, struct error *err) {
    size_t n_bytes = kv_bytes(shape), n_pages = kv_count_pages(shape);
    void *data = n_bytes == 0 || n_pages > INT_MAX
                     ? MAP_FAILED
                     : mmap(NULL, n_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) {
        error_set(err, ERR_MEMORY,
                  "no room for a KV cache of %d sequences of %d tokens and %d "
                  "forks of %d (%zu bytes); lower engine.context or "
                  "concurrency",
                  shape->n_seq, shape->n_ctx, shape->n_forks,
                  shape->fork_tokens, n_bytes);
        return NULL;
    }
    // A token reads all pages of its sequence, in pieces of a few kB. Advice
    // only: some machines have no huge pages.
    (void)madvise(data, n_bytes, MADV_HUGEPAGE);
    struct kv *kv = xcalloc(1, sizeof *kv);
    kv->shape = *shape;
    kv->keys_bytes = kern_keys_bytes(shape->type, shape->head_dim);
    kv->head_bytes =
        kv->keys_bytes + kern_values_bytes(shape->type, shape->head_dim);
    kv->page_bytes = kv_page_bytes(shape);
    kv->total_bytes = n_bytes;
    kv->seq_pages = kv_pages_of(shape->n_ctx);
    kv->n_pages = kv->n_free = (int)n_pages;
    kv->free_pages = xcalloc((size_t)kv->n_pages, sizeof(int));
    kv->refs = xcalloc((size_t)kv->n_pages, sizeof(int));
    kv->data = data;
    for (int i = 0; i < kv->n_pages; i++)
        kv->free_pages[i] = kv->n_pages - 1 - i;
    return kv;
}

void kv_free(struct kv *kv) {
    if (!kv) return;
    munmap(kv->data, kv->total_bytes);
    free(kv->free_pages);
    free(kv->refs);
    free(kv);
}

int kv_n_used_pages(const struct kv *kv) {
    return kv->n_pages - kv->n_free;
}

int kv_seq_init(struct kv *kv, struct kv_seq *s, struct error *err) {
    *s = (struct kv_seq){0};
    s->pages =
        alloc_try((size_t)kv->seq_pages, sizeof(int), "a page table", err);
    return s->pages ? 0 : -1;
}

void kv_seq_release(struct kv *kv, struct kv_seq *s) {
    if (s->pages) kv_truncate(kv, s, 0);
    free(s->pages);
    *s = (struct kv_seq){0};
}

static void kv_unref(struct kv *kv, int page) {
    assert(kv->refs[page] > 0);
    if (--kv->refs[page] == 0) kv->free_pages[kv->n_free++] = page;
}

void kv_fork(struct kv *kv, struct kv_seq *to, const struct kv_seq *from,
             int n) {
    assert(to->n_tokens == 0 && to->n_pages == 0 && n <= from->n_tokens);
    to->n_tokens = n;
    to->n_pages = kv_pages_of(n);
    for (int i = 0; i < to->n_pages; i++) {
        to->pages[i] = from->pages[i];
        kv->refs[to->pages[i]]++;
    }
}

void kv_truncate(struct kv *kv, struct kv_seq *s, int n) {
    assert(n >= 0 && n <= s->n_tokens);
    int n_pages = kv_pages_of(n);
    while (s->n_pages > n_pages)
        kv_unref(kv, s->pages[--s->n_pages]);
    s->n_tokens = n;
}

static int kv_take_page(struct kv *kv, struct error *err) {
    if (kv->n_free == 0)
        return error_set(err, ERR_MEMORY,
                         "the KV cache is full: %d pages of %d tokens in use",
                         kv->n_pages, KERN_PAGE);
    int page = kv->free_pages[--kv->n_free];
    kv->refs[page] = 1;
    return page;
}

// The last page is about to be written: it must be ours alone.
static int kv_own_page(struct kv *kv, struct kv_seq *s, int slot,
                       struct error *err) {
    int old = s->pages[slot];
    if (kv->refs[old] == 1) return 0;
    int page = kv_take_page(kv, err);
    if (page < 0) return -1;
    memcpy(kv->data + (size_t)page * kv->page_bytes,
           kv->data + (size_t)old * kv->page_bytes, kv->page_bytes);
    s->pages[slot] = page;
    kv_unref(kv, old);
    return 0;
}

int kv_reserve(struct kv *kv, struct kv_seq *s, int n, struct error *err) {
    if (n > kv->shape.n_ctx - s->n_tokens)
        return error_set(err, ERR_MEMORY,
                         "%d tokens do not fit a context of %d (%d in use)", n,
                         kv->shape.n_ctx, s->n_tokens);
    int partial = s->n_tokens / KERN_PAGE;
    if (n > 0 && s->n_tokens % KERN_PAGE && kv_own_page(kv, s, partial, err))
        return -1;
    int need = kv_pages_of(s->n_tokens + n);
    while (s->n_pages < need) {
        int page = kv_take_page(kv, err);
        if (page < 0) return -1;
        s->pages[s->n_pages++] = page;
    }
    return 0;
}

enum kern_type kv_type(const struct kv *kv) {
    return kv->shape.type;
}

// Bytes from the start of a page.
static size_t kv_offset(const struct kv *kv, int layer, int head) {
    size_t index = (size_t)layer * (size_t)kv->shape.n_head_kv + (size_t)head;
    return index * kv->head_bytes;
}

struct kv_head kv_head(const struct kv *kv, int layer, int head) {
    const char *keys = kv->data + kv_offset(kv, layer, head);
    return (struct kv_head){keys, keys + kv->keys_bytes, kv->page_bytes};
}

void *kv_keys(const struct kv *kv, const struct kv_seq *s, int page, int layer,
              int head) {
    return kv->data + (size_t)s->pages[page] * kv->page_bytes +
           kv_offset(kv, layer, head);
}

void *kv_values(const struct kv *kv, const struct kv_seq *s, int page,
                int layer, int head) {
    return (char *)kv_keys(kv, s, page, layer, head) + kv->keys_bytes;
}

void kv_write(const struct kv *kv, const struct kv_seq *s, int position,
              int layer, int head, const float *k, const float *v) {
    int page = position / KERN_PAGE, slot = position % KERN_PAGE;
    enum kern_type type = kv->shape.type;
    int n = kv->shape.head_dim;
    kern_keys_put(type, n, kv_keys(kv, s, page, layer, head), slot, k);
    kern_values_put(type, n, kv_values(kv, s, page, layer, head), slot, v);
}
