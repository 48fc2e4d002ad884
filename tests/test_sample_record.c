#include "harness/sample_record.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <math.h>
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
