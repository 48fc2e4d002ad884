#include "engine/methods/scoring.h"

#include "engine/base/error.h"
#include "engine/methods/transcript.h"
#include "tests/helper_malloc.h"
#include "tests/helper_play.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const struct play_step story[] = {
    {"draft one.\n\n", "base one.\n\n", "8"},
    {"draft two.\n\n", "base two.\n\n", "27"},
    {"draft three.\n\n", "base three.\n\n", "9"},
    {0},
};
static const struct play_scores scores[] = {
    {0.75, 0.9}, {0.25, 0.6}, {0.5, 0.125}};

// A tree of thoughts.
static const struct thought {
    int parent;
    const char *text;
    double prm, digit;
} thoughts[] = {
    {-1, "draft one.\n\n", 0.75, 8},  {-1, "base one.\n\n", 0.9, 8},
    {0, "draft two.\n\n", 0.25, 2},   {0, "base two.\n\n", 0.6, 2},
    {1, "base two.\n\n", 0.6, 2},     {0, "", 0.75, 8},
    {4, "base three.\n\n", 0.125, 9},
};
enum { N_THOUGHTS = sizeof thoughts / sizeof *thoughts, N_PROMPT = 6 };

struct grove {
    struct play play;
    struct search *x;
    struct rng rng;
};

static void add_thought(struct tree *t, int i) {
    int32_t tokens[32];
    int n = (int)strlen(thoughts[i].text);
    for (int j = 0; j < n; j++)
        tokens[j] = thoughts[i].text[j];
    int node = tree_add(t, thoughts[i].parent, AUTHOR_BASE, tokens, n,
                        thoughts[i].text, (size_t)n);
    cr_assert_eq(node, i);
    t->nodes[i].drawn = (uint64_t)(10 + i);
    t->nodes[i].log_p = -0.1 * i * n;
}

// n_live thoughts a batch; n_ctx: of the reward model.
static void grove_open(struct grove *f, const struct play_scores *of,
                       int n_live, int n_ctx) {
    struct error err = {0};
    struct play *p = &f->play;
    play_open_prm(p, story, of, 0, 0);
    play_shorten_prm(p, n_ctx);
    p->s.evaluator = EVALUATOR_PRM;
    p->s.second_evaluator = EVALUATOR_NONE;
    p->s.tree_width = 4;
    cr_assert_eq(workspace_fit(p->w, &p->s, true, &err), 0, "%s", err.text);
    struct settings both = p->s; // so that both models have transcripts
    both.second_evaluator = EVALUATOR_JUDGE;
    cr_assert_eq(search_fit(p->w, &method_search_ar, &both, &err), 0, "%s",
                 err.text);
    struct search *x = f->x = p->w->search;
    f->rng = rng_make(3, "x", 0);
    trace_reset(&p->t);
    x->method = &method_search_ar;
    x->s = &p->s;
    x->rng = &f->rng;
    x->t = &p->t;
    x->n_live = n_live;
    tree_reset(&x->tree);
    for (int i = 0; i < N_THOUGHTS; i++)
        add_thought(&x->tree, i);
}

// Everything that was borrowed has been given back.
static void grove_close(struct grove *f) {
    for (int r = 0; r < ROLE_N; r++)
        cr_expect_eq(f->x->live[r].n_free, f->x->live[r].n);
    transcript_drop_all(f->x);
    for (int r = 0; r < ROLE_N; r++) {
        cr_expect_eq(f->x->pasts[r].n_free, f->x->pasts[r].n);
        cr_expect_eq(lm_n_used_pages(f->play.w->lm[r]), 1); // the prompt's
    }
    play_close(&f->play);
}

static void run(struct grove *f, int first, int n) {
    struct error err = {0};
    cr_assert_eq(scoring_run(f->x, first, n, &err), 0, "%s", err.text);
}

