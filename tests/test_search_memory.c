#include "engine/methods/search.h"

#include "engine/base/error.h"
#include "tests/helper_malloc.h"
#include "tests/helper_search.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

// What searches hold, give back and reserve.

enum { SEED = 2 };

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

Test(search_memory, an_error_in_the_middle_gives_everything_back) {
    for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
        for (int r = 0; r < ROLE_N; r++)
            fail_everywhere("specsearch", (enum model_role)r,
                            (enum search_kind)kind);
        fail_everywhere("search-sps", ROLE_BASE, (enum search_kind)kind);
    }
}

// ---- memory -----------------------------------------------------------------

Test(search_memory, a_beam_keeps_the_pasts_of_its_frontier_alone) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
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
Test(search_memory, a_thought_costs_its_own_tokens) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
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
Test(search_memory, a_tree_keeps_no_pasts_of_what_was_rejected) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
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
Test(search_memory, a_long_tree_gives_pasts_up_for_those_it_needs) {
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
Test(search_memory, is_sized_by_its_settings) {
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
Test(search_memory, reserves_no_more_than_contexts_hold) {
    struct wood p;
    wood_open(&p, wood_line, SEED);
    p.s.step_tokens = 100000;
    p.s.budget_tokens = 1000000;
    wood_solve(&p, "search-ar");
    const struct tree *t = &p.w->search->tree;
    cr_expect_eq(t->cap_tokens, (size_t)t->cap_nodes * 512);
    wood_close(&p);
}

Test(search_memory, that_may_write_too_much_is_refused) {
    struct wood p;
    struct error err = {0};
    wood_open(&p, wood_line, SEED);
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

Test(search_memory, nothing_is_allocated_during_a_sample) {
    struct wood p;
    struct error err = {0};
    if (!malloc_count_works())
        cr_skip_test("skip: malloc cannot be counted in this build");
    wood_open(&p, bushy, SEED);
    for (int i = 0; i < 3; i++) {
        for (int kind = SEARCH_BEAM; kind <= SEARCH_MCTS; kind++) {
            p.s.search = kind;
            wood_solve(&p, wood_searches[i]);
            malloc_count_start();
            int rc = method_solve(method_find(wood_searches[i]), p.w, &p.s,
                                  &p.rng, &p.t, &err);
            long n_allocated = malloc_count_stop();
            cr_assert_eq(rc, 0, "%s", err.text);
            cr_expect_eq(n_allocated, 0, "%s: %ld", wood_searches[i],
                         n_allocated);
        }
    }
    wood_close(&p);
}
