#include "engine/methods/trace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static int64_t read_time(void *ctx) {
    return *(int64_t *)ctx;
}

Test(trace, splits_time_into_phases) {
    int64_t now = 100;
    struct clock clock = {read_time, &now};
    struct trace t;
    trace_init(&t, &clock, 4, 10);
    trace_charge(&t, PHASE_PROMPT, 7);
    trace_start(&t);
    now += 1;
    trace_begin(&t, PHASE_BASE);
    now += 20;
    trace_end(&t);
    trace_begin(&t, PHASE_JUDGE);
    now += 3;
    trace_end(&t);
    trace_begin(&t, PHASE_BASE);
    now += 20;
    trace_end(&t);
    now += 2;
    trace_stop(&t, STOP_ANSWER);
    cr_expect_eq(t.phase_ns[PHASE_PROMPT], 7);
    cr_expect_eq(t.phase_ns[PHASE_BASE], 40);
    cr_expect_eq(t.phase_ns[PHASE_JUDGE], 3);
    cr_expect_eq(t.total_ns, 53);
    cr_expect_eq(trace_other_ns(&t), 3);
    cr_expect_eq(t.stop, STOP_ANSWER);
    trace_release(&t);
}

Test(trace, stopping_closes_a_phase_left_open) {
    int64_t now = 0;
    struct clock clock = {read_time, &now};
    struct trace t;
    trace_init(&t, &clock, 4, 10);
    trace_start(&t);
    trace_begin(&t, PHASE_DRAFT);
    now = 5;
    trace_stop(&t, STOP_ERROR);
    cr_expect_eq(t.phase_ns[PHASE_DRAFT], 5);
    cr_expect_eq(t.phase, -1);
    trace_release(&t);
}

Test(trace, keeps_tokens_text_and_counts) {
    struct trace t;
    const int32_t tokens[] = {1, 2, 3, 4};
    char hex[HASH_HEX_SIZE], expected[HASH_HEX_SIZE];
    trace_init(&t, NULL, 4, 10);
    trace_keep(&t, tokens, 2, AUTHOR_BASE, "ab", 2);
    trace_insert(&t, tokens + 2, 1, "c", 1);
    trace_keep(&t, tokens + 3, 1, AUTHOR_DRAFT, "d", 1);
    cr_expect_str_eq(t.response, "abcd");
    cr_expect_eq(t.n_kept, 4);
    cr_expect_eq(t.count.kept_tokens, 3);
    cr_expect_eq(t.count.kept_from_draft, 1);
    trace_token_hash(&t, hex);
    hash_bytes(tokens, sizeof tokens, expected);
    cr_expect_str_eq(hex, expected);
    trace_reset(&t);
    cr_expect_eq(t.n_kept, 0);
    cr_expect_str_eq(t.response, "");
    trace_release(&t);
}

Test(trace, records_steps_with_their_text) {
    struct trace t;
    struct step s = {.author = AUTHOR_DRAFT, .score = 4, .n_tokens = 3};
    trace_init(&t, NULL, 2, 10);
    trace_step(&t, &s, "one", 3);
    s.kept = true;
    trace_step(&t, &s, "second", 6);
    cr_expect_eq(t.n_steps, 2);
    cr_expect_not(t.steps[0].kept);
    cr_expect(t.steps[1].kept);
    cr_expect_eq(t.steps[1].text_end - t.steps[1].text_begin, 6u);
    cr_expect_eq(memcmp(t.text + t.steps[1].text_begin, "second", 6), 0);
    trace_release(&t);
}

Test(trace, flags_what_does_not_fit_and_writes_nothing) {
    struct trace t;
    struct step s = {.kept = true};
    const int32_t token = 1;
    trace_init(&t, NULL, 1, 0);
    for (int i = 0; i < t.cap_steps; i++)
        trace_step(&t, &s, "x", 1);
    cr_expect_not(t.overflow);
    trace_step(&t, &s, "x", 1);
    cr_expect(t.overflow);
    trace_reset(&t);
    static char large[1 << 20];
    trace_step(&t, &s, large, sizeof large);
    cr_expect(t.text_full);
    cr_expect_not(t.overflow);
    cr_expect_eq(t.steps[0].text_begin, t.steps[0].text_end);
    for (int i = 0; i < t.cap_kept; i++)
        trace_keep(&t, &token, 1, AUTHOR_BASE, "x", 1);
    cr_expect_not(t.overflow);
    trace_keep(&t, &token, 1, AUTHOR_BASE, "x", 1);
    cr_expect(t.overflow);
    trace_release(&t);
}

Test(trace, names_every_phase_and_reason) {
    for (int i = 0; i < PHASE_N; i++)
        cr_expect(phase_name[i]);
    for (int i = 0; i < STOP_N; i++)
        cr_expect(stop_reason_name[i]);
    cr_expect_str_eq(stop_reason_name[STOP_CONTEXT], "context");
    cr_expect_str_eq(phase_name[PHASE_JUDGE], "judge");
}
