#pragma once
// Private to engine/methods: the base model writes.
//
// Draws. Token number i after the prompt is drawn from the target with
// (RNG_TARGET, i), whoever verifies, rewrites or just writes it. So vanilla,
// the exact acceptance rule and a base that rewrites every step give the same
// tokens for the same seed.

#include "engine/methods/sample.h"

// Extend the base's transcript until m->stop is set or, with one_step, the
// current step is complete. Speculates when the drafter is attached. Records
// steps and phases. -1 with an error.
int generate(struct sample *m, bool one_step, struct error *err);

// Make tokens final in order, recording completed steps, until one of them
// stops the sample or, with one_step, ends the step. Returns how many are
// kept.
int generate_keep(struct sample *m, const int32_t *tokens, int n,
                  bool one_step);
