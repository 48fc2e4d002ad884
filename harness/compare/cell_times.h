#pragma once
// Can the times of two cells be held against each other?

#include <stdbool.h>
#include <stddef.h>

struct report;
struct report_cell;

enum times_obstacle {
    TIMES_COMPARABLE,
    TIMES_NONE,     // of one side or both: throughput mode, or all failed
    TIMES_CLOCKS,   // a virtual clock on one side
    TIMES_MACHINES, // other machines, several on one side, or unknown ones
    TIMES_THREADS,  // another number of threads or workers
};

struct times_comparison {
    enum times_obstacle obstacle;
    char text[64];         // "times of different machines"; "": comparable
    bool timed_a, timed_b; // has samples with a time
    // Every sample of a and the one of the same problem and index of b were
    // taken in one session of one store, where all cells of a problem run in
    // turn; or by a virtual clock. Else the machine may have changed between
    // the two.
    bool interleaved;
};

struct times_comparison cell_times_compare(const struct report *ra,
                                           const struct report_cell *a,
                                           const struct report *rb,
                                           const struct report_cell *b);
