#pragma once
// May a cell's numbers be believed? VALID, SUSPECT or INVALID with reasons.
//
// Each check looks at one thing and has two limits (validity.c, one row each):
// above the first a cell is suspect, above the second invalid. Nothing is
// dropped for it: tables mark the cell, the gate refuses invalid ones.
//
// The limits are on sizes; what chance alone makes of few samples is no reason
// either, so a drift, a warm-up or another length must also be unlikely by
// chance: the first and last at 99.9 %, a warm-up at 99 %.

#include <stdbool.h>
#include <stdio.h>

struct buf;
struct report;
struct report_cell;

enum validity { VALIDITY_VALID, VALIDITY_SUSPECT, VALIDITY_INVALID };
extern const char *const validity_name[]; // "valid", "suspect", "invalid"

// What is looked at; docs/RESULTS.md says how each is measured.
enum validity_check {
    CHECK_MISSING,   // samples that are not there
    CHECK_FAILED,    // ended with an error (time-outs of servers included)
    CHECK_UNGRADED,  // no verdict
    CHECK_TRUNCATED, // cut off by budget, steps or context
    CHECK_LENGTH,    // kept tokens against the baseline's, problem by problem
    CHECK_MACHINES,  // times of different machines
    CHECK_WARMUP,    // the first times against the rest
    CHECK_DRIFT,     // times over the run
    CHECK_OUTLIERS,  // times far from their problem's median
    CHECK_N,
};

struct validity_finding {
    enum validity verdict;
    double value; // in the check's unit; NAN: cannot be measured
};

struct validity_report {
    enum validity verdict; // the worst of the findings
    struct validity_finding findings[CHECK_N];
};

extern const char *const validity_check_name[CHECK_N]; // "missing", ...

// Reads all samples of the cell and of its baseline. What report_open() has
// found so stands in the cell.
void validity_judge(struct validity_report *v, const struct report *r,
                    const struct report_cell *c);
// Append "12.0 % truncated (limit 5 %); times drift by 9.1 % (limit 5 %)", the
// worst first; nothing for a valid cell.
void validity_print(const struct validity_report *v, struct buf *out);
// What tables show of a cell of an opened report: its verdict, NULL for a valid
// one.
const char *validity_mark(const struct report_cell *c);
// A line on `log` for every cell that is not valid.
void validity_print_notices(const struct report *r, FILE *log);
