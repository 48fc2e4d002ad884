#pragma once
// Texts of models on a terminal: colours, and characters that must not reach
// it.

#include <stddef.h>
#include <stdio.h>

// Escape sequences, or "" everywhere.
struct paint {
    const char *base, *draft; // who wrote it
    const char *dim;          // dropped
    const char *good, *bad;
    const char *off;
};

extern const struct paint paint_plain, paint_colored;

// Control characters and broken UTF-8 become '?'; `indent` begins every line
// but the first.
void show_text(const char *text, size_t n_bytes, const char *indent, FILE *out);
// A step without the line breaks that end it.
void show_step_text(const char *text, size_t n_bytes, const char *indent,
                    FILE *out);
