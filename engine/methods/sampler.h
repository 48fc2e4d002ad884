#pragma once
// From logits to a token: probabilities after the filters, and a draw from
// them. Both are pure functions with the same bits on every CPU.
//
// Order: top_k on the logits (ties: the lower id stays), softmax at the
// temperature, top_p on what is left (the fewest most likely tokens that reach
// it), min_p (tokens less likely than min_p times the most likely go).
// Temperature 0: all weight on the largest logit, the lowest id of equals. NaN
// counts as minus infinity, plus infinity as the largest float.
//
// Weights are not normalised: token i has probability w[i] / total, where
// total is the sum of the weights in double, in order of ids.

#include <stddef.h>

struct error;
struct kernels;
struct settings;

struct sampler {
    const struct kernels *kernels;
    int n_vocab;
    double temperature, top_p, min_p;
    int top_k;
    int *heap; // [n_vocab] candidates, owned
};

// Buffers for rows of n_vocab logits. 0, or -1 with an error.
int sampler_init(struct sampler *s, int n_vocab, struct error *err);
void sampler_release(struct sampler *s); // safe on a zeroed struct
void sampler_set(struct sampler *s, const struct settings *settings);

// logits [n_vocab] -> w [n_vocab]; returns the total, which is 0 when no logit
// is a number. Allocates nothing.
double sampler_weights(struct sampler *s, const float *logits, float *w);

// The first id whose cumulative weight is above u * total; u in [0, 1),
// total > 0. Needs no sampler.
int sample_pick(const float *w, int n, double total, double u);
// Sum of the weights in double, in order of ids.
double sample_total(const float *w, int n);
