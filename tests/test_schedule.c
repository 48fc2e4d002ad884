#include "harness/schedule.h"

#include "harness/sweep.h"

#include <criterion/criterion.h>
#include <string.h>

enum { N = 9 };

static void expect_permutation(const int *order, int n) {
    bool seen[64] = {false};
    for (int i = 0; i < n; i++) {
        cr_assert(order[i] >= 0 && order[i] < n);
        cr_assert_not(seen[order[i]]);
        seen[order[i]] = true;
    }
}

Test(schedule, order_is_a_seeded_permutation) {
    int a[N], b[N];
    for (int sample = 0; sample < 100; sample++) {
        schedule_order(1, "p", sample, a, N);
        schedule_order(1, "p", sample, b, N);
        expect_permutation(a, N);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
    }
    schedule_order(2, "p", 0, b, N);
    schedule_order(1, "p", 0, a, N);
    cr_assert_neq(memcmp(a, b, sizeof a), 0, "the seed does not matter");
    schedule_order(1, "p", 1, b, N);
    cr_assert_neq(memcmp(a, b, sizeof a), 0, "the sample does not matter");
    schedule_order(1, "q", 0, b, N);
    cr_assert_neq(memcmp(a, b, sizeof a), 0, "the problem does not matter");
}

// Every cell comes first about equally often: 4000 / 4 = 1000 expected,
// standard deviation sqrt(4000 * .25 * .75) = 27.
Test(schedule, no_cell_is_favoured) {
    int first[4] = {0}, last[4] = {0}, order[4];
    for (int sample = 0; sample < 4000; sample++) {
        schedule_order(7, "p", sample, order, 4);
        first[order[0]]++;
        last[order[3]]++;
    }
    for (int i = 0; i < 4; i++) {
        cr_assert(first[i] > 860 && first[i] < 1140, "%d", first[i]);
        cr_assert(last[i] > 860 && last[i] < 1140, "%d", last[i]);
    }
}

Test(schedule, blocks_go_problem_by_problem) {
    struct config config = {.n_datasets = 2};
    struct problem_set sets[2] = {{.n = 2}, {.n = 1}};
    struct sweep sweep = {.config = &config, .sets = sets};
    struct schedule s;
    schedule_init(&s, &sweep, 3);
    cr_assert_eq(s.n_blocks, 9);
    for (int i = 0; i < 9; i++) {
        struct block b = schedule_block(&s, i);
        cr_assert_eq(b.dataset, i / 6);
        cr_assert_eq(b.problem, i % 6 / 3);
        cr_assert_eq(b.sample, i % 3);
    }
}
