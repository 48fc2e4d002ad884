#include "harness/plan_power.h"

#include "harness/stats/stats.h"

#include <math.h>

double plan_min_detectable(int n_problems, int k) {
    if (n_problems < 2 || k < 1) return NAN;
    const double mean_p_q = 1.0 / 8; // E p (1 - p) of Beta(1/2, 1/2)
    double variance = 2 * mean_p_q / k;
    return stats_min_detectable(sqrt(variance / n_problems), n_problems);
}
