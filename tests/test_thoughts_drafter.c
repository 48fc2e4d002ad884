#include "engine/methods/thoughts.h"

#include "tests/helper_alone.h"

#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <string.h>

// Thoughts of the base written with the drafter: what they are, how they are
// distributed, and the ids of models of one family.

Test(thoughts_drafter, exact_rule_gives_the_thoughts_of_the_base_alone) {
    static const int lengths[] = {1, 2, 5, 8};
    struct settings s;
    struct bench b;
    int64_t n_accepted = 0;
    bench_settings(&s);
    s.accept = ACCEPT_EXACT;
    s.draft_tokens = 8;
    s.evaluator = EVALUATOR_LIKELIHOOD;
    for (uint64_t model = 1; model <= 3; model++) {
        bench_open(&b, &s, model, 1.5);
        for (uint64_t seed = 0; seed < 16; seed++) {
            b.p.s.draft_tokens = lengths[seed % 4];
            b.p.s.temperature = 0.3 * (double)(seed / 4);
            workspace_fit(b.p.w, &b.p.s, false, NULL);
            bench_reset(&b, seed);
            b.x->n_live = seed % 3 ? 5 : 20;
            alone_check_layers(&b, AUTHOR_BASE, true, 12);
            const struct counters *c = &b.p.t.count;
            n_accepted += c->spec_accepted;
            cr_expect_leq(c->spec_accepted, c->spec_drafted);
            cr_expect_leq(c->spec_drafted, c->spec_passes * b.p.s.draft_tokens);
            cr_expect_eq(c->repeated[ROLE_BASE], 0);
            cr_expect_eq(c->repeated[ROLE_DRAFT], 0);
        }
        bench_close(&b);
    }
    cr_expect_gt(n_accepted, 500);
}

Test(thoughts_drafter, a_drafter_that_is_the_base_is_always_right) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    bench_open(&b, &s, 7, 0);
    for (int rule = 0; rule < 2; rule++) {
        int first;
        b.p.s.accept = rule;
        bench_reset(&b, 3);
        bench_write(&b, AUTHOR_BASE, true, TREE_ROOT, 12, &first);
        const struct counters *c = &b.p.t.count;
        cr_expect_gt(c->spec_drafted, 20);
        cr_expect_eq(c->spec_accepted, c->spec_drafted);
    }
    bench_close(&b);
}

// Models of a few tokens whose logits depend on the last two.
enum { LENGTH = 3, N_VOCAB = 5, N_CELLS = 125, N_CALLS = 400, N_EACH = 50 };

static void table_logits(void *ctx, const int32_t *tokens, int n, float *row) {
    uint64_t seed = *(const uint64_t *)ctx;
    for (int i = n < 2 ? 0 : n - 2; i < n; i++)
        seed = seed * 31 + (uint64_t)tokens[i] + 1;
    for (int i = 0; i < N_VOCAB; i++) {
        uint64_t words[2] = {seed, (uint64_t)i};
        row[i] = (float)(hash_u64(words, sizeof words) >> 11) * 0x1p-53f * 3;
    }
}

static struct lm *open_table(uint64_t *seed) {
    struct scripted_model m = {
        .logits = table_logits, .ctx = seed, .n_vocab = N_VOCAB, .n_ctx = 32};
    return lm_scripted_open(&m, 12, NULL);
}

// Chance of a sequence after the prompt "\x01", computed row by row.
static double table_chance(struct workspace *w, uint64_t *seed, int cell,
                           int length) {
    int32_t tokens[LENGTH + 1] = {1};
    double p = 1;
    for (int i = length; i > 0; i--) {
        tokens[i] = cell % N_VOCAB;
        cell /= N_VOCAB;
    }
    for (int i = 1; i <= length; i++) {
        float row[N_VOCAB], weights[N_VOCAB];
        double total;
        table_logits(seed, tokens, i, row);
        workspace_weights(w, ROLE_BASE, row, weights, &total, NULL);
        p *= weights[tokens[i]] / total;
    }
    return p;
}

