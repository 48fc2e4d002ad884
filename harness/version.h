#pragma once
// Versions that results carry.

#define SPECSWEEP_VERSION "0.1.0"

// Part of every sample's key: raised whenever the same cell, problem, sample
// index and seed would give other tokens than before, or another verdict.
enum { SAMPLE_VERSION = 2 };
