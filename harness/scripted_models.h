#pragma once
// Built-in scripted models: toys that need no weights, so that a whole sweep
// can be tested, demonstrated and compared byte for byte.
//
// They solve problems such as "3+4*2-1?" from left to right, one step "3+4=7"
// per operation, and box the result, or the letter of the option ("A:13") that
// has it. Now and then the first digit of a result comes out wrong; how likely
// depends on the step, and is higher for toy-draft. toy-base grades a step with
// a digit that leans to the truth. toy-foreign is a draft with another
// vocabulary. toy-prm is a process reward model: it says how likely it is that
// all steps so far are right, above one half when they are and below when one
// is not, but for one step in sixteen. A call takes 1 ms of virtual time for
// the base, 0.2 ms for a draft, 0.5 ms for the PRM, and a tenth of that for
// each token.

#include <stdint.h>

struct error;
struct lm;

extern const char *const scripted_model_names[]; // ends with NULL

enum { SCRIPTED_CONTEXT = 1024 };

// n_ctx 0 or above SCRIPTED_CONTEXT means that. `now_ns`: the clock that
// evaluation advances, may be NULL. NULL with an error for an unknown name.
struct lm *scripted_model_open(const char *name, int n_rows, int n_ctx,
                               int64_t *now_ns, struct error *err);
// What identifies the script's behaviour in a cell's id; NULL: unknown name.
const char *scripted_model_version(const char *name);
