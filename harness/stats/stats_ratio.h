#pragma once
// A share of what there is unequally much of in each problem: kept of drafted
// tokens, right of checked thoughts. The problem is the unit: what belongs to
// one is summed first.

#include "harness/stats/stats.h"

// sum(x) / sum(y) over n problems, x[i] of y[i] >= 0; problems with y = 0 have
// no part in it, `n` counts the others. `se` is that of the ratio estimator,
// linearised (Cochran, "Sampling Techniques", 1977, section 6.4), the interval
// a t interval with n - 1 degrees of freedom: NAN for n < 2.
struct estimate stats_ratio(const double *x, const double *y, int n,
                            double level);

// The same of a share, 0 <= x[i] <= y[i]: the interval is cut to [0, 1]. Where
// all is 0 or all is 1 problems do not differ and a t interval has no width; it
// is then that of Wilson, a problem counting as one trial.
struct estimate stats_share(const double *x, const double *y, int n,
                            double level);
