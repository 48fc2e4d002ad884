#pragma once
// What a sample of a cell takes, measured on a few problems: for `plan`.
//
// The first problems of the cell's data set are solved with sample 0, after one
// that is not counted where the run itself warms up. Prompt and solving are
// kept apart: a run evaluates a prompt once per problem and cell at most, and
// solves k samples of it. Nothing is graded or written: the stored line is
// printed to memory, without an answer, so it is some bytes short.

struct cell;
struct clock;
struct error;
struct sweep;
struct sweep_models;

// Means over the problems; NAN: not measured.
struct plan_measure {
    double prompt_ms, solve_ms;
    double kept_tokens;
    double evaluated_tokens; // of all models, after the prompt
    double line_bytes;       // of samples.jsonl
};

extern const struct plan_measure plan_not_measured;

// At most n_problems of them (at least 1). -1 with the method's error, which
// names cell and problem.
int plan_measure_cell(const struct sweep *s, const struct sweep_models *m,
                      const struct cell *c, const struct clock *clock,
                      int n_problems, struct plan_measure *out,
                      struct error *err);
