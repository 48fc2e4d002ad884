#include "engine/methods/search.h"

#include "engine/base/error.h"
#include "tests/helper_malloc.h"
#include "tests/helper_search.h"
#include "tests/helper_toy.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 2 };

static const char *const searches[] = {"search-ar", "search-sps", "specsearch"};

static void expect_account(const struct wood *p, const char *want) {
    static char got[8192];
    wood_account(p, got, sizeof got);
    cr_expect_str_eq(got, want, "got\n%swant\n%s", got, want);
}

static void expect_kept(const struct wood *p, const char *path,
                        enum stop_reason stop) {
    char got[64];
    cr_expect_str_eq(wood_kept(p, got, sizeof got), path, "%s", got);
    cr_expect_eq(p->t.stop, stop, "%s", stop_reason_name[p->t.stop]);
}

// ---- ends -------------------------------------------------------------------

// A line without a branch: every thought of a layer is the same.
static const struct wood_place line[] = {
    {"", 0, "a", NULL},         {"a", 0.5, "b", NULL},
    {"ab", 0.6, "a", NULL},     {"aba", 0.7, "b", NULL},
    {"abab", 0.8, "a", NULL},   {"ababa", 0.9, "b", NULL},
    {"ababab", 0.9, "a", NULL}, {NULL, 0, NULL, NULL},
};

Test(search, equal_thoughts_are_one_node) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.max_depth = 3;
    wood_solve(&p, "search-ar");
    expect_account(&p, "a base kept 0.50 - 3\n"
                       "ab base kept 0.60 - 3\n"
                       "aba base kept 0.70 - 3\n");
    wood_solve(&p, "specsearch");
    expect_account(&p, "a base kept 0.50 - 3\n"
                       "ab draft kept 0.60 0.5000 6\n"
                       "aba draft kept 0.70 0.5100 6\n");
    wood_close(&p);
}

Test(search, stops_at_the_depth_limit_with_the_best_path) {
    struct wood p;
    wood_open(&p, line, SEED);
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        for (int i = 0; i < 3; i++) {
            p.s.search = kind;
            p.s.max_depth = 5;
            p.s.max_steps = 100;
            wood_solve(&p, searches[i]);
            expect_kept(&p, "ababa", STOP_STEPS);
            p.s.max_steps = 2;
            wood_solve(&p, searches[i]);
            expect_kept(&p, "ab", STOP_STEPS);
        }
    }
    p.s.max_steps = 100;
    p.s.budget_tokens = 8;
    wood_solve(&p, "specsearch");
    expect_kept(&p, "aba", STOP_BUDGET);
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
        wood_solve(&p, searches[i]);
        expect_kept(&p, "aaa", STOP_REPETITION);
    }
    wood_close(&p);
}

static const struct wood_place over[] = {
    {"", 0, "a", NULL}, {"a", 0.5, ".", NULL}, {NULL, 0, NULL, NULL}};

Test(search, the_end_of_text_is_a_thought_without_tokens) {
    struct wood p;
    wood_open(&p, over, SEED);
    for (int i = 0; i < 3; i++) {
        wood_solve(&p, searches[i]);
        expect_kept(&p, "a.", STOP_END);
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
        wood_solve(&p, searches[i]);
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
    wood_open(&p, line, SEED);
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 1.1;
    p.s.rewrite = REWRITE_NONE;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        p.s.search = kind;
        wood_solve(&p, "specsearch");
        expect_kept(&p, "a", STOP_NO_THOUGHT);
        expect_account(&p, "a base kept 0.50 1.1000 3\n"
                           "ab draft rejected 0.60 1.1000 6\n");
    }
    wood_close(&p);
}

Test(search, a_fixed_threshold_stays) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.max_depth = 3;
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 0.65;
    wood_solve(&p, "specsearch");
    expect_account(&p, "a base kept 0.50 0.6500 3\n"
                       "ab draft rejected 0.60 0.6500 6\n"
                       "ab base kept 0.60 0.6500 3\n"
                       "aba draft kept 0.70 0.6500 6\n");
    wood_close(&p);
}

Test(search, random_rejection_goes_by_the_draws_of_thoughts) {
    struct wood p;
    wood_open(&p, line, SEED);
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
    wood_open(&p, line, SEED);
    p.s.max_depth = 2;
    p.s.extra_thoughts = 2;
    wood_solve(&p, "specsearch");
    expect_account(&p, "a base kept 0.50 - 3\n"
                       "ab draft kept 0.60 0.5000 8\n"
                       "ab base surplus 0.60 0.5000 2\n");
    wood_close(&p);
}

