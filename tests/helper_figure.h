#pragma once
// The data of a figure of a results folder, as CSV.

struct figure;

// With its header; malloc'ed.
char *helper_figure_data(const char *dir, const struct figure *f);
// Without it: as `expected`.
void helper_expect_figure(const char *dir, const struct figure *f,
                          const char *expected);
