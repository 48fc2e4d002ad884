#pragma once
// Many comparisons at once. Both adjust n p values in place; NAN stays NAN and
// does not count as a member of the family.

// Holm's step-down: holds the chance of any false claim. For gates.
void stats_holm(double *p, int n);
// Benjamini and Hochberg's step-up (1995): holds the share of false claims
// among the claims. For exploration.
void stats_benjamini_hochberg(double *p, int n);
