#pragma once
// Memory that this process may still take.

#include <stddef.h>

// Bytes: the least of what the machine has (MemAvailable of /proc/meminfo:
// free, or cached and given back on demand) and what the control group leaves.
// SIZE_MAX when the system says nothing.
size_t memory_available(void);
// The same from files under `root` (in place of /), for tests.
size_t memory_available_in(const char *root);
