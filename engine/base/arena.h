#pragma once
// An arena: things that die together, freed with one call.
//
// `struct arena a = {0}` is empty and valid. Pointers stay valid until
// arena_release(). Aborts when memory is out (see alloc.h).

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *blocks;
};

void *arena_alloc(struct arena *a, size_t n_bytes); // zeroed, 16-byte aligned
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t n_bytes);
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *a); // frees everything; `a` is empty again
