#include "harness/scripted_models.h"

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The logits are a pure function of the text so far. It is parsed afresh for
// every row: problem, completed steps, the step being written. A step that was
// begun wrongly is carried on and believed by those after it, as models do.

enum { OPS_MAX = 64, GRADE_TOKEN = 257, END_TOKEN = 256 };

// How sure a model is of the first digit of a result, as a difference of
// logits, in steps that it finds easy or hard.
struct toy_kind {
    const char *name, *version;
    uint64_t seed;
    double easy, hard;
    int64_t ns_per_call;
    uint8_t byte_xor;
    bool scores; // a PRM
};

static const struct toy_kind kinds[] = {
    {"toy-base", "toy-base 1", 11, 6, 2.5, 1000000, 0, false},
    {"toy-draft", "toy-draft 1", 12, 4, 0.5, 200000, 0, false},
    {"toy-foreign", "toy-foreign 1", 13, 4, 0.5, 200000, 1, false},
    {"toy-prm", "toy-prm 1", 14, 6, 2.5, 500000, 0, true},
};
const char *const scripted_model_names[] = {"toy-base", "toy-draft",
                                            "toy-foreign", "toy-prm", NULL};

static const char *const specials[] = {"<|grade|>", NULL};
static const char *const meta[] = {"specsweep.prompt", "{problem}\n",
                                   "specsweep.grade_suffix", "<|grade|>", NULL};
static const char *const prm_meta[] = {"specsweep.prompt",
                                       "{problem}\n",
                                       "specsweep.prm_suffix",
                                       "<|grade|>",
                                       "specsweep.prm_good",
                                       "+",
                                       "specsweep.prm_bad",
                                       "-",
                                       NULL};

// ---- problems -------------------------------------------------------------

struct toy_problem {
    long start;
    int n_ops;
    char op[OPS_MAX];
    long number[OPS_MAX];
    const char *options; // after '?', or ""
};

// Numbers stay below 10^9 whatever the problem, so that nothing overflows.
static long limited(long long v) {
    return (long)(v % 1000000000);
}

static long apply(char op, long a, long b) {
    switch (op) {
    case '+':
        return limited((long long)a + b);
    case '-':
        return limited((long long)a - b);
    case '*':
        return limited((long long)a * b);
    case '%':
        return b ? a % b : 0;
    }
    return a;
}

static struct toy_problem parse_problem(const char *text) {
    struct toy_problem p = {.options = ""};
    char *at;
    p.start = limited(strtoll(text, &at, 10));
    while (p.n_ops < OPS_MAX && *at && strchr("+-*%", *at)) {
        p.op[p.n_ops] = *at;
        p.number[p.n_ops++] = limited(strtoll(at + 1, &at, 10));
    }
    if (*at == '?') p.options = at + 1;
    return p;
}

// The letter of the option "X:value"; 0 if there is none.
static char option_letter(const struct toy_problem *p, long value) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, ":%ld", value);
    size_t n = strlen(wanted);
    for (const char *at = p->options; (at = strstr(at, wanted)); at += n) {
        bool ends = at[n] == ' ' || at[n] == 0 || at[n] == '\n';
        if (at > p->options && ends) return at[-1];
    }
    return 0;
}

// ---- transcripts ----------------------------------------------------------

struct toy_text {
    struct toy_problem problem;
    int n_steps;         // completed
    long value;          // that the last completed step claims
    long value_before;   // that it began with
    int n_wrong;         // of the completed steps
    const char *current; // the step being written
    bool grading;
    char text[SCRIPTED_CONTEXT + 1];
};

// Of the step that ends now, number n_steps: does it claim what follows?
static bool last_is_right(const struct toy_text *t) {
    const struct toy_problem *p = &t->problem;
    int i = t->n_steps;
    return i >= p->n_ops ||
           apply(p->op[i], t->value_before, p->number[i]) == t->value;
}

static void parse_text(struct toy_text *t, const struct toy_kind *kind,
                       const int32_t *tokens, int n) {
    t->grading = n > 0 && tokens[n - 1] == GRADE_TOKEN;
    int n_text = 0;
    for (int i = 0; i < n && n_text < SCRIPTED_CONTEXT; i++) {
        char c = tokens[i] < 256 ? (char)(tokens[i] ^ kind->byte_xor) : 0;
        if (c) t->text[n_text++] = c;
    }
    t->text[n_text] = 0;
    char *newline = strchr(t->text, '\n');
    t->current = newline ? newline + 1 : t->text + n_text;
    if (newline) *newline = 0;
    t->problem = parse_problem(t->text);
    t->n_steps = t->n_wrong = 0;
    t->value = t->value_before = t->problem.start;
    for (const char *end; (end = strstr(t->current, "\n\n")) != NULL;) {
        const char *equals =
            memchr(t->current, '=', (size_t)(end - t->current));
        t->value_before = t->value;
        if (equals) t->value = limited(strtoll(equals + 1, NULL, 10));
        t->n_wrong += !last_is_right(t);
        t->n_steps++;
        t->current = end + 2;
    }
}

