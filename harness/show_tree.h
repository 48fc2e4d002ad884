#pragma once
// The tree of a search as lines of text, each thought below the one that it
// goes on from, in the order in which they were written.

#include <stdbool.h>
#include <stdio.h>

struct paint;
struct sample;

enum { SHOW_DEPTH_MAX = 1000 };

// Thoughts down to `depth` (1: those right after the prompt; at most
// SHOW_DEPTH_MAX); with kept_only those of the path chosen at last. A thought
// whose descendants are left out says how many there are.
void show_tree(const struct sample *s, int depth, bool kept_only,
               const struct paint *p, FILE *out);
// One line: who wrote how many thoughts and what became of them.
void show_tree_counts(const struct sample *s, FILE *out);
