#pragma once
// Exact decimal numbers as text: what is written is compared, never a double.

#include <stdbool.h>
#include <stddef.h>

enum { DECIMAL_MAX = 128 }; // bytes of a normal form, NUL included

// Normal form of a number as people and models write it: blanks around it, a
// leading + - or U+2212, a dollar sign, groups of three digits parted by
// commas, blanks, "{,}" or "\,", a trailing period. "007.50" becomes "7.5",
// "-0" "0". False when the text is anything else, or too long.
bool decimal_normalize(const char *text, size_t n_bytes, char out[DECIMAL_MAX]);
