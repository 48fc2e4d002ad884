#include "engine/methods/thoughts.h"

#include "tests/helper_thoughts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

// Thoughts of models that write one known text: where they end, and what is
// counted of them.

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

Test(thoughts_script, end_as_any_step_does) {
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
Test(thoughts_script, go_on_where_the_drafter_cannot) {
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

Test(thoughts_script, end_at_the_limits_of_their_path) {
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

Test(thoughts_script, of_equal_text_are_one_node_if_they_end_alike) {
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
Test(thoughts_script, count_what_is_proposed) {
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
