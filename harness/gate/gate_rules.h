#pragma once
// The rules over cells, one file each. gate.c asks them in the order of enum
// gate_rule; accuracy and speed in two steps, since their p values are adjusted
// in between.

#include "harness/gate/gate.h"

// Needs of more problems are not told.
enum { GATE_PROBLEMS_MAX = 10000000 };

struct gate_sides { // of one matched pair of cells
    const struct report *ra, *rb;
    const struct report_cell *a, *b; // baseline, candidate
    const struct report_cell *aa;    // of the A/A run; NULL: none
    unsigned differs;                // enum identity_part
    bool same;
    const struct gate_options *o;
};

void gate_finding_set(struct gate_finding *f, enum gate_outcome outcome,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// gate_sides.c. False: no other rule is asked.
bool gate_sides_judge(struct gate_finding *f, const struct gate_sides *s);
// Is the cell INVALID for reasons that are about times, or that are not?
// Appends all of them then.
bool gate_is_invalid(const struct report_cell *c, bool times, struct buf *why);
// Why a mean of so many values has no interval.
const char *gate_no_interval(const struct estimate *e);
// "specreason@7 (base big, draft small, set)" of either side.
void gate_cell_name(const struct gate_cell *c, struct buf *out);

// gate_exact.c. True: all samples are equal.
bool gate_exact_judge(struct gate_finding *f, const struct gate_sides *s);

// gate_accuracy.c
void gate_accuracy_of_cells(struct gate_accuracy *a,
                            const struct gate_sides *s);
void gate_accuracy_conclude(struct gate_finding *f,
                            const struct gate_accuracy *a, double margin,
                            int n_tests, double p_adjusted);

// gate_speed.c. False: there is nothing to measure, and `f` says why.
bool gate_speed_of_cells(struct gate_timing *t, double *aa_high,
                         struct gate_finding *f, const struct gate_sides *s);
void gate_speed_conclude(struct gate_finding *f, const struct gate_timing *t,
                         double max_slowdown, double aa_high,
                         double p_adjusted);

// gate_speedup.c: of a cell of the candidate. Not one of those that are meant:
// GATE_NOT_JUDGED without a text.
void gate_speedup_judge(struct gate_finding *f, const struct report *rb,
                        const struct report_cell *b,
                        const struct gate_options *o);
// The first that no cell answers to; NULL: none.
const struct gate_speedup *gate_speedup_unknown(const struct report *rb,
                                                const struct gate_options *o);
