#include "harness/gate/gate.h"

#include "harness/stats/stats_student.h"
#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>

// Measures against R (tests/golden/gate.R), decisions against the rules of
// gate.h.

static const struct clusters no_clusters;

static void check_student(const struct golden_case *c) {
    double df = golden_number(c, "df");
    golden_expect(c, "p", stats_student_p(golden_number(c, "t"), df));
    golden_expect(c, "quantile", stats_student_quantile(0.05, df));
}

Test(gate, student_agrees_with_r) {
    golden_each("gate.csv", "student", check_student);
    cr_assert(isnan(stats_student_p(1, 0)));
    cr_assert(isnan(stats_student_p(NAN, 5)));
    cr_assert(isnan(stats_student_quantile(0, 5)));
    cr_assert(isnan(stats_student_quantile(0.5, NAN)));
}

// ---- accuracy --------------------------------------------------------------

static void check_accuracy(const struct golden_case *c) {
    int n;
    const double *d = golden_vector(c, "d", &n);
    struct gate_accuracy a;
    gate_accuracy_measure(&a, d, n, no_clusters, golden_number(c, "margin"),
                          golden_number(c, "noise"));
    double difference[] = {a.difference.value, a.difference.low,
                           a.difference.high};
    golden_expect_vector(c, "difference", difference, 3);
    golden_expect(c, "se", a.noise_se);
    golden_expect(c, "lower", a.lower);
    golden_expect(c, "p", a.p);
    cr_expect_eq(a.n_needed, golden_int(c, "needed"), "%s: %d", golden_name(c),
                 a.n_needed);
    golden_expect(c, "detectable",
                  gate_accuracy_detectable(&a, golden_int(c, "tests")));
}

Test(gate, accuracy_agrees_with_r) {
    golden_each("gate.csv", "accuracy", check_accuracy);
}

static enum gate_outcome decide(const double *d, int n, double margin,
                                double noise) {
    struct gate_accuracy a;
    gate_accuracy_measure(&a, d, n, no_clusters, margin, noise);
    return gate_accuracy_decide(&a, margin, a.p);
}

Test(gate, a_clear_loss_of_accuracy_is_a_regression) {
    double d[] = {-.5, -.25, -.5, 0, -.25, -.5, -.25, -.5};
    cr_assert_eq(decide(d, 8, .02, 0), GATE_REGRESSION);
}

// One of eight p values: .03 is no finding any more.
Test(gate, the_adjusted_p_decides) {
    double d[] = {-.5, -.25, -.5, 0, -.25, -.5, -.25, -.5};
    struct gate_accuracy a;
    gate_accuracy_measure(&a, d, 8, no_clusters, .02, 0);
    cr_assert_eq(gate_accuracy_decide(&a, .02, .049), GATE_REGRESSION);
    cr_assert_eq(gate_accuracy_decide(&a, .02, .051), GATE_CANNOT_JUDGE);
}

Test(gate, a_loss_within_the_margin_is_a_pass) {
    double d[] = {-.01, -.012, -.01, -.011, -.01, -.009};
    cr_assert_eq(decide(d, 6, .02, 0), GATE_PASS); // although p < .001
    cr_assert_eq(decide(d, 6, .005, 0), GATE_REGRESSION);
}

// As large a loss as above, but an A/A run differs as much.
Test(gate, a_loss_within_the_noise_cannot_be_judged) {
    double d[] = {-.5, -.25, -.5, 0, -.25, -.5, -.25, -.5};
    cr_assert_eq(decide(d, 8, .02, .3), GATE_CANNOT_JUDGE);
}

