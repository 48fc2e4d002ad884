#pragma once
// Cells that can share a loaded prompt, and so a workspace: the same base, the
// same template, and the same draft or none.

struct sweep;

struct prompt_group {
    int base, draft;          // in config.models; draft -1: none
    const struct cell *first; // its settings have the template; borrowed
};

struct prompt_groups {
    struct prompt_group *items; // [n]
    int *of_cell;               // [sweep.n_cells] index into items
    int n;
};

void prompt_groups_init(struct prompt_groups *g, const struct sweep *s);
void prompt_groups_release(struct prompt_groups *g); // safe on a zeroed struct

// Sequences of this model that one worker holds: one for each group in which it
// is the base, and one for each in which it is the draft.
int prompt_groups_n_seq(const struct prompt_groups *g, int model);
