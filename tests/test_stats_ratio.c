#include "harness/stats/stats_ratio.h"

#include "tests/helper_golden.h"

#include <criterion/criterion.h>
#include <math.h>

// Expected values: R, tests/golden/ratio.R.

static void check(const struct golden_case *c,
                  struct estimate (*fn)(const double *, const double *, int,
                                        double)) {
    int n;
    const double *x = golden_vector(c, "x", &n);
    const double *y = golden_vector(c, "y", &n);
    struct estimate e = fn(x, y, n, golden_number(c, "level"));
    golden_expect(c, "value", e.value);
    golden_expect(c, "se", e.se);
    golden_expect(c, "low", e.low);
    golden_expect(c, "high", e.high);
    golden_expect(c, "n", e.n);
}

static void check_ratio(const struct golden_case *c) {
    check(c, stats_ratio);
}

static void check_share(const struct golden_case *c) {
    check(c, stats_share);
}

Test(stats_ratio, as_in_r) {
    golden_each("ratio.csv", "ratio", check_ratio);
}

Test(stats_ratio, shares_stay_between_0_and_1) {
    golden_each("ratio.csv", "share", check_share);
}

Test(stats_ratio, of_nothing) {
    static const double none[2] = {0, 0};
    struct estimate e = stats_ratio(none, none, 2, 0.95);
    cr_expect(isnan(e.value) && isnan(e.se) && isnan(e.low) && isnan(e.high));
    cr_expect_eq(e.n, 0);
    e = stats_share(none, none, 0, 0.95);
    cr_expect(isnan(e.value) && isnan(e.low) && isnan(e.high));
}
