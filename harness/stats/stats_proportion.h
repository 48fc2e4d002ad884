#pragma once
// Intervals of a proportion, c successes of n independent trials: for k = 1 and
// for few problems, where a t interval leaves [0, 1]. NAN for n < 1 and c
// outside 0..n.

struct interval {
    double low, high;
};

// Wilson (1927), score interval without continuity correction.
struct interval stats_wilson(int c, int n, double level);
// Clopper and Pearson (1934): exact, never covers less than `level`.
struct interval stats_clopper_pearson(int c, int n, double level);
// Jeffreys: equal tails of Beta(c + 1/2, n - c + 1/2), low 0 for c = 0 and high
// 1 for c = n (Brown, Cai and DasGupta, 2001).
struct interval stats_jeffreys(int c, int n, double level);
