#include "harness/stats/stats_student.h"

#include <gsl/gsl_cdf.h>

#include <math.h>

double stats_student_p(double t, double df) {
    if (!(df >= 1) || isnan(t)) return NAN;
    return gsl_cdf_tdist_P(t, df);
}

double stats_student_quantile(double p, double df) {
    if (!(df >= 1) || !(p > 0 && p < 1)) return NAN;
    return gsl_cdf_tdist_Pinv(p, df);
}
