#pragma once
// Is a candidate worse or slower than a baseline? What CI acts on.
//
// Every matched pair of cells is judged by up to three rules, one file each:
//
//   exact     the same cell (cell_match.h): every sample's kept tokens, calls
//             and counters must be equal, since its seed determines them. A
//             difference is a regression that names the first sample.
//   accuracy  non-inferiority, paired by problem: a regression when the lower
//             one-sided 95 % bound of (candidate - baseline) is below -margin
//             AND the difference is negative beyond the noise; a pass when that
//             bound is above -margin; else it cannot be judged, and the number
//             of problems that could is told. The noise is the SE of the paired
//             differences, or that of an A/A run where it is larger. The p
//             values of all cells are adjusted (Holm).
//   speed     a regression when the geometric mean of per-problem time ratios
//             (candidate / baseline) is above 1 + margin AND its interval
//             excludes 1, and an A/A run's does not reach it. Only between
//             times of one machine; else it is not judged, and that is told.
//
// A cell that is INVALID (validity.h) on either side makes the gate invalid.

#include "harness/compare/cell_match.h"
#include "harness/stats/stats.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct buf;
struct error;

enum gate_outcome { // in order of precedence, the last wins
    GATE_PASS,
    GATE_NOT_JUDGED, // of one rule of a cell: it does not apply; no outcome
    GATE_CANNOT_JUDGE,
    GATE_REGRESSION,
    GATE_INVALID,
};
extern const char *const gate_outcome_name[];  // "pass", "not judged", ...
int gate_exit_code(enum gate_outcome outcome); // 0, 0, 3, 1, 4

enum gate_rule { RULE_EXACT, RULE_ACCURACY, RULE_SPEED, RULE_SPEEDUP, RULE_N };
extern const char *const gate_rule_name[];

enum gate_speed { SPEED_AUTO, SPEED_REQUIRED, SPEED_OFF };

struct gate_speedup {  // "label=1.3": at least so much faster than the baseline
    const char *label; // method of the candidate's own run, in which both ran
    double least;
};

struct gate_options {
    double max_accuracy_drop; // 0.02: two points
    double max_slowdown;      // 0.05: five per cent
    unsigned changed;         // enum identity_part: what may differ
    enum gate_speed speed;
    const struct gate_speedup *speedups; // [n_speedups]
    int n_speedups;
};

struct gate_finding { // of one rule in one cell
    enum gate_outcome outcome;
    struct estimate value; // difference or ratio; NAN: none
    double limit;          // that it was held against
    double p;              // one-sided, adjusted; NAN: none
    int n_needed;          // problems to judge; 0: enough, or unknown
    char text[256];        // one line for the reader
};

struct gate_cell {
    struct cell_match match; // a: baseline, b: candidate; a NULL: RULE_SPEEDUP
    enum gate_outcome outcome;
    struct gate_finding findings[RULE_N];
};

struct gate {
    enum gate_outcome outcome;
    struct gate_cell *cells; // [n_cells]
    int n_cells;
    char text[512]; // why there is no finding at all; ""
};

// Judges. `aa` is a second run of the baseline with another seed; NULL: none.
// -1 with an error where the sides cannot be compared at all.
int gate_judge(struct gate *g, const struct report *baseline,
               const struct report *candidate, const struct report *aa,
               const struct gate_options *o, struct error *err);
void gate_release(struct gate *g);

// A line per cell and finding for people; verdict.json for programs.
void gate_print(const struct gate *g, FILE *out);
void gate_print_json(const struct gate *g, const struct report *baseline,
                     const struct report *candidate,
                     const struct gate_options *o, struct buf *out);

// ---- the rules, over plain arrays so that their error rates can be measured
// --

// d[n]: candidate - baseline per problem. `noise_se`: of an A/A run; 0: none.
// p is not adjusted; the caller holds it against alpha after Holm.
struct gate_accuracy {
    struct estimate difference; // two-sided interval for the reader
    double lower;               // one-sided 95 % bound
    double noise_se;            // the larger of both
    double p;                   // one-sided, of "not lower"
    int n_needed;
};
void gate_accuracy_measure(struct gate_accuracy *a, const double *d, int n,
                           double margin, double noise_se, double level);
enum gate_outcome gate_accuracy_decide(const struct gate_accuracy *a,
                                       double margin, double p_adjusted);

// log_ratio[n]: log(candidate time / baseline time) per problem. `aa_high`:
// upper end of the A/A run's ratio; 1: none.
enum gate_outcome gate_speed_decide(const struct estimate *ratio,
                                    double max_slowdown, double aa_high);
