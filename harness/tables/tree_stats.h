#pragma once
// The trees of a cell, summed by depth.
//
// Thoughts are counted as they were drawn: a node counts as often as it stands
// for equal ones. Failed samples and those without a tree do not count.

#include "engine/engine.h"

struct report_cell;

enum { N_AUTHORS = 2 }; // enum author

struct depth_sums {
    int n_samples;       // that have a thought at this depth
    double n[N_AUTHORS]; // thoughts
    double n_scored[N_AUTHORS], score[N_AUTHORS];
    double n_threshold, threshold; // of thoughts with one in force
    double n_rejected;             // the draft's
    double n_rewritten;            // the base's beside drafted ones
    double n_above;            // the draft's with a score above the base's mean
    double n_kept, kept_score; // different thoughts of the paths chosen, scored
};

struct tree_stats {
    struct depth_sums *at; // [n_depths], at[d - 1] of depth d
    int n_depths;
    int n_samples;         // trees
    struct depth_sums all; // over all depths; n_samples is that of trees
    double n_nodes;        // different thoughts
    double n_layers;       // depths of the trees, summed
};

// Allocates; no depths when no sample has a tree.
void tree_stats_fill(struct tree_stats *s, const struct report_cell *c);
// Those of one problem alone.
void tree_stats_fill_problem(struct tree_stats *s, const struct report_cell *c,
                             int problem);
void tree_stats_release(struct tree_stats *s);

// Means; NAN where there is nothing to take them of.
double depth_score(const struct depth_sums *d); // of both authors
double depth_author_score(const struct depth_sums *d, enum author author);
double depth_threshold(const struct depth_sums *d);
