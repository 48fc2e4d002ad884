#pragma once
// Private to engine/methods: SpecSearch's moving threshold (2505.02865), as
// pure functions.

#include "engine/methods/settings.h"

struct threshold {
    double value; // NAN: no layer of the base's was seen yet
};

// Theta, an estimate of the base's quality from scores[0..n): their mean, their
// maximum, or mean + ucb_factor * sd / sqrt(n) (sd with n - 1; 0 for one
// score), at most 1. NAN for n = 0.
double threshold_quality(const double *scores, int n, const struct settings *s);

// The threshold after a layer: the layer's quality when there was none, else
// theta * value + (1 - theta) * quality; unchanged when the layer has no
// scores.
void threshold_update(struct threshold *t, const double *scores, int n,
                      const struct settings *s);