Test(search, the_draft_may_write_the_first_layer) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.max_depth = 2;
    p.s.first_layer = FIRST_DRAFT;
    wood_solve(&p, "specsearch");
    expect_account(&p, "a draft kept 0.50 - 3\n"
                       "ab draft kept 0.60 0.5000 6\n");
    cr_expect_eq(p.t.count.evaluated[ROLE_BASE], 0);
    cr_expect_eq(p.t.count.kept_from_draft, 6);
    wood_close(&p);
}

// ---- evaluators -------------------------------------------------------------

Test(search, the_base_may_be_the_judge) {
    struct wood p;
    wood_open(&p, line, SEED);
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
            cr_expect_eq(wood_try(&p, searches[i], &err), -1);
            cr_expect(strstr(err.text, "logits are not numbers"), "%s",
                      err.text);
            cr_expect_eq(p.t.stop, STOP_ERROR);
        }
        p.s.evaluator = EVALUATOR_RANDOM;
        wood_solve(&p, "specsearch");
        expect_kept(&p, "aba", STOP_STEPS);
        wood_close(&p);
    }
}

// ---- contexts ---------------------------------------------------------------

// The prompt has 6 tokens, a thought 3.
Test(search, a_full_context_ends_the_path) {
    struct wood p;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        for (int i = 0; i < 3; i++) {
            wood_open_with(&p, line, SEED,
                           &(struct wood_change){ROLE_BASE, 12, 0});
            p.s.search = kind;
            wood_solve(&p, searches[i]);
            cr_expect_eq(p.t.stop, STOP_CONTEXT, "%s: %s", searches[i],
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
    expect_kept(&p, "B", STOP_CONTEXT);
    cr_expect_eq(p.t.n_steps, 3);
    wood_close(&p);
}

Test(search, a_base_whose_context_the_prompt_fills_has_no_thought) {
    struct wood p;
    wood_open_with(&p, line, SEED, &(struct wood_change){ROLE_BASE, 6, 0});
    for (int i = 0; i < 3; i++) {
        wood_solve(&p, searches[i]);
        expect_kept(&p, "", STOP_CONTEXT);
        cr_expect_eq(p.t.n_steps, 0);
    }
    wood_close(&p);
}

// The draft has room for the prompt and one thought: the base goes on alone.
Test(search, the_base_writes_where_the_draft_s_context_is_full) {
    struct wood p;
    wood_open_with(&p, line, SEED, &(struct wood_change){ROLE_DRAFT, 9, 0});
    p.s.max_depth = 4;
    wood_solve(&p, "specsearch");
    expect_kept(&p, "abab", STOP_STEPS);
    cr_expect_eq(p.t.count.kept_from_draft, 0);
    wood_close(&p);
}

// ---- failures ---------------------------------------------------------------

// Many thoughts, answers among them.
static const struct wood_place bushy[] = {
    {"", 0, "abc", NULL},     {"a", 0.6, "ab", "abc"},
    {"b", 0.8, "ab1", NULL},  {"c", 0.7, "ab", NULL},
    {"aa", 0.7, "2", NULL},   {"ab", 0.8, "3", NULL},
    {"ac", 0.3, "2", NULL},   {"ba", 0.6, "34", NULL},
    {"bb", 0.9, "12", NULL},  {"b1", 0.4, NULL, NULL},
    {"ca", 0.4, "2", NULL},   {"cb", 0.5, "3", NULL},
    {"aa2", 0.5, NULL, NULL}, {"ab3", 0.6, NULL, NULL},
    {"ac2", 0.5, NULL, NULL}, {"ba3", 0.5, NULL, NULL},
    {"ba4", 0.7, NULL, NULL}, {"bb1", 0.5, NULL, NULL},
    {"bb2", 0.8, NULL, NULL}, {"ca2", 0.5, NULL, NULL},
    {"cb3", 0.5, NULL, NULL}, {NULL, 0, NULL, NULL},
};

// Any call of any model may fail: everything is given back, and the next sample
// is what it would have been.
static void fail_everywhere(const char *method, enum model_role role,
                            enum search_kind kind) {
    static char want[8192], got[8192];
    struct wood p;
    for (int64_t call = 2;; call++) {
        struct error err = {0};
        wood_open_with(
            &p, bushy, SEED,
            &(struct wood_change){.role = role, .fail_at_call = call});
        p.s.search = (int)kind;
        int rc = wood_try(&p, method, &err);
        if (rc) {
            cr_expect(strstr(err.text, "scripted failure"), "%s", err.text);
            cr_expect_eq(p.t.stop, STOP_ERROR);
            wood_solve(&p, method);
        }
        wood_account(&p, call == 2 ? want : got, sizeof got);
        if (call > 2) cr_expect_str_eq(got, want);
        wood_close(&p);
        cr_assert(rc || call > 4);
        if (!rc) return;
    }
}

Test(search, an_error_in_the_middle_gives_everything_back) {
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        for (int r = 0; r < ROLE_N; r++)
            fail_everywhere("specsearch", (enum model_role)r,
                            (enum search_kind)kind);
        fail_everywhere("search-sps", ROLE_BASE, (enum search_kind)kind);
    }
}

// ---- memory -----------------------------------------------------------------

Test(search, a_beam_keeps_the_pasts_of_its_frontier_alone) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.step_tokens = 3;
    for (int depth = 2; depth <= 6; depth++) {
        p.s.max_depth = depth;
        p.s.fixed_threshold = depth % 2 ? 0 : 1.1;
        p.s.rejection = REJECT_FIXED;
        p.n_pasts = 0;
        wood_solve(&p, "specsearch");
        // One path: what it goes on from, and the thoughts being tried.
        cr_expect_leq(p.n_pasts, 3, "depth %d: %d", depth, p.n_pasts);
    }
    wood_close(&p);
}

