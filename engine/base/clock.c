#include "engine/base/clock.h"

#include <time.h>

int64_t clock_now_ns(const struct clock *c) {
    if (c) return c->now_ns(c->ctx);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
