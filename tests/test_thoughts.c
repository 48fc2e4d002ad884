#include "engine/base/error.h"
#include "tests/helper_malloc.h"
#include "tests/helper_thoughts.h"

#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
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

static void push_read(struct workspace *w, struct lm_seq *seq, int32_t token) {
    const int32_t *ids = &token;
    int n = 1;
    if (lm_seq_lm(seq) == w->lm[ROLE_DRAFT])
        n = vocab_map_read(&w->map, &token, &ids);
    cr_assert_eq(lm_push(seq, ids, n, NULL), 0);
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
    for (int i = 0; i < n_path; i++) {
        push_read(w, seq, path[i]);
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
        push_read(w, seq, token);
        a->tokens[a->n++] = token;
        if (token < 256) text[n_text++] = (char)token;
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
            cr_expect_eq(c->repeated[ROLE_BASE], 0);
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

Test(thoughts, both_rules_keep_the_distribution_of_the_base) {
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

Test(thoughts, that_share_proposals_are_independent) {
    for (int rule = 0; rule < 2; rule++) {
        check_independence(rule, 105);
        check_independence(rule, 5); // the drafter is the base
    }
}

// ---- bundles and waves ------------------------------------------------------

enum { MAX_NODES = 200 };
struct nodes {
    struct node nodes[MAX_NODES];
    int n;
    int32_t tokens[8192];
    struct counters count;
};

// Two layers: after the prompt, and after all of the first that go on.
static void write_two_layers(struct bench *b, enum author author,
                             bool speculate, int n_live, struct nodes *out) {
    struct error err = {0};
    struct wish wishes[64];
    int first, n, n_wishes = 0;
    b->x->n_live = n_live;
    n = bench_write(b, author, speculate, TREE_ROOT, 9, &first);
    for (int i = 0; i < n; i++) {
        if (!b->x->tree.nodes[i].end)
            wishes[n_wishes++] = (struct wish){i, 3 + i % 3};
        wishes[n_wishes++] = (struct wish){TREE_ROOT, 0};
    }
    cr_assert_gt(n_wishes, 1);
    cr_assert_eq(thoughts_write(b->x, author, speculate, wishes, n_wishes,
                                &first, &n, &err),
                 0, "%s", err.text);
    cr_assert(b->x->tree.n_nodes <= MAX_NODES && b->x->tree.n_tokens <= 8192);
    out->n = b->x->tree.n_nodes;
    out->count = b->p.t.count;
    memcpy(out->nodes, b->x->tree.nodes, (size_t)out->n * sizeof *out->nodes);
    memcpy(out->tokens, b->x->tree.tokens, b->x->tree.n_tokens * 4);
}

static void check_same(const struct nodes *a, const struct nodes *b) {
    cr_assert_eq(a->n, b->n);
    for (int i = 0; i < a->n; i++) {
        const struct node *p = &a->nodes[i], *q = &b->nodes[i];
        cr_assert_eq(p->parent, q->parent);
        cr_assert_eq(p->depth, q->depth);
        cr_assert_eq(p->author, q->author);
        cr_assert_eq(p->n_copies, q->n_copies);
        cr_assert_eq(p->drawn, q->drawn);
        cr_assert_eq(p->end, q->end);
        cr_assert_eq(p->n_tokens, q->n_tokens);
        cr_assert_eq(p->n_path_tokens, q->n_path_tokens);
        cr_assert_eq(p->n_from_draft, q->n_from_draft);
        cr_assert_eq(p->log_p, q->log_p);
        cr_assert_eq(memcmp(&p->scan, &q->scan, sizeof p->scan), 0);
        cr_assert_eq(memcmp(a->tokens + p->token_begin,
                            b->tokens + q->token_begin,
                            (size_t)p->n_tokens * 4),
                     0);
    }
}

static int64_t n_evaluated(const struct nodes *n) {
    return n->count.evaluated[ROLE_BASE] + n->count.evaluated[ROLE_DRAFT];
}

// With one thought at a time there are neither bundles nor batches.
static void check_waves(int author, bool speculate, int accept,
                        uint64_t model_seed) {
    static const int sizes[] = {2, 7, 63};
    static struct nodes alone, together;
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.accept = accept;
    s.temperature = 0.5;
    s.evaluator = EVALUATOR_LIKELIHOOD;
    s.beam_width = 3; // three parents: 72 at once
    bench_open(&b, &s, model_seed, 1.5);
    for (uint64_t seed = 0; seed < 10; seed++) {
        bench_reset(&b, seed);
        write_two_layers(&b, author, speculate, 1, &alone);
        for (int i = 0; i < 3; i++) {
            bench_reset(&b, seed);
            write_two_layers(&b, author, speculate, sizes[i], &together);
            check_same(&alone, &together);
        }
        cr_expect_lt(n_evaluated(&together), n_evaluated(&alone));
        cr_expect_lt(together.count.calls[ROLE_DRAFT] +
                         together.count.calls[ROLE_BASE],
                     alone.count.calls[ROLE_DRAFT] / 3 +
                         alone.count.calls[ROLE_BASE] / 3);
    }
    bench_close(&b);
}

Test(thoughts, waves_of_any_size_give_the_same_nodes) {
    check_waves(AUTHOR_BASE, false, ACCEPT_EXACT, 21);
    check_waves(AUTHOR_DRAFT, false, ACCEPT_EXACT, 22);
    check_waves(AUTHOR_BASE, true, ACCEPT_EXACT, 23);
}

Test(thoughts, fill_a_wave_to_the_last_member) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.temperature = 1;
    s.beam_width = 3;
    bench_open(&b, &s, 25, 1.5);
    cr_assert_eq(b.x->n_live, 64);
    for (int speculate = 0; speculate < 2; speculate++) {
        int first;
        b.p.s.accept = ACCEPT_EXACT;
        bench_reset(&b, 1);
        int n = bench_write(&b, AUTHOR_BASE, speculate, TREE_ROOT, 64, &first);
        check_alone(&b, AUTHOR_BASE, TREE_ROOT, 64, 0, first, n);
    }
    bench_close(&b);
}

Test(thoughts, equal_draws_are_one_node_and_evaluated_once) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.temperature = 0;
    bench_open(&b, &s, 31, 1);
    for (int speculate = 0; speculate < 2; speculate++) {
        int first;
        bench_reset(&b, 1);
        cr_expect_eq(
            bench_write(&b, AUTHOR_BASE, speculate, TREE_ROOT, 12, &first), 1);
        const struct node *n = &b.x->tree.nodes[first];
        cr_expect_eq(n->n_copies, 12);
        // The last token is not evaluated, or the drafted ones after it are.
        cr_expect_leq(b.p.t.count.evaluated[ROLE_BASE],
                      n->n_tokens + b.p.t.count.spec_drafted);
        if (!speculate) {
            cr_expect_eq(b.p.t.count.evaluated[ROLE_BASE], n->n_tokens - 1);
            cr_expect_eq(b.p.t.count.calls[ROLE_BASE], n->n_tokens - 1);
        }
    }
    bench_close(&b);
}

// ---- ends -------------------------------------------------------------------

// Models that go on with one text after the prompt.
struct script {
    const char *text;
    const char *other; // the draft's, if not the same
};

static void script_row(const char *text, const int32_t *tokens, int n,
                       float *row) {
    int begin = 0;
    while (tokens[begin] != '\n')
        begin++;
    size_t at = (size_t)(n - begin - 1);
    row[at < strlen(text) ? (unsigned char)text[at] : 256] = 30;
}

static void base_logits(void *ctx, const int32_t *tokens, int n, float *row) {
    script_row(((struct script *)ctx)->text, tokens, n, row);
}

static void draft_logits(void *ctx, const int32_t *tokens, int n, float *row) {
    const struct script *s = ctx;
    script_row(s->other ? s->other : s->text, tokens, n, row);
}

static struct lm *open_script(struct script *s, bool is_draft, int n_ctx) {
    static const char *const meta[] = {"specsweep.prompt", "P:{problem}\n",
                                       NULL};
    struct scripted_model m = {.logits = is_draft ? draft_logits : base_logits,
                               .ctx = s,
                               .n_ctx = n_ctx,
                               .meta = meta};
    return lm_scripted_open(&m, 12, NULL);
}

// Thoughts after thoughts until one ends: "text>end|text>end", '/' for newline.
static void follow(struct bench *b, enum author author, bool speculate,
                   char *out, size_t size) {
    int node = TREE_ROOT;
    size_t used = 0;
    out[0] = '\0';
    do {
        int first, n = bench_write(b, author, speculate, node, 2, &first);
        cr_assert_leq(n, 1);
        if (n == 0) break;
        node = first;
        const struct node *t = &b->x->tree.nodes[node];
        cr_assert_eq(t->n_copies, 2);
        used += (size_t)snprintf(out + used, size - used, "%s%.*s>%s",
                                 node ? "|" : "", (int)t->n_text,
                                 tree_text(&b->x->tree, node),
                                 t->end ? stop_reason_name[t->end] : "");
        cr_assert_lt(used, size);
    } while (!b->x->tree.nodes[node].end);
    for (char *c = out; *c; c++) {
        if (*c == '\n') *c = '/';
    }
}

static void check_script(struct script script, const struct settings *s,
                         int n_ctx, const char *expected) {
    char path[512];
    struct bench b;
    b.p.base = open_script(&script, false, n_ctx);
    b.p.draft = open_script(&script, true, n_ctx);
    bench_open_models(&b, s, "1+1");
    for (int rule = 0; rule < 2; rule++) {
        b.p.s.accept = rule;
        bench_reset(&b, 0);
        follow(&b, AUTHOR_BASE, true, path, sizeof path);
        cr_expect_str_eq(path, expected, "with the drafter: %s", path);
    }
    bench_reset(&b, 0);
    follow(&b, AUTHOR_BASE, false, path, sizeof path);
    cr_expect_str_eq(path, expected, "base: %s", path);
    if (!script.other) {
        bench_reset(&b, 0);
        follow(&b, AUTHOR_DRAFT, false, path, sizeof path);
        cr_expect_str_eq(path, expected, "draft: %s", path);
    }
    bench_close(&b);
}

Test(thoughts, end_as_any_step_does) {
    struct settings s;
    bench_settings(&s);
    s.temperature = 0;
    s.evaluator = EVALUATOR_LIKELIHOOD;
    for (int i = 1; i <= 8; i++) {
        s.draft_tokens = i;
        check_script((struct script){.text = "ab\n\ncd \\boxed{3} e\n\n"}, &s,
                     100, "ab//>|cd \\boxed{3}>answer");
        check_script((struct script){.text = "ab\n\nc"}, &s, 100,
                     "ab//>|c>end");
        check_script((struct script){.text = "ab\n\n"}, &s, 100, "ab//>|>end");
        check_script((struct script){.text = ""}, &s, 100, ">end");
        check_script((struct script){.text = "a\n\nb\n\nb\n\nc\n\n"}, &s, 100,
                     "a//>|b//>|b//>repetition");
        check_script((struct script){"ab\n\ncd\n\nef", "ab\n\ncx\n\ne"}, &s,
                     100, "ab//>|cd//>|ef>end");
        check_script((struct script){"ab\n\ncd\n\nef", "ab"}, &s, 100,
                     "ab//>|cd//>|ef>end");
        check_script((struct script){"ab", "abcdefghijkl"}, &s, 100, "ab>end");
        // "P:1+1\n" takes 6 tokens.
        check_script((struct script){.text = "ab\n\ncdefgh"}, &s, 12,
                     "ab//>|cd>context");
        check_script((struct script){.text = "abcd\n\nefgh"}, &s, 12,
                     "abcd//>");
    }
}

// The prompt takes 6 tokens, so that the drafter falls silent sooner or later.
Test(thoughts, go_on_where_the_drafter_cannot) {
    struct script script = {.text = "ab\n\ncd\n\nefgh"};
    struct settings s;
    bench_settings(&s);
    s.temperature = 0;
    s.draft_tokens = 3;
    for (int n_ctx = 6; n_ctx <= 20; n_ctx++) {
        char path[512];
        struct bench b;
        int first;
        b.p.base = open_script(&script, false, 100);
        b.p.draft = open_script(&script, true, n_ctx);
        bench_open_models(&b, &s, "1+1");
        follow(&b, AUTHOR_BASE, true, path, sizeof path);
        cr_expect_str_eq(path, "ab//>|cd//>|efgh>end", "%s", path);
        cr_expect_gt(b.p.t.count.spec_drafted, 0);
        // After "ab//cd//", which takes 14.
        int64_t n_drafted = b.p.t.count.spec_drafted;
        bench_write(&b, AUTHOR_BASE, true, 1, 1, &first);
        cr_expect_eq(b.p.t.count.spec_drafted > n_drafted, n_ctx >= 14);
        bench_close(&b);
    }
}

// ---- models of one family ---------------------------------------------------

Test(thoughts, of_a_family_are_written_in_the_ids_of_the_base) {
    static const char *const base_specials[] = {"<|grade|>", "<|base|>", NULL};
    static const char *const draft_specials[] = {"<|own|>", "<|grade|>", NULL};
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.temperature = 0.8;
    s.accept = ACCEPT_EXACT;
    s.evaluator = EVALUATOR_LIKELIHOOD;
    toy_init(&b.p.base_toy, 41, 0, 0);
    toy_init(&b.p.draft_toy, 41, 42, 1);
    b.p.base_toy.model.specials = base_specials;
    b.p.draft_toy.model.specials = draft_specials;
    b.p.base = toy_open(&b.p.base_toy);
    b.p.draft = toy_open(&b.p.draft_toy);
    bench_open_models(&b, &s, "1+1");
    cr_assert_eq(b.p.w->map.relation, VOCAB_FAMILY);
    for (uint64_t seed = 0; seed < 6; seed++) {
        bench_reset(&b, seed);
        check_layers(&b, AUTHOR_DRAFT, false, 12);
        bench_reset(&b, seed);
        check_layers(&b, AUTHOR_BASE, true, 12);
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

Test(thoughts, of_a_family_may_hold_special_tokens) {
    static const char *const base_specials[] = {"<|grade|>", "<|base|>", NULL};
    static const char *const draft_specials[] = {"<|own|>", "<|grade|>", NULL};
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

Test(thoughts, end_at_the_limits_of_their_path) {
    struct settings s;
    bench_settings(&s);
    s.temperature = 0;
    for (int i = 1; i <= 8; i++) {
        const struct script text = {.text = "ab\n\ncd\n\nef\n\ngh\n\n"};
        s.draft_tokens = i;
        s.max_depth = 3;
        check_script(text, &s, 100, "ab//>|cd//>|ef//>steps");
        s.max_depth = 20;
        s.max_steps = 2;
        check_script(text, &s, 100, "ab//>|cd//>steps");
        s.max_steps = 30;
        s.budget_tokens = 6;
        check_script(text, &s, 100, "ab//>|cd>budget");
        s.budget_tokens = 8;
        check_script(text, &s, 100, "ab//>|cd//>budget");
        s.budget_tokens = 120;
        s.step_tokens = 3;
        check_script(text, &s, 100, "ab/>|/cd>|//>|ef/>|/gh>|//>|>end");
        s.step_tokens = 20;
    }
}

// ---- equal texts ------------------------------------------------------------

// "ab", then with even chances the end or a token without text.
static void two_ends(void *ctx, const int32_t *tokens, int n, float *row) {
    (void)ctx;
    bool after_b = tokens[n - 1] == 'b';
    row[after_b ? 256 : tokens[n - 1] == 'a' ? 'b' : 'a'] = 30;
    if (after_b) row[257] = 30;
}

Test(thoughts, of_equal_text_are_one_node_if_they_end_alike) {
    static const char *const specials[] = {"<|grade|>", NULL};
    static const char *const meta[] = {"specsweep.prompt", "P:{problem}\n",
                                       NULL};
    struct scripted_model m = {
        .logits = two_ends, .specials = specials, .n_ctx = 64, .meta = meta};
    struct settings s;
    struct bench b;
    bench_settings(&s);
    s.step_tokens = 3; // "ab" and the token without text are a step
    b.p.base = lm_scripted_open(&m, 12, NULL);
    b.p.draft = lm_scripted_open(&m, 12, NULL);
    bench_open_models(&b, &s, "1+1");
    for (int speculate = 0; speculate < 2; speculate++) {
        int first;
        bench_reset(&b, 1);
        cr_assert_eq(
            bench_write(&b, AUTHOR_BASE, speculate, TREE_ROOT, 20, &first), 2);
        const struct node *n = &b.x->tree.nodes[first];
        cr_expect(n[0].n_text == 2 && n[1].n_text == 2);
        cr_expect(n[0].end != n[1].end);
        cr_expect_eq(n[0].n_copies + n[1].n_copies, 20);
        for (int i = 0; i < 2; i++)
            cr_expect_eq(n[i].n_tokens, n[i].end ? 2 : 3);
    }
    bench_close(&b);
}

// ---- accounts ---------------------------------------------------------------

// One thought with the drafter: drafted, accepted, passes, tokens of the base.
static void check_counts(const char *text, struct settings *s, int drafted,
                         int accepted, int passes, int evaluated) {
    struct script script = {.text = text};
    struct bench b;
    int first;
    b.p.base = open_script(&script, false, 100);
    b.p.draft = open_script(&script, true, 100);
    bench_open_models(&b, s, "1+1");
    bench_write(&b, AUTHOR_BASE, true, TREE_ROOT, 3, &first);
    const struct counters *c = &b.p.t.count;
    const int64_t got[] = {c->spec_drafted, c->spec_accepted, c->spec_passes,
                           c->evaluated[ROLE_BASE]};
    const int64_t expected[] = {drafted, accepted, passes, evaluated};
    for (int i = 0; i < 4; i++)
        cr_expect_eq(got[i], expected[i], "%s: count %d is %lld", text, i,
                     (long long)got[i]);
    cr_expect_eq(c->step_tokens_drafted, 0);
    for (int r = 0; r < ROLE_PRM; r++)
        cr_expect_not_null(b.x->tree.nodes[first].past[r]);
    bench_close(&b);
}

// The last token of a thought is never evaluated.
Test(thoughts, count_what_is_proposed) {
    struct settings s;
    bench_settings(&s);
    s.temperature = 0;
    s.draft_tokens = 8;
    check_counts("ab\n\ncdef", &s, 4, 4, 1, 3);
    check_counts("ab", &s, 3, 3, 1, 2); // the end, too
    check_counts("abcdefghi\n\n", &s, 8 + 2, 10, 2, 10);
    s.budget_tokens = 4; // a round gives one more than it proposes
    check_counts("abcdefgh\n\n", &s, 3, 3, 1, 3);
    s.budget_tokens = 120;
    s.step_tokens = 3;
    check_counts("abcdefgh\n\n", &s, 2, 2, 1, 2);
    s.draft_tokens = 1;
    check_counts("abcdefgh\n\n", &s, 1, 1, 1, 2);
}

Test(thoughts, a_model_that_fails_leaves_no_sequence_behind) {
    struct settings s;
    struct bench b;
    int n_failed = 0;
    bench_settings(&s);
    s.temperature = 1;
    for (int64_t call = 2; call < 40; call++) {
        int role = call % 2;
        toy_init(&b.p.base_toy, 51, 0, 0);
        toy_init(&b.p.draft_toy, 51, 52, 1);
        (role ? &b.p.draft_toy : &b.p.base_toy)->model.fail_at_call = call;
        b.p.base = toy_open(&b.p.base_toy);
        b.p.draft = toy_open(&b.p.draft_toy);
        bench_open_models(&b, &s, "1+1");
        int first, n;
        struct error err = {0};
        const struct wish wish = {TREE_ROOT, 30};
        int rc =
            thoughts_write(b.x, AUTHOR_BASE, true, &wish, 1, &first, &n, &err);
        if (rc) cr_expect(strstr(err.text, "scripted failure"), "%s", err.text);
        n_failed += rc != 0;
        for (int r = 0; r < ROLE_PRM; r++)
            cr_expect_eq(b.x->live[r].n_free, b.x->live[r].n);
        cr_expect_eq(n, b.x->tree.n_nodes);
        if (rc) {
            trace_stop(&b.p.t, STOP_ERROR);
            bench_reset(&b, 1);
            n = bench_write(&b, AUTHOR_BASE, true, TREE_ROOT, 30, &first);
            cr_expect_gt(n, 1);
        }
        bench_close(&b);
    }
    cr_expect_gt(n_failed, 15);
}

Test(thoughts, a_full_tree_is_an_error) {
    struct settings s;
    struct bench b;
    struct error err = {0};
    int first, n;
    bench_settings(&s);
    bench_open(&b, &s, 61, 1);
    int cap = b.x->tree.cap_nodes;
    b.x->tree.cap_nodes = 3;
    const struct wish wish = {TREE_ROOT, 20};
    cr_expect_eq(
        thoughts_write(b.x, AUTHOR_BASE, false, &wish, 1, &first, &n, &err),
        -1);
    cr_expect_eq(err.kind, ERR_INTERNAL);
    cr_expect_eq(n, 3);
    cr_expect_eq(b.x->live[ROLE_BASE].n_free, b.x->live[ROLE_BASE].n);
    b.x->tree.cap_nodes = cap;
    bench_close(&b);
}

Test(thoughts, allocate_nothing) {
    static struct nodes out;
    struct settings s;
    struct bench b;
    if (!malloc_count_works()) cr_skip("malloc cannot be counted here");
    bench_settings(&s);
    s.evaluator = EVALUATOR_LIKELIHOOD;
    bench_open(&b, &s, 71, 1);
    for (int i = 0; i < 3; i++) {
        bench_reset(&b, 1);
        malloc_count_start();
        write_two_layers(&b, i == 0 ? AUTHOR_DRAFT : AUTHOR_BASE, i == 2, 20,
                         &out);
        transcript_drop_all(b.x);
        cr_expect_eq(malloc_count_stop(), 0);
    }
    bench_close(&b);
}

static int64_t toy_now(void *ctx) {
    return *(int64_t *)ctx;
}

// A call takes 1000 ns of the base, 100 of the draft.
static void check_times(int author, bool speculate) {
    static struct nodes out;
    struct settings s;
    struct bench b;
    int64_t now_ns = 0, sum = 0;
    bench_settings(&s);
    toy_init(&b.p.base_toy, 81, 0, 0);
    toy_init(&b.p.draft_toy, 81, 82, 1);
    b.p.base_toy.model.now_ns = b.p.draft_toy.model.now_ns = &now_ns;
    b.p.base_toy.model.ns_per_call = 1000;
    b.p.draft_toy.model.ns_per_call = 100;
    b.p.base = toy_open(&b.p.base_toy);
    b.p.draft = toy_open(&b.p.draft_toy);
    bench_open_models(&b, &s, "1+1");
    const struct clock clock = {toy_now, &now_ns};
    b.p.t.clock = &clock;
    bench_reset(&b, 5);
    now_ns = 0;
    write_two_layers(&b, author, speculate, 20, &out);
    for (int i = 0; i < out.n; i++)
        sum += out.nodes[i].time_ns;
    cr_expect(llabs(sum - now_ns) <= 100, "%lld of %lld ns", (long long)sum,
              (long long)now_ns);
    const struct counters *c = &out.count;
    cr_expect_eq(now_ns,
                 1000 * c->calls[ROLE_BASE] + 100 * c->calls[ROLE_DRAFT]);
    const int64_t *ns = b.p.t.phase_ns;
    bool is_draft = author == AUTHOR_DRAFT;
    cr_expect_eq(ns[PHASE_DRAFT], 100 * c->calls[ROLE_DRAFT]);
    cr_expect_eq(ns[PHASE_BASE] + ns[PHASE_VERIFY], 1000 * c->calls[ROLE_BASE]);
    cr_expect_eq(ns[PHASE_VERIFY] > 0, speculate);
    cr_expect_eq(ns[PHASE_BASE] > 0, !is_draft && !speculate);
    cr_expect_eq(c->step_tokens_drafted > 0, is_draft);
    bench_close(&b);
}

Test(thoughts, share_the_time_of_their_batches) {
    check_times(AUTHOR_BASE, false);
    check_times(AUTHOR_DRAFT, false);
    check_times(AUTHOR_BASE, true);
}

Test(thoughts, after_a_drafted_one_read_it_once) {
    struct settings s;
    struct bench b;
    int first;
    bench_settings(&s);
    s.temperature = 1;
    bench_open(&b, &s, 91, 1);
    for (int n = 1; n <= 12; n += 11) {
        bench_reset(&b, 2);
        bench_write(&b, AUTHOR_DRAFT, false, TREE_ROOT, 12, &first);
        int parent = find_open(b.x), length = b.x->tree.nodes[parent].n_tokens;
        cr_assert_geq(length, 8);
        int n_nodes = bench_write(&b, AUTHOR_BASE, true, parent, n, &first);
        const struct counters *c = &b.p.t.count;
        cr_expect_leq(c->evaluated[ROLE_BASE],
                      length + c->spec_drafted + c->spec_passes + 2 * n_nodes);
    }
    bench_close(&b);
}
