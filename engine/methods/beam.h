#pragma once
// Private to engine/methods: beam search over thoughts.
//
// Each layer expands the frontier together. Of all new children the best go on,
// as many as the beam is wide less the paths that have ended; equal scores: the
// one written first. Those of them that end a path are finished. Over when the
// frontier is empty, the beam is used up by finished paths, or max_depth.

#include "engine/methods/search.h"

// Fills x->finished and leaves in x->frontier what could have gone on; where
// nothing survives after a frontier, that frontier.
int beam_search(struct search *x, struct error *err);
