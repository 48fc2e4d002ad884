#include "harness/report.h"
#include "harness/table.h"

#include <math.h>

// Every sample that there should be, one row each; one that is not there has
// the verdict "missing".

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"problem", COLUMN_TEXT, false}, {"sample", 0, false},
    {"verdict", COLUMN_TEXT, false}, {"answer", COLUMN_TEXT, false},
    {"reason", COLUMN_TEXT, false}, {"stop", COLUMN_TEXT, false},
    {"answer_forced", 0, false}, {"total_ms", 6, false},
    {"prompt_ms", 6, false}, {"base_ms", 6, false}, {"draft_ms", 6, false},
    {"verify_ms", 6, false}, {"judge_ms", 6, false}, {"other_ms", 6, false},
    {"prompt_tokens", 0, false}, {"kept_tokens", 0, false},
    {"kept_from_draft", 0, false}, {"step_tokens_drafted", 0, false},
    {"step_tokens_discarded", 0, false}, {"spec_drafted", 0, false},
    {"spec_accepted", 0, false}, {"spec_passes", 0, false},
    {"base_discarded", 0, false}, {"judge_calls", 0, false},
    {"judge_tokens", 0, false}, {"calls_base", 0, false},
    {"calls_draft", 0, false}, {"calls_prm", 0, false},
    {"evaluated_base", 0, false}, {"evaluated_draft", 0, false},
    {"evaluated_prm", 0, false}, {"repeated_base", 0, false},
    {"repeated_draft", 0, false}, {"repeated_prm", 0, false},
    {"steps_kept", 0, false},
    {"steps_kept_from_draft", 0, false}, {"steps_drafted", 0, false},
    {"mean_score", 4, false}, {"session", 0, false},
    {"token_hash", COLUMN_TEXT, false}, {"error", COLUMN_TEXT, false},
    REPORT_LAST_COLUMNS,
};
// clang-format on

static void set_ms(struct table *t, const char *column, int64_t ns) {
    table_set_number(t, column, ns == SAMPLE_NO_TIME ? NAN : (double)ns / 1e6);
}

static void fill_times(const struct report_sample *s, struct table *t) {
    set_ms(t, "total_ms", s->total_ns);
    set_ms(t, "prompt_ms", s->phase_ns[PHASE_PROMPT]);
    set_ms(t, "base_ms", s->phase_ns[PHASE_BASE]);
    set_ms(t, "draft_ms", s->phase_ns[PHASE_DRAFT]);
    set_ms(t, "verify_ms", s->phase_ns[PHASE_VERIFY]);
    set_ms(t, "judge_ms", s->phase_ns[PHASE_JUDGE]);
    set_ms(t, "other_ms", s->other_ns);
}

static void fill_counts(const struct counters *c, struct table *t) {
    table_set_number(t, "prompt_tokens", (double)c->prompt_tokens);
    table_set_number(t, "kept_tokens", (double)c->kept_tokens);
    table_set_number(t, "kept_from_draft", (double)c->kept_from_draft);
    table_set_number(t, "step_tokens_drafted", (double)c->step_tokens_drafted);
    table_set_number(t, "step_tokens_discarded",
                     (double)c->step_tokens_discarded);
    table_set_number(t, "spec_drafted", (double)c->spec_drafted);
    table_set_number(t, "spec_accepted", (double)c->spec_accepted);
    table_set_number(t, "spec_passes", (double)c->spec_passes);
    table_set_number(t, "base_discarded", (double)c->base_discarded);
    table_set_number(t, "judge_calls", (double)c->judge_calls);
    table_set_number(t, "judge_tokens", (double)c->judge_tokens);
    table_set_number(t, "calls_base", (double)c->calls[ROLE_BASE]);
    table_set_number(t, "calls_draft", (double)c->calls[ROLE_DRAFT]);
    table_set_number(t, "calls_prm", (double)c->calls[ROLE_PRM]);
    table_set_number(t, "evaluated_base", (double)c->evaluated[ROLE_BASE]);
    table_set_number(t, "evaluated_draft", (double)c->evaluated[ROLE_DRAFT]);
    table_set_number(t, "evaluated_prm", (double)c->evaluated[ROLE_PRM]);
    table_set_number(t, "repeated_base", (double)c->repeated[ROLE_BASE]);
    table_set_number(t, "repeated_draft", (double)c->repeated[ROLE_DRAFT]);
    table_set_number(t, "repeated_prm", (double)c->repeated[ROLE_PRM]);
}

static void fill_outcome(const struct report_sample *s, struct table *t) {
    table_set_text(t, "verdict", verdict_name[s->verdict]);
    table_set_text(t, "answer", s->answer);
    table_set_text(t, "reason", s->reason);
    table_set_text(t, "stop", stop_reason_name[s->stop]);
    table_set_number(t, "answer_forced", s->answer_forced);
    table_set_number(t, "steps_kept", s->n_kept);
    table_set_number(t, "steps_kept_from_draft", s->n_kept_draft);
    table_set_number(t, "steps_drafted", s->n_drafted);
    table_set_number(t, "mean_score",
                     s->n_judged ? s->score_sum / s->n_judged : NAN);
    table_set_number(t, "session", s->session);
    table_set_text(t, "token_hash", s->token_hash);
    table_set_text(t, "error", s->error);
}

static void fill_cell(const struct report_cell *c, struct table *t) {
    for (int i = 0; i < c->n_problems * c->k; i++) {
        const struct report_sample *s = &c->samples[i];
        report_begin_row(t, c);
        table_set_text(t, "problem", c->dataset->problems[i / c->k].id);
        table_set_number(t, "sample", i % c->k);
        if (s->present) {
            fill_outcome(s, t);
            fill_counts(&s->count, t);
            fill_times(s, t);
        } else {
            table_set_text(t, "verdict", "missing");
        }
        report_end_row(t, c);
    }
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++)
        fill_cell(&r->cells[i], t);
}

const struct report_table table_samples = {.name = "samples",
                                           .title = "Samples",
                                           .columns = columns,
                                           .fill = fill,
                                           .printed = false};
