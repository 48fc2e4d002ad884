#include "harness/compare/cell_pair.h"

#include "engine/base/error.h"
#include "harness/compare/pair_values.h"
#include "harness/stats/stats_cluster_paired.h"
#include "tests/helper_dir.h"
#include "tests/helper_golden.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>

// Expected values: R, tests/golden/cell_pair.R.

enum { N_SAMPLES = HELPER_PROBLEMS * HELPER_K };

static void add_cell(const struct golden_case *c, const char *dir,
                     const struct helper_store *h, int cell, const char *ms,
                     const char *tokens, const char *right) {
    const double *times = golden_vector(c, ms, NULL);
    const int *n_tokens = golden_ints(c, tokens, NULL);
    const int *correct = golden_ints(c, right, NULL);
    for (int i = 0; i < N_SAMPLES; i++) {
        struct sample s = helper_sample(h, cell, i / HELPER_K, i % HELPER_K,
                                        times[i], n_tokens[i], correct[i] != 0);
        helper_add(dir, &s);
    }
}

static void expect_estimate(const struct golden_case *c, const char *name,
                            const struct estimate *e) {
    double actual[3] = {e->value, e->low, e->high};
    golden_expect_vector(c, name, actual, 3);
    cr_assert_eq(e->n, HELPER_PROBLEMS);
}

static void check_pair(const struct golden_case *c) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    struct cell_pair p;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    add_cell(c, dir, &h, 0, "ms_a", "tokens_a", "right_a");
    add_cell(c, dir, &h, 1, "ms_b", "tokens_b", "right_b");
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), 0);
    expect_estimate(c, "time", &p.time);
    golden_expect(c, "time_p", p.time_p);
    expect_estimate(c, "per_token", &p.per_token);
    golden_expect(c, "ratio_of_means", p.ratio_of_means);
    golden_expect(c, "tokens_ratio", p.tokens_ratio);
    expect_estimate(c, "accuracy", &p.accuracy);
    golden_expect(c, "t", p.t);
    golden_expect(c, "p_t", p.p_t);
    golden_expect(c, "p", p.p);
    golden_expect(c, "correlation", p.correlation);
    golden_expect(c, "min_detectable", p.min_detectable);
    report_release(&r);
    helper_dir_free(dir);
}

Test(cell_pair, numbers) {
    golden_each("cell_pair.csv", "pair", check_pair);
}

static void check_adjust(const struct golden_case *c) {
    int n;
    const double *p = golden_vector(c, "p", &n);
    struct cell_pair pairs[3] = {0};
    bool has[3];
    for (int i = 0; i < n; i++) {
        has[i] = !isnan(p[i]);
        pairs[i].p = pairs[i].time_p = has[i] ? p[i] : 0.001;
    }
    for (int test = 0; test < 2; test++) {
        struct cell_pair_family f =
            cell_pair_adjust(pairs, has, n, (enum cell_pair_test)test);
        golden_expect_vector(c, "p", f.raw, n);
        golden_expect_vector(c, "holm", f.holm, n);
        golden_expect_vector(c, "bh", f.bh, n);
        cell_pair_family_release(&f);
    }
}

Test(cell_pair, families_are_adjusted) {
    golden_each("cell_pair.csv", "adjust", check_adjust);
}

Test(cell_pair, the_test_is_the_one_that_was_asked_for) {
    struct cell_pair pair = {.p = 0.25, .time_p = 0.5};
    bool has = true;
    struct cell_pair_family f = cell_pair_adjust(&pair, &has, 1, PAIR_ACCURACY);
    cr_assert_eq(f.holm[0], 0.25);
    cell_pair_family_release(&f);
    f = cell_pair_adjust(&pair, &has, 1, PAIR_TIME);
    cr_assert_eq(f.holm[0], 0.5);
    cell_pair_family_release(&f);
}

// p0 and p2 are of one cluster: their differences, -.5 and -.5 against 0, are
// one observation, as are their ratios.
Test(cell_pair, clusters_are_the_units) {
    static const int cluster[] = {1, 0, 1};
    static const double x[] = {0.5, 1, 0.5}, y[] = {1, 1, 1};
    struct helper_store h;
    struct report r;
    struct cell_pair p;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < 2 * N_SAMPLES; i++) {
        int at = i / 2, problem = at / HELPER_K;
        bool wrong = i % 2 && at % HELPER_K && problem != 1;
        double ms = i % 2 ? problem + 2 : 8;
        struct sample s =
            helper_sample(&h, i % 2, problem, at % HELPER_K, ms, 10, !wrong);
        helper_add(dir, &s);
    }
    cr_assert_eq(report_open(&r, dir, false, NULL), 0);
    r.cells[1].cluster = cluster;
    r.cells[1].n_clusters = 2;
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), 0);
    struct clusters c = {cluster, 2};
    struct paired expected =
        stats_clustered_paired(x, y, c, 3, 0.95, (uint64_t)h.manifest.seed);
    cr_assert_float_eq(p.accuracy.low, expected.difference.low, 1e-12);
    cr_assert_float_eq(p.p_t, expected.p_t, 1e-12);
    cr_assert_eq(p.p, expected.p_flip);
    cr_assert_float_eq(p.min_detectable, expected.min_detectable, 1e-12);
    double logs[] = {log(4), log(8.0 / 3), log(2)}, time_p;
    struct estimate time = stats_clustered_test(logs, c, 3, 0.95, &time_p);
    cr_assert_float_eq(p.time.high, exp(time.high), 1e-9);
    cr_assert_float_eq(p.time_p, time_p, 1e-12);
    double low = p.time.low;
    r.cells[1].cluster = NULL; // then those of the other one
    r.cells[0].cluster = cluster;
    r.cells[0].n_clusters = 2;
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), 0);
    cr_assert_eq(p.time.low, low);
    cr_assert_float_neq(p.time.se, stats_mean_interval(logs, 3, 0.95).se, 1e-3);
    report_release(&r);
    helper_dir_free(dir);
}

