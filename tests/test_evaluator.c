#include "engine/methods/evaluator.h"

#include "engine/base/error.h"
#include "tests/helper_play.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const struct play_step story[] = {
    {"draft one.\n\n", "base one.\n\n", "8"},
    {"draft two.\n\n", "base two.\n\n", "27"},
    {0},
};
static const struct play_scores scores[] = {{0.75, 0.9}, {0.25, 0.6}};

// Paths of one or two steps, and what is thought of their last.
static const struct path {
    const char *text;
    double prm, greedy, average;
} paths[] = {
    {"draft one.\n\n", 0.75, 8, 8},
    {"base one.\n\n", 0.9, 8, 8},
    {"draft one.\n\ndraft two.\n\n", 0.25, 2, 4.5},
    {"base one.\n\nbase two.\n\n", 0.6, 2, 4.5},
    {"draft one.\n\nbase two.\n\n", 0.6, 2, 4.5},
};
enum { N_PATHS = sizeof paths / sizeof *paths };

struct asking {
    struct play play;
    struct claim claims[N_PATHS];
    int n_calls, n_asks;
    bool fails;
};

static void asking_open(struct asking *a, enum model_role role) {
    struct error err = {0};
    memset(a, 0, sizeof *a);
    play_open_prm(&a->play, story, scores, 0, 0);
    cr_assert_eq(workspace_fit(a->play.w, &a->play.s, true, &err), 0, "%s",
                 err.text);
    trace_reset(&a->play.t);
    struct lm *lm = a->play.w->lm[role];
    for (int i = 0; i < N_PATHS; i++) {
        struct lm_seq *seq = lm_seq_new(lm, &err);
        lm_seq_copy(seq, a->play.w->seq[role], 6);
        for (const char *c = paths[i].text; *c; c++)
            cr_assert_eq(lm_push(seq, &(int32_t){*c}, 1, &err), 0);
        a->claims[i] = (struct claim){.seq = seq, .score = -1};
    }
    // One of them is evaluated already.
    cr_assert_eq(lm_prefill(a->claims[1].seq, &err), 0);
}

static void asking_close(struct asking *a) {
    for (int i = 0; i < N_PATHS; i++)
        lm_seq_free(a->claims[i].seq);
    play_close(&a->play);
}

static int count_rows(void *ctx, const struct lm_ask *asks, int n,
                      struct error *err) {
    struct asking *a = ctx;
    a->n_calls++;
    a->n_asks += n;
    if (a->fails) return error_set(err, ERR_MEMORY, "no room");
    return lm_rows_batch(asks, n, err);
}

static int score(struct asking *a, enum evaluator_kind kind, int n,
                 struct error *err) {
    struct rng rng = rng_make(7, "x", 0);
    return evaluator_score(kind, a->play.w, &a->play.s, &rng, &a->play.t,
                           a->claims, n, count_rows, a, err);
}

// Paths are as they were but evaluated.
static void expect_paths(const struct asking *a) {
    for (int i = 0; i < N_PATHS; i++) {
        struct lm_seq *seq = a->claims[i].seq;
        int n = lm_n_tokens(seq);
        cr_assert_eq(n, 6 + (int)strlen(paths[i].text));
        cr_expect_eq(lm_tokens(seq)[n - 1], '\n');
        int64_t n_evaluated = lm_work(seq).n_tokens;
        cr_assert_eq(lm_prefill(seq, NULL), 0);
        cr_expect_eq(lm_work(seq).n_tokens, n_evaluated, "path %d", i);
        cr_expect_eq(lm_work(seq).n_repeated, 0);
    }
}

Test(evaluator, the_prm_scores_all_in_one_batch) {
    struct asking a;
    struct error err = {0};
    asking_open(&a, ROLE_PRM);
    int64_t before = a.play.now_ns;
    cr_assert_eq(score(&a, EVALUATOR_PRM, N_PATHS, &err), 0, "%s", err.text);
    for (int i = 0; i < N_PATHS; i++)
        cr_expect_float_eq(a.claims[i].score, paths[i].prm, 1e-6, "path %d: %g",
                           i, a.claims[i].score);
    cr_expect_eq(a.n_calls, 1);
    cr_expect_eq(a.n_asks, N_PATHS);
    cr_expect_eq(a.play.now_ns - before, 100);
    cr_expect_eq(a.play.t.count.judge_calls, N_PATHS);
    cr_expect_eq(a.play.t.count.judge_tokens, N_PATHS);
    cr_expect_eq(evaluator_n_suffix(EVALUATOR_PRM, a.play.w), 1);
    expect_paths(&a);
    cr_assert_eq(score(&a, EVALUATOR_PRM, 0, &err), 0);
    cr_expect_eq(a.n_calls, 1);
    asking_close(&a);
}

