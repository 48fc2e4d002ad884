#pragma once
// The account of one sample: every token, call and nanosecond that a method
// spends passes through here, so that accounting is the same for all methods.
//
// A method brackets its work with trace_begin/trace_end; phases do not nest.
// The time of a sample is the time between trace_start and trace_stop; what no
// phase claims is `other_ns`. Everything is allocated by trace_init.

#include "engine/base/clock.h"
#include "engine/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum phase {
    PHASE_PROMPT, // evaluating the problem, both models
    PHASE_BASE,   // base writes token by token
    PHASE_DRAFT,  // draft writes: steps, or tokens to be verified
    PHASE_VERIFY, // base verifies drafted tokens
    PHASE_JUDGE,  // base or PRM scores steps (reading them included)
    PHASE_N,
};
extern const char *const phase_name[PHASE_N]; // "prompt", "base", ...

enum author { AUTHOR_BASE, AUTHOR_DRAFT };
enum model_role { ROLE_BASE, ROLE_DRAFT, ROLE_PRM, ROLE_N };
extern const char *const role_name[ROLE_N]; // "base", "draft", "prm"

enum stop_reason {
    STOP_NONE,
    STOP_ANSWER,     // a complete answer was written
    STOP_END,        // end of text
    STOP_BUDGET,     // token budget used up
    STOP_STEPS,      // step limit
    STOP_REPETITION, // two equal steps in a row
    STOP_CONTEXT,    // the model's context is full
    STOP_NO_THOUGHT, // a search has nothing left to go on from
    STOP_ERROR,
    STOP_N,
};
extern const char *const stop_reason_name[STOP_N];

// What became of a step.
enum decision {
    DECISION_KEPT,     // part of the final transcript
    DECISION_REJECTED, // by the judge, a threshold or chance
    DECISION_SURPLUS,  // good enough, but better ones took all the places
    DECISION_PRUNED,   // had a place in the tree, off the path chosen at last
    DECISION_N
};
extern const char *const decision_name[DECISION_N]; // "kept", "rejected", ...

// A step that was written: kept, or dropped by the judge. In a linear sample
// each step goes on from the kept one before it; in a tree from its parent.
struct step {
    enum author author;
    bool kept;
    bool judged;
    double score;     // of the judge; NAN when not judged
    double second;    // of a second evaluator, which decides nothing; or NAN
    double threshold; // in force at that moment; NAN: none
    int n_tokens;
    int64_t time_ns;             // writing and judging it; of work shared with
                                 // other thoughts its share by tokens
    size_t text_begin, text_end; // in trace.text
    // Where trace.tree is set.
    enum decision decision;
    int parent;   // index of the step that it goes on from; -1: the prompt
    int n_copies; // equal thoughts that it stands for, itself included
};

struct counters {
    int64_t prompt_tokens;   // of the problem
    int64_t kept_tokens;     // after the prompt, in the final transcript
    int64_t kept_from_draft; // of those, in steps that the draft wrote
    int64_t step_tokens_drafted, step_tokens_discarded; // whole steps
    int64_t spec_drafted, spec_accepted; // token-level speculation
    int64_t spec_passes;                 // verification passes
    int64_t base_discarded;              // verified but unused (past a stop)
    int64_t judge_calls, judge_tokens;
    int64_t calls[ROLE_N];     // batches by model
    int64_t evaluated[ROLE_N]; // tokens evaluated by model
    int64_t repeated[ROLE_N];  // tokens evaluated twice: 0, but for what
                               // transcript.h says
};

struct trace {
    const struct clock *clock; // NULL: monotonic
    struct step *steps;        // [n_steps], kept and dropped, in order
    int n_steps, cap_steps;
    char *text; // texts of all steps, one after the other
    size_t n_text, cap_text;
    struct counters count;
    int64_t phase_ns[PHASE_N];
    int64_t start_ns, total_ns, begin_ns;
    int phase; // -1: none
    enum stop_reason stop;
    int32_t *kept; // [n_kept] token ids after the prompt, base vocabulary
    int n_kept, cap_kept;
    char *response; // text of the kept tokens, NUL-terminated
    size_t n_response, cap_response;
    bool answer_forced; // the answer phase wrote the answer
    bool text_full;     // some dropped step's text did not fit `text`
    bool overflow;      // a kept token or step did not fit: the sample fails
    bool tree;          // the steps are nodes of a tree
};

// The most that a sample can hold.
struct trace_size {
    int n_steps;       // kept and dropped
    int n_tokens;      // kept, answer phase included
    int64_t n_written; // of all steps
};
void trace_init_size(struct trace *t, const struct clock *clock,
                     const struct trace_size *size);
// Of a linear sample. max_steps and max_tokens: the settings' max_steps, and
// budget_tokens + answer_tokens.
void trace_init(struct trace *t, const struct clock *clock, int max_steps,
                int max_tokens);
void trace_release(struct trace *t);
void trace_reset(struct trace *t); // ready for the next sample, memory kept

void trace_start(struct trace *t);
void trace_stop(struct trace *t, enum stop_reason why);
void trace_begin(struct trace *t, enum phase p);
void trace_end(struct trace *t);
int64_t trace_now(const struct trace *t);

// Record a step. Its text is copied; kept steps' tokens are counted by
// trace_keep(). The text of a step that does not fit is left empty.
void trace_step(struct trace *t, const struct step *s, const char *text,
                size_t n_bytes);
// Tokens that are final from now on, with their text.
void trace_keep(struct trace *t, const int32_t *tokens, int n,
                enum author author, const char *text, size_t n_bytes);
// Tokens that were pushed, not written, after the prompt (the answer prompt):
// in `kept` and `response`, counted nowhere.
void trace_insert(struct trace *t, const int32_t *tokens, int n,
                  const char *text, size_t n_bytes);
// Charge time that was spent before trace_start() (the shared prompt) to this
// sample: to the phase and to the total.
void trace_charge(struct trace *t, enum phase p, int64_t ns);
// total_ns less all phases; after trace_stop().
int64_t trace_other_ns(const struct trace *t);
// Hash of the kept token ids.
void trace_token_hash(const struct trace *t, char hex[HASH_HEX_SIZE]);
