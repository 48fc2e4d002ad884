#pragma once
// One side of a comparison, as a user names it.
//
//   FOLDER        all of its cells
//   FOLDER:CELL   those that CELL names: a label ("vanilla"), a label with its
//                 threshold ("specreason@7"), or at least four digits that only
//                 one cell's id begins with
//
// A label may name a cell for each base model, data set and variant, not two
// for one of them.

#include "harness/compare/cell_match.h"
#include "harness/report.h"

#include <stdbool.h>

struct buf;
struct error;

struct side {
    struct report report;
    const struct report_cell **cells; // [n_cells] those that are meant
    int n_cells;
    bool whole; // all of the folder's
};

// Opens the folder's report (partial: false). -1 with ERR_USAGE that lists the
// folder's cells when CELL names none, or too many; else as report_open(). The
// side is then empty.
int side_open(struct side *s, const char *name, struct error *err);
void side_release(struct side *s); // safe on a zeroed struct

// Which cells are compared, malloc'ed [*n] in the order of a's. Two sides that
// name one cell each: those. Two that name several: the ones of the same base,
// data set and variant. Else as cell_match_all(), of the cells that are meant.
int side_match(const struct side *a, const struct side *b,
               struct cell_match **matches, int *n, struct buf *unmatched,
               struct error *err);
