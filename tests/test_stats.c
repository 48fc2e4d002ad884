#include "harness/stats/stats.h"
#include "harness/stats/stats_multiple.h"

#include <criterion/criterion.h>
#include <math.h>

// Expected values: R 4 formulas given beside each; reproduced by hand or by a
// few lines of Python (statistics, itertools).

#define NEAR(a, b, eps) cr_assert_float_eq(a, b, eps, "%.12g != %.12g", a, b)

Test(stats, missing_is_nan) {
    double x[] = {3};
    cr_assert(isnan(stats_mean(x, 0)));
    cr_assert(isnan(stats_sd(x, 1)));
    cr_assert(isnan(stats_quantile(x, 0, 0.5)));
    struct estimate e = stats_mean_interval(x, 1, 0.95);
    NEAR(e.value, 3, 0);
    cr_assert(isnan(e.se) && isnan(e.low) && isnan(e.high));
    cr_assert(isnan(stats_sign_flip_p(x, 1, 1)));
    cr_assert(isnan(stats_min_detectable(0, 10)));
}

Test(stats, mean_has_t_interval) {
    // t.test(c(1, 0.5, 0.75, 0.25, 1)): mean 0.7, sd 0.3259601,
    // se 0.1457738, qt(.975, 4) = 2.776445.
    double x[] = {1, 0.5, 0.75, 0.25, 1};
    struct estimate e = stats_mean_interval(x, 5, 0.95);
    NEAR(e.value, 0.7, 1e-12);
    NEAR(e.se, 0.14577379737113252, 1e-12);
    NEAR(e.low, 0.7 - 2.7764451051977987 * 0.14577379737113252, 1e-9);
    NEAR(e.high, 0.7 + 2.7764451051977987 * 0.14577379737113252, 1e-9);
    cr_assert_eq(e.n, 5);
}

Test(stats, quantiles_are_type_7) {
    // quantile(c(9, 1, 4, 16), c(.5, .9)) = 6.5, 13.9; input is not sorted.
    double x[] = {9, 1, 4, 16};
    NEAR(stats_quantile(x, 4, 0.5), 6.5, 1e-12);
    NEAR(stats_quantile(x, 4, 0.9), 13.9, 1e-12);
    NEAR(stats_quantile(x, 4, 1), 16, 0);
    NEAR(x[0], 9, 0);
}

Test(stats, geomean_is_exponentiated) {
    // logs of 2, 8: mean log 4, sd of logs log(4)/sqrt(2), se = log(2);
    // qt(.975, 1) = 12.7062047364.
    double x[] = {log(2), log(8)};
    struct estimate e = stats_geomean_interval(x, 2, 0.95);
    NEAR(e.value, 4, 1e-12);
    NEAR(e.se, log(2), 1e-12);
    NEAR(e.high, 4 * exp(12.706204736174 * log(2)), 1e-2);
    NEAR(e.low, 4 * exp(-12.706204736174 * log(2)), 1e-9);
}

Test(stats, sign_flip_is_exact_for_few) {
    // All of one sign: only the two patterns of equal signs are as extreme.
    double one_sign[] = {1, 2, 3, 4, 5};
    NEAR(stats_sign_flip_p(one_sign, 5, 1), 2.0 / 32, 1e-12);
    // Python: sum(abs(sum(s*d)) >= 4 - 1e-9 for s in product((1,-1), repeat=4)
    // over d = (3, -1, 2, 0)) = 8 of 16.
    double mixed[] = {3, -1, 2, 0};
    NEAR(stats_sign_flip_p(mixed, 4, 1), 0.5, 1e-12);
    double zero[] = {0, 0, 0};
    NEAR(stats_sign_flip_p(zero, 3, 1), 1, 1e-12);
}

Test(stats, sign_flip_draws_are_seeded_and_near_exact) {
    // 24 problems: +1 for 16, -1 for 8; |sum| >= 8 has the probability
    // 2 * P(Binomial(24, 1/2) >= 16) = 0.1516 (pbinom(15, 24, .5, FALSE) * 2).
    double d[24];
    for (int i = 0; i < 24; i++)
        d[i] = i < 16 ? 1 : -1;
    double p = stats_sign_flip_p(d, 24, 7);
    NEAR(p, 0.1516, 0.015);
    NEAR(p, stats_sign_flip_p(d, 24, 7), 0);
    cr_assert_neq(p, stats_sign_flip_p(d, 24, 8));
}

Test(stats, sign_flips_of_more_problems_than_a_draw_has_signs) {
    // 70 problems: +1 for 42, -1 for 28; |sum| >= 14 has the probability
    // 2 * P(Binomial(70, 1/2) >= 42) = 0.1196 (pbinom(41, 70, .5, FALSE) * 2),
    // a greater one if all draws had the same signs.
    double d[70];
    for (int i = 0; i < 70; i++)
        d[i] = i % 32 < 12 && i < 68 ? -1 : 1;
    NEAR(stats_sign_flip_p(d, 70, 7), 0.1196, 0.013);
}

Test(stats, min_detectable_uses_both_quantiles) {
    // qt(.975, 29) = 2.0452296, qt(.8, 29) = 0.8541870.
    NEAR(stats_min_detectable(0.02, 30), 0.02 * (2.0452296 + 0.8541870), 1e-6);
}

Test(stats, holm_steps_down) {
    // p.adjust(c(.01, .04, .03, .005), "holm") = .03 .06 .06 .02
    double p[] = {0.01, NAN, 0.04, 0.03, 0.005};
    stats_holm(p, 5);
    NEAR(p[0], 0.03, 1e-12);
    cr_assert(isnan(p[1]));
    NEAR(p[2], 0.06, 1e-12);
    NEAR(p[3], 0.06, 1e-12);
    NEAR(p[4], 0.02, 1e-12);
}

Test(stats, benjamini_hochberg_steps_up) {
    // p.adjust(c(.01, .04, .03, .005), "BH") = .02 .04 .04 .02
    double p[] = {0.01, NAN, 0.04, 0.03, 0.005};
    stats_benjamini_hochberg(p, 5);
    NEAR(p[0], 0.02, 1e-12);
    cr_assert(isnan(p[1]));
    NEAR(p[2], 0.04, 1e-12);
    NEAR(p[3], 0.04, 1e-12);
    NEAR(p[4], 0.02, 1e-12);
    double none[] = {NAN, NAN};
    stats_benjamini_hochberg(none, 2);
    stats_holm(none, 2);
    stats_benjamini_hochberg(none, 0);
    cr_assert(isnan(none[0]) && isnan(none[1]));
}
