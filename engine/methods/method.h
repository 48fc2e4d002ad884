#pragma once
// A method turns a problem into an answer with one or two models.
//
// It opens no models, reads no clock and knows no grader. One file per method,
// one `const struct method` each, one array in method.c. methods/null.c writes
// a fixed answer and tests the harness.

#include "engine/base/rng.h"
#include "engine/lm/lm.h"
#include "engine/methods/settings.h"
#include "engine/methods/trace.h"

struct error;

// Ids can be exchanged by models whose vocabularies are the same but for
// special tokens (vocab_map.h).
enum { METHOD_NEEDS_DRAFT = 1, METHOD_EXCHANGES_IDS = 2 };

// The models and buffers that one worker solves problems with. A workspace
// allocates everything before the first token: sequences, probability vectors,
// step buffers. One workspace per thread.
struct workspace;

struct method {
    const char *name; // "vanilla", "specdecode", ...
    const char *help;
    unsigned bit;   // its bit in option masks
    unsigned needs; // METHOD_NEEDS_*
    unsigned base_caps, draft_caps;
    // Solve from the rendered prompt that the workspace holds. Fills the
    // trace. -1 only for errors that end the sample without a verdict.
    int (*solve)(struct workspace *w, const struct settings *s,
                 const struct rng *rng, struct trace *t, struct error *err);
};

const struct method *method_find(const char *name); // NULL if unknown
const struct method *method_at(int i);              // NULL past the last

// Can this method run with these models and settings? -1 with an error that
// says which method needs what (called when the config is checked).
int method_check(const struct method *m, const struct lm *base,
                 const struct lm *draft, const struct settings *s,
                 struct error *err);

// base and draft are borrowed; draft NULL for single-model methods.
struct workspace *workspace_new(struct lm *base, struct lm *draft,
                                const struct settings *s, struct error *err);
void workspace_free(struct workspace *w);

// Load a problem: renders the prompt template and evaluates it in both models
// once; the k samples of the problem, of every method that shares this
// workspace, truncate back to it. The time it took each model is kept and
// charged to every sample (PHASE_PROMPT): base only for single-model methods.
// What is rendered follows settings.chat, .prompt and .system and the models'
// metadata (prompt.h): a draft with another vocabulary has a chat template of
// its own. Special tokens are recognised in template text alone. Without a
// template: ERR_USAGE.
int workspace_load(struct workspace *w, const char *problem,
                   const struct settings *s, const struct clock *clock,
                   struct error *err);

// One sample of the loaded problem, from trace_reset() to trace_stop(). The
// settings may differ from those the workspace was made with. Work of the
// prompt is in PHASE_PROMPT and prompt_tokens, not in calls and evaluated. -1:
// the sample has no verdict (trace.stop is STOP_ERROR), the workspace can go
// on with the next one.
int method_solve(const struct method *m, struct workspace *w,
                 const struct settings *s, const struct rng *rng,
                 struct trace *t, struct error *err);
