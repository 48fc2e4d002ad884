#pragma once
// A search without a method, for tests of what it is made of: two toys, a
// workspace with a problem, a tree and transcripts.

#include "engine/methods/thoughts.h"
#include "engine/methods/transcript.h"
#include "tests/helper_toy.h"

struct bench {
    struct toy_pair p;
    struct search *x;
    struct rng rng;
};

// Settings for toys: evaluator random, steps of 20 tokens, tree_width 12.
void bench_settings(struct settings *s);
void bench_open(struct bench *b, const struct settings *s, uint64_t seed,
                double noise);
// With models of one family: the same vocabulary but for special tokens.
void bench_open_family(struct bench *b, const struct settings *s, uint64_t seed,
                       double noise, const char *const *base_specials,
                       const char *const *draft_specials);
// With models of one's own, which p.base and p.draft hold.
void bench_open_models(struct bench *b, const struct settings *s,
                       const char *problem);
void bench_close(struct bench *b); // fails the test where a page is left
// Begin a sample: an empty tree, all sequences free.
void bench_reset(struct bench *b, uint64_t seed);

// thoughts_write() of n thoughts after one node; fails the test on an error.
// Returns the number of nodes.
int bench_write(struct bench *b, enum author author, bool speculate, int parent,
                int n, int *first);
// The last node that goes on; fails the test where there is none.
int bench_find_open(const struct search *x);
