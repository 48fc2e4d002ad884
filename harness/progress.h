#pragma once
// How far a run is: a bar with ETA and running accuracy on a terminal, a plain
// line now and then elsewhere, nothing when quiet. One thread at a time.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *log; // NULL: quiet
    bool terminal;
    int64_t n_total, n_stored; // samples wanted; of them there at the start
    int64_t n_done, n_correct, n_errors; // of this session
    int64_t start_ns, shown_ns;
};

void progress_begin(struct progress *p, FILE *log, bool quiet, int64_t n_total,
                    int64_t n_stored);
void progress_sample(struct progress *p, bool correct, bool error);
void progress_end(struct progress *p); // leaves a clean line

// "1h02m", "3m05s", "12s"; seconds < 0 or NAN: "?".
void progress_duration(char *text, size_t size, double seconds);
// The line without carriage return; for tests and both forms.
void progress_line(const struct progress *p, int64_t now_ns, char *text,
                   size_t size);
