#include "engine/methods/search.h"

#include "engine/base/error.h"
#include "tests/helper_search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { SEED = 2 };

// ---- ends -------------------------------------------------------------------

Test(search, equal_thoughts_are_one_node) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.max_depth = 3;
    wood_solve(&p, "search-ar");
    wood_expect(&p, "a base kept 0.50 - 3\n"
                    "ab base kept 0.60 - 3\n"
                    "aba base kept 0.70 - 3\n");
    wood_solve(&p, "specsearch");
    wood_expect(&p, "a base kept 0.50 - 3\n"
                    "ab draft kept 0.60 0.5000 6\n"
                    "aba draft kept 0.70 0.5100 6\n");
    wood_close(&p);
}

Test(search, stops_at_the_depth_limit_with_the_best_path) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        for (int i = 0; i < 3; i++) {
            p.s.search = kind;
            p.s.max_depth = 5;
            p.s.max_steps = 100;
            wood_solve(&p, wood_searches[i]);
            wood_expect_kept(&p, "ababa", STOP_STEPS);
            p.s.max_steps = 2;
            wood_solve(&p, wood_searches[i]);
            wood_expect_kept(&p, "ab", STOP_STEPS);
        }
    }
    p.s.max_steps = 100;
    p.s.budget_tokens = 8;
    wood_solve(&p, "specsearch");
    wood_expect_kept(&p, "aba", STOP_BUDGET);
    cr_expect_eq(p.t.count.kept_tokens, 8);
    wood_close(&p);
}

static const struct wood_place again[] = {
    {"", 0, "a", NULL},      {"a", 0.5, "a", NULL}, {"aa", 0.5, "a", NULL},
    {"aaa", 0.5, "a", NULL}, {NULL, 0, NULL, NULL},
};

Test(search, repetition_ends_a_path) {
    struct wood p;
    wood_open(&p, again, SEED);
    for (int i = 0; i < 3; i++) {
        wood_solve(&p, wood_searches[i]);
        wood_expect_kept(&p, "aaa", STOP_REPETITION);
    }
    wood_close(&p);
}

static const struct wood_place over[] = {
    {"", 0, "a", NULL}, {"a", 0.5, ".", NULL}, {NULL, 0, NULL, NULL}};

Test(search, the_end_of_text_is_a_thought_without_tokens) {
    struct wood p;
    wood_open(&p, over, SEED);
    for (int i = 0; i < 3; i++) {
        wood_solve(&p, wood_searches[i]);
        wood_expect_kept(&p, "a.", STOP_END);
        cr_expect_eq(p.t.n_steps, 2);
        cr_expect_eq(p.t.count.kept_tokens, 3);
        cr_expect_eq(p.t.steps[1].n_tokens, 0);
    }
    wood_close(&p);
}

// The answer phase writes what comes after "3" at the end of the text.
static const struct wood_place asked[] = {{"", 0, "a", NULL},
                                          {"a", 0.5, ".", NULL},
                                          {"a3", 0.5, NULL, NULL},
                                          {NULL, 0, NULL, NULL}};

Test(search, the_answer_phase_goes_on_from_the_chosen_path) {
    struct wood p;
    wood_open(&p, asked, SEED);
    p.s.answer_tokens = 20;
    strcpy(p.s.answer_prompt, "3\\boxed{");
    for (int i = 0; i < 3; i++) {
        wood_solve(&p, wood_searches[i]);
        cr_expect_eq(p.t.stop, STOP_END);
        cr_expect(p.t.answer_forced);
        cr_expect_str_eq(p.t.response, "a\n\n3\\boxed{3}");
        cr_assert_eq(p.t.n_steps, 3);
        const struct step *s = &p.t.steps[2];
        cr_expect_eq(s->parent, 1);
        cr_expect_eq(s->n_copies, 1);
        cr_expect_eq(s->decision, DECISION_KEPT);
        cr_expect(isnan(s->second) && isnan(s->score));
    }
    wood_close(&p);
}

// ---- SpecSearch's ablations -------------------------------------------------

// No draft reaches 1.1, and nobody rewrites: the first layer is all there is.
Test(search, no_thought_survives) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 1.1;
    p.s.rewrite = REWRITE_NONE;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        p.s.search = kind;
        wood_solve(&p, "specsearch");
        wood_expect_kept(&p, "a", STOP_NO_THOUGHT);
        wood_expect(&p, "a base kept 0.50 1.1000 3\n"
                        "ab draft rejected 0.60 1.1000 6\n");
    }
    wood_close(&p);
}