Test(gate, few_problems_cannot_be_judged) {
    double d[] = {.25, -.25, .25, -.25};
    struct gate_accuracy a;
    gate_accuracy_measure(&a, d, 4, no_clusters, .02, 0);
    cr_assert_eq(gate_accuracy_decide(&a, .02, a.p), GATE_CANNOT_JUDGE);
    cr_assert_gt(a.n_needed, 1000);
    gate_accuracy_measure(&a, d, 1, no_clusters, .02, 0);
    cr_assert_eq(gate_accuracy_decide(&a, .02, a.p), GATE_CANNOT_JUDGE);
    gate_accuracy_measure(&a, d, 0, no_clusters, .02, 0);
    cr_assert_eq(gate_accuracy_decide(&a, .02, a.p), GATE_CANNOT_JUDGE);
}

// Without any noise chance is that all signs are equal: 1/4, 1/64.
Test(gate, equal_losses_are_counted_by_their_signs) {
    double d[] = {-1, -1, -1, -1, -1, -1};
    cr_assert_eq(decide(d, 2, .02, 0), GATE_CANNOT_JUDGE);
    cr_assert_eq(decide(d, 6, .02, 0), GATE_REGRESSION);
}

// A margin of 0 can be failed, not passed without a gain.
Test(gate, no_margin_needs_no_problem_count) {
    double d[] = {0, .25, -.25, 0};
    struct gate_accuracy a;
    gate_accuracy_measure(&a, d, 4, no_clusters, 0, 0);
    cr_assert_eq(a.n_needed, 0);
    cr_assert_eq(gate_accuracy_decide(&a, 0, a.p), GATE_CANNOT_JUDGE);
}

// Problems of a cluster that say the same are one observation: four of them
// twice judge as four do.
Test(gate, clusters_are_the_units_of_accuracy) {
    static const double d[] = {-.5, .25, 0, -.25},
                        twice[] = {-.5, .25, 0, -.25, -.5, .25, 0, -.25};
    static const int of[] = {2, 0, 3, 4, 2, 0, 3, 4}; // 1 has no values
    struct gate_accuracy four, eight;
    gate_accuracy_measure(&four, d, 4, no_clusters, .02, 0);
    gate_accuracy_measure(&eight, twice, 8, (struct clusters){of, 5}, .02, 0);
    cr_assert_float_eq(eight.difference.low, four.difference.low, 1e-12);
    cr_assert_float_eq(eight.lower, four.lower, 1e-12);
    cr_assert_float_eq(eight.p, four.p, 1e-12);
    cr_assert_float_eq(gate_accuracy_detectable(&eight, 2),
                       gate_accuracy_detectable(&four, 2), 1e-12);
    cr_assert_eq(eight.n_units, 4);
    cr_assert_float_eq(eight.n_needed, 2 * four.n_needed, 2); // in problems
}

Test(gate, equal_losses_of_one_cluster_are_one_sign) {
    static const double d[] = {-1, -1, -1, -1, -1, -1};
    static const int one[] = {0, 0, 0, 0, 0, 0}, two[] = {0, 1, 0, 1, 0, 1};
    struct gate_accuracy a;
    gate_accuracy_measure(&a, d, 6, (struct clusters){two, 2}, .02, 0);
    cr_assert_float_eq(a.p, 1.0 / 4, 1e-12);
    gate_accuracy_measure(&a, d, 6, (struct clusters){one, 1}, .02, .1);
    cr_assert_eq(gate_accuracy_decide(&a, .02, a.p), GATE_CANNOT_JUDGE);
    cr_assert(isnan(a.lower) && isnan(a.p));
}

// ---- speed -----------------------------------------------------------------

static void check_speed(const struct golden_case *c) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    struct gate_timing t;
    gate_speed_measure(&t, x, n, no_clusters, golden_number(c, "margin"));
    double ratio[] = {t.ratio.value, t.ratio.low, t.ratio.high};
    golden_expect_vector(c, "ratio", ratio, 3);
    golden_expect(c, "p", t.p);
    cr_expect_eq(t.n_needed, golden_int(c, "needed"), "%s: %d", golden_name(c),
                 t.n_needed);
}

Test(gate, speed_agrees_with_r) {
    golden_each("gate.csv", "speed", check_speed);
}

