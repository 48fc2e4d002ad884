#pragma once
// The samples of a results folder, arranged for the tables.
//
// A report is read from the store alone: the manifest says which samples there
// should be, samples.jsonl which there are. Tables (table_*.c) take a report
// and nothing else, so they can be rebuilt offline, byte for byte.
//
// Every value of a table goes from samples to one number per problem to an
// estimate over problems. A cell that lacks samples has no estimates unless
// `partial` is set; a failed sample is there, but has no verdict and no time.

#include "harness/manifest.h"
#include "harness/sample_record.h"
#include "harness/stats/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct table;
struct validity_report;

// A node of a tree.
struct report_step {
    enum author author;
    enum decision decision;
    bool kept, judged;
    int depth;    // 1: right after the prompt
    int parent;   // index of the step that it goes on from; -1: the prompt
    int n_copies; // equal thoughts that it stands for, itself included
    int n_tokens;
    double score, second; // NAN: none
    double threshold;     // in force at that moment; NAN: none
    int64_t time_ns;      // or SAMPLE_NO_TIME
    const char *text;     // n_bytes long, then NUL
    size_t n_bytes;
};

// What tables need of a sample; texts live in the report's arena.
struct report_sample {
    bool present, failed;
    enum verdict verdict;
    enum stop_reason stop;
    bool answer_forced;
    int session;
    int64_t order; // among all stored lines, as they were written: when it ran
    struct counters count;
    int64_t total_ns, phase_ns[PHASE_N], other_ns; // SAMPLE_NO_TIME: none
    int n_kept, n_kept_draft; // steps kept; of them written by the draft
    int n_drafted, n_judged;  // steps that the draft wrote; that were judged
    double score_sum;         // of judged steps
    const char *token_hash, *answer, *reason, *error;
    struct report_step *steps; // [n_steps] of trees only
    int n_steps;
};

struct report_cell {
    const struct manifest_cell *cell;
    const struct manifest_dataset *dataset;
    int n_problems, k;
    struct report_sample *samples; // [n_problems][k]
    int n_missing, n_failed;
    bool usable;                            // estimates may be made
    const struct validity_report *validity; // as it was when it was opened
    // [n_problems] clusters of the problems in [0, n_clusters); NULL: the
    // manifest names none, each is its own.
    const int *cluster;
    int n_clusters;
    const struct report_cell *baseline; // NULL: none, or itself
    const struct report_cell *versus;   // as baseline, of the second label
};

struct report {
    struct arena arena;
    const char *dir; // that it was read from
    struct manifest manifest;
    struct report_cell *cells; // [n_cells] in the order of the tables
    int n_cells;
    struct report_sample *samples; // of all cells
    int64_t n_foreign;             // stored samples that belong to no cell
    int64_t n_contradictory;       // solved again with other tokens or verdict
    int64_t n_missing, n_failed;
    int n_machines;           // that the samples come from
    char hash[HASH_HEX_SIZE]; // of samples.jsonl: what the tables rest on
};

// -1 with ERR_IO or ERR_INPUT, also where some solved samples have times and
// others have none: means of times would rest on other samples than those of
// verdicts. `r` is then empty.
int report_open(struct report *r, const char *dir, bool partial,
                struct error *err);
void report_release(struct report *r); // safe on a zeroed struct

// Which sessions of the manifest have a sample in the grid: [n_sessions],
// malloc'ed.
bool *report_used_sessions(const struct report *r);

// ---- for tables -----------------------------------------------------------

// One number for a sample; NAN: it has none.
typedef double (*report_value_fn)(const struct report_sample *s);

double report_correct(const struct report_sample *s); // 1 or 0
double report_ms(const struct report_sample *s);      // wall time
double report_kept_tokens(const struct report_sample *s);
// 1: it ended at the token budget, the step limit or a full context.
double report_truncated(const struct report_sample *s);

// Mean over the samples of each problem that have the value: values[n_problems]
// (NAN: none has).
void report_problem_means(const struct report_cell *c, report_value_fn fn,
                          double *values);
// Mean over all samples; NAN when none has the value.
double report_mean(const struct report_cell *c, report_value_fn fn);
// Mean of values[n_problems], one of each problem (NAN: none), with t interval
// at the report's confidence: over problems, or over clusters of problems where
// the manifest names them.
struct estimate report_interval(const struct report *r,
                                const struct report_cell *c,
                                const double *values);
// The same of the problem means.
struct estimate report_estimate(const struct report *r,
                                const struct report_cell *c,
                                report_value_fn fn);

// How many machines sessions come from: used[n_sessions] says which count.
int report_machines(const struct report *r, const bool *used);

// Does its method search over thoughts?
bool report_searches(const struct report_cell *c);
// A setting of the cell as YAML has it; NULL: its method does not know it.
const char *report_setting(const struct report_cell *c, const char *name);

// A mean with its interval: its column, and the two of its bounds, which are of
// detail as the Markdown form shows them behind the value.
void report_set_estimate(struct table *t, const char *column, const char *low,
                         const char *high, const struct estimate *e);

// Marks a value with "~" where its interval does not tell it from no
// difference.
void report_mark_unresolved(struct table *t, const char *column,
                            const struct estimate *e, double null_value);

// Opens a row and sets base, draft, dataset, method, threshold.
void report_begin_row(struct table *t, const struct report_cell *c);
// Sets cell: the first digits of its id.
void report_set_cell(struct table *t, const struct report_cell *c);
// Sets cell, variant, missing, failed.
void report_end_row(struct table *t, const struct report_cell *c);

// Columns that every table begins and ends with.
// clang-format off
#define REPORT_FIRST_COLUMNS                                                   \
    {"base", COLUMN_TEXT, false}, {"draft", COLUMN_TEXT, false},               \
    {"dataset", COLUMN_TEXT, false}, {"method", COLUMN_TEXT, false},           \
    {"threshold", 1, false}
#define REPORT_LAST_COLUMNS                                                    \
    {"n_missing", 0, false}, {"n_failed", 0, false},                           \
    {"variant", COLUMN_TEXT, false}, {"cell", COLUMN_TEXT, false},             \
    {NULL, 0, false}
// What papers show of them, before the table's own.
#define REPORT_FIRST_PAPER                                                     \
    {.column = "base", .heading = "Base", .form = PAPER_ONCE},                 \
    {.column = "dataset", .heading = "Data set", .form = PAPER_ONCE},          \
    {.column = "draft", .heading = "Draft", .form = PAPER_ONCE},               \
    {.column = "method", .heading = "Method"},                                 \
    {.column = "threshold", .heading = "Threshold", .form = PAPER_SETTING},    \
    {.column = "variant", .heading = "Settings", .form = PAPER_ONCE}
#define REPORT_LAST_PAPER {.column = NULL}
// clang-format on

// ---- tables ---------------------------------------------------------------

// One per file in tables/; `fill` adds the rows to an initialised table.
struct report_table {
    const char *name, *title;
    const struct table_column *columns;
    // How papers show it; NULL: not at all.
    const struct paper_column *paper;
    void (*fill)(const struct report *r, struct table *t);
    bool printed;  // by default; samples are only saved
    bool optional; // neither printed by default nor saved when it has no rows
};

extern const struct report_table table_main, table_accuracy, table_latency,
    table_speedup, table_search, table_steps, table_depths, table_evaluators,
    table_evaluator_bins, table_pass_at_k, table_samples, table_pareto,
    table_deadline, table_validity;
extern const struct report_table *const report_tables[]; // ends with NULL
