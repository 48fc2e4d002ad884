#include "engine/methods/thoughts.h"

#include "engine/base/error.h"
#include "tests/helper_alone.h"
#include "tests/helper_malloc.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

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
            alone_check_layers(&b, AUTHOR_BASE, false, 12);
            bench_reset(&b, seed);
            alone_check_layers(&b, AUTHOR_DRAFT, false, 12);
            cr_expect_eq(b.p.t.count.repeated[ROLE_DRAFT], 0);
        }
        bench_close(&b);
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
        alone_check(&b, AUTHOR_BASE, TREE_ROOT, 64, 0, first, n);
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

// ---- accounts ---------------------------------------------------------------

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
        int parent = bench_find_open(b.x),
            length = b.x->tree.nodes[parent].n_tokens;
        cr_assert_geq(length, 8);
        int n_nodes = bench_write(&b, AUTHOR_BASE, true, parent, n, &first);
        const struct counters *c = &b.p.t.count;
        cr_expect_leq(c->evaluated[ROLE_BASE],
                      length + c->spec_drafted + c->spec_passes + 2 * n_nodes);
    }
    bench_close(&b);
}
