#pragma once
// Memory of whole pages, for the few large blocks that live as long as a model:
// zeroed, aligned to 2 MB, in huge pages where the kernel grants them. Page
// faults would otherwise cost more than filling such a block.

#include <stddef.h>

struct error;

// n_bytes >= 1, rounded up; pages that nobody writes to take no memory. NULL
// with ERR_MEMORY naming `what`.
void *pages_new(size_t n_bytes, const char *what, struct error *err);
void pages_free(void *p, size_t n_bytes); // the same n_bytes; NULL is fine
