#pragma once
// Which cell of one results folder answers which of another, and what the two
// do not share.
//
// Cells answer each other when base, draft, reward model, data set, label,
// threshold and variant are the same. What is compared problem by problem must
// be about the same problems: another problem set, another k, other graders or
// another version of them cannot be judged (ERR_INCOMPARABLE). What somebody
// may have changed on purpose, because it is what the comparison is about, is
// told in `differs`.

#include "harness/report.h"

#include <stdbool.h>

struct buf;
struct error;

enum identity_part {      // flags
    DIFFERS_MODEL = 1,    // content of base, draft or reward model
    DIFFERS_ENGINE = 2,   // sample version, KV type, prefill
    DIFFERS_SETTINGS = 4, // of the cell
    DIFFERS_SEED = 8,
};
enum { IDENTITY_PARTS = 4 };
extern const char *const identity_part_name[IDENTITY_PARTS]; // "model", ...

struct cell_match {
    const struct report_cell *a, *b;
    unsigned differs; // enum identity_part
    bool same;        // the same cell id: equal samples are expected
};

// Of two cells whose problems can be compared; *differs is set. -1 with
// ERR_INCOMPARABLE that names the first obstacle.
int cell_match_check(const struct report *ra, const struct report_cell *a,
                     const struct report *rb, const struct report_cell *b,
                     unsigned *differs, struct error *err);

// All matches, in the order of a's cells: malloc'ed [*n]. Cells without an
// answer are left out and listed, a line each, in `unmatched` (NULL: not
// wanted). -1 with ERR_INCOMPARABLE when none match or two that match cannot be
// compared.
int cell_match_all(const struct report *a, const struct report *b,
                   struct cell_match **matches, int *n, struct buf *unmatched,
                   struct error *err);

// One side of a comparison as a user names it: FOLDER, or FOLDER:CELL, where
// CELL is a label ("vanilla"), a label with its threshold ("specreason@7") or
// the beginning of a cell's id. The folder's report is opened (partial: false);
// *cell is NULL where the whole folder is meant. A label that several cells
// have is fine as long as one remains per base and data set: then *cell is the
// first and `label` filters. -1 with an error; the report is then empty.
struct side {
    struct report report;
    const char *label;              // in the report's arena; NULL: all
    const struct report_cell *cell; // NULL unless exactly one is meant
};
int side_open(struct side *s, const char *name, struct error *err);
void side_release(struct side *s);
