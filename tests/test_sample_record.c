#include "harness/sample_record.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "tests/helper_cases.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void keep(struct trace *t, const char *text, enum author author,
                 double score) {
    int32_t tokens[] = {1, 2, 3};
    size_t n = strlen(text);
    struct step s = {.author = author,
                     .kept = true,
                     .judged = score >= 0,
                     .score = score,
                     .threshold = 7,
                     .n_tokens = 3,
                     .time_ns = 1234567};
    trace_step(t, &s, text, n);
    trace_keep(t, tokens, 3, author, text, n);
}

static void drop(struct trace *t, const char *text) {
    struct step s = {.author = AUTHOR_DRAFT,
                     .judged = true,
                     .score = 2.25,
                     .threshold = 7,
                     .n_tokens = 2,
                     .time_ns = 10};
    trace_step(t, &s, text, strlen(text));
    t->count.step_tokens_drafted += 2;
    t->count.step_tokens_discarded += 2;
}

static void make_trace(struct trace *t) {
    trace_init(t, NULL, 10, 100);
    keep(t, "3+4=7\n\n", AUTHOR_DRAFT, 8);
    drop(t, "7*2=\xff\x01 15\n\n");
    keep(t, "7*2=14\n\n\\boxed{14}", AUTHOR_BASE, -1);
    t->stop = STOP_ANSWER;
    t->total_ns = 5000001;
    t->phase_ns[PHASE_JUDGE] = 2000000;
    t->count.calls[ROLE_DRAFT] = 7;
    t->count.repeated[ROLE_BASE] = 1;
}

static struct sample make_sample(const struct trace *t, struct arena *arena,
                                 enum run_mode mode) {
    struct sample s = {.cell = "c1",
                       .base = "b\"ase",
                       .draft = "d",
                       .dataset = "set",
                       .method = "specreason",
                       .label = "specreason",
                       .threshold = 7,
                       .problem = "p1",
                       .index = 3,
                       .seed = -5,
                       .session = 2,
                       .mode = mode,
                       .verdict = VERDICT_CORRECT,
                       .answer = "14",
                       .reason = ""};
    sample_key(s.cell, "hash", s.index, s.key);
    sample_from_trace(&s, t, arena);
    return s;
}

static void round_trip(const struct sample *s, struct sample *back,
                       struct arena *arena) {
    struct buf line;
    struct error err = {0};
    buf_init(&line);
    sample_print(s, &line);
    cr_assert_null(strchr(line.text, '\n'));
    cr_assert_eq(sample_parse(back, line.text, line.n_bytes, arena, &err), 0,
                 "%s in %s", err.text, line.text);
    buf_release(&line);
}

Test(sample_record, reads_back_what_was_written) {
    struct trace t;
    struct arena arena = {0};
    struct sample back;
    make_trace(&t);
    struct sample s = make_sample(&t, &arena, MODE_LATENCY);
    round_trip(&s, &back, &arena);
    cr_assert_str_eq(back.key, s.key);
    cr_assert_str_eq(back.base, "b\"ase");
    cr_assert_eq(back.seed, -5);
    cr_assert_eq(back.index, 3);
    cr_assert_eq(back.session, 2);
    cr_assert_eq(back.threshold, 7);
    cr_assert_eq(back.verdict, VERDICT_CORRECT);
    cr_assert_null(back.error);
    cr_assert_eq(back.stop, STOP_ANSWER);
    cr_assert_eq(memcmp(&back.count, &t.count, sizeof t.count), 0);
    cr_assert_eq(back.total_ns, 5000001);
    cr_assert_eq(back.phase_ns[PHASE_JUDGE], 2000000);
    cr_assert_eq(back.other_ns, 3000001);
    cr_assert_str_eq(back.token_hash, s.token_hash);
    cr_assert_null(back.response, "kept steps give the response");
    arena_release(&arena);
    trace_release(&t);
}

