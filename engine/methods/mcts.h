#pragma once
// Private to engine/methods: Monte Carlo tree search over thoughts, as OpenR
// does it.
//
// An iteration goes down from the prompt by the selection rule until it comes
// to a node that is not expanded, expands it, and goes on to the end of a path,
// each time by the child with the best score. The score of the last thought is
// then added to value_sum of every node of the path.
//
// puct: Q + P * sqrt(N of the parent) / (1 + N) * (log((N of the parent + 19652
// + 1) / 19652) + exploration), Q = value_sum / N, or the score where N is 0; P
// the likelihood of the thought by its author, times its copies, normalised
// over siblings. uct: Q + exploration * sqrt(log(N of the parent) / N), what
// was never visited first. Equal values: the one written first. N of the prompt
// counts iterations. An iteration that comes to a node after which no thought
// survives adds a visit worth nothing to each node of its path, and the node to
// x->frontier.

#include "engine/methods/search.h"

// x->finished gets a node for each iteration that came to an end of a path.
int mcts_search(struct search *x, struct error *err);
// The child to visit next; -1 without children.
int mcts_select(const struct tree *t, int node, int n_visits,
                const struct settings *s);
