#pragma once
// Allocation that does not fail quietly.
//
// Small things go through these; they abort and name the size when memory is
// out. A size that comes from a file or a config is checked by the caller
// first and goes through `alloc_try`, which reports an error instead.

#include <stddef.h>

struct error;

void *xmalloc(size_t n_bytes);
void *xcalloc(size_t count, size_t size); // zeroed; count * size is checked
void *xrealloc(void *p, size_t n_bytes);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t n_bytes);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Zeroed, 64-byte aligned block of count * size bytes for numbers; NULL with
// ERR_MEMORY naming `what` when the product overflows or memory is out. Free
// with free().
void *alloc_try(size_t count, size_t size, const char *what, struct error *err);