Test(sample_record, keeps_steps_in_order) {
    struct trace t;
    struct arena arena = {0};
    struct sample back;
    make_trace(&t);
    struct sample s = make_sample(&t, &arena, MODE_LATENCY);
    round_trip(&s, &back, &arena);
    cr_assert_eq(back.n_steps, 3);
    cr_assert_eq(back.steps[0].author, AUTHOR_DRAFT);
    cr_assert(back.steps[0].kept && back.steps[0].judged);
    cr_assert_eq(back.steps[0].time_ns, 1234567);
    cr_assert_not(back.steps[1].kept);
    cr_assert_eq(back.steps[1].score, 2.25);
    cr_assert_str_eq(back.steps[1].text, "7*2=\xef\xbf\xbd\x01 15\n\n");
    cr_assert_not(back.steps[2].judged);
    cr_assert(isnan(back.steps[2].score));
    arena_release(&arena);
    trace_release(&t);
}

// ---- trees ----------------------------------------------------------------

static void add_node(struct trace *t, const char *text, int parent,
                     enum decision decision, double score) {
    struct step s = {.author = parent < 0 ? AUTHOR_BASE : AUTHOR_DRAFT,
                     .kept = decision == DECISION_KEPT,
                     .judged = true,
                     .score = score,
                     .second = score / 2,
                     .threshold = parent < 0 ? NAN : 0.75,
                     .n_tokens = 3,
                     .time_ns = 1000,
                     .decision = decision,
                     .parent = parent,
                     .n_copies = parent + 2};
    trace_step(t, &s, text, strlen(text));
}

static void make_tree(struct trace *t) {
    int32_t tokens[] = {1, 2, 3};
    trace_init(t, NULL, 10, 100);
    t->tree = true;
    add_node(t, "3+4=7\n\n", -1, DECISION_KEPT, 0.875);
    add_node(t, "3+4=8\n\n", -1, DECISION_PRUNED, 0.25);
    add_node(t, "7*2=15\n\n", 0, DECISION_REJECTED, 0.5);
    add_node(t, "\\boxed{14}", 0, DECISION_KEPT, 0.9375);
    add_node(t, "\\boxed{15}", 0, DECISION_SURPLUS, 0.8125);
    trace_keep(t, tokens, 3, AUTHOR_BASE, "3+4=7\n\n", 7);
    trace_keep(t, tokens, 3, AUTHOR_DRAFT, "\\boxed{14}", 10);
    t->stop = STOP_ANSWER;
    t->count.calls[ROLE_PRM] = 3;
    t->count.evaluated[ROLE_PRM] = 40;
    t->count.repeated[ROLE_PRM] = 2;
}

static void print_tree(struct buf *line, struct arena *arena) {
    struct trace t;
    make_tree(&t);
    struct sample s = make_sample(&t, arena, MODE_LATENCY);
    s.prm = "p";
    buf_init(line);
    sample_print(&s, line);
    trace_release(&t);
}

static int parse(struct sample *s, const char *line, struct arena *arena,
                 struct error *err) {
    return sample_parse(s, line, strlen(line), arena, err);
}

Test(sample_record, reads_trees_back) {
    static const enum decision decisions[] = {DECISION_KEPT, DECISION_PRUNED,
                                              DECISION_REJECTED, DECISION_KEPT,
                                              DECISION_SURPLUS};
    static const int parents[] = {-1, -1, 0, 0, 0};
    struct arena arena = {0};
    struct buf line;
    struct sample back;
    struct error err;
    print_tree(&line, &arena);
    cr_assert_eq(parse(&back, line.text, &arena, &err), 0, "%s", err.text);
    cr_assert(back.tree);
    cr_assert_str_eq(back.prm, "p");
    cr_assert_eq(back.n_steps, 5);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(back.steps[i].decision, decisions[i], "%d", i);
        cr_assert_eq(back.steps[i].parent, parents[i], "%d", i);
        cr_assert_eq(back.steps[i].n_copies, parents[i] + 2, "%d", i);
        cr_assert_eq(back.steps[i].second, back.steps[i].score / 2, "%d", i);
    }
    cr_assert(isnan(back.steps[0].threshold));
    cr_assert_eq(back.steps[2].threshold, 0.75);
    cr_assert_null(back.response, "the kept steps are the response");
    cr_assert_eq(back.count.calls[ROLE_PRM], 3);
    cr_assert_eq(back.count.evaluated[ROLE_PRM], 40);
    cr_assert_eq(back.count.repeated[ROLE_PRM], 2);
    buf_release(&line);
    arena_release(&arena);
}

