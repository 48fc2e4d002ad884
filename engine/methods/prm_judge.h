#pragma once
// Private to engine/methods: a process reward model as the judge of drafted
// steps, which is RSD (2501.19324) with a step function.
//
// It has a transcript of its own, of the problem and the kept steps, whoever
// wrote them; the base need not read a step in order to keep it.

#include "engine/methods/judge.h"

// A sample begins: the PRM's transcript is the problem.
void prm_judge_begin(struct workspace *w);

// Judge a step after the kept text: tokens[0..n), whose text is the workspace's
// from the kept text on to n_text. One batch reads it and the tag. A step that
// does not fit the PRM's context scores 0. -1 with an error.
int prm_judge_step(struct sample *m, const int32_t *tokens, int n,
                   size_t n_text, struct verdict *v, struct error *err);

// What was kept since the last call is a step; called after each. Nothing of it
// that was judged is read again.
int prm_judge_follow(struct sample *m, struct error *err);

// The kept steps do not fit the PRM's context: there is nothing to judge with.
bool prm_judge_is_full(const struct workspace *w);