// 6 thoughts of 3 tokens, and a tag for each: nothing is read twice.
Test(search, a_thought_costs_its_own_tokens) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 0;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        p.s.search = kind;
        p.s.iterations = 1;
        const int64_t *evaluated = p.t.count.evaluated;
        wood_solve(&p, "search-ar");
        cr_expect_leq(evaluated[ROLE_BASE], 18);
        cr_expect_eq(evaluated[ROLE_PRM], 24);
        wood_solve(&p, "specsearch");
        cr_expect_leq(evaluated[ROLE_BASE], 3);
        cr_expect_leq(evaluated[ROLE_DRAFT], 21, "%d",
                      (int)evaluated[ROLE_DRAFT]);
        cr_expect_eq(evaluated[ROLE_PRM], 24);
    }
    wood_close(&p);
}

// 6 thoughts that have a place, and those being tried; rejected ones' are gone.
Test(search, a_tree_keeps_no_pasts_of_what_was_rejected) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.search = SEARCH_MCTS;
    p.s.rejection = REJECT_FIXED;
    p.s.fixed_threshold = 1.1;
    wood_solve(&p, "specsearch");
    cr_expect_eq(p.t.n_steps, 11);
    cr_expect_leq(p.n_pasts, 7, "%d", p.n_pasts);
    wood_close(&p);
}

// A path of 60 thoughts, the best of many each time: more than pasts are kept
// of. Each is read once all the same, with its tag.
Test(search, a_long_tree_gives_pasts_up_for_those_it_needs) {
    enum { DEPTH = 60, LETTERS = 12 };
    static struct wood_place places[1 + DEPTH * LETTERS + 1];
    static char paths[DEPTH * LETTERS][DEPTH + 1];
    char best[DEPTH + 1] = "";
    struct wood p;
    int n = 0;
    places[n++] = (struct wood_place){"", 0.5, "abcdefghijkl", NULL};
    for (int depth = 0; depth < DEPTH; depth++) {
        for (int i = 0; i < LETTERS; i++, n++) {
            snprintf(paths[n - 1], sizeof *paths, "%s%c", best, 'a' + i);
            places[n] = (struct wood_place){
                paths[n - 1], i == depth % 2 ? 0.9 : 0.1, places[0].base, NULL};
        }
        best[depth] = (char)('a' + depth % 2);
    }
    wood_open(&p, places, SEED);
    p.s.search = SEARCH_MCTS;
    p.s.iterations = 1;
    p.s.max_depth = DEPTH;
    p.s.tree_width = 64;
    wood_solve(&p, "search-ar");
    cr_assert_gt(p.t.n_steps, 600);
    cr_expect_eq(p.t.n_kept, 3 * DEPTH);
    cr_expect_leq(p.n_pasts, 512);
    cr_expect_eq(p.t.count.evaluated[ROLE_PRM], 4 * p.t.n_steps);
    cr_expect_leq(p.t.count.evaluated[ROLE_BASE], 3 * p.t.n_steps);
    wood_close(&p);
}