// A line with one text replaced by another.
static int parse_changed(const char *line, const char *from, const char *to,
                         struct sample *back, struct arena *arena,
                         struct error *err) {
    char *changed = helper_replace(line, from, to);
    cr_assert_str_neq(changed, line, "%s", from);
    int rc = parse(back, changed, arena, err);
    free(changed);
    return rc;
}

Test(sample_record, refuses_trees_that_are_none) {
    static const char *const bad[][3] = {
        {"\"parent\":-1", "\"parent\":-2", "\"parent\""},
        {"\"parent\":-1", "\"parent\":0", "\"parent\""}, // of itself
        {"\"parent\":0", "\"parent\":4", "\"parent\""},  // a later one
        {"\"parent\":0", "\"parent\":1e9", "\"parent\""},
        {"\"parent\":0,", "", "\"parent\""},
        {"\"copies\":1", "\"copies\":0", "\"copies\""},
        {"\"decision\":\"pruned\"", "\"decision\":\"lost\"", "\"decision\""},
        {"\"second\":0.25", "\"second\":\"x\"", "\"second\""},
        {"\"parent\":0", "\"parent\":1", "step 3 of the tree"}, // two paths
        {"\"decision\":\"pruned\"", "\"decision\":\"kept\"", "step 1 of the"},
        {"\"kept\":true", "\"kept\":false", "step 0 of the tree"},
        {"\"tree\":true", "\"tree\":1", "\"tree\""},
        {"\"calls_prm\":3", "\"calls_prm\":-3", "\"calls_prm\""},
    };
    struct arena arena = {0};
    struct buf line;
    print_tree(&line, &arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sample back;
        struct error err = {0};
        cr_assert_eq(
            parse_changed(line.text, bad[i][0], bad[i][1], &back, &arena, &err),
            -1, "%s", bad[i][1]);
        cr_assert(strstr(err.text, bad[i][2]), "%s", err.text);
    }
    buf_release(&line);
    arena_release(&arena);
}

// What a tree has stands in trees alone, and what a PRM did may be absent.
Test(sample_record, linear_samples_say_nothing_of_trees) {
    struct trace t;
    struct arena arena = {0};
    struct buf line;
    struct sample back;
    struct error err = {0};
    make_trace(&t);
    struct sample s = make_sample(&t, &arena, MODE_LATENCY);
    buf_init(&line);
    sample_print(&s, &line);
    cr_assert_null(strstr(line.text, "\"tree\""));
    cr_assert_null(strstr(line.text, "\"parent\""));
    cr_assert_null(strstr(line.text, "\"decision\""));
    cr_assert(strstr(line.text, ",\"calls_prm\":0,\"evaluated_prm\":0,"
                                "\"repeated_prm\":0}"));
    cr_assert_eq(parse_changed(line.text,
                               ",\"calls_prm\":0,\"evaluated_prm\":0,"
                               "\"repeated_prm\":0}",
                               "}", &back, &arena, &err),
                 0, "%s", err.text);
    cr_assert_not(back.tree);
    cr_assert_eq(back.count.calls[ROLE_PRM], 0);
    cr_assert_str_eq(back.prm, "");
    cr_assert_eq(back.steps[1].decision, DECISION_REJECTED);
    cr_assert_eq(back.steps[1].parent, -1);
    cr_assert_eq(back.steps[1].n_copies, 1);
    cr_assert(isnan(back.steps[1].second));
    buf_release(&line);
    arena_release(&arena);
    trace_release(&t);
}

Test(sample_record, a_search_may_end_without_a_thought) {
    struct trace t;
    struct arena arena = {0};
    struct sample back;
    make_trace(&t);
    t.stop = STOP_NO_THOUGHT;
    struct sample s = make_sample(&t, &arena, MODE_LATENCY);
    round_trip(&s, &back, &arena);
    cr_assert_eq(back.stop, STOP_NO_THOUGHT);
    arena_release(&arena);
    trace_release(&t);
}

