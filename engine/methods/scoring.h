#pragma once
// Private to engine/methods: scores of nodes.

#include "engine/methods/search.h"

// Score nodes [first, first + n) with settings.evaluator, and with
// settings.second_evaluator where there is one, in shared batches (PHASE_JUDGE;
// time of the second is charged there too and makes such a cell's latency its
// own). The nodes' pasts of the reading models are kept. A thought that does
// not fit the evaluator's context scores 0. Sets score, second, and adds to
// time_ns. -1 with an error.
int scoring_run(struct search *x, int first, int n, struct error *err);