// The two sides list their problems in another order.
Test(cell_pair, problems_are_paired_by_their_hashes) {
    struct helper_store h, other;
    struct report r, s;
    struct pair_values v;
    char *dir = helper_dir_new(), *dir_other = helper_dir_new();
    helper_store_init(&h);
    helper_store_init(&other);
    struct manifest_problem first = other.problems[0];
    other.problems[0] = other.problems[2];
    other.problems[2] = first;
    helper_fill(&h, dir);
    helper_fill(&other, dir_other); // p2 takes 10 ms, p0 40 ms
    cr_assert_eq(report_open(&r, dir, false, NULL), 0);
    cr_assert_eq(report_open(&s, dir_other, false, NULL), 0);
    pair_values_init(&v, &r.cells[0], &s.cells[0], report_ms);
    cr_assert_eq(v.n, 3);
    static const double expected_x[] = {10, 20, 40},
                        expected_y[] = {40, 20, 10};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(v.x[i], expected_x[i], "%d", i);
        cr_assert_eq(v.y[i], expected_y[i], "%d", i);
    }
    pair_values_release(&v);
    report_release(&r);
    report_release(&s);
    helper_dir_free(dir);
    helper_dir_free(dir_other);
}

// A problem without a time on one side leaves the times alone.
Test(cell_pair, failed_samples_have_a_verdict_but_no_time) {
    struct helper_store h;
    struct report r;
    struct cell_pair p;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < 2 * N_SAMPLES; i++) {
        int at = i / 2;
        struct sample s = helper_sample(&h, i % 2, at / HELPER_K, at % HELPER_K,
                                        10, 10, true);
        if (i % 2 && at < HELPER_K) s.error = "does not fit";
        if (s.error) s.verdict = VERDICT_UNGRADED;
        helper_add(dir, &s);
    }
    cr_assert_eq(report_open(&r, dir, false, NULL), 0);
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), 0);
    cr_assert_eq(p.time.n, 2);
    cr_assert_eq(p.accuracy.n, 3);
    cr_assert_float_eq(p.accuracy.value, -1.0 / 3, 1e-12);
    report_release(&r);
    helper_dir_free(dir);
}

// No ratio of a time of 0: what remains is one cluster, which has no interval.
Test(cell_pair, a_time_of_0_has_no_ratio) {
    static const int cluster[] = {0, 1, 1};
    struct helper_store h;
    struct report r;
    struct cell_pair p;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < 2 * N_SAMPLES; i++) {
        int at = i / 2, problem = at / HELPER_K;
        struct sample s = helper_sample(&h, i % 2, problem, at % HELPER_K,
                                        i % 2 ? problem : 4, 10, true);
        helper_add(dir, &s);
    }
    cr_assert_eq(report_open(&r, dir, false, NULL), 0);
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), 0);
    cr_assert_eq(p.time.n, 2);
    cr_assert_float_eq(p.time.value, sqrt(8), 1e-12);
    cr_assert_not(isnan(p.time.low));
    r.cells[1].cluster = cluster;
    r.cells[1].n_clusters = 2;
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), 0);
    cr_assert(isnan(p.time.low));
    report_release(&r);
    helper_dir_free(dir);
}

Test(cell_pair, nothing_to_compare_with) {
    struct helper_store h;
    struct report r;
    struct cell_pair p;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < N_SAMPLES; i++) {
        struct sample s =
            helper_sample(&h, 0, i / HELPER_K, i % HELPER_K, 10, 10, true);
        helper_add(dir, &s);
    }
    cr_assert_eq(report_open(&r, dir, false, NULL), 0);
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[0], NULL), -1);
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[0], &r.cells[1]), -1);
    cr_assert_eq(cell_pair_fill(&p, &r, &r.cells[1], &r.cells[0]), -1);
    report_release(&r);
    helper_dir_free(dir);
}
