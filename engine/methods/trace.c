#include "engine/methods/trace.h"

#include "engine/base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// Everything is allocated once, for the most that a sample can hold: a step
// limit of n gives at most n kept and n + 1 dropped steps. Bytes per token
// differ between vocabularies, so texts get BYTES_PER_TOKEN each, untouched
// memory that costs nothing until it is used. What does not fit is refused and
// flagged, never written and never reallocated in the middle of a sample.

enum {
    BYTES_PER_TOKEN = 64,
    TEXTS_PER_TOKEN = 2, // a kept token may have a dropped rival
    EXTRA_TOKENS = 512,  // the answer prompt
};

const char *const phase_name[PHASE_N] = {"prompt", "base", "draft", "verify",
                                         "judge"};
const char *const stop_reason_name[STOP_N] = {
    "none",       "answer",  "end",        "budget", "steps",
    "repetition", "context", "no_thought", "error"};
const char *const role_name[ROLE_N] = {"base", "draft", "prm"};
const char *const decision_name[DECISION_N] = {"kept", "rejected", "surplus",
                                               "pruned"};

void trace_init(struct trace *t, const struct clock *clock, int max_steps,
                int max_tokens) {
    assert(max_steps >= 0 && max_tokens >= 0);
    int64_t n_tokens = (int64_t)max_tokens + EXTRA_TOKENS;
    trace_init_size(t, clock,
                    &(struct trace_size){2 * max_steps + 2, max_tokens,
                                         n_tokens * TEXTS_PER_TOKEN});
}

void trace_init_size(struct trace *t, const struct clock *clock,
                     const struct trace_size *size) {
    assert(size->n_steps >= 0 && size->n_tokens >= 0 && size->n_written >= 0);
    size_t n_tokens = (size_t)size->n_tokens + EXTRA_TOKENS;
    *t = (struct trace){.clock = clock, .phase = -1};
    t->cap_steps = size->n_steps;
    t->steps = xcalloc((size_t)t->cap_steps, sizeof *t->steps);
    t->cap_text = (size_t)size->n_written * BYTES_PER_TOKEN;
    t->text = xmalloc(t->cap_text);
    t->cap_kept = (int)n_tokens;
    t->kept = xcalloc(n_tokens, sizeof *t->kept);
    t->cap_response = n_tokens * BYTES_PER_TOKEN;
    t->response = xmalloc(t->cap_response);
    trace_reset(t);
}

void trace_release(struct trace *t) {
    free(t->steps);
    free(t->text);
    free(t->kept);
    free(t->response);
    *t = (struct trace){.phase = -1};
}

void trace_reset(struct trace *t) {
    t->n_steps = t->n_kept = 0;
    t->n_text = t->n_response = 0;
    t->count = (struct counters){0};
    memset(t->phase_ns, 0, sizeof t->phase_ns);
    t->start_ns = t->total_ns = t->begin_ns = 0;
    t->phase = -1;
    t->stop = STOP_NONE;
    t->answer_forced = t->text_full = t->overflow = t->tree = false;
    if (t->response) t->response[0] = '\0';
}

// ---- time -----------------------------------------------------------------

int64_t trace_now(const struct trace *t) {
    return clock_now_ns(t->clock);
}

void trace_start(struct trace *t) {
    t->start_ns = trace_now(t);
}

void trace_stop(struct trace *t, enum stop_reason why) {
    if (t->phase >= 0) trace_end(t); // an error may leave a phase open
    t->total_ns += trace_now(t) - t->start_ns;
    t->stop = why;
}

void trace_begin(struct trace *t, enum phase p) {
    assert(t->phase < 0);
    t->phase = p;
    t->begin_ns = trace_now(t);
}

void trace_end(struct trace *t) {
    assert(t->phase >= 0);
    t->phase_ns[t->phase] += trace_now(t) - t->begin_ns;
    t->phase = -1;
}

void trace_charge(struct trace *t, enum phase p, int64_t ns) {
    t->phase_ns[p] += ns;
    t->total_ns += ns;
}

int64_t trace_other_ns(const struct trace *t) {
    int64_t ns = t->total_ns;
    for (int i = 0; i < PHASE_N; i++)
        ns -= t->phase_ns[i];
    return ns;
}

// ---- content --------------------------------------------------------------

void trace_step(struct trace *t, const struct step *s, const char *text,
                size_t n_bytes) {
    if (t->n_steps == t->cap_steps) {
        t->overflow = true;
        return;
    }
    struct step *to = &t->steps[t->n_steps++];
    *to = *s;
    to->text_begin = to->text_end = t->n_text;
    if (n_bytes > t->cap_text - t->n_text) {
        t->text_full = true;
        return;
    }
    if (n_bytes) memcpy(t->text + t->n_text, text, n_bytes);
    t->n_text += n_bytes;
    to->text_end = t->n_text;
}

void trace_insert(struct trace *t, const int32_t *tokens, int n,
                  const char *text, size_t n_bytes) {
    if (n > t->cap_kept - t->n_kept ||
        n_bytes >= t->cap_response - t->n_response) {
        t->overflow = true;
        return;
    }
    if (n) memcpy(t->kept + t->n_kept, tokens, (size_t)n * sizeof *tokens);
    t->n_kept += n;
    if (n_bytes) memcpy(t->response + t->n_response, text, n_bytes);
    t->n_response += n_bytes;
    t->response[t->n_response] = '\0';
}

void trace_keep(struct trace *t, const int32_t *tokens, int n,
                enum author author, const char *text, size_t n_bytes) {
    trace_insert(t, tokens, n, text, n_bytes);
    if (t->overflow) return;
    t->count.kept_tokens += n;
    if (author == AUTHOR_DRAFT) t->count.kept_from_draft += n;
}

void trace_token_hash(const struct trace *t, char hex[HASH_HEX_SIZE]) {
    hash_bytes(t->kept, (size_t)t->n_kept * sizeof *t->kept, hex);
}
