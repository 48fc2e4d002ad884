#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_gguf.h"
#include "tests/helper_malloc.h"
#include "tests/helper_thoughts.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const enum model_role two_roles[] = {ROLE_BASE, ROLE_DRAFT};

static int add(struct bench *b, int parent, const char *text) {
    int32_t tokens[32];
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        tokens[i] = (unsigned char)text[i];
    return tree_add(&b->x->tree, parent, AUTHOR_BASE, tokens, (int)n, text, n);
}

static void attach(struct bench *b, enum model_role role, int node,
                   struct lm_seq *seq) {
    struct error err = {0};
    bool fits = false;
    int rc = transcript_attach(b->x, role, node, seq, 0, &fits, &err);
    cr_assert(rc == 0 && fits, "%s", err.text);
}

// The row after the last token.
static const float *last_row(struct bench *b, enum model_role role,
                             struct lm_seq *seq) {
    struct error err = {0};
    const float *row;
    int at = lm_n_tokens(seq);
    const struct lm_ask ask = {seq, &at, 1, &row};
    cr_assert_eq(transcript_rows(b->x, role, &ask, 1, &err), 0, "%s", err.text);
    return row;
}

// `seq` is the prompt and this text, and has its row.
static void check_text(struct bench *b, enum model_role role,
                       struct lm_seq *seq, const char *text) {
    struct error err = {0};
    int n_prompt = b->p.w->n_prompt[role], n = (int)strlen(text);
    const int32_t *tokens = lm_tokens(seq);
    cr_assert_eq(lm_n_tokens(seq), n_prompt + n);
    cr_assert_eq(memcmp(tokens, lm_tokens(b->p.w->seq[role]),
                        (size_t)n_prompt * sizeof *tokens),
                 0);
    for (int i = 0; i < n; i++)
        cr_assert_eq(tokens[n_prompt + i], text[i], "token %d", i);
    struct lm_seq *other = lm_seq_new(b->p.w->lm[role], &err);
    lm_push(other, tokens, n_prompt + n, &err);
    const float *expected, *row = last_row(b, role, seq);
    lm_rows_shared(&other, 1, &expected, &err);
    cr_assert_eq(
        memcmp(row, expected, (size_t)lm_facts(b->p.w->lm[role])->n_vocab * 4),
        0);
    lm_seq_free(other);
}

Test(transcript, sequences_are_handed_out_once) {
    struct settings s;
    struct bench b;
    struct lm_seq *seqs[64];
    bench_settings(&s);
    bench_open(&b, &s, 1, 0);
    int n = b.x->live[ROLE_BASE].n;
    cr_assert(n > 20 && n <= 64);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < n; i++) {
            seqs[i] = transcript_take(b.x, ROLE_BASE);
            for (int j = 0; j < i; j++)
                cr_assert_neq(seqs[i], seqs[j]);
        }
        cr_expect_eq(b.x->live[ROLE_BASE].n_free, 0);
        // In another order each time; the last few are left to drop_all.
        for (int i = 0; i < n - round; i++)
            transcript_give(b.x, ROLE_BASE, seqs[(i * 7 + round) % n]);
        cr_expect_eq(b.x->live[ROLE_BASE].n_free, n - round);
        transcript_drop_all(b.x);
        cr_expect_eq(b.x->live[ROLE_BASE].n_free, n);
    }
    bench_close(&b);
}

Test(transcript, is_the_path_with_and_without_pasts) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    bench_open(&b, &s, 2, 1);
    int one = add(&b, TREE_ROOT, "ab\n\n"), two = add(&b, one, "cde\n\n");
    int none = add(&b, two, ""), last = add(&b, none, "f");
    for (int i = 0; i < 2; i++) {
        enum model_role role = two_roles[i];
        struct lm_seq *seq = transcript_take(b.x, role);
        for (int pasts = 0; pasts < 3; pasts++) {
            attach(&b, role, TREE_ROOT, seq);
            cr_expect_eq(lm_n_tokens(seq), b.p.w->n_prompt[role]);
            attach(&b, role, one, seq);
            check_text(&b, role, seq, "ab\n\n");
            if (pasts > 0) transcript_keep(b.x, role, one, seq);
            attach(&b, role, last, seq);
            check_text(&b, role, seq, "ab\n\ncde\n\nf");
            if (pasts > 1) transcript_keep(b.x, role, last, seq);
            attach(&b, role, two, seq);
            check_text(&b, role, seq, "ab\n\ncde\n\n");
            attach(&b, role, none, seq);
            check_text(&b, role, seq, "ab\n\ncde\n\n");
            attach(&b, role, last, seq);
            check_text(&b, role, seq, "ab\n\ncde\n\nf");
        }
        transcript_give(b.x, role, seq);
    }
    bench_close(&b);
}

