#include "tests/helper_malloc.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

// Volatile: compilers know that malloc changes no variable of the program.
static _Thread_local volatile long n_allocations;
static _Thread_local volatile bool counting;

void malloc_count_start(void) {
    n_allocations = 0;
    counting = true;
}

long malloc_count_stop(void) {
    counting = false;
    return n_allocations;
}

#if defined(__GLIBC__) && !defined(SANITIZED)

void *__libc_malloc(size_t n_bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t n_bytes);
void *__libc_memalign(size_t alignment, size_t n_bytes);

void *malloc(size_t n_bytes) {
    n_allocations = n_allocations + counting;
    return __libc_malloc(n_bytes);
}

void *calloc(size_t count, size_t size) {
    n_allocations = n_allocations + counting;
    return __libc_calloc(count, size);
}

void *realloc(void *p, size_t n_bytes) {
    n_allocations = n_allocations + counting;
    return __libc_realloc(p, n_bytes);
}

void *aligned_alloc(size_t alignment, size_t n_bytes) {
    n_allocations = n_allocations + counting;
    return __libc_memalign(alignment, n_bytes);
}

int posix_memalign(void **p, size_t alignment, size_t n_bytes) {
    n_allocations = n_allocations + counting;
    *p = __libc_memalign(alignment, n_bytes);
    return *p ? 0 : ENOMEM;
}

// Not optimised away, unlike a bare malloc and free.
bool malloc_count_works(void) {
    void *volatile p;
    malloc_count_start();
    p = malloc(10);
    free(p);
    return malloc_count_stop() == 1;
}

#else

bool malloc_count_works(void) {
    return false;
}

#endif
