#include "engine/methods/judge.h"

#include "engine/kernels/kernels.h"

#include <criterion/criterion.h>
#include <math.h>

static const int32_t digits[10] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

Test(judge, greedy_looks_at_the_whole_vocabulary) {
    float row[12] = {0};
    row[9] = 3;
    cr_expect_eq(judge_score_greedy(row, 12, digits), 7.0);
    row[1] = 4; // no digit
    cr_expect_eq(judge_score_greedy(row, 12, digits), 0.0);
    row[1] = NAN;
    cr_expect_eq(judge_score_greedy(row, 12, digits), 7.0);
    row[5] = 3; // the lower id of equals
    cr_expect_eq(judge_score_greedy(row, 12, digits), 3.0);
    for (int i = 0; i < 12; i++)
        row[i] = NAN;
    cr_expect_eq(judge_score_greedy(row, 12, digits), 0.0);
}

Test(judge, average_is_the_expectation_over_digits) {
    const struct kernels *k = kern_get(KERN_AUTO, NULL);
    float row[12] = {100, 100}; // others do not count
    double sum = 0, total = 0;
    for (int d = 0; d < 10; d++) {
        row[digits[d]] = (float)(d * 0.7 - 3);
        total += exp(row[digits[d]]);
        sum += d * exp(row[digits[d]]);
    }
    cr_expect_float_eq(judge_score_average(row, digits, k), sum / total, 1e-5);
    for (int d = 0; d < 10; d++)
        row[digits[d]] = d == 6 ? 1 : NAN;
    cr_expect_float_eq(judge_score_average(row, digits, k), 6, 1e-9);
    row[digits[6]] = NAN;
    cr_expect_eq(judge_score_average(row, digits, k), 0.0);
}
