#pragma once
// A figure of a results folder: data as CSV, drawn by a gnuplot script.
//
// One file per figure in this folder, one `const struct figure` each, one row
// in figure.c. `fill` makes a table from the report alone; it is saved as
// FOLDER/figures/NAME.csv, and plots/NAME.gp draws that file and nothing else.
// A figure that has nothing to show leaves its table without rows.
//
// Scripts are called with these gnuplot variables set:
//   csv       path of the data
//   out       path of the figure without extension
//   kind      "pdf", "svg" or "png"; plots/style.gp sets the terminal from it
//   title     one line; subtitle: where the data is from (config, n, k, hash)
// and read columns by name (`set datafile columnheaders`).

#include <stdbool.h>
#include <stdio.h>

struct error;
struct report;
struct table;
struct table_column;

struct figure {
    const char *name;  // "accuracy_latency": script, CSV and pictures
    const char *title; // one line
    const char *needs; // "a config with several budgets": told when it is empty
    const struct table_column *columns;
    void (*fill)(const struct report *r, struct table *t);
};

extern const struct figure figure_accuracy_latency, figure_threshold,
    figure_budget, figure_first_n, figure_acceptance, figure_latency_split,
    figure_latency_cdf, figure_deadline, figure_judge_prm, figure_depth;
extern const struct figure *const figures[]; // ends with NULL

// NULL with ERR_USAGE that lists the names.
const struct figure *figure_get(const char *name, struct error *err);

// What figure_draw() needs beside the figure.
struct figure_output {
    const char *dir;     // results folder; pictures go to DIR/figures/
    const char *scripts; // folder of the .gp files
    const char *gnuplot; // program
    const char *kinds;   // "pdf,svg,png"
};

// Writes the CSV and the pictures: 1 when there is nothing to show (nothing is
// written, an old picture is removed), -1 with ERR_UNSUPPORTED when gnuplot is
// not there, ERR_IO, or ERR_INTERNAL with gnuplot's own message.
int figure_draw(const struct figure *f, const struct report *r,
                const struct figure_output *o, struct error *err);
