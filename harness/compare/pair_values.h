#pragma once
// One number per problem of two cells, for the problems in which both have one.
//
// Both cells may be of one report or of two; problems are paired by their
// hashes, so the order in which two runs list them does not matter. Where the
// manifest names clusters of problems, these are the units (those of the cell,
// else of the other one).

#include "harness/report.h"
#include "harness/stats/stats_cluster_paired.h"

struct pair_values {
    double *x, *y;            // [n] of the cell, of the other
    int n;                    // problems
    struct clusters clusters; // of the n values
    int *cluster;             // owned
};

// The means of `fn` over the samples of each problem. Release with
// pair_values_release().
void pair_values_init(struct pair_values *v, const struct report_cell *c,
                      const struct report_cell *other, report_value_fn fn);
void pair_values_release(struct pair_values *v);

// Turns them into one number per problem, x: x - y; log(x / y), without the
// problems in which one of both is not above 0. y is not in use any more.
void pair_values_subtract(struct pair_values *v);
void pair_values_log_ratio(struct pair_values *v);