static enum gate_outcome of_ratio(double value, double low, double high,
                                  double aa_high, double p) {
    struct gate_timing t = {{value, 0, low, high, 50}, p, 0};
    return gate_speed_decide(&t, .05, aa_high, p);
}

Test(gate, speed_fails_beyond_the_margin_and_the_noise_alone) {
    cr_assert_eq(of_ratio(1.10, 1.07, 1.13, 1, .001), GATE_REGRESSION);
    // The interval holds 1; p is another's; an A/A run reaches it.
    cr_assert_eq(of_ratio(1.10, 0.99, 1.22, 1, .001), GATE_CANNOT_JUDGE);
    cr_assert_eq(of_ratio(1.10, 1.07, 1.13, 1, .06), GATE_CANNOT_JUDGE);
    cr_assert_eq(of_ratio(1.10, 1.07, 1.13, 1.12, .001), GATE_CANNOT_JUDGE);
    // Slower without doubt, but within the margin.
    cr_assert_eq(of_ratio(1.04, 1.03, 1.049, 1, .001), GATE_PASS);
    cr_assert_eq(of_ratio(0.50, 0.45, 0.55, 1, 1), GATE_PASS);
}

// Half-widths of 4.5 % and 5.4 %: the second would have missed 10 %.
Test(gate, speed_passes_where_twice_the_margin_would_show) {
    cr_assert_eq(of_ratio(1.02, 0.975, 1.067, 1, .2), GATE_PASS);
    cr_assert_eq(of_ratio(1.02, 0.966, 1.077, 1, .2), GATE_CANNOT_JUDGE);
    // Wide, but all of it is faster.
    cr_assert_eq(of_ratio(0.80, 0.65, 0.98, 1, 1), GATE_PASS);
    cr_assert_eq(of_ratio(1.00, NAN, NAN, 1, NAN), GATE_CANNOT_JUDGE);
}

Test(gate, clusters_are_the_units_of_speed) {
    static const double x[] = {.2, .1, -.1},
                        twice[] = {.2, .1, -.1, .2, .1, -.1};
    static const int of[] = {0, 1, 2, 0, 1, 2}, one[] = {0, 0, 0, 0, 0, 0};
    struct gate_timing three, six;
    gate_speed_measure(&three, x, 3, no_clusters, .05);
    gate_speed_measure(&six, twice, 6, (struct clusters){of, 3}, .05);
    cr_assert_float_eq(six.ratio.low, three.ratio.low, 1e-12);
    cr_assert_float_eq(six.ratio.high, three.ratio.high, 1e-12);
    cr_assert_float_eq(six.p, three.p, 1e-12);
    gate_speed_measure(&six, twice, 6, (struct clusters){one, 1}, .05);
    cr_assert_eq(gate_speed_decide(&six, .05, 1, six.p), GATE_CANNOT_JUDGE);
    cr_assert(isnan(six.p));
}

Test(gate, times_without_spread) {
    double same[] = {0, 0, 0}, slower[] = {.2, .2, .2};
    struct gate_timing t;
    gate_speed_measure(&t, same, 3, no_clusters, .05);
    cr_assert_eq(gate_speed_decide(&t, .05, 1, t.p), GATE_PASS);
    gate_speed_measure(&t, slower, 3, no_clusters, .05);
    cr_assert_eq(gate_speed_decide(&t, .05, 1, t.p), GATE_REGRESSION);
    gate_speed_measure(&t, slower, 1, no_clusters, .05);
    cr_assert_eq(gate_speed_decide(&t, .05, 1, t.p), GATE_CANNOT_JUDGE);
}

Test(gate, exit_codes_are_those_of_the_manual) {
    cr_assert_eq(gate_exit_code(GATE_PASS), 0);
    cr_assert_eq(gate_exit_code(GATE_REGRESSION), 1);
    cr_assert_eq(gate_exit_code(GATE_CANNOT_JUDGE), 3);
    cr_assert_eq(gate_exit_code(GATE_INVALID), 4);
}