// Evaluated tokens of the base since the last call.
static int64_t evaluated(struct bench *b) {
    int64_t n = b->p.t.count.evaluated[ROLE_BASE];
    b->p.t.count.evaluated[ROLE_BASE] = 0;
    return n;
}

Test(transcript, costs_what_the_nearest_past_lacks) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    bench_open(&b, &s, 3, 1);
    int one = add(&b, TREE_ROOT, "ab\n\n"), two = add(&b, one, "cde\n\n");
    struct lm_seq *seq = transcript_take(b.x, ROLE_BASE);
    attach(&b, ROLE_BASE, one, seq);
    last_row(&b, ROLE_BASE, seq);
    cr_expect_eq(evaluated(&b), 4);
    transcript_keep(b.x, ROLE_BASE, one, seq);
    attach(&b, ROLE_BASE, two, seq);
    last_row(&b, ROLE_BASE, seq);
    cr_expect_eq(evaluated(&b), 5);
    last_row(&b, ROLE_BASE, seq); // no batch
    cr_expect_eq(b.p.t.count.calls[ROLE_BASE], 2);
    cr_expect_eq(b.p.t.count.repeated[ROLE_BASE], 0);
    // A past keeps no row: its last token is read again.
    attach(&b, ROLE_BASE, one, seq);
    last_row(&b, ROLE_BASE, seq);
    cr_expect_eq(evaluated(&b), 1);
    cr_expect_eq(b.p.t.count.repeated[ROLE_BASE], 1);
    b.p.t.count.repeated[ROLE_BASE] = 0;
    // A past with a pending token.
    int three = add(&b, two, "xy");
    attach(&b, ROLE_BASE, three, seq);
    int at = lm_n_tokens(seq) - 1;
    const float *row;
    transcript_rows(b.x, ROLE_BASE, &(struct lm_ask){seq, &at, 1, &row}, 1,
                    NULL);
    cr_expect_eq(evaluated(&b), 5 + 1);
    transcript_keep(b.x, ROLE_BASE, three, seq);
    attach(&b, ROLE_BASE, three, seq);
    last_row(&b, ROLE_BASE, seq);
    cr_expect_eq(evaluated(&b), 1);
    cr_expect_eq(b.p.t.count.repeated[ROLE_BASE], 0);
    // Without it everything is read again.
    transcript_drop(b.x, one);
    transcript_drop(b.x, three);
    attach(&b, ROLE_BASE, two, seq);
    last_row(&b, ROLE_BASE, seq);
    cr_expect_eq(evaluated(&b), 9);
    // Both models count for themselves.
    cr_expect_eq(b.p.t.count.evaluated[ROLE_DRAFT], 0);
    transcript_give(b.x, ROLE_BASE, seq);
    bench_close(&b);
}

Test(transcript, keeps_one_past_a_node_while_there_is_room) {
    struct settings s;
    struct bench b;
    bench_settings(&s);
    bench_open(&b, &s, 4, 1);
    struct seq_pool *pasts = &b.x->pasts[ROLE_BASE];
    struct lm_seq *seq = transcript_take(b.x, ROLE_BASE);
    int n = pasts->n;
    cr_assert(n >= 2 && n < 200);
    attach(&b, ROLE_BASE, TREE_ROOT, seq);
    transcript_keep(b.x, ROLE_BASE, TREE_ROOT, seq);
    cr_expect_eq(pasts->n_free, n);
    for (int i = 0; i < n + 2; i++) {
        int node = add(&b, TREE_ROOT, "ab");
        attach(&b, ROLE_BASE, node, seq);
        transcript_keep(b.x, ROLE_BASE, node, seq);
        struct lm_seq *past = b.x->tree.nodes[node].past[ROLE_BASE];
        cr_expect_eq(past != NULL, i < n);
        transcript_keep(b.x, ROLE_BASE, node, seq);
        cr_expect_eq(b.x->tree.nodes[node].past[ROLE_BASE], past);
        cr_expect_null(b.x->tree.nodes[node].past[ROLE_DRAFT]);
    }
    cr_expect_eq(pasts->n_free, 0);
    transcript_drop(b.x, 1);
    transcript_drop(b.x, 1);
    cr_expect_eq(pasts->n_free, 1);
    cr_expect_null(b.x->tree.nodes[1].past[ROLE_BASE]);
    transcript_drop_all(b.x);
    cr_expect_eq(pasts->n_free, n);
    bench_close(&b);
}

