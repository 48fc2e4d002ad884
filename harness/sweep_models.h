#pragma once
// The opened models of a sweep.
//
// Models that several cells use are opened once. Scripted models share a
// virtual clock, so that a run of them alone has the same times on every
// machine.

#include "engine/engine.h"
#include "harness/sweep.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct batcher;
struct error;

struct sweep_models {
    struct lm **lms; // [n] as config->models; NULL: not used
    int n;
    int64_t virtual_ns; // time of the scripted models
    bool is_virtual;    // all models used are scripted
};

// n_workers threads solve samples at once, each with its own workspace;
// `batcher` for more than one, else NULL. Every cell is then checked against
// its models (method_check), so that a cell that cannot run is refused here,
// with the place of its method. On failure `m` is empty.
int sweep_models_open(struct sweep_models *m, const struct sweep *s,
                      int n_workers, struct batcher *batcher,
                      struct error *err);
// Says on `log` what the weights and the KV cache of each model take that
// sweep_models_open() would load; ERR_MEMORY when that is more than `available`
// bytes in all.
int sweep_models_check_memory(const struct sweep *s, int n_workers,
                              size_t available, FILE *log, struct error *err);
// Threads that solve samples at once.
int sweep_n_workers(const struct sweep *s);
void sweep_models_close(struct sweep_models *m); // safe on a zeroed struct
// Those of a cell, by role.
struct models sweep_models_of_cell(const struct sweep_models *m,
                                   const struct cell *c);
// The clock that traces must use: virtual, or the monotonic one. `m` must not
// move while it is in use.
struct clock sweep_clock(struct sweep_models *m);
