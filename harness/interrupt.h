#pragma once
// Stopping at a good moment.
//
// After interrupt_install(), the first SIGINT or SIGTERM only sets a flag that
// the run loop reads between samples; the second ends the process as it would
// have without us (what is stored is safe, see store.h). SIGXFSZ and SIGPIPE
// are ignored, so that a file-size limit and a closed pipe are ordinary errors.
// The flag is the one mutable global of the program: a signal handler can reach
// nothing else.

#include <stdbool.h>

void interrupt_install(void);
bool interrupt_requested(void);
