#include "engine/methods/threshold.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect_near(double got, double want) {
    cr_expect_float_eq(got, want, 1e-12, "%.15f, not %.15f", got, want);
}

// Mean 2.4 / 4 = 0.6; squares of the differences 0.09 + 0.01 + 0.01 + 0.09 =
// 0.2, so sd = sqrt(0.2 / 3) = 0.258199 and sd / sqrt(4) = 0.129099.
static const double four[] = {0.3, 0.5, 0.7, 0.9};

Test(threshold, estimates_quality_by_mean_maximum_and_bound) {
    struct settings s = {.quality = QUALITY_MEAN, .ucb_factor = 1};
    expect_near(threshold_quality(four, 4, &s), 0.6);
    s.quality = QUALITY_MAX;
    expect_near(threshold_quality(four, 4, &s), 0.9);
    expect_near(threshold_quality(four, 3, &s), 0.7);
    s.quality = QUALITY_UCB;
    expect_near(threshold_quality(four, 4, &s), 0.72909944487358056);
    s.ucb_factor = 0.5;
    expect_near(threshold_quality(four, 4, &s), 0.66454972243679028);
    s.ucb_factor = 4;
    expect_near(threshold_quality(four, 4, &s), 1);
}

Test(threshold, one_score_has_no_spread_and_none_has_no_quality) {
    struct settings s = {.ucb_factor = 1};
    for (int rule = QUALITY_MEAN; rule <= QUALITY_UCB; rule++) {
        s.quality = rule;
        expect_near(threshold_quality(four, 1, &s), 0.3);
        cr_expect(isnan(threshold_quality(four, 0, &s)));
    }
}

// 0.9 at first; then 0.9 * 0.9 + 0.1 * 0.7 = 0.88; then, with a layer whose
// best is 0.5, 0.9 * 0.88 + 0.1 * 0.5 = 0.842.
Test(threshold, follows_layers_by_a_moving_average) {
    struct settings s = {.quality = QUALITY_MAX, .theta = 0.9};
    struct threshold t = {NAN};
    threshold_update(&t, four, 0, &s);
    cr_expect(isnan(t.value));
    threshold_update(&t, four, 4, &s);
    expect_near(t.value, 0.9);
    threshold_update(&t, four, 3, &s);
    expect_near(t.value, 0.88);
    threshold_update(&t, four, 0, &s);
    expect_near(t.value, 0.88);
    threshold_update(&t, four, 2, &s);
    expect_near(t.value, 0.842);
}

Test(threshold, theta_of_one_stays_and_of_zero_forgets) {
    struct settings s = {.quality = QUALITY_MEAN, .theta = 1};
    struct threshold t = {0.25};
    threshold_update(&t, four, 4, &s);
    expect_near(t.value, 0.25);
    s.theta = 0;
    threshold_update(&t, four, 4, &s);
    expect_near(t.value, 0.6);
}
