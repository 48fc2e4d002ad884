#pragma once
// A stored sample for people: its outcome and, step by step, who wrote what,
// what the judge said and what it cost; of a search, the tree. Texts come from
// a model, so control characters are shown as '?' and cannot reach the
// terminal.

#include <stdbool.h>
#include <stdio.h>

struct report;
struct sample;

struct show_options {
    bool color;
    bool kept_only; // steps that were kept; of a tree, the path chosen at last
    int depth;      // of a tree, at most (show_tree.h)
};
void show_sample(const struct sample *s, const struct show_options *o,
                 FILE *out);
// One line per cell: id, what it is, samples, pass@1, time, kept steps.
void show_cells(const struct report *r, FILE *out);
