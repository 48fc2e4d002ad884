#pragma once
// Private to engine/methods: the thoughts after a thought.
//
//   search-ar   tree_width thoughts of the base
//   search-sps  the same, written with the drafter attached
//   specsearch  the first layer as settings.first_layer says. After that, for
//               each parent: draft_factor * tree_width thoughts of the draft,
//               scored; those below the threshold are rejected; of the others
//               the best fill up to tree_width places (a thought takes as many
//               as it has copies; the rest is surplus); places left over, and
//               extra_thoughts more, go to the base (settings.rewrite). At the
//               end the threshold is updated with this layer's scores.
//
// With rewrite none a parent none of whose drafts survives has no children;
// with rewrite best its best draft is kept, so that the draft searches alone. A
// parent without children is an end: STOP_NO_THOUGHT, or STOP_CONTEXT where
// nothing could be written after it.
//
// A thought of the base with the text of an accepted draft is merged into it
// and surplus itself; its score counts for the threshold. One score a node, of
// the base's thoughts and, with base+accepted, of the drafts that got a place.
// All thoughts of a layer carry the threshold that was in force.

#include "engine/methods/search.h"

// Expand the parents together, each at most once. Children are scored, linked
// and decided on (PRUNED until a path is chosen). -1 with an error.
int expand(struct search *x, const int *parents, int n_parents,
           struct error *err);
