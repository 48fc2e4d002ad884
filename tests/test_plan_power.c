#include "harness/plan_power.h"

#include <criterion/criterion.h>
#include <math.h>

#define NEAR(a, b, eps) cr_assert_float_eq(a, b, eps, "%.12g != %.12g", a, b)

// R 4.2: f <- function(n, k) (qt(.975, n - 1) + qt(.8, n - 1)) *
//                            sqrt(2 * (1/8) / k / n)
Test(plan_power, is_that_of_paired_sampling_noise) {
    NEAR(plan_min_detectable(30, 16), 0.0661699428909, 1e-12);
    NEAR(plan_min_detectable(100, 16), 0.0353685497942, 1e-12);
    NEAR(plan_min_detectable(2, 1), 4.9789462607807, 1e-9);
    NEAR(plan_min_detectable(500, 1), 0.0627680278149, 1e-12);
}

// The same difference is found in 79.8 % of 4000 simulated runs (R: p of 30
// problems from rbeta(30, .5, .5), 16 samples of two equal methods, the
// difference added, t.test), and problems are worth as much as samples.
Test(plan_power, problems_and_samples_buy_about_the_same) {
    double few = plan_min_detectable(50, 4), many = plan_min_detectable(200, 1);
    cr_assert(fabs(few / many - 1) < 0.02, "%g %g", few, many);
    cr_assert_gt(few, many);
}

Test(plan_power, one_problem_shows_nothing) {
    cr_assert(isnan(plan_min_detectable(1, 16)));
    cr_assert(isnan(plan_min_detectable(0, 16)));
    cr_assert(isnan(plan_min_detectable(30, 0)));
}
