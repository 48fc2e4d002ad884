#include "engine/base/buf.h"

#include "engine/base/alloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b) {
    *b = (struct buf){.text = xmalloc(16), .cap = 16};
    b->text[0] = 0;
}

void buf_release(struct buf *b) {
    free(b->text);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b) {
    buf_truncate(b, 0);
}

void buf_reserve(struct buf *b, size_t n_bytes) {
    if (n_bytes < b->cap) return;
    size_t cap = b->cap * 2 > n_bytes + 1 ? b->cap * 2 : n_bytes + 1;
    b->text = xrealloc(b->text, cap);
    b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t n_bytes) {
    if (n_bytes == 0) return;
    buf_reserve(b, b->n_bytes + n_bytes);
    memcpy(b->text + b->n_bytes, bytes, n_bytes);
    b->n_bytes += n_bytes;
    b->text[b->n_bytes] = 0;
}

void buf_adds(struct buf *b, const char *text) {
    buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    buf_reserve(b, b->n_bytes + (size_t)n);
    va_start(args, format);
    vsnprintf(b->text + b->n_bytes, (size_t)n + 1, format, args);
    va_end(args);
    b->n_bytes += (size_t)n;
}

void buf_truncate(struct buf *b, size_t n_bytes) {
    assert(n_bytes <= b->n_bytes);
    b->n_bytes = n_bytes;
    if (b->text) b->text[n_bytes] = 0;
}

char *buf_detach(struct buf *b) {
    char *text = b->text;
    buf_init(b);
    return text;
}
