#include "harness/stats/stats_pass_k.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>

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

// ---- maj@k ----------------------------------------------------------------

// For each m, the number of subsets of k whose most frequent answers have m
// votes each. Answers come in one after the other: ways[s][t] counts the
// choices of s samples of those so far where t answers have m votes and none
// has more; marked[s][t] the same with one of the t pointed out that is
// correct. So the correct share of a tie is marked / ways / t. Additions alone:
// nothing cancels, and no count exceeds C(512, 256) < 1e154.

struct votes {
    int k, m, n_ties; // n_ties: that can be, at most
    int n_seen;       // samples of the answers so far
    double *ways;     // [k + 1][n_ties + 1]
    double *marked;   // the same
    double *choose;   // [m + 1] C(count, j) of the answer that comes in
};

static void set_choose(struct votes *v, int count) {
    v->choose[0] = 1;
    for (int j = 1; j <= v->m; j++)
        v->choose[j] = v->choose[j - 1] * (count - j + 1) / j;
}

// What at[s][t] becomes when j of its samples are the new answer's: t is the
// same for j < m, one less for j = m.
static double extended(const struct votes *v, const double *at, int s, int t) {
    int row = v->n_ties + 1;
    double sum = 0;
    for (int j = 0; j <= s && j < v->m && v->choose[j] > 0; j++)
        sum += v->choose[j] * at[(s - j) * row + t];
    if (t > 0 && s >= v->m)
        sum += v->choose[v->m] * at[(s - v->m) * row + t - 1];
    return sum;
}

static int min_of(int a, int b) {
    return a < b ? a : b;
}

// In place: a place is made of places with fewer samples, or fewer ties.
static void add_answer(struct votes *v, int count, bool correct) {
    int row = v->n_ties + 1;
    set_choose(v, count);
    v->n_seen += count;
    for (int s = min_of(v->k, v->n_seen); s >= 0; s--) {
        for (int t = min_of(v->n_ties, s / v->m); t >= 0; t--) {
            double marked = extended(v, v->marked, s, t);
            if (correct && t > 0 && s >= v->m)
                marked += v->choose[v->m] * v->ways[(s - v->m) * row + t - 1];
            v->marked[s * row + t] = marked;
            v->ways[s * row + t] = extended(v, v->ways, s, t);
        }
    }
}

// Sum over the subsets that are decided by m votes of the chance that the
// answer taken is correct.
static double decided_by(int m, const int *count, const bool *correct,
                         int n_answers, int k) {
    struct votes v = {.k = k, .m = m};
    for (int i = 0; i < n_answers; i++)
        v.n_ties += count[i] >= m;
    v.n_ties = min_of(v.n_ties, k / m);
    if (!v.n_ties) return 0;
    size_t n_places = (size_t)(k + 1) * (size_t)(v.n_ties + 1);
    v.ways = xcalloc(n_places, sizeof *v.ways);
    v.marked = xcalloc(n_places, sizeof *v.marked);
    v.choose = xcalloc((size_t)m + 1, sizeof *v.choose);
    v.ways[0] = 1;
    for (int i = 0; i < n_answers; i++)
        add_answer(&v, count[i], correct[i]);
    double sum = 0;
    for (int t = 1; t <= v.n_ties; t++)
        sum += v.marked[k * (v.n_ties + 1) + t] / t;
    free(v.ways);
    free(v.marked);
    free(v.choose);
    return sum;
}

double stats_maj_at_k(const int *count, const bool *correct, int n_answers,
                      int k) {
    int n = 0;
    for (int i = 0; i < n_answers; i++) {
        if (count[i] < 0 || count[i] > STATS_MAJ_SAMPLES_MAX - n) return NAN;
        n += count[i];
    }
    if (k < 1 || k > n) return NAN;
    double subsets = 1, sum = 0;
    for (int j = 0; j < k; j++)
        subsets = subsets * (n - j) / (j + 1);
    for (int m = 1; m <= k; m++)
        sum += decided_by(m, count, correct, n_answers, k);
    return sum / subsets;
}