Test(scoring, scores_every_thought_whatever_the_batch) {
    static const int batches[] = {1, 2, 3, 4};
    for (int b = 0; b < 4; b++) {
        struct grove f;
        grove_open(&f, scores, batches[b], 512);
        run(&f, 0, N_THOUGHTS);
        for (int i = 0; i < N_THOUGHTS; i++) {
            cr_expect_float_eq(f.x->tree.nodes[i].score, thoughts[i].prm, 1e-6,
                               "thought %d: %g", i, f.x->tree.nodes[i].score);
            cr_expect(isnan(f.x->tree.nodes[i].second));
        }
        const struct counters *c = &f.play.t.count;
        int n_calls = (N_THOUGHTS + batches[b] - 1) / batches[b];
        cr_expect_eq(c->calls[ROLE_PRM], n_calls);
        cr_expect_eq(c->judge_calls, N_THOUGHTS);
        cr_expect_eq(c->judge_tokens, N_THOUGHTS);
        cr_expect_eq(c->repeated[ROLE_PRM], 0);
        cr_expect_eq(f.play.t.phase_ns[PHASE_JUDGE], 100 * n_calls);
        grove_close(&f);
    }
}

// Layer after layer a thought costs its own tokens and the tag.
Test(scoring, reads_a_thought_behind_its_parent_s_past) {
    struct grove f;
    grove_open(&f, scores, 4, 512);
    const int64_t *evaluated = f.play.t.count.evaluated;
    run(&f, 0, 2);
    cr_expect_eq(evaluated[ROLE_PRM], 12 + 11 + 2);
    for (int i = 0; i < 2; i++) {
        struct lm_seq *past = f.x->tree.nodes[i].past[ROLE_PRM];
        cr_assert(past);
        cr_expect_eq(lm_n_tokens(past),
                     N_PROMPT + (int)strlen(thoughts[i].text));
    }
    run(&f, 2, 4);
    cr_expect_eq(evaluated[ROLE_PRM], 25 + (12 + 11 + 11 + 0) + 4);
    run(&f, 6, 1);
    cr_expect_eq(evaluated[ROLE_PRM], 63 + 13 + 1);
    for (int i = 0; i < N_THOUGHTS; i++)
        cr_expect_float_eq(f.x->tree.nodes[i].score, thoughts[i].prm, 1e-6);
    grove_close(&f);
}

Test(scoring, the_second_evaluator_scores_the_same_thoughts) {
    struct grove f;
    grove_open(&f, scores, 3, 512);
    f.play.s.second_evaluator = EVALUATOR_JUDGE;
    run(&f, 0, N_THOUGHTS);
    for (int i = 0; i < N_THOUGHTS; i++) {
        cr_expect_float_eq(f.x->tree.nodes[i].score, thoughts[i].prm, 1e-6);
        cr_expect_eq(f.x->tree.nodes[i].second, thoughts[i].digit / 9, "%d", i);
    }
    cr_expect_eq(f.play.t.count.judge_calls, 2 * N_THOUGHTS);
    cr_expect_eq(f.play.t.count.judge_tokens, (1 + 2) * N_THOUGHTS);
    cr_expect_eq(f.play.t.phase_ns[PHASE_JUDGE], 3 * 100 + 3 * 1000);
    grove_close(&f);
}

Test(scoring, likelihood_and_chance_need_no_model) {
    struct grove f;
    grove_open(&f, scores, 4, 512);
    f.play.s.evaluator = EVALUATOR_LIKELIHOOD;
    f.play.s.second_evaluator = EVALUATOR_RANDOM;
    run(&f, 0, 5);
    for (int i = 0; i < 5; i++) {
        const struct node *n = &f.x->tree.nodes[i];
        cr_expect_float_eq(n->score, exp(-0.1 * i), 1e-12);
        cr_expect_eq(n->second, rng_u01(&f.rng, RNG_JUDGE, (uint64_t)(10 + i)));
        for (int r = 0; r < ROLE_N; r++)
            cr_expect_null(n->past[r]);
    }
    cr_expect_eq(f.play.t.count.calls[ROLE_PRM], 0);
    f.x->tree.nodes[3].log_p = NAN;
    struct error err = {0};
    cr_expect_eq(scoring_run(f.x, 0, 5, &err), -1);
    cr_expect(strstr(err.text, "not numbers"), "%s", err.text);
    grove_close(&f);
}

