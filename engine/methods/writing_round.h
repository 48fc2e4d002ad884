#pragma once
// Private to engine/methods: one round of the thoughts that are being written.

#include "engine/methods/writing.h"

// Each writing of the wave that is not done gets a token, or as many as the
// drafter proposes and one more, and forks where its members part. Phases:
// PHASE_DRAFT, PHASE_VERIFY, PHASE_BASE. Counts what speculation does. -1 with
// an error.
int writing_round(struct search *x, struct error *err);
