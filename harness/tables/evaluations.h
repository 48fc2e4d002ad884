#pragma once
// What evaluators said of the thoughts of a cell, and which of them are right.

#include <stdbool.h>

struct report_cell;

// The thoughts of all trees that have a score, in the order of the samples.
struct evaluations {
    double *score, *second; // [n] second NAN: there is none
    double *right;          // [n] 1 or 0; NAN: unknown (step_checker.h)
    int *problem;           // [n]
    int n;
};

// Allocates.
void evaluations_fill(struct evaluations *e, const struct report_cell *c);
void evaluations_release(struct evaluations *e);

// Keep the thoughts that have what is asked for.
void evaluations_keep(struct evaluations *e, bool second, bool right);

// The bin of a score: bins include their lower end, the last one both.
enum { EVALUATION_BINS = 10 };
int evaluation_bin(double score);
