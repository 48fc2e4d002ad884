#include "engine/methods/sampler.h"

#include "engine/base/error.h"
#include "engine/methods/settings.h"

#include <criterion/criterion.h>
#include <math.h>

static double weights_of(const struct settings *s, const float *logits, int n,
                         float *w) {
    struct sampler sampler;
    struct error err = {0};
    cr_assert_eq(sampler_init(&sampler, n, &err), 0, "%s", err.text);
    sampler_set(&sampler, s);
    double total = sampler_weights(&sampler, logits, w);
    sampler_release(&sampler);
    return total;
}

static int n_kept(const float *w, int n) {
    int count = 0;
    for (int i = 0; i < n; i++)
        count += w[i] > 0;
    return count;
}

Test(sampler, softmax_at_a_temperature) {
    const float logits[] = {1, 2, 0.5f, -3};
    struct settings s = {.temperature = 0.7, .top_p = 1};
    float w[4];
    double total = weights_of(&s, logits, 4, w), expected = 0;
    for (int i = 0; i < 4; i++)
        expected += exp((logits[i] - 2) / 0.7);
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(w[i] / total, exp((logits[i] - 2) / 0.7) / expected,
                           1e-6);
}

Test(sampler, greedy_is_the_lowest_id_of_the_maximum) {
    const float logits[] = {1, NAN, 5, 5, -INFINITY};
    struct settings s = {.top_p = 1};
    float w[5];
    cr_expect_eq(weights_of(&s, logits, 5, w), 1.0);
    cr_expect_eq(w[2], 1.0f);
    cr_expect_eq(n_kept(w, 5), 1);
}

Test(sampler, top_k_keeps_lower_ids_of_equal_logits) {
    const float logits[] = {2, 3, 2, 2, 1};
    struct settings s = {.temperature = 1, .top_p = 1, .top_k = 3};
    float w[5];
    weights_of(&s, logits, 5, w);
    cr_expect(w[0] > 0 && w[1] > 0 && w[2] > 0);
    cr_expect_eq(n_kept(w, 5), 3);
}

Test(sampler, top_p_keeps_the_fewest_tokens_that_reach_it) {
    // Probabilities 0.5, 0.25, 0.125, 0.125.
    const float logits[] = {0, (float)log(4), (float)log(2), 0};
    static const struct {
        double top_p;
        int n;
    } cases[] = {{0.4, 1},  {0.49, 1}, {0.51, 2}, {0.74, 2},
                 {0.76, 3}, {0.99, 4}, {1, 4},    {0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings s = {.temperature = 1, .top_p = cases[i].top_p};
        float w[4];
        weights_of(&s, logits, 4, w);
        cr_expect_eq(n_kept(w, 4), cases[i].n, "top_p %g keeps %d",
                     cases[i].top_p, n_kept(w, 4));
        // Of the two equal ones the lower id stays.
        if (cases[i].n == 3) cr_expect(w[0] > 0 && w[3] == 0);
    }
}

Test(sampler, min_p_drops_below_a_share_of_the_best) {
    const float logits[] = {0, (float)log(4), (float)log(2), 0};
    struct settings s = {.temperature = 1, .top_p = 1, .min_p = 0.3};
    float w[4];
    weights_of(&s, logits, 4, w);
    cr_expect(w[1] > 0 && w[2] > 0);
    cr_expect_eq(n_kept(w, 4), 2);
}

// The heap against sorting, on random rows with many ties.
Test(sampler, filters_agree_with_sorting) {
    enum { N = 200 };
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        float logits[N], w[N], full[N];
        for (int i = 0; i < N; i++) {
            seed = seed * 1664525u + 1013904223u;
            logits[i] = (float)(seed >> 28);
        }
        struct settings s = {.temperature = 1.5, .top_p = 1};
        double total = weights_of(&s, logits, N, full), sum = 0;
        s.top_p = 0.3 + 0.003 * round;
        weights_of(&s, logits, N, w);
        int expected = 0;
        for (int v = 15; v >= 0 && sum < s.top_p * total; v--) {
            for (int i = 0; i < N && sum < s.top_p * total; i++) {
                if ((int)logits[i] != v) continue;
                sum += full[i];
                expected++;
                cr_expect(w[i] > 0);
            }
        }
        cr_expect_eq(n_kept(w, N), expected);
    }
}

Test(sampler, survives_numbers_that_are_none) {
    const float none[] = {NAN, -INFINITY, NAN};
    const float high[] = {INFINITY, 1, NAN};
    struct settings s = {
        .temperature = 1, .top_p = 0.9, .top_k = 2, .min_p = 0.1};
    float w[3];
    cr_expect_eq(weights_of(&s, none, 3, w), 0.0);
    cr_expect_gt(weights_of(&s, high, 3, w), 0.0);
    cr_expect_eq(sample_pick(w, 3, sample_total(w, 3), 0.99), 0);
    s.temperature = 1e-300;
    const float plain[] = {1, 2, 1.5f};
    cr_expect_eq(weights_of(&s, plain, 3, w), 1.0);
    cr_expect_eq(n_kept(w, 3), 1);
}

Test(sampler, picks_by_the_cumulative_sum_in_order_of_ids) {
    const float w[] = {0, 1, 0, 2, 1, 0};
    cr_expect_eq(sample_pick(w, 6, 4, 0), 1);
    cr_expect_eq(sample_pick(w, 6, 4, 0.2499), 1);
    cr_expect_eq(sample_pick(w, 6, 4, 0.25), 3);
    cr_expect_eq(sample_pick(w, 6, 4, 0.75), 4);
    cr_expect_eq(sample_pick(w, 6, 4, 1 - 0x1p-53), 4);
}
