#pragma once
// Counts allocations of this thread, to prove that a stretch of code makes
// none. The test program replaces malloc and friends by ones that count and
// call glibc's; under a sanitizer, or with another libc, nothing is replaced
// and malloc_count_works() says so.

#include <stdbool.h>

bool malloc_count_works(void);
void malloc_count_start(void);
long malloc_count_stop(void); // allocations of this thread since start
