#include "harness/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t requested;

// SA_RESETHAND: the second signal meets the default action.
static void on_signal(int number) {
    (void)number;
    requested = 1;
}

void interrupt_install(void) {
    struct sigaction stop = {.sa_handler = on_signal,
                             .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

bool interrupt_requested(void) {
    return requested;
}
