#include "engine/methods/search.h"

#include "tests/helper_toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// Searches of random models with random settings: what holds of every tree.

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

Test(search_models, the_drafter_changes_no_node_of_any_tree) {
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

Test(search_models, any_settings_give_a_tree_that_holds_together) {
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
