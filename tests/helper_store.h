#pragma once
// A results folder written by hand: one data set "set" of three problems p0,
// p1, p2, two samples each, base "big", draft "small"; cells "vanilla" (A),
// "specreason" at threshold 7 (B) and "specdecode" (C).

#include "harness/manifest.h"
#include "harness/sample_record.h"

enum { HELPER_PROBLEMS = 3, HELPER_K = 2, HELPER_CELLS = 3 };

struct helper_store {
    struct manifest manifest; // its parts are static
    struct manifest_dataset dataset;
    struct manifest_problem problems[HELPER_PROBLEMS];
    struct manifest_cell cells[HELPER_CELLS];
    struct manifest_setting settings[2];
    struct manifest_model model;
    struct manifest_session session;
};

void helper_store_init(struct helper_store *h);
// Sample `index` of problem `problem` in cell `cell`, solved correctly in `ms`
// with `n_tokens` kept tokens; the caller may change it before adding it.
struct sample helper_sample(const struct helper_store *h, int cell, int problem,
                            int index, double ms, int n_tokens, bool correct);
void helper_add(const char *dir, const struct sample *s);
// The whole folder: A takes 10, 20, 40 ms for p0, p1, p2; B half of it; C the
// same as A. B is wrong on the second sample of p2.
void helper_fill(const struct helper_store *h, const char *dir);
