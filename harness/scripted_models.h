#pragma once
// Built-in scripted models: a toy that needs no weights, so that a whole sweep
// can be tested, demonstrated and compared byte for byte.
//
// "toy-base" and "toy-draft" solve problems of the form "3+4*2-1?" (left to
// right) in steps "3+4=7", one per operation, and box the result. Both err with
// a chance that depends on the problem alone, the draft more often; toy-base
// grades a step with a digit that leans to the truth. Times come from a virtual
// clock: 1 ms per call of the base, 0.2 ms of the draft.

#include <stdint.h>

struct error;
struct lm;

extern const char *const scripted_model_names[]; // ends with NULL

// `now_ns`: the clock that evaluation advances, may be NULL. NULL with an error
// for an unknown name.
struct lm *scripted_model_open(const char *name, int n_rows, int n_ctx,
                               int64_t *now_ns, struct error *err);
// What identifies the script's behaviour in a cell's id.
const char *scripted_model_version(const char *name);
