#pragma once
// A stored sample for people: its outcome and, step by step, who wrote what,
// what the judge said and what it cost. Texts come from a model, so control
// characters are shown as '?' and cannot reach the terminal.

#include <stdbool.h>
#include <stdio.h>

struct report;
struct sample;

void show_sample(const struct sample *s, bool color, FILE *out);
// One line per cell: id, what it is, samples, pass@1, time, kept steps.
void show_cells(const struct report *r, FILE *out);
