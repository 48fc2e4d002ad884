#pragma once
// pass@k: is one of k samples correct? maj@k: is the most frequent answer of k?

#include <stdbool.h>

enum { STATS_MAJ_SAMPLES_MAX = 512 };

// The unbiased estimate for one problem of which c of n samples are correct:
// 1 - C(n-c, k) / C(n, k), the share of subsets of k that hold a correct one
// (Chen et al., "Evaluating Large Language Models Trained on Code", 2021).
// Exactly 1 where fewer than k are wrong, exactly c / n for k = 1; NAN for
// k > n, k < 1, and c outside 0..n.
double stats_pass_at_k(int n, int c, int k);

// The unbiased estimate of maj@k for one problem: the chance that, among k of
// its n samples drawn without replacement, the answer given most often is
// correct; of several that are most frequent one is drawn. count[i] samples
// gave answer i, correct[i] says whether it is right; samples without an answer
// are answers of their own that nobody else gave (list each with count 1).
// Exact: the sum over all outcomes is built up answer by answer. NAN for k > n,
// k < 1 and n > STATS_MAJ_SAMPLES_MAX, as time grows as n k^2 (of 64 samples a
// millisecond, of 512 some tenths of a second).
double stats_maj_at_k(const int *count, const bool *correct, int n_answers,
                      int k);
