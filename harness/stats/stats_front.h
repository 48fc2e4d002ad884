#pragma once
// Accuracy against time: which points are not beaten, and how much is solved by
// when.

#include <stdbool.h>

// on_front[i]: no other point has a cost that is not higher and a value that is
// not lower, with one of both better. Points with a NAN are not on it and beat
// nothing.
void stats_pareto(const double *cost, const double *value, int n,
                  bool *on_front);

// The deadline curve of a problem: share of its k samples that are correct
// within t. time[k] of samples; NAN: never. Area under it from 0 to `end`, over
// `end`: 1 if all are solved at once, 0 if none by then. NAN for k < 1 or
// end <= 0.
double stats_deadline_area(const double *time, int k, double end);
