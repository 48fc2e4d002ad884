#pragma once
// One line that says what made a table or a figure.

struct buf;
struct report;

// "config main, n = 30 problems, k = 16, seed 1, 95 % intervals, models
// base.gguf (1a2b3c4d), ..., specsweep 0.1.0 (sample version 2), avx512,
// results 5e6f7a8b". Plain text, one line; hashes are the first 8 digits. A
// model's name stands before its file where the file does not say it. Versions
// and kernels are those of the sessions whose samples are used; intervals that
// rest on clusters of problems are "over clusters". What lacks or spoils
// samples is said too: "3 of 480 samples missing", "1 of 480 samples failed",
// "times of 2 machines".
void provenance_print(const struct report *r, struct buf *out);
