#include "harness/stats/stats_pass_k.h"

#include <math.h>

// C(n-c, k) / C(n, k) is the product over j < k of (n-c-j) / (n-j), and, with c
// and k exchanged, the product over j < c of (n-k-j) / (n-j). The shorter one
// is taken; no factor leaves [0, 1], so nothing overflows.

double stats_pass_at_k(int n, int c, int k) {
    if (k < 1 || k > n || c < 0 || c > n) return NAN;
    if (n - c < k) return 1;
    if (k == 1) return (double)c / n;
    int n_factors = c < k ? c : k, other = c < k ? k : c;
    double none = 1; // of the k is correct
    for (int j = 0; j < n_factors; j++)
        none *= (double)(n - other - j) / (n - j);
    return 1 - none;
}
