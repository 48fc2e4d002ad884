#include "harness/stats/stats_ratio.h"

#include "harness/stats/stats_proportion.h"
#include "harness/stats/stats_student.h"

#include <math.h>

struct estimate stats_ratio(const double *x, const double *y, int n,
                            double level) {
    struct estimate e = {NAN, NAN, NAN, NAN, 0};
    double sum_x = 0, sum_y = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        if (!(y[i] > 0)) continue;
        sum_x += x[i];
        sum_y += y[i];
        e.n++;
    }
    e.value = stats_quotient(sum_x, sum_y);
    if (e.n < 2) return e;
    for (int i = 0; i < n; i++) {
        double residual = y[i] > 0 ? x[i] - e.value * y[i] : 0;
        squares += residual * residual;
    }
    e.se = sqrt(squares * e.n / (e.n - 1)) / sum_y;
    double half = stats_student_quantile(0.5 + level / 2, e.n - 1) * e.se;
    e.low = e.value - half;
    e.high = e.value + half;
    return e;
}

struct estimate stats_share(const double *x, const double *y, int n,
                            double level) {
    struct estimate e = stats_ratio(x, y, n, level);
    if (e.n >= 2 && (e.value <= 0 || e.value >= 1)) {
        struct interval w = stats_wilson(e.value > 0 ? e.n : 0, e.n, level);
        e.low = w.low;
        e.high = w.high;
    }
    if (e.low < 0) e.low = 0;
    if (e.high > 1) e.high = 1;
    return e;
}
