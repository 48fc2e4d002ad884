#pragma once
// A results folder of searches, written by hand: two problems p0, p1 of the
// data set "set", whose steps can be checked, one sample each. Cell A searches
// with the base alone (10, 20 ms), B is SpecSearch (5, 8), C has the drafter
// attached (8, 16). B alone has trees.

#include "tests/helper_store.h"

enum { HELPER_TREE_STEPS = 7 };

// The tree of p0. The last two thoughts go on from a wrong one, so nobody can
// say if they are right. The base wrote the last one twice as the draft had; so
// of the draft's three copies two are the base's. The tree of p1 has one
// thought of the base, right, kept, with .6 by both evaluators.
extern struct sample_step helper_first_tree[HELPER_TREE_STEPS];

void helper_tree_scene(struct helper_store *h);   // describes the folder
char *helper_tree_folder(struct helper_store *h); // writes it: its path
