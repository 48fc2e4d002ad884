#pragma once
// Private to engine/methods: token-level speculation, a property of how the
// base writes. The draft writes a few tokens, the base evaluates them in one
// batch, accept.h decides, and the tokens go through the same stop rule as
// any others: what lies past a stop is discarded.

#include "engine/methods/sample.h"

// Bring the draft's transcript up to the kept tokens: push only, nothing that
// it has is evaluated again. *ready is false when they do not fit its context
// or its vocabulary (vocab_map.h).
int speculate_sync(struct sample *m, bool *ready, struct error *err);

// How many tokens a round may draft here: within the settings, the token and
// step limits and both contexts; 0: write a token plainly. -1 with an error.
int speculate_room(struct sample *m, bool one_step, struct error *err);

// One round of up to n_draft (>= 1) drafted tokens.
int speculate_round(struct sample *m, int n_draft, bool one_step,
                    struct error *err);