// What should be written from the start of the current step on. *digit is the
// index of the first digit of a result, -1 where there is none.
static void right_step(const struct toy_text *t, char *step, size_t n_bytes,
                       int *digit) {
    const struct toy_problem *p = &t->problem;
    *digit = -1;
    if (t->n_steps >= p->n_ops) {
        char letter = option_letter(p, t->value);
        if (letter)
            snprintf(step, n_bytes, "\\boxed{%c}", letter);
        else
            snprintf(step, n_bytes, "\\boxed{%ld}", t->value);
        return;
    }
    char op = p->op[t->n_steps];
    long number = p->number[t->n_steps];
    long result = apply(op, t->value, number);
    int n = snprintf(step, n_bytes, "%ld%c%ld=", t->value, op, number);
    snprintf(step + n, n_bytes - (size_t)n, "%ld\n\n", result);
    *digit = n + (result < 0);
}

static uint64_t text_hash(const struct toy_kind *kind, const char *text) {
    return hash_u64(text, strlen(text)) ^ hash_u64(&kind->seed, 8);
}

static void write_logits(const struct toy_text *t, const struct toy_kind *kind,
                         float *row) {
    char step[128];
    int digit;
    right_step(t, step, sizeof step, &digit);
    size_t n = strlen(t->current);
    if (n >= strlen(step)) {
        row[END_TOKEN] = 20;
        return;
    }
    int right = (unsigned char)step[n] ^ kind->byte_xor;
    row[right] = 20;
    if ((int)n != digit) return;
    int wrong = ('0' + (step[n] - '0') % 9 + 1) ^ kind->byte_xor;
    bool hard = text_hash(kind, step) % 3 == 0;
    row[wrong] = (float)(20 - (hard ? kind->hard : kind->easy));
}

// The digit leans to the truth about the last step: 6 to 9 when it is right, 0
// to 3 when it is wrong, and for one step in eight the other way round.
static void grade_logits(const struct toy_text *t, const struct toy_kind *kind,
                         float *row) {
    int i = t->n_steps - 1;
    bool is_step = i >= 0 && i < t->problem.n_ops && !*t->current;
    bool right = !is_step || apply(t->problem.op[i], t->value_before,
                                   t->problem.number[i]) == t->value;
    uint64_t h = text_hash(kind, t->text) ^ (uint64_t)t->value * 2654435761u ^
                 (uint64_t)i << 40;
    h = hash_u64(&h, sizeof h);
    bool lean = right != (h % 8 == 0);
    int best = (lean ? 6 : 0) + (int)(h / 8 % 4);
    for (int d = 0; d < 10; d++) {
        int distance = d > best ? d - best : best - d;
        row[('0' + d) ^ kind->byte_xor] = (float)(20 - 2 * distance);
    }
}

static uint64_t step_hash(const struct toy_text *t, const struct toy_kind *kind,
                          const char *step) {
    uint64_t h = text_hash(kind, t->text) ^ text_hash(kind, step) ^
                 (uint64_t)t->value * 2654435761u ^ (uint64_t)t->n_steps << 40;
    return hash_u64(&h, sizeof h);
}

// The log odds of good are 0.5 to 4.5 on the side of the truth. An answer is
// right when it is that of the steps before it.
static void score_logits(const struct toy_text *t, const struct toy_kind *kind,
                         float *row) {
    char answer[128];
    int digit;
    right_step(t, answer, sizeof answer, &digit);
    bool right =
        !t->n_wrong && (!*t->current || strcmp(t->current, answer) == 0);
    uint64_t h = step_hash(t, kind, t->current);
    bool good = right != (h % 16 == 0);
    float odds = (float)(0.5 + (double)(h / 16 % 1024) / 256);
    row['+'] = good ? 20 : 20 - odds;
    row['-'] = good ? 20 - odds : 20;
}

static void toy_logits(void *ctx, const int32_t *tokens, int n_tokens,
                       float *row) {
    const struct toy_kind *kind = ctx;
    struct toy_text t;
    parse_text(&t, kind, tokens, n_tokens);
    for (int i = 0; i <= GRADE_TOKEN; i++)
        row[i] = -20;
    if (t.grading && kind->scores)
        score_logits(&t, kind, row);
    else if (t.grading)
        grade_logits(&t, kind, row);
    else
        write_logits(&t, kind, row);
}

// ---- models ---------------------------------------------------------------

static const struct toy_kind *kind_find(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    }
    return NULL;
}

const char *scripted_model_version(const char *name) {
    const struct toy_kind *kind = kind_find(name);
    return kind ? kind->version : NULL;
}

struct lm *scripted_model_open(const char *name, int n_rows, int n_ctx,
                               int64_t *now_ns, struct error *err) {
    const struct toy_kind *kind = kind_find(name);
    if (!kind) {
        error_set(err, ERR_USAGE, "no scripted model '%s'", name);
        return NULL;
    }
    bool all = n_ctx <= 0 || n_ctx > SCRIPTED_CONTEXT;
    struct scripted_model m = {
        .logits = toy_logits,
        .ctx = (void *)kind,
        .specials = specials,
        .n_ctx = all ? SCRIPTED_CONTEXT : n_ctx,
        .now_ns = now_ns,
        .ns_per_call = kind->ns_per_call,
        .ns_per_token = kind->ns_per_call / 10,
        .name = kind->version,
        .meta = kind->scores ? prm_meta : meta,
        .byte_xor = kind->byte_xor,
    };
    return lm_scripted_open(&m, n_rows, err);
}
