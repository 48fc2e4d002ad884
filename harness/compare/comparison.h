#pragma once
// Two sides, cell by cell: estimates, p values adjusted over all of them, and
// what they say.

#include "harness/compare/cell_pair.h"
#include "harness/compare/cell_times.h"
#include "harness/compare/side.h"

struct buf;
struct error;

enum verdict_accuracy { ACCURACY_UNRESOLVED, ACCURACY_BETTER, ACCURACY_WORSE };
enum verdict_speed {
    SPEED_UNRESOLVED,
    SPEED_FASTER,
    SPEED_SLOWER,
    SPEED_NOT_COMPARABLE,
};
extern const char *const verdict_accuracy_name[]; // "~", "better", "worse"
extern const char *const verdict_speed_name[];    // "~", "faster", ...

struct compared {
    struct cell_match match;
    struct cell_pair pair; // b against a
    struct times_comparison times;
    // Something is said where the p value, adjusted over all cells (Benjamini
    // and Hochberg), is below 1 - confidence.
    enum verdict_accuracy accuracy;
    enum verdict_speed speed;
};

struct comparison {
    const struct side *a, *b;
    struct compared *cells; // [n]
    int n;
    struct cell_pair_family accuracy, time; // p values of cells
    double confidence;                      // of intervals and verdicts
    struct buf *unmatched;                  // a line for each such cell
};

// The sides are borrowed, and take this confidence; the seed of permutations is
// a's. -1 as side_match(); `c` is then empty.
int comparison_make(struct comparison *c, struct side *a, struct side *b,
                    double confidence, struct error *err);
void comparison_release(struct comparison *c); // safe on a zeroed struct