static void count_cells(struct bench *b, int *count) {
    for (uint64_t seed = 0; seed < N_CALLS; seed++) {
        int first;
        bench_reset(b, seed);
        int n = bench_write(b, AUTHOR_BASE, true, TREE_ROOT, N_EACH, &first);
        for (int i = first; i < first + n; i++) {
            const int32_t *t = tree_tokens(&b->x->tree, i);
            cr_assert_eq(b->x->tree.nodes[i].n_tokens, LENGTH);
            count[(t[0] * N_VOCAB + t[1]) * N_VOCAB + t[2]] +=
                b->x->tree.nodes[i].n_copies;
        }
    }
}

static void open_tables(struct bench *b, uint64_t *base_seed,
                        uint64_t *draft_seed, int rule, int draft_tokens) {
    struct settings s;
    bench_settings(&s);
    strcpy(s.prompt, "{problem}");
    s.budget_tokens = s.step_tokens = LENGTH;
    s.temperature = 1.2;
    s.accept = rule;
    s.draft_tokens = draft_tokens;
    b->p.base = open_table(base_seed);
    b->p.draft = open_table(draft_seed);
    bench_open_models(b, &s, "\x01");
}

// p of Pearson's test; cells of fewer than 5 expected are taken together.
static double p_value(const int *count, const double *expected, int n) {
    double sum = 0, rest = 0, rest_expected = 0;
    int n_free = -1;
    for (int i = 0; i <= n; i++) {
        double seen = i < n ? count[i] : rest;
        double e = i < n ? expected[i] : rest_expected;
        if (e < 5 && i < n) {
            rest_expected += e;
            rest += seen;
        } else if (e > 0) {
            sum += (seen - e) * (seen - e) / e;
            n_free++;
        }
    }
    return gsl_cdf_chisq_Q(sum, n_free);
}

static void check_distribution(int rule, int draft_tokens) {
    uint64_t base_seed = 5, draft_seed = 105;
    int count[N_CELLS] = {0};
    double expected[N_CELLS];
    struct bench b;
    open_tables(&b, &base_seed, &draft_seed, rule, draft_tokens);
    count_cells(&b, count);
    for (int i = 0; i < N_CELLS; i++)
        expected[i] =
            table_chance(b.p.w, &base_seed, i, LENGTH) * N_CALLS * N_EACH;
    cr_expect_gt(b.p.t.count.spec_accepted, 0);
    cr_expect_gt(b.p.t.count.spec_drafted, b.p.t.count.spec_accepted);
    double p = p_value(count, expected, N_CELLS);
    cr_expect(p > 1e-3, "rule %d, %d drafted: p = %g", rule, draft_tokens, p);
    bench_close(&b);
}

Test(thoughts_drafter, both_rules_keep_the_distribution_of_the_base) {
    check_distribution(ACCEPT_REJECTION, 2);
    check_distribution(ACCEPT_REJECTION, 1);
    check_distribution(ACCEPT_EXACT, 2);
}

// Two thoughts by their first two tokens.
enum { N_PAIR = N_VOCAB * N_VOCAB, N_PAIRS = 20000 };

static int first_two(const struct tree *t, int node) {
    return tree_tokens(t, node)[0] * N_VOCAB + tree_tokens(t, node)[1];
}