Test(scoring, a_thought_that_does_not_fit_scores_nothing) {
    struct grove f;
    // "base one", "base two" and the tag; "draft one" and a second do not.
    grove_open(&f, scores, 4, N_PROMPT + 11 + 11 + 1);
    run(&f, 0, 5);
    static const double expected[] = {0.75, 0.9, 0, 0, 0.6};
    for (int i = 0; i < 5; i++)
        cr_expect_float_eq(f.x->tree.nodes[i].score, expected[i], 1e-6,
                           "%d: %g", i, f.x->tree.nodes[i].score);
    cr_expect_eq(f.play.t.count.judge_calls, 3);
    grove_close(&f);
}

Test(scoring, logits_that_are_no_numbers_end_the_sample) {
    static const struct play_scores broken[] = {
        {0.75, 0.9}, {NAN, 0.6}, {0.5, 0.125}};
    struct grove f;
    struct error err = {0};
    grove_open(&f, broken, 2, 512);
    cr_expect_eq(scoring_run(f.x, 0, N_THOUGHTS, &err), -1);
    cr_expect_str_eq(err.text, "the prm's logits are not numbers");
    cr_expect_eq(err.kind, ERR_INPUT);
    grove_close(&f);
}

Test(scoring, a_failed_batch_gives_everything_back) {
    struct grove f;
    struct error err = {0};
    grove_open(&f, scores, 3, 512);
    // The third thought's ids are none of the PRM's.
    f.x->tree.tokens[f.x->tree.nodes[2].token_begin] = 100000;
    cr_expect_eq(scoring_run(f.x, 0, 3, &err), -1);
    cr_expect(strstr(err.text, "vocabulary"), "%s", err.text);
    grove_close(&f);
}

// Batches of 2: 100 ns each, by tokens read with one for the question.
Test(scoring, shares_its_time_by_tokens) {
    struct grove f;
    grove_open(&f, scores, 2, 512);
    f.x->tree.nodes[1].time_ns = 1000;
    run(&f, 0, 4);
    cr_expect_eq(f.x->tree.nodes[0].time_ns, 100 * 13 / 25);
    cr_expect_eq(f.x->tree.nodes[1].time_ns, 1000 + 100 * 12 / 25);
    cr_expect_eq(f.x->tree.nodes[2].time_ns, 100 * 13 / 25);
    cr_expect_eq(f.x->tree.nodes[3].time_ns, 100 * 12 / 25);
    cr_expect_eq(f.x->tree.nodes[4].time_ns, 0);
    grove_close(&f);
}

// A format whose tags stay: they are part of the path.
Test(scoring, tags_that_stay_are_read_along_the_path) {
    enum { TAG = 258 };
    struct grove f;
    grove_open(&f, scores, 4, 512);
    f.play.w->prm.keeps_tag = true;
    run(&f, 0, 2);
    run(&f, 2, 4);
    run(&f, 6, 1);
    const struct lm_seq *past = f.x->tree.nodes[6].past[ROLE_PRM];
    cr_assert(past);
    const int32_t *tokens = lm_tokens(past) + N_PROMPT;
    cr_assert_eq(lm_n_tokens(past), N_PROMPT + 11 + 1 + 11 + 1 + 13);
    cr_expect_eq(tokens[11], TAG);
    cr_expect_eq(tokens[11 + 1 + 11], TAG);
    cr_expect_eq(tokens[11 + 1 + 11 + 1], 'b');
    cr_expect_eq(f.play.t.count.judge_tokens, N_THOUGHTS);
    grove_close(&f);
}

Test(scoring, allocates_nothing) {
    struct grove f;
    struct error err = {0};
    if (!malloc_count_works())
        cr_skip_test("skip: malloc cannot be counted in this build");
    grove_open(&f, scores, 4, 512);
    f.play.s.second_evaluator = EVALUATOR_JUDGE;
    malloc_count_start();
    int rc = scoring_run(f.x, 0, N_THOUGHTS, &err);
    cr_expect_eq(malloc_count_stop(), 0);
    cr_expect_eq(rc, 0, "%s", err.text);
    grove_close(&f);
}
