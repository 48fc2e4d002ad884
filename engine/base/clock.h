#pragma once
// Monotonic nanoseconds. All times in specsweep are differences of these.

#include <stdint.h>

// A clock that can be replaced: tests and scripted models keep their own time.
struct clock {
    int64_t (*now_ns)(void *ctx);
    void *ctx;
};

int64_t clock_now_ns(const struct clock *c); // c NULL: the monotonic clock
