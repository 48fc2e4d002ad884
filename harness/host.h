#pragma once
// Facts about this machine and moment that results are stored with.

#include <stddef.h>

struct arena;

const char *host_name(struct arena *a);
const char *host_cpu(struct arena *a);     // model name; "" when unknown
int host_n_cpus(void);                     // that this process may use
const char *host_utc_now(struct arena *a); // 2026-01-31T12:00:00Z
