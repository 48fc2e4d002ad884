#include "engine/base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512, LINE_BYTES = 256 };

static FILE *open_under(const char *root, const char *path) {
    char name[PATH_BYTES];
    int n = snprintf(name, sizeof name, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof name ? fopen(name, "re") : NULL;
}

// "name  123 kB" (unit 1024) or "name 123" (unit 1) of a file; an empty name
// matches a line that is a number alone. SIZE_MAX: not there.
static size_t number_of(const char *root, const char *path, const char *name,
                        size_t unit) {
    FILE *f = open_under(root, path);
    if (!f) return SIZE_MAX;
    char line[LINE_BYTES];
    size_t found = SIZE_MAX, n_name = strlen(name);
    while (found == SIZE_MAX && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, n_name)) continue;
        char *end;
        errno = 0;
        unsigned long long value = strtoull(line + n_name, &end, 10);
        if (end == line + n_name || errno || value > SIZE_MAX / unit) break;
        found = (size_t)value * unit;
    }
    fclose(f);
    return found;
}

// What a limit leaves. Cached files of the group are given back on demand.
static size_t left(size_t limit, size_t used, size_t cached) {
    if (limit == SIZE_MAX || used == SIZE_MAX) return SIZE_MAX;
    if (cached != SIZE_MAX) used = used > cached ? used - cached : 0;
    return used < limit ? limit - used : 0;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t memory_available_in(const char *root) {
    size_t n = number_of(root, "/proc/meminfo", "MemAvailable:", 1024);
    // Version 2, as a container sees its own group; then version 1.
    n = least(n,
              left(number_of(root, "/sys/fs/cgroup/memory.max", "", 1),
                   number_of(root, "/sys/fs/cgroup/memory.current", "", 1),
                   number_of(root, "/sys/fs/cgroup/memory.stat", "file ", 1)));
    return least(
        n, left(number_of(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                          "", 1),
                number_of(root, "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                          "", 1),
                number_of(root, "/sys/fs/cgroup/memory/memory.stat",
                          "total_cache ", 1)));
}

size_t memory_available(void) {
    return memory_available_in("");
}