// Of a parent 12 drafts and 7 thoughts of the base, 19 in all.
Test(search, is_sized_by_its_settings) {
    struct settings s = {.beam_width = 2, .tree_width = 6, .draft_factor = 2};
    struct search_size size;
    s.extra_thoughts = 1;
    s.max_depth = 50;
    s.iterations = 4;
    s.step_tokens = 512;
    s.budget_tokens = 100;
    search_size(&method_specsearch, &s, &size);
    cr_expect_eq(size.n_nodes, 50 * 2 * 19);
    cr_expect_eq(size.n_layer, 19);
    cr_expect_eq(size.n_live, 2 * 12);
    cr_expect_eq(size.n_pasts, 2 + 2 * 19);
    cr_expect_eq(size.n_full, 2);
    cr_expect_eq(size.fork_tokens, 100, "no longer than the budget");
    s.search = SEARCH_MCTS;
    s.step_tokens = 64;
    search_size(&method_search_sps, &s, &size);
    cr_expect_eq(size.n_nodes, 4 * 50 * 6);
    cr_expect_eq(size.n_layer, 6);
    cr_expect_eq(size.n_live, 6);
    cr_expect_eq(size.n_full, 4);
    cr_expect_eq(size.fork_tokens, 64);
}

// Without limits a thought still fits a context, of 512 tokens.
Test(search, reserves_no_more_than_contexts_hold) {
    struct wood p;
    wood_open(&p, line, SEED);
    p.s.step_tokens = 100000;
    p.s.budget_tokens = 1000000;
    wood_solve(&p, "search-ar");
    const struct tree *t = &p.w->search->tree;
    cr_expect_eq(t->cap_tokens, (size_t)t->cap_nodes * 512);
    wood_close(&p);
}

Test(search, that_may_write_too_much_is_refused) {
    struct wood p;
    struct error err = {0};
    wood_open(&p, line, SEED);
    p.s.beam_width = p.s.tree_width = p.s.extra_thoughts = 64;
    p.s.draft_factor = 64;
    p.s.max_depth = p.s.iterations = 1000;
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        p.s.search = kind;
        cr_expect_eq(method_check(&method_specsearch, &p.models, &p.s, &err),
                     -1);
        cr_expect_eq(err.kind, ERR_USAGE);
        cr_expect(strstr(err.text, "more than 262144 thoughts"), "%s",
                  err.text);
    }
    // 64 * 64 * 64 thoughts are just as many as may be.
    p.s.search = SEARCH_BEAM;
    p.s.max_depth = 64;
    cr_expect_eq(method_check(&method_search_ar, &p.models, &p.s, &err), 0);
    p.s.max_depth = 65;
    cr_expect_eq(method_check(&method_search_ar, &p.models, &p.s, &err), -1);
    wood_close(&p);
}

Test(search, nothing_is_allocated_during_a_sample) {
    struct wood p;
    struct error err = {0};
    if (!malloc_count_works())
        cr_skip_test("skip: malloc cannot be counted in this build");
    wood_open(&p, bushy, SEED);
    for (int i = 0; i < 3; i++) {
        for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
            p.s.search = kind;
            wood_solve(&p, searches[i]);
            malloc_count_start();
            int rc = method_solve(method_find(searches[i]), p.w, &p.s, &p.rng,
                                  &p.t, &err);
            long n_allocated = malloc_count_stop();
            cr_assert_eq(rc, 0, "%s", err.text);
            cr_expect_eq(n_allocated, 0, "%s: %ld", searches[i], n_allocated);
        }
    }
    wood_close(&p);
}

// ---- any models -------------------------------------------------------------

// The kept steps are a path from the prompt, and what they say is the response.
static void check_tree(const struct trace *t) {
    int last = -1, n_tokens = 0;
    size_t at = 0;
    cr_assert(t->tree && !t->overflow);
    for (int i = 0; i < t->n_steps; i++) {
        const struct step *s = &t->steps[i];
        size_t n = s->text_end - s->text_begin;
        cr_assert(s->parent < i && s->n_copies >= 1);
        cr_assert_eq(s->kept, s->decision == DECISION_KEPT);
        if (!s->kept) continue;
        cr_assert_eq(s->parent, last);
        cr_assert(at + n <= t->n_response &&
                  memcmp(t->response + at, t->text + s->text_begin, n) == 0);
        at += n;
        n_tokens += s->n_tokens;
        last = i;
    }
    cr_assert_eq(at, t->n_response);
    cr_assert_eq(n_tokens, t->count.kept_tokens);
    cr_assert_eq(t->count.kept_tokens, t->n_kept);
}

// Everything of the steps but times and places of texts; malloc'ed.
static struct step *take_steps(const struct trace *t) {
    size_t n_bytes = (size_t)t->n_steps * sizeof(struct step);
    struct step *steps = malloc(n_bytes + 1);
    cr_assert(steps);
    memcpy(steps, t->steps, n_bytes);
    for (int i = 0; i < t->n_steps; i++)
        steps[i].time_ns = 0;
    return steps;
}