Test(evaluator, the_judge_s_digit_is_a_share_of_nine) {
    struct asking a;
    struct error err = {0};
    asking_open(&a, ROLE_BASE);
    cr_assert_eq(score(&a, EVALUATOR_JUDGE, N_PATHS, &err), 0, "%s", err.text);
    for (int i = 0; i < N_PATHS; i++)
        cr_expect_eq(a.claims[i].score, paths[i].greedy / 9, "path %d", i);
    cr_expect_eq(a.play.t.count.judge_tokens, 2 * N_PATHS);
    cr_expect_eq(evaluator_n_suffix(EVALUATOR_JUDGE, a.play.w), 2);
    expect_paths(&a);
    a.play.s.score = SCORE_AVERAGE;
    cr_assert_eq(score(&a, EVALUATOR_JUDGE, N_PATHS, &err), 0, "%s", err.text);
    for (int i = 0; i < N_PATHS; i++)
        cr_expect_float_eq(a.claims[i].score, paths[i].average / 9, 1e-6);
    asking_close(&a);
}

Test(evaluator, likelihood_and_chance_ask_nobody) {
    struct asking a;
    struct error err = {0};
    struct rng rng = rng_make(7, "x", 0);
    asking_open(&a, ROLE_PRM);
    for (int i = 0; i < N_PATHS; i++) {
        a.claims[i].likelihood = 0.1 * i;
        a.claims[i].draw = (uint64_t)(i * i);
    }
    cr_assert_eq(score(&a, EVALUATOR_LIKELIHOOD, N_PATHS, &err), 0);
    for (int i = 0; i < N_PATHS; i++)
        cr_expect_eq(a.claims[i].score, 0.1 * i);
    cr_assert_eq(score(&a, EVALUATOR_RANDOM, N_PATHS, &err), 0);
    for (int i = 0; i < N_PATHS; i++)
        cr_expect_eq(a.claims[i].score,
                     rng_u01(&rng, RNG_JUDGE, (uint64_t)(i * i)));
    cr_expect_eq(a.n_calls, 0);
    cr_expect_eq(a.play.t.count.judge_calls, 2 * N_PATHS);
    cr_expect_eq(a.play.t.count.judge_tokens, 0);
    cr_expect_eq(evaluator_n_suffix(EVALUATOR_LIKELIHOOD, a.play.w), 0);
    cr_expect_eq(evaluator_n_suffix(EVALUATOR_RANDOM, a.play.w), 0);
    a.claims[3].likelihood = NAN;
    cr_expect_eq(score(&a, EVALUATOR_LIKELIHOOD, N_PATHS, &err), -1);
    cr_expect(strstr(err.text, "probabilities are not numbers"), "%s",
              err.text);
    asking_close(&a);
}

Test(evaluator, logits_that_are_no_numbers_are_an_error) {
    static const struct play_scores broken[] = {{0.75, 0.9}, {NAN, 0.6}};
    static const struct play_step nan_story[] = {
        {"draft one.\n\n", "base one.\n\n", "8"},
        {"draft two.\n\n", "base two.\n\n", "!"},
        {0},
    };
    struct asking a;
    struct error err = {0};
    asking_open(&a, ROLE_PRM);
    a.play.prm_role.scores = broken;
    cr_expect_eq(score(&a, EVALUATOR_PRM, N_PATHS, &err), -1);
    cr_expect_eq(err.kind, ERR_INPUT);
    cr_expect_str_eq(err.text, "the prm's logits are not numbers");
    expect_paths(&a);
    asking_close(&a);
    asking_open(&a, ROLE_BASE);
    a.play.base_role.steps = nan_story;
    cr_expect_eq(score(&a, EVALUATOR_JUDGE, N_PATHS, &err), -1);
    cr_expect_str_eq(err.text, "the base's logits are not numbers");
    expect_paths(&a);
    asking_close(&a);
}

// What failed leaves the paths as they were, and says why.
Test(evaluator, a_failed_batch_leaves_the_paths) {
    struct asking a;
    struct error err = {0};
    asking_open(&a, ROLE_PRM);
    a.fails = true;
    cr_expect_eq(score(&a, EVALUATOR_PRM, N_PATHS, &err), -1);
    cr_expect_str_eq(err.text, "no room");
    for (int i = 0; i < N_PATHS; i++)
        cr_expect_eq(lm_n_tokens(a.claims[i].seq),
                     6 + (int)strlen(paths[i].text));
    asking_close(&a);
}

Test(evaluator, says_who_reads) {
    cr_expect_eq(evaluators[EVALUATOR_PRM].role, ROLE_PRM);
    cr_expect_eq(evaluators[EVALUATOR_JUDGE].role, ROLE_BASE);
    cr_expect_eq(evaluators[EVALUATOR_LIKELIHOOD].role, -1);
    cr_expect_eq(evaluators[EVALUATOR_RANDOM].role, -1);
    for (int i = 0; i < EVALUATOR_NONE; i++)
        cr_expect_eq(evaluators[i].reads, i == EVALUATOR_LIKELIHOOD);
}