static void check_independence(int rule, uint64_t draft_seed) {
    static int count[N_PAIR * N_PAIR];
    static double expected[N_PAIR * N_PAIR];
    uint64_t base_seed = 5;
    double chance[N_PAIR];
    struct bench b;
    open_tables(&b, &base_seed, &draft_seed, rule, 2);
    memset(count, 0, sizeof count);
    for (uint64_t seed = 0; seed < N_PAIRS; seed++) {
        int first;
        bench_reset(&b, seed);
        int n = bench_write(&b, AUTHOR_BASE, true, TREE_ROOT, 2, &first);
        count[first_two(&b.x->tree, first) * N_PAIR +
              first_two(&b.x->tree, first + n - 1)]++;
    }
    for (int i = 0; i < N_PAIR; i++)
        chance[i] = table_chance(b.p.w, &base_seed, i, 2);
    for (int i = 0; i < N_PAIR * N_PAIR; i++)
        expected[i] = chance[i / N_PAIR] * chance[i % N_PAIR] * N_PAIRS;
    double p = p_value(count, expected, N_PAIR * N_PAIR);
    cr_expect(p > 1e-3, "rule %d: p = %g", rule, p);
    bench_close(&b);
}

Test(thoughts_drafter, that_share_proposals_are_independent) {
    for (int rule = 0; rule < 2; rule++) {
        check_independence(rule, 105);
        check_independence(rule, 5); // the drafter is the base
    }
}

// ---- models of one family ---------------------------------------------------

static const char *const base_specials[] = {"<|grade|>", "<|base|>", NULL};
static const char *const draft_specials[] = {"<|own|>", "<|grade|>", NULL};

Test(thoughts_drafter, of_a_family_are_written_in_the_ids_of_the_base) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.temperature = 0.8;
    s.accept = ACCEPT_EXACT;
    s.evaluator = EVALUATOR_LIKELIHOOD;
    bench_open_family(&b, &s, 41, 1, base_specials, draft_specials);
    for (uint64_t seed = 0; seed < 6; seed++) {
        bench_reset(&b, seed);
        alone_check_layers(&b, AUTHOR_DRAFT, false, 12);
        bench_reset(&b, seed);
        alone_check_layers(&b, AUTHOR_BASE, true, 12);
        cr_expect_gt(b.p.t.count.spec_accepted, 0);
    }
    bench_close(&b);
}

// The grade token, 257 in the base and 258 in the draft, after each 'a'.
static void special_row(int32_t special, const int32_t *tokens, int n,
                        float *row) {
    int after_a = 0;
    for (int i = n; i > 0 && tokens[i - 1] != '\n' && !after_a; i--)
        if (tokens[i - 1] == 'a') after_a = n - i + 1;
    bool odd = after_a == 2 && tokens[n - 1] != special; // another id
    row[after_a == 0 ? 'a' : after_a == 1 ? special : odd ? 'x' : 256] = 30;
}

static void base_special(void *ctx, const int32_t *tokens, int n, float *row) {
    (void)ctx;
    special_row(257, tokens, n, row);
}

static void draft_special(void *ctx, const int32_t *tokens, int n, float *row) {
    (void)ctx;
    special_row(258, tokens, n, row);
}

Test(thoughts_drafter, of_a_family_may_hold_special_tokens) {
    static const char *const meta[] = {"specsweep.prompt", "P:{problem}\n",
                                       NULL};
    struct scripted_model base = {.logits = base_special,
                                  .specials = base_specials,
                                  .n_ctx = 64,
                                  .meta = meta};
    struct scripted_model draft = base;
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.temperature = 0;
    draft.logits = draft_special;
    draft.specials = draft_specials;
    b.p.base = lm_scripted_open(&base, 12, NULL);
    b.p.draft = lm_scripted_open(&draft, 12, NULL);
    bench_open_models(&b, &s, "1+1");
    for (int i = 0; i < 3; i++) {
        int first;
        bench_reset(&b, 0);
        bench_write(&b, i ? AUTHOR_BASE : AUTHOR_DRAFT, i == 2, TREE_ROOT, 3,
                    &first);
        const struct node *n = &b.x->tree.nodes[first];
        cr_expect(n->n_tokens == 2 && n->n_text == 1 && n->n_copies == 3);
        cr_expect_eq(tree_tokens(&b.x->tree, first)[1], 257);
        cr_expect_eq(n->end, STOP_END);
        if (i == 2) cr_expect_eq(b.p.t.count.spec_accepted, 3);
    }
    bench_close(&b);
}
