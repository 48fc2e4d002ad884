#pragma once
// Where the time of a sample went: its phases in the order in which tables and
// figures show them, and what no phase claims. They add up to report_ms().

#include "harness/report.h"

struct phase_time {
    const char *name;   // "prompt", "other"
    report_value_fn ms; // of a sample; NAN: it failed or has no times
};

enum { N_PHASE_TIMES = PHASE_N + 1 };

extern const struct phase_time phase_times[N_PHASE_TIMES];
