#pragma once
// The rows of `specsweep bench`: what is run, how it is timed, what is said.
//
// Rows of a model, for each depth: prefill of n tokens in one call; decode of n
// tokens one after the other, of one sequence or of several in shared batches;
// verification of n tokens in one call that gives all their logits, as
// speculative decoding does it. Inside the window: pushing tokens, the forward
// pass, logits rows. Outside: loading, evaluating the depth, sampling, text.
// Tokens are seeded random ids; the hash of the last logits says whether two
// runs computed the same thing.

#include "harness/bench_machine.h"
#include "harness/table.h"

enum { BENCH_MAX_RUNS = 100, BENCH_MAX_VERIFY = 32, BENCH_LIST_MAX = 16 };

struct bench_list {
    int values[BENCH_LIST_MAX], n;
};

struct bench_plan {
    const char *isa, *kv; // as in lm_native_options
    int n_threads, n_runs;
    struct bench_list prompts, decodes, batches, verifies, depths;
};

extern const struct table_column bench_columns[];

// Opens the model, runs the plan, adds a row for each test to the table. A
// machine with n_threads 0 is measured first. A line about the model's memory
// goes to `log`. ERR_MEMORY when the KV cache does not fit.
int bench_model(const char *path, const struct bench_plan *plan,
                struct bench_machine *machine, struct arena *a, struct table *t,
                FILE *log, struct error *err);
