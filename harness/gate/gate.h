#pragma once
// Is a candidate worse or slower than a baseline? What CI acts on.
//
// Every matched pair of cells is judged by up to five rules, one file each:
//
//   sides     both folders hold the cell, complete and not INVALID
//             (validity.h), and nothing differs that was not named.
//   exact     the same cell (cell_match.h): every sample's kept tokens, calls,
//             counters and verdict must be equal, since its seed determines
//             them. A difference is a regression that names the first sample.
//             Where all are equal, so is the accuracy.
//   accuracy  non-inferiority, paired by problem: a regression when the lower
//             one-sided 95 % bound of (candidate - baseline) is below -margin
//             AND the difference is negative beyond the noise; a pass when that
//             bound is above -margin; else it cannot be judged, and the number
//             of problems that could is told. The noise is the SE of the paired
//             differences, that of an A/A run where it is larger, and never
//             less than one sample's worth. Where the candidate's manifest
//             (else the baseline's) names clusters of problems, these are the
//             units of bounds and tests, here and for speed.
//   speed     a regression when the geometric mean of per-problem time ratios
//             (candidate / baseline) is above 1 + margin AND its interval
//             excludes 1, and an A/A run's does not reach it. A pass when it is
//             within the margin and precise enough to have shown twice the
//             margin. Only between times of one machine; else it is not judged,
//             and that is told.
//   speedup   a method against the baseline method of the same run: a
//             regression when its interval is below what was asked for.
//
// All p values of accuracy and speed are one family (Holm): the chance that a
// candidate that is as good as the baseline fails is at most 5 % in all.

#include "harness/compare/cell_match.h"
#include "harness/stats/stats.h"
#include "harness/stats/stats_cluster_paired.h"

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

enum gate_rule {
    RULE_SIDES,
    RULE_EXACT,
    RULE_ACCURACY,
    RULE_SPEED,
    RULE_SPEEDUP,
    RULE_N,
};
extern const char *const gate_rule_name[];

enum gate_speed { SPEED_AUTO, SPEED_REQUIRED, SPEED_OFF };

struct gate_speedup {  // "label=1.3": at least so much faster than the baseline
    const char *label; // or method, of the candidate's run, in which both ran
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
    double min_detectable; // accuracy: gate_accuracy_detectable(); NAN: none
    int n_needed;          // problems to judge; 0: enough, or unknown
    char text[256];        // one line for the reader; "": nothing to say
};

struct gate_cell {
    // a: baseline, b: candidate. NULL: that folder lacks the cell.
    struct cell_match match;
    enum gate_outcome outcome;
    struct gate_finding findings[RULE_N];
};

struct gate {
    enum gate_outcome outcome;
    struct gate_cell *cells; // [n_cells]
    int n_cells;
    char text[768]; // why there is no finding, or what it may be; ""
};

// Judges. `aa` is a second run of the baseline with another seed; NULL: none.
// Sides that cannot be compared are GATE_CANNOT_JUDGE with `text`. The reports
// must outlive the gate.
void gate_judge(struct gate *g, const struct report *baseline,
                const struct report *candidate, const struct report *aa,
                const struct gate_options *o);
// Nothing was compared, for this reason.
void gate_cannot_judge(struct gate *g, const char *why);
void gate_release(struct gate *g);

// A line per cell and finding for people; verdict.json for programs: reports
// may be NULL (could not be opened).
void gate_print(const struct gate *g, FILE *out);
void gate_print_json(const struct gate *g, const struct report *baseline,
                     const struct report *candidate,
                     const struct gate_options *o, struct buf *out);

// ---- does the gate fire? ---------------------------------------------------

// Judges copies of a store against itself: untouched it must pass; slowed down,
// with verdicts lost, with one token changed, it must be a regression of that
// rule in that cell. Prints what was found. 0, or how many of these did not
// hold; -1 with an error where the folder cannot be read.
int gate_self_test(const char *dir, const struct gate_options *o, FILE *out,
                   struct error *err);

// ---- baselines that every machine can be held against ----------------------

// Writes what does not depend on the machine: a manifest without sessions, and
// of each sample counters, verdict and token hash, without texts and times; the
// same bytes from every run of the config. -1 with ERR_INCOMPARABLE where
// samples are missing or failed, ERR_USAGE where `dir` holds a run, ERR_IO.
int gate_write_baseline(const struct report *r, const char *dir,
                        struct error *err);

// ---- the rules over plain arrays, so that error rates can be measured ------

enum { GATE_ALPHA_PCT = 5 };

// d[n]: candidate - baseline per problem. `noise_se`: the least that the SE may
// be. p is not adjusted; the caller holds it against alpha after Holm. The
// clusters (none: of = NULL) are what bounds and tests rest on.
struct gate_accuracy {
    struct estimate difference; // two-sided 95 % interval for the reader
    double lower;               // one-sided 95 % bound
    double noise_se;            // the larger of both
    double p;                   // one-sided, of "not lower"
    int n_units;                // clusters, or problems where there are none
    int n_needed;               // problems to pass in 80 % of runs; 0: enough
};
void gate_accuracy_measure(struct gate_accuracy *a, const double *d, int n,
                           struct clusters clusters, double margin,
                           double noise_se);
// The true drop that the gate finds in 80 % of such runs, where `n_tests` p
// values are adjusted together: (t_(1 - .05 / n_tests) + t_.8) * noise_se.
double gate_accuracy_detectable(const struct gate_accuracy *a, int n_tests);
enum gate_outcome gate_accuracy_decide(const struct gate_accuracy *a,
                                       double margin, double p_adjusted);

// log_ratio[n]: log(candidate time / baseline time) per problem. `aa_high`: the
// largest ratio that an A/A run's interval holds, in either direction; 1: none.
struct gate_timing {
    struct estimate ratio; // two-sided 95 % interval
    double p;              // one-sided, of "not slower"
    int n_needed;          // problems to judge; 0: enough
};
void gate_speed_measure(struct gate_timing *t, const double *log_ratio, int n,
                        struct clusters clusters, double max_slowdown);
enum gate_outcome gate_speed_decide(const struct gate_timing *t,
                                    double max_slowdown, double aa_high,
                                    double p_adjusted);
