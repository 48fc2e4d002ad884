#pragma once
// The run loop: every sample that the store lacks, once, in the order of
// schedule.h.
//
// Latency mode has one worker: samples follow each other on an otherwise idle
// program, after warm-up samples that are solved and forgotten. Throughput mode
// has several, which take blocks from one list and whose model calls meet in
// shared batches; their samples carry no times. Both give the same tokens.
//
// A sample that cannot be solved is stored as an error with its reason and the
// run goes on; only the store's own failure ends it.

#include "harness/sweep.h"
#include "harness/sweep_models.h"

#include <stdbool.h>
#include <stdint.h>

struct batcher;
struct error;
struct progress;
struct sample;
struct store;

struct run {
    // Filled by the caller, all borrowed.
    const struct sweep *sweep;
    struct sweep_models *models;
    struct batcher *batcher; // NULL with one worker
    struct store *store;
    struct progress *progress;
    bool (*stop)(void); // asked between samples: end now? NULL: never
    int n_workers;
    int session;
    // Results.
    bool stopped;
    int64_t n_samples, n_errors, kept_tokens;
    double wall_s; // warm-up not included
};

// 0 when all is done or run->stopped is set; -1 with the store's error.
int run_samples(struct run *run, struct error *err);

// Key of a sample in the store.
void run_key(const struct sweep *s, const struct cell *c, int problem,
             int sample, char key[HASH_HEX_SIZE]);

// A sample before it is solved: who, what and which one; stop and verdict say
// that there is nothing yet. Texts are borrowed from the sweep.
void run_describe(const struct sweep *sweep, const struct cell *c, int problem,
                  int sample, struct sample *s);

// Samples of the sweep that the store has.
int64_t run_count_stored(const struct sweep *s, const struct store *store);
