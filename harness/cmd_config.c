// `specsweep config CONFIG`: the experiment as it was understood.

#include "harness/commands.h"

#include "engine/base/buf.h"
#include "harness/config.h"

struct config_options {
    struct cli_list sets;
};

static const struct cli_option options[] = {
    {.name = "set",
     .short_name = 's',
     .type = CLI_LIST,
     .offset = offsetof(struct config_options, sets),
     .value_name = "PATH=VALUE",
     .help = "override a key: settings.temperature=0, methods.2.threshold=5"},
    {.name = NULL},
};

static int run_config(const struct cli_call *call, struct error *err) {
    const struct config_options *o = call->options;
    struct config c;
    struct buf text;
    if (config_load(&c, call->args[0], o->sets.items, o->sets.n, err))
        return -1;
    for (int i = 0; i < c.n_warnings; i++)
        fprintf(call->log, "specsweep: warning: %s\n", c.warnings[i]);
    buf_init(&text);
    config_print(&c, &text);
    fwrite(text.text, 1, text.n_bytes, call->out);
    buf_release(&text);
    config_release(&c);
    return 0;
}

const struct cli_command cmd_config = {
    .name = "config",
    .arguments = "CONFIG",
    .summary = "check a config and print it with every default written out",
    .options = options,
    .record_bytes = sizeof(struct config_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_config,
};