static void open_toys(struct toy_pair *p, const struct settings *s,
                      uint64_t seed) {
    struct trace_size size = method_trace_size(method_find("specsearch"), s);
    toy_pair_open(p, s, seed, 1.5);
    trace_release(&p->t);
    trace_init_size(&p->t, NULL, &size);
}

static void solve_toys(struct toy_pair *p, const char *method, uint64_t seed) {
    lm_truncate(p->w->seq[ROLE_BASE], p->w->n_prompt[ROLE_BASE]);
    int base = lm_n_used_pages(p->base), draft = lm_n_used_pages(p->draft);
    toy_pair_solve(p, method, seed);
    check_tree(&p->t);
    lm_truncate(p->w->seq[ROLE_BASE], p->w->n_prompt[ROLE_BASE]);
    cr_assert_eq(lm_n_used_pages(p->base), base);
    cr_assert_eq(lm_n_used_pages(p->draft), draft);
}

static void vary(struct settings *s, uint64_t seed) {
    s->search = seed % 2 ? SEARCH_MCTS : SEARCH_BEAM;
    s->selection = seed / 2 % 2 ? SELECT_UCT : SELECT_PUCT;
    s->evaluator = EVALUATOR_JUDGE + (int)(seed % 3);
    s->choose = (int)(seed % 4);
    s->beam_width = 1 + (int)(seed % 3);
    s->tree_width = 1 + (int)(seed % 5);
    s->max_depth = 4 + (int)(seed % 7);
    s->extra_thoughts = (int)(seed % 2);
    s->quality = (int)(seed % 3);
    s->rejection = (int)(seed / 3 % 3);
    s->draft_factor = 0.5 + (double)(seed % 4) / 2;
    s->rewrite = (int)(seed / 4 % 3);
    s->first_layer = (int)(seed / 5 % 2);
}

Test(search, the_drafter_changes_no_node_of_any_tree) {
    struct settings s;
    struct toy_pair p;
    int n_nodes = 0;
    toy_settings(&s);
    s.accept = ACCEPT_EXACT;
    for (uint64_t seed = 0; seed < 40; seed++) {
        vary(&s, seed);
        open_toys(&p, &s, seed + 1);
        solve_toys(&p, "search-ar", seed);
        struct step *alone = take_steps(&p.t);
        struct toy_result a = {0}, b = {0};
        int n = p.t.n_steps;
        toy_result_take(&a, &p.t);
        solve_toys(&p, "search-sps", seed);
        toy_result_take(&b, &p.t);
        cr_expect(toy_result_equal(&a, &b), "seed %d", (int)seed);
        cr_assert_eq(p.t.n_steps, n);
        struct step *with = take_steps(&p.t);
        for (int i = 0; i < n; i++) {
            cr_expect_eq(with[i].parent, alone[i].parent);
            cr_expect_eq(with[i].decision, alone[i].decision);
            cr_expect_eq(with[i].n_copies, alone[i].n_copies);
            cr_expect_eq(with[i].text_end, alone[i].text_end);
            cr_expect_eq(with[i].score, alone[i].score);
        }
        n_nodes += n;
        free(alone);
        free(with);
        toy_pair_close(&p);
    }
    cr_expect_gt(n_nodes, 1000, "%d", n_nodes);
}

Test(search, any_settings_give_a_tree_that_holds_together) {
    struct settings s;
    struct toy_pair p;
    bool stops[STOP_N] = {0}, decisions[DECISION_N] = {0};
    toy_settings(&s);
    strcpy(s.answer_prompt, "Q");
    for (uint64_t seed = 0; seed < 120; seed++) {
        vary(&s, seed);
        s.accept = seed % 2 ? ACCEPT_EXACT : ACCEPT_REJECTION;
        s.answer_tokens = seed % 3 ? 0 : 12;
        s.budget_tokens = seed % 5 ? 120 : 40;
        open_toys(&p, &s, seed % 8 + 1);
        p.base_toy.end_logit = seed % 4 ? -3 : 1;
        if (s.answer_tokens == 0)
            solve_toys(&p, "specsearch", seed);
        else
            toy_pair_solve(&p, "specsearch", seed);
        stops[p.t.stop] = true;
        for (int i = 0; i < p.t.n_steps; i++)
            decisions[p.t.steps[i].decision] = true;
        toy_pair_close(&p);
    }
    for (int i = 0; i < DECISION_N; i++)
        cr_expect(decisions[i], "%s", decision_name[i]);
    for (int i = STOP_ANSWER; i <= STOP_STEPS; i++)
        cr_expect(stops[i], "%s", stop_reason_name[i]);
    cr_expect(stops[STOP_NO_THOUGHT]);
}
