#include "engine/base/error.h"
#include "tests/helper_thoughts.h"

#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- one thought alone ------------------------------------------------------

// What thoughts.h says a thought is, written token by token in a transcript of
// its own, without any of the module's code.
struct alone {
    int32_t tokens[64];
    int n;
    char text[256];
    size_t n_text;
    enum stop_reason end;
    double log_p;
};

static int path_tokens(const struct search *x, int node, int32_t *out) {
    if (node == TREE_ROOT) return 0;
    const struct node *n = &x->tree.nodes[node];
    int before = path_tokens(x, n->parent, out);
    memcpy(out + before, tree_tokens(&x->tree, node),
           (size_t)n->n_tokens * sizeof *out);
    return before + n->n_tokens;
}

static void write_alone(struct bench *b, enum author author, int parent,
                        uint64_t drawn, struct alone *a) {
    struct workspace *w = b->p.w;
    enum model_role role = author == AUTHOR_BASE ? ROLE_BASE : ROLE_DRAFT;
    struct error err = {0};
    int32_t path[512];
    char text[1024];
    size_t n_text = 0;
    struct stop_scan scan;
    float *weights = malloc((size_t)w->n_vocab * sizeof *weights);
    struct lm_seq *seq = lm_seq_new(w->lm[role], &err);
    int n_path = path_tokens(b->x, parent, path);
    stop_scan_init(&scan, &b->p.s);
    lm_push(seq, lm_tokens(w->seq[role]), w->n_prompt[role], &err);
    lm_push(seq, path, n_path, &err);
    for (int i = 0; i < n_path; i++) {
        if (path[i] < 256) text[n_text++] = (char)path[i];
        stop_scan_token(&scan, text, n_text);
    }
    *a = (struct alone){0};
    for (size_t before = n_text;;) {
        const float *row;
        int at = lm_n_tokens(seq);
        double total;
        cr_assert_eq(lm_rows(seq, &at, 1, &row, &err), 0, "%s", err.text);
        workspace_weights(w, role, row, weights, &total, &err);
        double u =
            rng_u01(&b->rng, author == AUTHOR_BASE ? RNG_TARGET : RNG_DRAFT,
                    (drawn + 1) << 32 | (uint64_t)a->n);
        int32_t token = sample_pick(weights, w->n_vocab, total, u);
        if (token == 256) {
            a->end = STOP_END;
            break;
        }
        a->log_p += workspace_log_p(w, role, row, token);
        lm_push(seq, &token, 1, &err);
        a->tokens[a->n++] = token;
        text[n_text++] = (char)token;
        stop_scan_token(&scan, text, n_text);
        memcpy(a->text, text + before, n_text - before);
        a->n_text = n_text - before;
        if (scan.answer) a->end = STOP_ANSWER;
        if (a->end || scan.step_done) break;
    }
    if (!a->end && scan.repeated) a->end = STOP_REPETITION;
    if (!a->end && n_path + a->n >= b->p.s.budget_tokens) a->end = STOP_BUDGET;
    lm_seq_free(seq);
    free(weights);
}

static void check_node(const struct bench *b, int node, const struct alone *a) {
    const struct node *n = &b->x->tree.nodes[node];
    cr_assert_eq(n->n_text, a->n_text);
    cr_assert_eq(memcmp(tree_text(&b->x->tree, node), a->text, a->n_text), 0);
    cr_assert_eq(n->end, a->end, "end %d, not %d", n->end, a->end);
    cr_assert_eq(n->n_tokens, a->n);
    cr_assert_eq(memcmp(tree_tokens(&b->x->tree, node), a->tokens,
                        (size_t)a->n * sizeof *a->tokens),
                 0);
    if (!isnan(n->log_p)) cr_assert_float_eq(n->log_p, a->log_p, 1e-9);
}

// All thoughts after a node, one by one; each must have its node.
static void check_alone(struct bench *b, enum author author, int parent, int n,
                        uint64_t drawn, int first, int n_nodes) {
    struct alone a;
    int copies[64] = {0}, last = -1;
    for (int i = 0; i < n; i++) {
        write_alone(b, author, parent, drawn + (uint64_t)i, &a);
        int node = first;
        while (node < first + n_nodes &&
               (b->x->tree.nodes[node].parent != parent ||
                b->x->tree.nodes[node].end != a.end ||
                b->x->tree.nodes[node].n_text != a.n_text ||
                memcmp(tree_text(&b->x->tree, node), a.text, a.n_text) != 0))
            node++;
        cr_assert_lt(node, first + n_nodes, "thought %d has no node", i);
        check_node(b, node, &a);
        if (copies[node - first]++) continue;
        cr_assert_gt(node, last, "nodes are not in the order of drawing");
        cr_assert_eq(b->x->tree.nodes[node].drawn, drawn + (uint64_t)i);
        last = node;
    }
    for (int i = 0; i < n_nodes; i++) {
        if (b->x->tree.nodes[first + i].parent == parent)
            cr_assert_eq(b->x->tree.nodes[first + i].n_copies, copies[i]);
    }
}

