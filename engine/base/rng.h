#pragma once
// Counter-based random numbers (Philox4x32-10, Salmon et al. 2011).
//
// A stream has a key of its own for each (seed, problem, sample); a draw is a
// pure function of key, purpose and index. So a draw for token position i is
// the same whoever asks and in whatever order: that is what makes exact-match
// speculative decoding token-identical to plain sampling, and a sample
// independent of the samples that run beside it.

#include <stdint.h>

struct rng {
    uint64_t key;
};

// What a draw is for. Values are part of the results' identity: append only.
enum rng_purpose {
    RNG_TARGET = 1,   // token drawn from the base (target) model
    RNG_DRAFT = 2,    // token drawn from the draft model
    RNG_ACCEPT = 3,   // accept or reject a drafted token
    RNG_RESIDUAL = 4, // token drawn after a rejection
    RNG_JUDGE = 5,    // random judge
    RNG_ORDER = 6,    // shuffles: schedule, options, subsets
    RNG_SEARCH = 7,   // random rejection of a drafted thought
};

struct rng rng_make(uint64_t seed, const char *problem_id, uint64_t sample);

// Uniform in [0, 1) with 53 bits.
double rng_u01(const struct rng *r, enum rng_purpose purpose, uint64_t index);

// Uniform integer in [0, n), n > 0.
uint64_t rng_below(const struct rng *r, enum rng_purpose purpose,
                   uint64_t index, uint64_t n);
