#pragma once
// Where a curve over time ends.

struct report_cell;

// Wall time in ms by which this share of the cell's samples are over (type 7
// quantile); NAN without times.
double deadline_end(const struct report_cell *c, double share);
