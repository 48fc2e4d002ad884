#pragma once
// A figure of a results folder: data as CSV, drawn by a gnuplot script.
//
// One file per figure in this folder, one `const struct figure` each, one row
// in figure.c. `fill` makes a table from the report alone; it is saved as
// FOLDER/figures/NAME.csv, and plots/NAME.gp draws that file and nothing else.
// A figure that has nothing to show leaves its table without rows.
//
// Scripts are called with these gnuplot variables set:
//   style     path of plots/style.gp, which every script loads first: it reads
//             the panels and series of the data and sets the terminal
//   csv       path of the data
//   out       path of the picture without extension
//   kind      "pdf", "svg" or "png"
//   title     one line; subtitle: where the data is from (config, n, k, hash)
// and read columns by name (`set datafile columnheaders`).

struct error;
struct report;
struct table;
struct table_column;

struct figure {
    const char *name;  // "accuracy_latency": script, CSV and pictures
    const char *title; // one line
    const char *note;  // sentences of the caption: what the marks mean; or NULL
    const char *needs; // "a config with several budgets": told when it is empty
    const struct table_column *columns;
    void (*fill)(const struct report *r, struct table *t);
};

extern const struct figure figure_accuracy_latency, figure_threshold,
    figure_budget, figure_first_n, figure_deadline, figure_acceptance,
    figure_latency_split, figure_latency_cdf, figure_judge_prm, figure_depth;
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

// "pdf", "svg,png": -1 with ERR_USAGE that lists the kinds.
int figure_check_kinds(const char *kinds, struct error *err);

// DIR/figures/NAME.EXTENSION, malloc'ed.
char *figure_path(const struct figure *f, const char *dir,
                  const char *extension);

// Writes NAME.csv, the pictures, and NAME.tex, a LaTeX float with the PDF and a
// caption: 0. 1 when there is nothing to show (files of an earlier run are
// removed). -1: ERR_UNSUPPORTED when gnuplot is not there (the CSV is), ERR_IO,
// or ERR_INTERNAL with gnuplot's own message. Pictures of kinds that were not
// asked for are removed when the data is not what they show any more.
int figure_draw(const struct figure *f, const struct report *r,
                const struct figure_output *o, struct error *err);
