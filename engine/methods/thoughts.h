#pragma once
// Private to engine/methods: writing many thoughts at once.
//
// All thoughts that are being written are one batch a token, whatever node they
// go on from. Thoughts after the same node are alike for a while: as long as
// their tokens are the same they are one transcript that is evaluated once, and
// it forks where their draws first differ. Those that never differ are one node
// with n_copies of them; thoughts of equal text after the same node are merged
// too.
//
// Draws. Token i of the thought that was drawn as number d of its sample uses
// index (d + 1) << 32 | i, RNG_TARGET where the base writes and RNG_DRAFT where
// the draft does, whatever batch it is part of. With the drafter attached and
// accept exact the base therefore writes what it would write alone. With
// rejection the first thought of a transcript accepts with the draws of
// speculate.h under these indices, and the others draw from the base: each is
// distributed as the base's own, independent of the others.
//
// A thought ends as any step does (stop_scan.h), with its text, or at the
// budget of its path. `end` of its node says why the path cannot go on
// (STOP_ANSWER, STOP_END, STOP_BUDGET, STOP_REPETITION, STOP_CONTEXT,
// STOP_STEPS at settings.max_depth or max_steps); an end token is not part of
// it. A thought without any token (the text ended at once) is a node of no
// tokens that ends with STOP_END.

#include "engine/methods/search.h"

struct wish {
    int parent; // a node or TREE_ROOT; can go on
    int n;      // thoughts wanted, copies included; 0: none
};

// Writes the wished thoughts as nodes of the tree, unlinked and unscored, in
// the order of the wishes and, within one, of their first copies. `speculate`
// (base only): with the drafter attached. A parent that fits no context gets
// none. Nodes have pasts of the models that wrote them. Phases: PHASE_DRAFT and
// PHASE_VERIFY, PHASE_BASE. *first, *n: the new nodes. -1 with an error.
int thoughts_write(struct search *x, enum author author, bool speculate,
                   const struct wish *wishes, int n_wishes, int *first, int *n,
                   struct error *err);
