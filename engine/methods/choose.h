#pragma once
// Private to engine/methods: which path is the answer.

#include "engine/methods/search.h"

// Of the finished paths with an answer, by settings.choose; where there is
// none, of the finished paths and the frontier, the best by last (or worst)
// score. Votes count answers of equal text (answer.h) and, within the winning
// answer, the best last score stands for it; ties go to the larger sum of last
// scores, then to the path that came first. A node; TREE_ROOT when there is no
// path at all.
int choose_path(struct search *x);
