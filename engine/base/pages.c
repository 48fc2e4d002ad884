#include "engine/base/pages.h"

#include "engine/base/error.h"

#include <stdint.h>
#include <sys/mman.h>

static const size_t HUGE_PAGE = (size_t)2 << 20;

static size_t rounded(size_t n_bytes) {
    return (n_bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

// One huge page more is mapped than asked for; what lies before the first
// boundary and behind the block is given back.
void *pages_new(size_t n_bytes, const char *what, struct error *err) {
    char *map = MAP_FAILED;
    if (n_bytes <= SIZE_MAX / 2)
        map = mmap(NULL, rounded(n_bytes) + HUGE_PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        error_set(err, ERR_MEMORY, "no memory for %s (%zu bytes)", what,
                  n_bytes);
        return NULL;
    }
    size_t before = (HUGE_PAGE - (uintptr_t)map % HUGE_PAGE) % HUGE_PAGE;
    size_t behind = HUGE_PAGE - before;
    char *block = map + before;
    if (before) munmap(map, before);
    if (behind) munmap(block + rounded(n_bytes), behind);
    if (n_bytes >= HUGE_PAGE) // the kernel may well refuse
        madvise(block, rounded(n_bytes), MADV_HUGEPAGE);
    return block;
}

void pages_free(void *p, size_t n_bytes) {
    if (p) munmap(p, rounded(n_bytes));
}
