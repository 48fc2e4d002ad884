#pragma once
// A cell as lines for people name it.

struct buf;
struct report_cell;

// Append "specreason@7 (base big, draft small, set)": label, threshold, models,
// data set, variant.
void cell_name_print(const struct report_cell *c, struct buf *out);
