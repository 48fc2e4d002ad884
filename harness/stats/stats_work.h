#pragma once
// Times of unequal work, made comparable.

// Times that differ by the work done cannot be put in a row; what is left of
// them when the work is taken out can: log(time[i] / fitted[i]), where fitted
// is the sum of the work's columns, each times a cost, that has the least sum
// of (1 - fitted[i] / time[i])^2. No cost is below 0, so that a drift of the
// times is not taken for work that gives time back. Columns that are multiples
// of each other are fine, those of zeros too. work [n][n_columns]. residual[n]
// is NAN where time is not above 0 or what is fitted is not, and throughout
// where fewer than 3 values a column are left.
enum { WORK_COLUMNS_MAX = 16 };
void stats_work_residuals(const double *work, const double *time, int n,
                          int n_columns, double *residual);
