#pragma once
// `specsweep models synth`: a model with random weights as a file.

#include <stdio.h>

struct error;
struct synth_options;

// Writes PATH.tmp, then renames it. Room is reserved first, so a full disk
// costs no time. One line about the file goes to `out`. -1 with ERR_IO that
// names the path; what was there before is untouched then.
int synth_file_write(const char *path, const struct synth_options *o, FILE *out,
                     struct error *err);
