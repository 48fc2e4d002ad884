#pragma once
// Numbers that another tool computed: tests/golden/NAME.csv, written by the
// script beside it (NAME.R), which says how.
//
//   # lines before the header say tool, version, command and date
//   function,case,name,values
//   t_interval,five,x,1 0.5 0.75 0.25 1
//   t_interval,five,level,0.95
//   t_interval,five,low,0.295268
//
// Rows of a case stand together: its inputs and its expected outputs, vectors
// with blanks between the numbers; NA is NAN, an empty field a vector of
// nothing. What is not as expected fails the test with file and line.

#include <stdbool.h>

struct golden_case;

// Calls `check` for every case of `function` in `file` (below tests/golden/).
// Fails where there is none.
void golden_each(const char *file, const char *function,
                 void (*check)(const struct golden_case *c));

const char *golden_name(const struct golden_case *c); // "five"
bool golden_has(const struct golden_case *c, const char *name);
// A vector of the case and, unless NULL, its length; lives as long as `check`
// runs. Fails where the case has none of this name.
const double *golden_vector(const struct golden_case *c, const char *name,
                            int *n);
const int *golden_ints(const struct golden_case *c, const char *name, int *n);
double golden_number(const struct golden_case *c, const char *name);
int golden_int(const struct golden_case *c, const char *name);

// `actual` is the number stored under `name`: both NAN, or equal to within
// 1e-10 of the greater of 1 and its size.
void golden_expect(const struct golden_case *c, const char *name,
                   double actual);
// The same with a tolerance of its own (relative above 1, absolute below).
void golden_expect_near(const struct golden_case *c, const char *name,
                        double actual, double tolerance);
// The same of a vector of n.
void golden_expect_vector(const struct golden_case *c, const char *name,
                          const double *actual, int n);
