#include "harness/sample_record.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/json_read.h"
#include "harness/json_write.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

// Counters are written and read by one table, so that a new one cannot be
// written and forgotten in reading. Times are milliseconds with the six digits
// of a nanosecond.
//
// What only a tree has is absent elsewhere, and what the PRM did is absent from
// the lines of older programs.

const char *const run_mode_name[] = {"latency", "throughput"};
static const char *const author_name[] = {"base", "draft"};

struct counter_field {
    const char *name;
    size_t offset;
};

#define COUNTER_MAX (INT64_MAX / 1000000) // so that sums cannot overflow
#define FIELD(name)                                                            \
    { #name, offsetof(struct counters, name) }
#define BY_ROLE(name)                                                          \
    {#name "_base", offsetof(struct counters, name[ROLE_BASE])}, {             \
#name "_draft", offsetof(struct counters, name[ROLE_DRAFT])            \
    }
#define OF_PRM(name)                                                           \
    { #name "_prm", offsetof(struct counters, name[ROLE_PRM]) }

// clang-format off
static const struct counter_field counter_fields[] = {
    FIELD(prompt_tokens), FIELD(kept_tokens), FIELD(kept_from_draft),
    FIELD(step_tokens_drafted), FIELD(step_tokens_discarded),
    FIELD(spec_drafted), FIELD(spec_accepted), FIELD(spec_passes),
    FIELD(base_discarded), FIELD(judge_calls), FIELD(judge_tokens),
    BY_ROLE(calls), BY_ROLE(evaluated), BY_ROLE(repeated),
    {NULL, 0},
};
// Not in the lines of older programs.
static const struct counter_field prm_fields[] = {
    OF_PRM(calls), OF_PRM(evaluated), OF_PRM(repeated),
    {NULL, 0},
};
// clang-format on

static int64_t *counter_at(struct counters *c, const struct counter_field *f) {
    return (int64_t *)((char *)c + f->offset);
}

static const struct counter_field *
differing_field(const struct counter_field *f, struct counters *a,
                struct counters *b) {
    while (f->name && *counter_at(a, f) == *counter_at(b, f))
        f++;
    return f->name ? f : NULL;
}

const char *sample_counter_differs(const struct counters *a,
                                   const struct counters *b, int64_t *value_a,
                                   int64_t *value_b) {
    struct counters x = *a, y = *b;
    const struct counter_field *f = differing_field(counter_fields, &x, &y);
    if (!f) f = differing_field(prm_fields, &x, &y);
    if (!f) return NULL;
    *value_a = *counter_at(&x, f);
    *value_b = *counter_at(&y, f);
    return f->name;
}

void sample_key(const char *cell_id, const char *problem_hash, int index,
                char key[HASH_HEX_SIZE]) {
    struct hash_state *h = hash_new();
    hash_add_text(h, cell_id);
    hash_add_text(h, problem_hash);
    hash_add_field(h, &(int64_t){index}, sizeof(int64_t));
    hash_hex(h, key);
    hash_free(h);
}

// ---- from a trace ---------------------------------------------------------

static bool steps_are_response(const struct sample *s, const struct trace *t) {
    size_t at = 0;
    for (int i = 0; i < s->n_steps; i++) {
        const struct sample_step *step = &s->steps[i];
        if (!step->kept) continue;
        if (step->n_bytes > t->n_response - at ||
            memcmp(t->response + at, step->text, step->n_bytes)) {
            return false;
        }
        at += step->n_bytes;
    }
    return at == t->n_response;
}

// Linear samples know kept and dropped alone.
static enum decision tree_decision(const struct trace *t,
                                   const struct step *step) {
    if (t->tree) return step->decision;
    return step->kept ? DECISION_KEPT : DECISION_REJECTED;
}

static void steps_from_trace(struct sample *s, const struct trace *t,
                             struct arena *arena) {
    s->n_steps = t->n_steps;
    s->steps = arena_alloc(arena, (size_t)t->n_steps * sizeof *s->steps);
    for (int i = 0; i < t->n_steps; i++) {
        const struct step *from = &t->steps[i];
        s->steps[i] = (struct sample_step){
            .author = from->author,
            .kept = from->kept,
            .judged = from->judged,
            .score = from->judged ? from->score : NAN,
            .threshold = from->judged ? from->threshold : NAN,
            .second = t->tree ? from->second : NAN,
            .decision = tree_decision(t, from),
            .parent = t->tree ? from->parent : -1,
            .n_copies = t->tree ? from->n_copies : 1,
            .n_tokens = from->n_tokens,
            .time_ns = s->mode == MODE_LATENCY ? from->time_ns : SAMPLE_NO_TIME,
            .text = t->text + from->text_begin,
            .n_bytes = from->text_end - from->text_begin,
        };
    }
}

bool sample_is_cut_off(enum stop_reason stop) {
    return stop != STOP_ANSWER && stop != STOP_END;
}

void sample_from_trace(struct sample *s, const struct trace *t,
                       struct arena *arena) {
    bool timed = s->mode == MODE_LATENCY;
    s->stop = t->stop;
    s->answer_forced = t->answer_forced;
    s->text_full = t->text_full;
    s->tree = t->tree;
    s->count = t->count;
    s->total_ns = timed ? t->total_ns : SAMPLE_NO_TIME;
    s->other_ns = timed ? trace_other_ns(t) : SAMPLE_NO_TIME;
    for (int i = 0; i < PHASE_N; i++) {
        s->phase_ns[i] = timed ? t->phase_ns[i] : SAMPLE_NO_TIME;
    }
    trace_token_hash(t, s->token_hash);
    steps_from_trace(s, t, arena);
    s->response = NULL;
    s->n_response = 0;
    if (steps_are_response(s, t)) return;
    s->response = t->response;
    s->n_response = t->n_response;
}

// ---- writing --------------------------------------------------------------

static void add_ms(struct buf *out, const char *key, int64_t ns) {
    json_add_key(out, key);
    if (ns == SAMPLE_NO_TIME) {
        buf_adds(out, "null");
        return;
    }
    if (ns < 0) buf_addc(out, '-');
    uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    buf_addf(out, "%" PRIu64 ".%06" PRIu64, n / 1000000, n % 1000000);
}

static void add_identity(const struct sample *s, struct buf *out) {
    json_put_string(out, "key", s->key);
    json_put_string(out, "cell", s->cell);
    json_put_string(out, "base", s->base);
    json_put_string(out, "draft", s->draft);
    json_put_string(out, "prm", s->prm);
    json_put_string(out, "dataset", s->dataset);
    json_put_string(out, "method", s->method);
    json_put_string(out, "label", s->label);
    json_put_real(out, "threshold", s->threshold);
    json_put_string(out, "problem", s->problem);
    json_put_int(out, "sample", s->index);
    json_put_int(out, "seed", s->seed);
    json_put_int(out, "session", s->session);
    json_put_string(out, "mode", run_mode_name[s->mode]);
}

static void add_outcome(const struct sample *s, struct buf *out) {
    json_put_string(out, "verdict", verdict_name[s->verdict]);
    json_put_string(out, "answer", s->answer);
    json_put_string(out, "reason", s->reason);
    json_put_string(out, "error", s->error);
    json_put_string(out, "stop", stop_reason_name[s->stop]);
    json_put_bool(out, "answer_forced", s->answer_forced);
    json_put_bool(out, "text_full", s->text_full);
    if (s->tree) json_put_bool(out, "tree", true);
    json_put_string(out, "token_hash", s->token_hash);
}

static void add_counts(const struct sample *s, struct buf *out) {
    json_add_key(out, "count");
    buf_addc(out, '{');
    struct counters c = s->count;
    for (const struct counter_field *f = counter_fields; f->name; f++) {
        json_put_int(out, f->name, *counter_at(&c, f));
    }
    for (const struct counter_field *f = prm_fields; f->name; f++) {
        json_put_int(out, f->name, *counter_at(&c, f));
    }
    buf_addc(out, '}');
}

static void add_times(const struct sample *s, struct buf *out) {
    add_ms(out, "total_ms", s->total_ns);
    json_add_key(out, "phase_ms");
    buf_addc(out, '{');
    for (int i = 0; i < PHASE_N; i++) {
        add_ms(out, phase_name[i], s->phase_ns[i]);
    }
    add_ms(out, "other", s->other_ns);
    buf_addc(out, '}');
}

static void add_step(const struct sample_step *step, bool tree,
                     struct buf *out) {
    buf_addc(out, '{');
    json_put_string(out, "author", author_name[step->author]);
    json_put_bool(out, "kept", step->kept);
    json_put_bool(out, "judged", step->judged);
    json_put_real(out, "score", step->score);
    json_put_real(out, "threshold", step->threshold);
    if (tree) {
        json_put_real(out, "second", step->second);
        json_put_string(out, "decision", decision_name[step->decision]);
        json_put_int(out, "parent", step->parent);
        json_put_int(out, "copies", step->n_copies);
    }
    json_put_int(out, "tokens", step->n_tokens);
    add_ms(out, "ms", step->time_ns);
    json_add_key(out, "text");
    json_add_text(out, step->text, step->n_bytes);
    buf_addc(out, '}');
}

void sample_print(const struct sample *s, struct buf *out) {
    buf_addc(out, '{');
    add_identity(s, out);
    add_outcome(s, out);
    add_counts(s, out);
    add_times(s, out);
    json_add_key(out, "steps");
    buf_addc(out, '[');
    for (int i = 0; i < s->n_steps; i++) {
        if (i) buf_addc(out, ',');
        add_step(&s->steps[i], s->tree, out);
    }
    buf_addc(out, ']');
    json_add_key(out, "response");
    if (s->response) {
        json_add_text(out, s->response, s->n_response);
    } else {
        buf_adds(out, "null");
    }
    buf_addc(out, '}');
}

// ---- reading --------------------------------------------------------------

// 2^53 ns are 104 days: every time that we write is exact in a double.
static int64_t take_ms(struct json_reader *r, const json_t *o,
                       const char *key) {
    const double max = 9e9;
    double ms = json_take_real(r, o, key);
    if (isnan(ms)) return SAMPLE_NO_TIME;
    if (ms >= 0 && ms < max) return llround(ms * 1e6);
    if (!r->failed)
        error_set(r->err, ERR_INPUT,
                  "\"%s\": %g; expected milliseconds, 0 to %g", key, ms, max);
    r->failed = true;
    return SAMPLE_NO_TIME;
}

static void take_hash(struct json_reader *r, const json_t *o, const char *key,
                      char hex[HASH_HEX_SIZE]) {
    const char *text = json_take_text(r, o, key);
    if (!r->failed && strlen(text) >= HASH_HEX_SIZE) {
        r->failed = true;
        error_set(r->err, ERR_INPUT, "\"%s\": expected a hash", key);
    }
    if (!r->failed) memcpy(hex, text, strlen(text) + 1);
}

static void take_identity(struct sample *s, struct json_reader *r,
                          const json_t *o) {
    take_hash(r, o, "key", s->key);
    s->cell = json_take_text(r, o, "cell");
    s->base = json_take_text(r, o, "base");
    s->draft = json_take_text(r, o, "draft");
    s->prm = json_take_text_or_null(r, o, "prm");
    if (!s->prm) s->prm = "";
    s->dataset = json_take_text(r, o, "dataset");
    s->method = json_take_text(r, o, "method");
    s->label = json_take_text(r, o, "label");
    s->threshold = json_take_real(r, o, "threshold");
    s->problem = json_take_text(r, o, "problem");
    s->index = (int)json_take_int(r, o, "sample", 0, INT32_MAX);
    s->seed = json_take_int(r, o, "seed", INT64_MIN, INT64_MAX);
    s->session = (int)json_take_int(r, o, "session", 0, INT32_MAX);
    s->mode = (enum run_mode)json_take_choice(r, o, "mode", run_mode_name, 2);
}

static void take_outcome(struct sample *s, struct json_reader *r,
                         const json_t *o) {
    s->verdict = (enum verdict)json_take_choice(r, o, "verdict", verdict_name,
                                                VERDICT_N);
    s->answer = json_take_text(r, o, "answer");
    s->reason = json_take_text(r, o, "reason");
    s->error = json_take_text_or_null(r, o, "error");
    s->stop = (enum stop_reason)json_take_choice(r, o, "stop", stop_reason_name,
                                                 STOP_N);
    s->answer_forced = json_take_bool(r, o, "answer_forced");
    s->text_full = json_take_bool(r, o, "text_full");
    if (json_object_get(o, "tree")) s->tree = json_take_bool(r, o, "tree");
    take_hash(r, o, "token_hash", s->token_hash);
}

static void take_counts(struct sample *s, struct json_reader *r,
                        const json_t *o) {
    const json_t *count = json_take_object(r, o, "count");
    for (const struct counter_field *f = counter_fields; f->name; f++) {
        *counter_at(&s->count, f) =
            json_take_int(r, count, f->name, 0, COUNTER_MAX);
    }
    for (const struct counter_field *f = prm_fields; f->name; f++) {
        if (!json_object_get(count, f->name)) continue;
        *counter_at(&s->count, f) =
            json_take_int(r, count, f->name, 0, COUNTER_MAX);
    }
}

static void take_times(struct sample *s, struct json_reader *r,
                       const json_t *o) {
    s->total_ns = take_ms(r, o, "total_ms");
    const json_t *phases = json_take_object(r, o, "phase_ms");
    for (int i = 0; i < PHASE_N; i++) {
        s->phase_ns[i] = take_ms(r, phases, phase_name[i]);
    }
    s->other_ns = take_ms(r, phases, "other");
}

// What a tree adds. A parent comes before its children, so walks from node to
// parent end; what was kept is one path.
static void take_node(struct sample_step *step, int index,
                      struct json_reader *r, const json_t *from) {
    step->second = json_take_real(r, from, "second");
    step->decision = (enum decision)json_take_choice(r, from, "decision",
                                                     decision_name, DECISION_N);
    step->parent = (int)json_take_int(r, from, "parent", -1, index - 1);
    step->n_copies = (int)json_take_int(r, from, "copies", 1, INT32_MAX);
}

// `last` is the kept step before this one; -1: none. Returns the new one.
static int check_kept(const struct sample_step *step, int index, int last,
                      struct json_reader *r) {
    bool kept = step->decision == DECISION_KEPT;
    if (!r->failed && (kept != step->kept || (kept && step->parent != last))) {
        r->failed = true;
        error_set(r->err, ERR_INPUT,
                  "step %d of the tree: expected kept steps to be one path "
                  "from the prompt",
                  index);
    }
    return kept ? index : last;
}

static void take_steps(struct sample *s, struct json_reader *r,
                       const json_t *o) {
    const json_t *steps = json_take_array(r, o, "steps");
    size_t n = json_array_size(steps);
    int last_kept = -1;
    s->steps = arena_alloc(r->arena, n * sizeof *s->steps);
    for (size_t i = 0; i < n && !r->failed; i++) {
        const json_t *from = json_array_get(steps, i);
        struct sample_step *step = &s->steps[i];
        step->author =
            (enum author)json_take_choice(r, from, "author", author_name, 2);
        step->kept = json_take_bool(r, from, "kept");
        step->judged = json_take_bool(r, from, "judged");
        step->score = json_take_real(r, from, "score");
        step->threshold = json_take_real(r, from, "threshold");
        step->second = NAN;
        step->decision = step->kept ? DECISION_KEPT : DECISION_REJECTED;
        step->parent = -1;
        step->n_copies = 1;
        if (s->tree) {
            take_node(step, (int)i, r, from);
            last_kept = check_kept(step, (int)i, last_kept, r);
        }
        step->n_tokens = (int)json_take_int(r, from, "tokens", 0, INT32_MAX);
        step->time_ns = take_ms(r, from, "ms");
        step->text = json_take_text(r, from, "text");
        step->n_bytes = strlen(step->text);
    }
    s->n_steps = (int)n;
}

int sample_parse(struct sample *s, const char *line, size_t n_bytes,
                 struct arena *arena, struct error *err) {
    *s = (struct sample){0};
    json_t *o = json_parse(line, n_bytes, err);
    if (!o) return -1;
    struct json_reader r = {.arena = arena, .err = err};
    take_identity(s, &r, o);
    take_outcome(s, &r, o);
    take_counts(s, &r, o);
    take_times(s, &r, o);
    take_steps(s, &r, o);
    s->response = json_take_text_or_null(&r, o, "response");
    s->n_response = s->response ? strlen(s->response) : 0;
    json_decref(o);
    return r.failed ? -1 : 0;
}
