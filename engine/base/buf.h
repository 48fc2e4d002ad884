#pragma once
// A string that grows. `text` is never NULL after buf_init() and always ends in
// NUL, which `n_bytes` does not count; the content may hold NULs too.

#include <stddef.h>

struct buf {
    char *text;
    size_t n_bytes, cap;
};

void buf_init(struct buf *b);
void buf_release(struct buf *b);                 // safe on a zeroed struct
void buf_clear(struct buf *b);                   // n_bytes = 0, memory kept
void buf_reserve(struct buf *b, size_t n_bytes); // room for n_bytes in all
void buf_add(struct buf *b, const void *bytes, size_t n_bytes);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_truncate(struct buf *b, size_t n_bytes); // n_bytes <= b->n_bytes
char *buf_detach(struct buf *b); // hands over the malloc'ed text; b is empty
