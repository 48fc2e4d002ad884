#pragma once
// Which cell of one results folder answers which of another, and whether the
// two can be compared.
//
// Cells answer each other when base, draft, reward model, data set, label,
// threshold and variant are the same; no two cells of a folder share all of
// them (sweep.c). What is compared problem by problem must be about the same
// problems, in any order: another problem set, another k, other graders or
// another version of them cannot be judged, and nor can a cell that lacks
// samples (ERR_INCOMPARABLE). What somebody may have changed on purpose,
// because it is what the comparison is about, is told in `differs`
// (cell_identity.h).

#include "harness/compare/cell_identity.h"
#include "harness/report.h"

#include <stdbool.h>

struct buf;
struct error;

struct cell_match {
    const struct report_cell *a, *b;
    unsigned differs; // enum identity_part
    // The same cell id, whose samples are the same on every machine: equal
    // samples are expected. (Not so after prefill: blas.)
    bool same;
};

// Of two cells whose problems can be compared; *differs is set. -1 with
// ERR_INCOMPARABLE that names the first obstacle.
int cell_match_check(const struct report *ra, const struct report_cell *a,
                     const struct report *rb, const struct report_cell *b,
                     unsigned *differs, struct error *err);

// cell_match_check(), and the whole match.
int cell_match_make(struct cell_match *m, const struct report *ra,
                    const struct report_cell *a, const struct report *rb,
                    const struct report_cell *b, struct error *err);

// The cell of `r` that answers `c` of another report; NULL: none does.
const struct report_cell *cell_match_find(const struct report *r,
                                          const struct report_cell *c);

// All matches, in the order of a's cells: malloc'ed [*n]. Cells without an
// answer are left out and listed, a line each, in `unmatched` (NULL: not
// wanted). -1 with ERR_INCOMPARABLE when none match or two that match cannot be
// compared; *matches is then NULL.
int cell_match_all(const struct report *a, const struct report *b,
                   struct cell_match **matches, int *n, struct buf *unmatched,
                   struct error *err);