// The same, but the best of what is rejected stays; where something survives,
// nothing else does.
Test(search, the_best_draft_stays_where_nobody_rewrites) {
    static const struct wood_place places[] = {
        {"", 0, "a", NULL},      {"a", 0.5, "b", "bcd"},
        {"ab", 0.2, "e", NULL},  {"ac", 0.7, "e", NULL},
        {"ad", 0.4, "e", NULL},  {"ace", 0.9, "1", NULL},
        {"ace1", 1.0, "", NULL}, {NULL, 0, NULL, NULL},
    };
    struct wood p;
    wood_open(&p, places, SEED);
    p.s.beam_width = 1;
    p.s.rejection = REJECT_FIXED;
    p.s.rewrite = REWRITE_BEST;
    for (int i = 0; i < 2; i++) {
        p.s.fixed_threshold = i ? 0.65 : 1.1;
        wood_solve(&p, "specsearch");
        wood_expect_kept(&p, "ace1", STOP_ANSWER);
        wood_expect(&p, i ? "a base kept 0.50 0.6500 3\n"
                            "ab draft rejected 0.20 0.6500 3\n"
                            "ad draft rejected 0.40 0.6500 2\n"
                            "ac draft kept 0.70 0.6500 1\n"
                            "ace draft kept 0.90 0.6500 6\n"
                            "ace1 draft kept 1.00 0.6500 6\n"
                          : "a base kept 0.50 1.1000 3\n"
                            "ab draft rejected 0.20 1.1000 3\n"
                            "ad draft rejected 0.40 1.1000 2\n"
                            "ac draft kept 0.70 1.1000 1\n"
                            "ace draft kept 0.90 1.1000 6\n"
                            "ace1 draft kept 1.00 1.1000 6\n");
    }
    wood_close(&p);
}

Test(search, a_fixed_threshold_stays) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.max_depth = 3;
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 0.65;
    wood_solve(&p, "specsearch");
    wood_expect(&p, "a base kept 0.50 0.6500 3\n"
                    "ab draft rejected 0.60 0.6500 6\n"
                    "ab base kept 0.60 0.6500 3\n"
                    "aba draft kept 0.70 0.6500 6\n");
    wood_close(&p);
}

Test(search, random_rejection_goes_by_the_draws_of_thoughts) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.max_depth = 5;
    p.s.rejection = REJECT_RANDOM;
    int n_rejected = 0, n_kept = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        p.rng = rng_make(seed, "wood", 0);
        wood_solve(&p, "specsearch");
        // The first layer draws 0-2; each one after that 6, and 3 more where
        // the draft was rejected.
        uint64_t drawn = 3;
        for (int i = 1; i < p.t.n_steps; i++) {
            const struct step *s = &p.t.steps[i];
            cr_expect(isnan(s->threshold));
            if (s->author == AUTHOR_BASE) continue;
            bool rejected = rng_u01(&p.rng, RNG_SEARCH, drawn) < 0.5;
            cr_expect_eq(s->decision == DECISION_REJECTED, rejected);
            drawn += rejected ? 9 : 6;
            n_rejected += rejected;
            n_kept += !rejected;
        }
    }
    cr_expect_gt(n_rejected, 20);
    cr_expect_gt(n_kept, 20);
    p.s.reject_rate = 0;
    wood_solve(&p, "specsearch");
    cr_expect_eq(p.t.n_steps, 5);
    p.s.reject_rate = 1;
    wood_solve(&p, "specsearch");
    cr_expect_eq(p.t.n_steps, 9);
    wood_close(&p);
}

// What the base writes besides is merged into the equal draft.
Test(search, extra_thoughts_come_from_the_base) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.max_depth = 2;
    p.s.extra_thoughts = 2;
    wood_solve(&p, "specsearch");
    wood_expect(&p, "a base kept 0.50 - 3\n"
                    "ab draft kept 0.60 0.5000 8\n"
                    "ab base surplus 0.60 0.5000 2\n");
    wood_close(&p);
}

Test(search, the_draft_may_write_the_first_layer) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.max_depth = 2;
    p.s.first_layer = FIRST_DRAFT;
    wood_solve(&p, "specsearch");
    wood_expect(&p, "a draft kept 0.50 - 3\n"
                    "ab draft kept 0.60 0.5000 6\n");
    cr_expect_eq(p.t.count.evaluated[ROLE_BASE], 0);
    cr_expect_eq(p.t.count.kept_from_draft, 6);
    wood_close(&p);
}

