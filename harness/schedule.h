#pragma once
// In which order samples are taken.
//
// A block is one problem and one sample index; in it every cell of the data set
// runs once, in an order drawn anew for each block, so that slow moments of the
// machine hit all methods alike (randomised complete blocks). Blocks go problem
// by problem, so that a prompt is evaluated once for its k samples.

#include <stdint.h>

struct sweep;

struct schedule {
    const struct sweep *sweep; // borrowed
    int k;
    int64_t n_blocks;
};

struct block {
    int dataset, problem, sample;
};

void schedule_init(struct schedule *s, const struct sweep *sweep, int k);
struct block schedule_block(const struct schedule *s, int64_t i);

// A permutation of 0..n-1 that depends on seed, problem id and sample alone.
void schedule_order(uint64_t seed, const char *problem_id, int sample,
                    int *order, int n);
