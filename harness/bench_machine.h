#pragma once
// The machine that a speed was measured on: what it is, and what it can do.

#include "engine/engine.h"

#include <stdio.h>

struct arena;

struct bench_machine {
    const char *cpu, *flags, *governor; // "" when unknown
    const char *kernels;
    int n_threads;
    struct kern_peaks peaks;
};

// Measures for about a second, with a pool of n_threads of its own. Texts live
// in the arena. -1 with ERR_MEMORY.
int bench_machine_measure(struct bench_machine *m, const char *kernels,
                          int n_threads, struct arena *a, struct error *err);
// One line: CPU, flags, threads, governor, peaks.
const char *bench_machine_line(const struct bench_machine *m, struct arena *a);
