#pragma once
// Cells that can share a loaded prompt, and so a workspace: the same base, the
// same template, and the same draft or none, the same PRM or none.

#include "engine/engine.h"

struct sweep;

struct prompt_group {
    int model[ROLE_N];        // in config.models; draft, prm -1: none
    const struct cell *first; // its settings have the template; borrowed
};

struct prompt_groups {
    struct prompt_group *items; // [n]
    int *of_cell;               // [sweep.n_cells] index into items
    int n;
};

void prompt_groups_init(struct prompt_groups *g, const struct sweep *s);
void prompt_groups_release(struct prompt_groups *g); // safe on a zeroed struct

// What one worker holds of this model: for each group in which it has a role
// the most that one of the group's cells needs there, summed; fork_tokens is
// the largest.
struct method_seqs prompt_groups_seqs(const struct prompt_groups *g,
                                      const struct sweep *s, int model);
