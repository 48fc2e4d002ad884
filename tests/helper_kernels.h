#pragma once
// Data for tests of kernels, and the comparison with the reference.

#include "engine/kernels/kernels.h"

#include <stddef.h>
#include <stdint.h>

enum { POISON = 0x7fabcdef, GUARD = 32 };

uint32_t next(uint64_t *state); // 31 bits; the low ones are poor
float draw(uint64_t *state);    // near normal, mean 0, variance 1/3
void *block(size_t n_bytes);    // zeroed, 64-byte aligned, with bytes to spare
float *floats(size_t n, uint64_t seed, float size); // draws times size
float *poisoned(size_t n); // n + GUARD floats, each a NaN that is recognised

// Same bits; any NaN equals any other (see kern_ref.c), but a poisoned one.
void same(const float *a, const float *b, size_t n, const char *what);

// Calls `check` for each instruction set that can run here, but the reference.
void each_isa(void (*check)(const struct kernels *k,
                            const struct kernels *ref));
