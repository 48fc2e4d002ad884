#pragma once
// Student's t distribution, for tests whose standard error is not that of the
// sample alone.

// Chance of a value of at most t. NAN for df < 1.
double stats_student_p(double t, double df);
// The value below which the share p lies. NAN for df < 1, p outside (0, 1).
double stats_student_quantile(double p, double df);