Test(transcript, says_what_does_not_fit) {
    struct settings s;
    struct bench b;
    struct error err = {0};
    bool fits;
    bench_settings(&s);
    toy_init(&b.p.base_toy, 5, 0, 0);
    toy_init(&b.p.draft_toy, 5, 6, 0);
    b.p.base_toy.model.n_ctx = b.p.draft_toy.model.n_ctx = 12;
    b.p.base = toy_open(&b.p.base_toy);
    b.p.draft = toy_open(&b.p.draft_toy);
    bench_open_models(&b, &s, "1+1"); // 6 tokens
    int four = add(&b, TREE_ROOT, "abcd"), seven = add(&b, four, "efg");
    for (int i = 0; i < 2; i++) {
        struct lm_seq *seq = transcript_take(b.x, two_roles[i]);
        for (int more = 0; more < 4; more++) {
            cr_expect_eq(transcript_attach(b.x, two_roles[i], four, seq, more,
                                           &fits, &err),
                         0);
            cr_expect_eq(fits, more <= 2);
        }
        cr_expect_eq(
            transcript_attach(b.x, two_roles[i], seven, seq, 0, &fits, &err),
            0);
        cr_expect_not(fits);
        transcript_give(b.x, two_roles[i], seq);
    }
    bench_close(&b);
}

// ---- models of one family ---------------------------------------------------

Test(transcript, a_relative_reads_the_path_in_its_own_ids) {
    static const char *const base_specials[] = {"<|grade|>", "<|both|>",
                                                "<|base|>", NULL};
    static const char *const draft_specials[] = {"<|own|>", "<|grade|>",
                                                 "<|both|>", NULL};
    struct settings s;
    struct bench b;
    bench_settings(&s);
    bench_open_family(&b, &s, 7, 0, base_specials, draft_specials);
    // What only the base has is a control token, which has no text.
    const int32_t tokens[] = {'a', 258, 259, 'b'};
    int one = tree_add(&b.x->tree, TREE_ROOT, AUTHOR_BASE, tokens, 4, "ab", 2);
    int two = tree_add(&b.x->tree, one, AUTHOR_BASE, tokens, 2, "a", 1);
    static const int32_t base[] = {'a', 258, 259, 'b', 'a', 258};
    static const int32_t draft[] = {'a', 259, 'b', 'a', 259};
    for (int pasts = 0; pasts < 2; pasts++) {
        for (int i = 0; i < 2; i++) {
            enum model_role role = two_roles[i];
            struct lm_seq *seq = transcript_take(b.x, role);
            int n_prompt = b.p.w->n_prompt[role], n = i ? 5 : 6;
            attach(&b, role, one, seq);
            if (pasts) transcript_keep(b.x, role, one, seq);
            attach(&b, role, two, seq);
            cr_assert_eq(lm_n_tokens(seq), n_prompt + n);
            cr_expect_arr_eq(lm_tokens(seq) + n_prompt, i ? draft : base,
                             (size_t)n * sizeof *base);
            transcript_give(b.x, role, seq);
        }
    }
    bench_close(&b);
}

// ---- pages ------------------------------------------------------------------

static struct lm *open_native(const char *dir, const char *name, float noise,
                              const struct lm_native_options *o) {
    struct error err = {0};
    char *path = helper_path(dir, name);
    const struct helper_model m = {
        .arch = "qwen2", .is_tied = true, .seed = 7, .noise = noise};
    helper_write_model(path, &m);
    struct lm *lm = lm_native_open(path, o, &err);
    cr_assert(lm, "%s", err.text);
    free(path);
    return lm;
}

