#include "harness/commands.h"

const struct cli_command *const commands[] = {
    &cmd_run,    &cmd_plan,    &cmd_report,   &cmd_plot,
    &cmd_show,   &cmd_compare, &cmd_gate,     &cmd_grade,
    &cmd_config, &cmd_models,  &cmd_datasets, &cmd_tokenize,
    &cmd_bench,  &cmd_help,    &cmd_version,  NULL,
};
