#pragma once
// A results folder large enough to be judged: the cells of helper_store.h over
// 20 problems with 4 samples each. Times differ by problem and a little by
// sample; a fifth of the samples is wrong, others in each cell.

#include "tests/helper_store.h"

enum { GATE_PROBLEMS = 20, GATE_K = 4 };

struct gate_folder {
    struct helper_store h;
    struct manifest_problem problems[GATE_PROBLEMS];
};

void helper_gate_init(struct gate_folder *g);
// As from another seed: cells of other ids.
void helper_gate_reseed(struct gate_folder *g);
// Sample as it is unless changed.
struct sample helper_gate_sample(const struct gate_folder *g, int cell,
                                 int problem, int index);

typedef void (*gate_change_fn)(struct sample *s, int cell, int problem,
                               int index);
// A new folder with all samples, passed through `change` (NULL: as they are);
// one whose `key` is empty then is left out. To be freed with helper_dir_free.
char *helper_gate_write(const struct gate_folder *g, gate_change_fn change);

// `specsweep gate ARGUMENTS` ends with this exit code; what it printed, log
// included, malloc'ed.
char *helper_gate_run(const char *arguments, int expected_rc);