// The cache holds a few paths: pasts have to go again and again, and thoughts
// must not change for it.
Test(transcript, a_full_cache_gives_pasts_up) {
    struct settings s;
    struct bench small, large;
    char *dir = helper_dir_new();
    int n_dropped = 0;
    bench_settings(&s);
    s.budget_tokens = 100;
    s.temperature = 1;
    s.tree_width = 4;
    s.draft_factor = 1;
    struct lm_native_options o = {
        .n_threads = 1, .n_seq = 2, .n_ctx = 128, .n_rows = 12};
    small.p.base = open_native(dir, "base.gguf", 0, &o);
    small.p.draft = open_native(dir, "draft.gguf", 0.3f, &o);
    o.n_forks = 200;
    o.fork_tokens = 100;
    large.p.base = open_native(dir, "base.gguf", 0, &o);
    large.p.draft = open_native(dir, "draft.gguf", 0.3f, &o);
    bench_open_models(&small, &s, "1+1");
    bench_open_models(&large, &s, "1+1");
    for (int depth = 0, parent = TREE_ROOT; depth < 3; depth++) {
        int first;
        small.x->n_live = large.x->n_live = 2;
        int n = bench_write(&large, AUTHOR_BASE, true, parent, 4, &first);
        cr_assert_eq(bench_write(&small, AUTHOR_BASE, true, parent, 4, &first),
                     n);
        cr_assert_eq(small.x->tree.n_tokens, large.x->tree.n_tokens);
        cr_assert_eq(memcmp(small.x->tree.tokens, large.x->tree.tokens,
                            large.x->tree.n_tokens * sizeof(int32_t)),
                     0);
        for (parent = first + n - 1; large.x->tree.nodes[parent].end;)
            cr_assert_gt(--parent, first - 1, "no thought can go on");
    }
    for (int i = 0; i < small.x->tree.n_nodes; i++) {
        cr_expect_not_null(large.x->tree.nodes[i].past[ROLE_BASE]);
        n_dropped += !small.x->tree.nodes[i].past[ROLE_BASE];
    }
    cr_expect_gt(n_dropped, 0);
    bench_close(&small);
    bench_close(&large);
    helper_dir_free(dir);
}

Test(transcript, other_errors_are_not_tried_again) {
    struct settings s;
    struct bench b;
    struct error err = {0};
    bench_settings(&s);
    toy_init(&b.p.base_toy, 9, 0, 0);
    toy_init(&b.p.draft_toy, 9, 10, 0);
    b.p.base_toy.model.fail_at_call = 3; // the prompt is the first
    b.p.base = toy_open(&b.p.base_toy);
    b.p.draft = toy_open(&b.p.draft_toy);
    bench_open_models(&b, &s, "1+1");
    struct lm_seq *seq = transcript_take(b.x, ROLE_BASE);
    int one = add(&b, TREE_ROOT, "ab"), two = add(&b, one, "cd");
    attach(&b, ROLE_BASE, one, seq);
    last_row(&b, ROLE_BASE, seq);
    transcript_keep(b.x, ROLE_BASE, one, seq);
    attach(&b, ROLE_BASE, two, seq);
    const float *row;
    int at = lm_n_tokens(seq);
    const struct lm_ask ask = {seq, &at, 1, &row};
    cr_expect_eq(transcript_rows(b.x, ROLE_BASE, &ask, 1, &err), -1);
    cr_expect(strstr(err.text, "scripted failure"), "%s", err.text);
    cr_expect_not_null(b.x->tree.nodes[one].past[ROLE_BASE]);
    cr_expect_eq(b.p.t.count.calls[ROLE_BASE], 1);
    cr_expect_eq(transcript_rows(b.x, ROLE_BASE, &ask, 1, NULL), 0);
    transcript_give(b.x, ROLE_BASE, seq);
    bench_close(&b);
}

Test(transcript, allocates_nothing) {
    struct settings s;
    struct bench b;
    if (!malloc_count_works()) cr_skip("malloc cannot be counted here");
    bench_settings(&s);
    bench_open(&b, &s, 11, 1);
    int node = add(&b, TREE_ROOT, "abcdef");
    malloc_count_start();
    struct lm_seq *seq = transcript_take(b.x, ROLE_DRAFT);
    attach(&b, ROLE_DRAFT, node, seq);
    last_row(&b, ROLE_DRAFT, seq);
    transcript_keep(b.x, ROLE_DRAFT, node, seq);
    transcript_give(b.x, ROLE_DRAFT, seq);
    transcript_drop_all(b.x);
    cr_expect_eq(malloc_count_stop(), 0);
    bench_close(&b);
}
