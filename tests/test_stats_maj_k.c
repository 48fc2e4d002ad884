#include "harness/stats/stats_pass_k.h"

#include <criterion/criterion.h>
#include <math.h>

enum { SAMPLES = 9, LARGE = 512 };

// By counting: every subset of k samples; of a tie each answer has a chance.
static double counted(const int *count, const bool *correct, int n_answers,
                      int k) {
    int of[SAMPLES], n = 0, n_sets = 0;
    double sum = 0;
    for (int i = 0; i < n_answers; i++) {
        for (int j = 0; j < count[i]; j++)
            of[n++] = i;
    }
    for (unsigned set = 0; set < 1u << n; set++) {
        int votes[SAMPLES] = {0}, most = 0, n_most = 0, n_right = 0;
        if (__builtin_popcount(set) != k) continue;
        for (int i = 0; i < n; i++)
            votes[of[i]] += set >> i & 1;
        for (int i = 0; i < n_answers; i++)
            most = votes[i] > most ? votes[i] : most;
        for (int i = 0; i < n_answers; i++) {
            n_most += votes[i] == most;
            n_right += votes[i] == most && correct[i];
        }
        n_sets++;
        sum += (double)n_right / n_most;
    }
    return sum / n_sets;
}

static void compare(const int *count, int n_answers, int n) {
    bool correct[SAMPLES];
    for (unsigned right = 0; right < 1u << n_answers; right++) {
        for (int i = 0; i < n_answers; i++)
            correct[i] = right >> i & 1;
        for (int k = 1; k <= n; k++) {
            double expected = counted(count, correct, n_answers, k);
            double actual = stats_maj_at_k(count, correct, n_answers, k);
            cr_assert_float_eq(actual, expected, 1e-12,
                               "n %d answers %d right %x k %d: %g != %g", n,
                               n_answers, right, k, actual, expected);
        }
    }
}

// All ways of writing n as a sum of counts that do not rise.
static int for_partitions(int *count, int n_answers, int left, int n) {
    if (!left) {
        compare(count, n_answers, n);
        return 1;
    }
    int most = n_answers ? count[n_answers - 1] : left, n_seen = 0;
    for (int c = most < left ? most : left; c >= 1; c--) {
        count[n_answers] = c;
        n_seen += for_partitions(count, n_answers + 1, left - c, n);
    }
    return n_seen;
}

Test(stats_maj_k, is_the_share_of_subsets) {
    static const int n_partitions[] = {1, 2, 3, 5, 7, 11, 15};
    for (int n = 1; n <= 7; n++) {
        int count[SAMPLES];
        cr_assert_eq(for_partitions(count, 0, n, n), n_partitions[n - 1]);
    }
    compare((const int[]){4, 3, 2}, 3, 9);
    compare((const int[]){2, 2, 2, 2, 1}, 5, 9);
}

Test(stats_maj_k, order_of_answers_does_not_matter) {
    int up[] = {1, 2, 5, 8}, down[] = {8, 5, 2, 1};
    bool up_right[] = {true, false, true, false};
    bool down_right[] = {false, true, false, true};
    for (int k = 1; k <= 16; k++)
        cr_expect_float_eq(stats_maj_at_k(up, up_right, 4, k),
                           stats_maj_at_k(down, down_right, 4, k), 1e-14);
}

Test(stats_maj_k, ends_of_the_range) {
    int count[] = {7, 5, 0, 3};
    bool correct[] = {false, true, true, true};
    cr_expect_float_eq(stats_maj_at_k(count, correct, 4, 1), 8.0 / 15, 1e-15);
    cr_expect_float_eq(stats_maj_at_k(count, correct, 4, 15), 0, 0);
    int tie[] = {5, 5, 5};
    cr_expect_float_eq(stats_maj_at_k(tie, correct, 3, 15), 2.0 / 3, 1e-12);
}

// The largest number of samples: no count overflows, no time is lost.
Test(stats_maj_k, of_many_samples) {
    static int ones[LARGE];
    static bool half[LARGE];
    for (int i = 0; i < LARGE; i++) {
        ones[i] = 1;
        half[i] = i % 2;
    }
    cr_expect_float_eq(stats_maj_at_k(ones, half, LARGE, 256), 0.5, 1e-10);
    int two[] = {260, 252};
    bool first[] = {true, false};
    double maj = stats_maj_at_k(two, first, 2, 255);
    // Hypergeometric: R 4.2.2, 1 - phyper(127, 260, 252, 255).
    cr_expect_float_eq(maj, 0.637644045902526, 1e-10, "%.12g", maj);
}

Test(stats_maj_k, nothing_to_estimate) {
    int count[] = {2, 1}, negative[] = {2, -1}, many[] = {LARGE, 1};
    bool correct[] = {true, false};
    cr_expect(isnan(stats_maj_at_k(count, correct, 2, 4)));
    cr_expect(isnan(stats_maj_at_k(count, correct, 2, 0)));
    cr_expect(isnan(stats_maj_at_k(count, correct, 0, 1)));
    cr_expect(isnan(stats_maj_at_k(negative, correct, 2, 1)));
    cr_expect(isnan(stats_maj_at_k(many, correct, 2, 1)));
}