// ---- evaluators -------------------------------------------------------------

Test(search, the_base_may_be_the_judge) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.max_depth = 2;
    p.s.evaluator = EVALUATOR_JUDGE;
    p.s.second_evaluator = EVALUATOR_PRM;
    wood_solve(&p, "search-ar");
    // Digits 5 (of 4.5) and 5 (of 5.4).
    cr_assert_eq(p.t.n_steps, 2);
    for (int i = 0; i < 2; i++) {
        cr_expect_float_eq(p.t.steps[i].score, 5 / 9.0, 1e-12);
        cr_expect_float_eq(p.t.steps[i].second, i ? 0.6 : 0.5, 1e-6);
        cr_expect(p.t.steps[i].judged);
    }
    wood_close(&p);
}

static const struct wood_place broken[] = {{"", 0, "a", NULL},
                                           {"a", 0.5, "b", NULL},
                                           {"ab", NAN, "a", NULL},
                                           {"aba", 0.5, "b", NULL},
                                           {NULL, 0, NULL, NULL}};

Test(search, an_evaluator_without_numbers_fails_the_sample) {
    struct wood p;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        wood_open(&p, broken, SEED);
        p.s.max_depth = 3;
        p.s.search = kind;
        for (int i = 0; i < 3; i++) {
            struct error err = {0};
            cr_expect_eq(wood_try(&p, wood_searches[i], &err), -1);
            cr_expect(strstr(err.text, "logits are not numbers"), "%s",
                      err.text);
            cr_expect_eq(p.t.stop, STOP_ERROR);
        }
        p.s.evaluator = EVALUATOR_RANDOM;
        wood_solve(&p, "specsearch");
        wood_expect_kept(&p, "aba", STOP_STEPS);
        wood_close(&p);
    }
}

// ---- contexts ---------------------------------------------------------------

// The prompt has 6 tokens, a thought 3.
Test(search, a_full_context_ends_the_path) {
    struct wood p;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        for (int i = 0; i < 3; i++) {
            wood_open_with(&p, wood_line, SEED,
                           &(struct wood_change){ROLE_BASE, 12, 0});
            p.s.search = kind;
            wood_solve(&p, wood_searches[i]);
            cr_expect_eq(p.t.stop, STOP_CONTEXT, "%s: %s", wood_searches[i],
                         stop_reason_name[p.t.stop]);
            cr_expect_gt(p.t.count.kept_tokens, 0);
            wood_close(&p);
        }
    }
}

// B fills the context with 6 + 6 tokens and is over, but the best; a ends.
static const struct wood_place unequal[] = {
    {"", 0, "Ba", NULL},     {"B", 0.9, "a", NULL}, {"a", 0.5, ".", NULL},
    {"a.", 0.3, NULL, NULL}, {NULL, 0, NULL, NULL},
};

Test(search, a_path_that_fits_no_context_is_finished_beside_others) {
    struct wood p;
    wood_open_with(&p, unequal, SEED, &(struct wood_change){ROLE_BASE, 12, 0});
    wood_solve(&p, "search-ar");
    wood_expect_kept(&p, "B", STOP_CONTEXT);
    cr_expect_eq(p.t.n_steps, 3);
    wood_close(&p);
}

Test(search, a_base_whose_context_the_prompt_fills_has_no_thought) {
    struct wood p;
    wood_open_with(&p, wood_line, SEED, &(struct wood_change){ROLE_BASE, 6, 0});
    for (int i = 0; i < 3; i++) {
        wood_solve(&p, wood_searches[i]);
        wood_expect_kept(&p, "", STOP_CONTEXT);
        cr_expect_eq(p.t.n_steps, 0);
    }
    wood_close(&p);
}

// The draft has room for the prompt and one thought: the base goes on alone.
Test(search, the_base_writes_where_the_draft_s_context_is_full) {
    struct wood p;
    wood_open_with(&p, wood_line, SEED,
                   &(struct wood_change){ROLE_DRAFT, 9, 0});
    p.s.max_depth = 4;
    wood_solve(&p, "specsearch");
    wood_expect_kept(&p, "abab", STOP_STEPS);
    cr_expect_eq(p.t.count.kept_from_draft, 0);
    wood_close(&p);
}
