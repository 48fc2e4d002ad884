// `specsweep version`

#include "harness/commands.h"

#include "harness/version.h"

static int run_version(const struct cli_call *call, struct error *err) {
    (void)err;
    fprintf(call->out, "specsweep %s (samples %d)\n", SPECSWEEP_VERSION,
            SAMPLE_VERSION);
    return 0;
}

const struct cli_command cmd_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version, and that of the samples in results",
    .run = run_version,
};