static int find_open(const struct search *x) {
    for (int i = x->tree.n_nodes; i-- > 0;) {
        if (!x->tree.nodes[i].end) return i;
    }
    cr_assert_fail("no thought can go on");
    return -1;
}

// Three layers of one path.
static void check_layers(struct bench *b, enum author author, bool speculate,
                         int n) {
    int parent = TREE_ROOT;
    for (int depth = 0; depth < 3; depth++) {
        int first;
        uint64_t drawn = b->x->n_drawn;
        int n_nodes = bench_write(b, author, speculate, parent, n, &first);
        cr_assert_eq(b->x->n_drawn, drawn + (uint64_t)n);
        check_alone(b, author, parent, n, drawn, first, n_nodes);
        parent = find_open(b->x);
    }
}

Test(thoughts, are_those_of_each_written_alone) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.evaluator = EVALUATOR_LIKELIHOOD;
    for (uint64_t model = 1; model <= 3; model++) {
        bench_open(&b, &s, model, 1.5);
        for (uint64_t seed = 0; seed < 8; seed++) {
            b.p.s.temperature = seed % 4 ? 0.3 * (double)(seed % 4) : 0;
            workspace_fit(b.p.w, &b.p.s, false, NULL);
            bench_reset(&b, seed);
            b.x->n_live = seed % 2 ? 5 : 20;
            check_layers(&b, AUTHOR_BASE, false, 12);
            bench_reset(&b, seed);
            check_layers(&b, AUTHOR_DRAFT, false, 12);
            cr_expect_eq(b.p.t.count.repeated[ROLE_DRAFT], 0);
        }
        bench_close(&b);
    }
}

// ---- with the drafter -------------------------------------------------------

Test(thoughts, exact_rule_gives_the_thoughts_of_the_base_alone) {
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
            check_layers(&b, AUTHOR_BASE, true, 12);
            const struct counters *c = &b.p.t.count;
            n_accepted += c->spec_accepted;
            cr_expect_leq(c->spec_accepted, c->spec_drafted);
            cr_expect_leq(c->spec_drafted, c->spec_passes * b.p.s.draft_tokens);
            // A past keeps no row: the last token of a thought that was
            // verified whole is read again by those that go on from it.
            cr_expect_leq(c->repeated[ROLE_BASE], 2 * 12);
            cr_expect_eq(c->repeated[ROLE_DRAFT], 0);
        }
        bench_close(&b);
    }
    cr_expect_gt(n_accepted, 500);
}

Test(thoughts, a_drafter_that_is_the_base_is_always_right) {
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
static double table_chance(struct workspace *w, uint64_t *seed, int cell) {
    int32_t tokens[LENGTH + 1] = {1};
    double p = 1;
    for (int i = LENGTH; i > 0; i--) {
        tokens[i] = cell % N_VOCAB;
        cell /= N_VOCAB;
    }
    for (int i = 1; i <= LENGTH; i++) {
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

static void check_distribution(int rule, int draft_tokens) {
    uint64_t base_seed = 5, draft_seed = 105;
    int count[N_CELLS] = {0};
    double sum = 0;
    struct settings s;
    struct bench b;
    bench_settings(&s);
    strcpy(s.prompt, "{problem}");
    s.budget_tokens = s.step_tokens = LENGTH;
    s.temperature = 1.2;
    s.accept = rule;
    s.draft_tokens = draft_tokens;
    b.p.base = open_table(&base_seed);
    b.p.draft = open_table(&draft_seed);
    bench_open_models(&b, &s, "\x01");
    count_cells(&b, count);
    double rest = 0, rest_expected = 0;
    int n_free = -1;
    for (int i = 0; i <= N_CELLS; i++) {
        bool is_rest = i == N_CELLS;
        double expected =
            is_rest ? rest_expected
                    : table_chance(b.p.w, &base_seed, i) * N_CALLS * N_EACH;
        double seen = is_rest ? rest : count[i];
        if (expected < 5 && !is_rest) {
            rest_expected += expected;
            rest += seen;
        } else if (expected > 0) {
            sum += (seen - expected) * (seen - expected) / expected;
            n_free++;
        }
    }
    cr_expect_gt(b.p.t.count.spec_accepted, 0);
    cr_expect_gt(b.p.t.count.spec_drafted, b.p.t.count.spec_accepted);
    double p = gsl_cdf_chisq_Q(sum, n_free);
    cr_expect(p > 1e-3, "rule %d, %d drafted: p = %g", rule, draft_tokens, p);
    bench_close(&b);
}

Test(thoughts, both_rules_keep_the_distribution_of_the_base) {
    check_distribution(ACCEPT_REJECTION, 2);
    check_distribution(ACCEPT_REJECTION, 1);
    check_distribution(ACCEPT_EXACT, 2);
}
