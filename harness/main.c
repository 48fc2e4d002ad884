// specsweep: see README.md. Sub-commands are in cmd_*.c, their list in
// commands.c.

#include "harness/commands.h"
#include "harness/stats/stats.h"

#include <signal.h>

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of the write
    stats_init();
    return cli_main(commands, argc, argv, stdin, stdout, stderr);
}
