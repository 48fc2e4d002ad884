#pragma once
// Paged, reference-counted key/value cache.
//
// A page holds KERN_PAGE positions of all layers and KV heads. A sequence is a
// table of pages. kv_fork shares them (O(pages)); kv_truncate gives pages back
// (O(pages dropped)); writing into a page that is shared copies it first.
//
// Page layout: [n_layer][n_head_kv] of keys, then values (kern_kv.h).
//
// All memory is reserved by kv_new; nothing is allocated later but the page
// table of a new sequence. Not thread-safe: the owner serialises.

#include "engine/kernels/kern_kv.h"

#include <stddef.h>

struct error;

struct kv_shape {
    int n_layer, n_head_kv, head_dim;
    int n_ctx;           // positions of one sequence, at most
    int n_seq;           // sequences that may be full at once
    enum kern_type type; // KERN_F32, KERN_F16 or KERN_Q8_0
    int n_forks;         // besides, sequences that share a past with another
    int fork_tokens;     // and have at most so many positions of their own
};

struct kv;
struct kv_seq {
    int *pages; // [n_pages] page numbers
    int n_pages;
    int n_tokens; // positions that hold data
};

// Bytes that kv_new will reserve: pages for n_seq sequences of n_ctx positions,
// and for each fork those of its own positions, n_ctx at most, and the one that
// it shares in part. 0 when that overflows.
size_t kv_bytes(const struct kv_shape *shape);
struct kv *kv_new(const struct kv_shape *shape, struct error *err);
void kv_free(struct kv *kv);              // NULL is fine
int kv_n_used_pages(const struct kv *kv); // for leak tests

int kv_seq_init(struct kv *kv, struct kv_seq *s, struct error *err);
void kv_seq_release(struct kv *kv, struct kv_seq *s); // safe when zeroed
// Make `to` (initialised, empty) share the first n tokens of `from`.
void kv_fork(struct kv *kv, struct kv_seq *to, const struct kv_seq *from,
             int n);
void kv_truncate(struct kv *kv, struct kv_seq *s, int n);
// Make room for n more positions that may be written; copies a shared last
// page. -1 with ERR_MEMORY when no page is free or n_ctx would be exceeded.
int kv_reserve(struct kv *kv, struct kv_seq *s, int n, struct error *err);

// Where layer and head of page slot `page` of the sequence start.
void *kv_keys(const struct kv *kv, const struct kv_seq *s, int page, int layer,
              int head);
void *kv_values(const struct kv *kv, const struct kv_seq *s, int page,
                int layer, int head);
enum kern_type kv_type(const struct kv *kv);
// One layer and head of page number 0, and the bytes from page to page.
struct kv_head {
    const void *keys, *values;
    size_t page_stride;
};
struct kv_head kv_head(const struct kv *kv, int layer, int head);
// Store one position (already reserved), rounded to the type. k, v: [head_dim].
void kv_write(const struct kv *kv, const struct kv_seq *s, int position,
              int layer, int head, const float *k, const float *v);