Test(sample_record, stores_a_response_that_steps_do_not_give) {
    struct trace t;
    struct arena arena = {0};
    struct sample back;
    make_trace(&t);
    int32_t token = 9;
    trace_insert(&t, &token, 1, " Answer: 14", 11);
    struct sample s = make_sample(&t, &arena, MODE_LATENCY);
    round_trip(&s, &back, &arena);
    cr_assert(back.response);
    cr_assert_str_eq(back.response, t.response);
    arena_release(&arena);
    trace_release(&t);
}

Test(sample_record, throughput_has_no_times) {
    struct trace t;
    struct arena arena = {0};
    struct sample back;
    make_trace(&t);
    struct sample s = make_sample(&t, &arena, MODE_THROUGHPUT);
    round_trip(&s, &back, &arena);
    cr_assert_eq(back.mode, MODE_THROUGHPUT);
    cr_assert_eq(back.total_ns, SAMPLE_NO_TIME);
    cr_assert_eq(back.other_ns, SAMPLE_NO_TIME);
    cr_assert_eq(back.phase_ns[PHASE_BASE], SAMPLE_NO_TIME);
    cr_assert_eq(back.steps[0].time_ns, SAMPLE_NO_TIME);
    arena_release(&arena);
    trace_release(&t);
}

Test(sample_record, key_has_all_its_parts) {
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    sample_key("cell", "problem", 1, a);
    sample_key("cell", "problem", 1, b);
    cr_assert_str_eq(a, b);
    sample_key("cell", "problem", 2, b);
    cr_assert_str_neq(a, b);
    sample_key("cellp", "roblem", 1, b);
    cr_assert_str_neq(a, b);
}

Test(sample_record, refuses_what_is_not_a_sample) {
    static const char *const lines[] = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "{\"key\":1}",
        "{\"key\":\"0123456789012345678901234567890123456789\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arena arena = {0};
        struct sample s;
        struct error err = {0};
        cr_assert_eq(sample_parse(&s, lines[i], strlen(lines[i]), &arena, &err),
                     -1, "%s", lines[i]);
        cr_assert_eq(err.kind, ERR_INPUT);
        cr_assert(err.text[0]);
        arena_release(&arena);
    }
}

// A time below 0, or above what a double holds exactly, was not measured.
Test(sample_record, refuses_times_that_nobody_measured) {
    static const struct {
        int64_t ns;
        const char *error;
    } cases[] = {
        {-1000000, "\"total_ms\": -1; expected milliseconds, 0 to 9e+09"},
        {9000000000000000, "\"total_ms\": 9e+09; expected milliseconds, 0 to "
                           "9e+09"},
        {8999000000000000, NULL},
        {0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace t;
        struct arena arena = {0};
        struct buf line;
        struct sample back;
        struct error err = {0};
        make_trace(&t);
        struct sample s = make_sample(&t, &arena, MODE_LATENCY);
        s.total_ns = cases[i].ns;
        buf_init(&line);
        sample_print(&s, &line);
        int rc = sample_parse(&back, line.text, line.n_bytes, &arena, &err);
        cr_assert_eq(rc != 0, cases[i].error != NULL, "%s", err.text);
        if (rc) cr_assert_str_eq(err.text, cases[i].error);
        if (!rc) cr_assert_eq(back.total_ns, s.total_ns);
        buf_release(&line);
        arena_release(&arena);
        trace_release(&t);
    }
}

// Every field in turn with a wrong type: refused, never a crash.
Test(sample_record, refuses_wrong_types) {
    struct trace t;
    struct arena arena = {0};
    struct buf line;
    make_trace(&t);
    struct sample s = make_sample(&t, &arena, MODE_LATENCY);
    buf_init(&line);
    sample_print(&s, &line);
    int n_refused = 0;
    for (size_t i = 0; i + 1 < line.n_bytes; i++) {
        char saved = line.text[i];
        if (saved != ':') continue;
        struct sample back;
        line.text[i] = ';';
        n_refused +=
            sample_parse(&back, line.text, line.n_bytes, &arena, NULL) != 0;
        line.text[i] = saved;
    }
    cr_assert_gt(n_refused, 50);
    buf_release(&line);
    arena_release(&arena);
    trace_release(&t);
}
