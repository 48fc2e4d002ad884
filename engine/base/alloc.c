#include "engine/base/alloc.h"

#include "engine/base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *alloc_check(void *p, size_t n_bytes) {
    if (p || n_bytes == 0) return p;
    fprintf(stderr, "specsweep: out of memory for %zu bytes\n", n_bytes);
    abort();
}

void *xmalloc(size_t n_bytes) {
    return alloc_check(malloc(n_bytes), n_bytes);
}

void *xcalloc(size_t count, size_t size) {
    return alloc_check(calloc(count, size), count && size);
}

void *xrealloc(void *p, size_t n_bytes) {
    return alloc_check(realloc(p, n_bytes), n_bytes);
}

char *xstrndup(const char *text, size_t n_bytes) {
    char *copy = xmalloc(n_bytes + 1);
    memcpy(copy, text, n_bytes);
    copy[n_bytes] = 0;
    return copy;
}

char *xstrdup(const char *text) {
    return xstrndup(text, strlen(text));
}

char *xasprintf(const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = xmalloc((size_t)n + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

void *alloc_try(size_t count, size_t size, const char *what,
                struct error *err) {
    size_t n_bytes;
    void *p = NULL;
    if (__builtin_mul_overflow(count, size, &n_bytes) ||
        n_bytes > SIZE_MAX / 2 ||
        posix_memalign(&p, 64, n_bytes ? n_bytes : 64)) {
        error_set(err, ERR_MEMORY, "no memory for %s (%zu x %zu bytes)", what,
                  count, size);
        return NULL;
    }
    memset(p, 0, n_bytes);
    return p;
}
