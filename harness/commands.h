#pragma once
// The sub-commands, one cmd_<name>.c each.

#include "harness/cli.h"

extern const struct cli_command cmd_bench;
extern const struct cli_command cmd_compare;
extern const struct cli_command cmd_config;
extern const struct cli_command cmd_datasets;
extern const struct cli_command cmd_gate;
extern const struct cli_command cmd_grade;
extern const struct cli_command cmd_help;
extern const struct cli_command cmd_models;
extern const struct cli_command cmd_plan;
extern const struct cli_command cmd_plot;
extern const struct cli_command cmd_report;
extern const struct cli_command cmd_run;
extern const struct cli_command cmd_show;
extern const struct cli_command cmd_tokenize;
extern const struct cli_command cmd_version;

// All of them in the order of `specsweep help`; ends with NULL.
extern const struct cli_command *const commands[];
