#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "harness/commands.h"
#include "harness/report.h"
#include "harness/sample_record.h"
#include "harness/show.h"
#include "harness/show_tree.h"
#include "harness/store.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct options {
    const char *cell, *method, *problem;
    double threshold;
    int sample, depth;
    bool kept;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option options[] = {
    {.name = "cell", .short_name = 'c', .type = CLI_TEXT, .offset = AT(cell),
     .value_name = "ID", .help = "this cell; the first digits are enough"},
    {.name = "method", .short_name = 'm', .type = CLI_TEXT,
     .offset = AT(method), .value_name = "NAME",
     .help = "cells of this method, as the tables name it"},
    {.name = "threshold", .type = CLI_FLOAT, .offset = AT(threshold),
     .min = -1, .max = 10, .default_value = "-1", .value_name = "T",
     .help = "cells with this threshold"},
    {.name = "problem", .short_name = 'p', .type = CLI_TEXT,
     .offset = AT(problem), .value_name = "ID", .help = "this problem"},
    {.name = "sample", .short_name = 'n', .type = CLI_INT,
     .offset = AT(sample), .min = -1, .max = 1e9, .default_value = "-1",
     .value_name = "N", .help = "this sample of a problem, from 0"},
    {.name = "depth", .short_name = 'd', .type = CLI_INT,
     .offset = AT(depth), .min = 1, .max = SHOW_DEPTH_MAX,
     .default_value = "1000", .value_name = "N",
     .help = "of a tree, show the first N thoughts of each path"},
    {.name = "kept", .short_name = 'k', .type = CLI_FLAG, .offset = AT(kept),
     .help = "show only what was kept; of a tree, the path chosen at last"},
    {.name = NULL},
};
// clang-format on

// The sample to show: the first that fits and had a step dropped, else the
// first that fits.
struct choice {
    const struct options *options;
    struct arena arena;
    struct sample sample;
    bool found, has_dropped;
};

static bool fits(const struct options *o, const struct sample *s) {
    if (o->cell && strncmp(s->cell, o->cell, strlen(o->cell))) return false;
    if (o->method && strcmp(s->label, o->method)) return false;
    if (o->problem && strcmp(s->problem, o->problem)) return false;
    if (o->threshold >= 0 && !(fabs(s->threshold - o->threshold) < 1e-9)) {
        return false;
    }
    return o->sample < 0 || s->index == o->sample;
}

static bool dropped_a_step(const struct sample *s) {
    for (int i = 0; i < s->n_steps; i++) {
        if (!s->steps[i].kept) return true;
    }
    return false;
}

static int consider(void *ctx, const char *line, size_t n_bytes,
                    size_t line_number, struct error *err) {
    (void)line_number;
    struct choice *c = ctx;
    struct arena arena = {0};
    struct sample s;
    if (sample_parse(&s, line, n_bytes, &arena, err)) {
        arena_release(&arena);
        return -1;
    }
    bool dropped = dropped_a_step(&s);
    if (!fits(c->options, &s) || (c->found && (c->has_dropped || !dropped))) {
        arena_release(&arena);
        return 0;
    }
    arena_release(&c->arena);
    c->arena = arena;
    c->sample = s;
    c->found = true;
    c->has_dropped = dropped;
    return 0;
}

static int show_one(const struct cli_call *call, struct error *err) {
    struct choice c = {.options = call->options};
    int rc = store_read(call->args[0], consider, &c, err);
    if (!rc && c.found) {
        const struct show_options how = {.color = cli_use_color(call->out),
                                         .kept_only = c.options->kept,
                                         .depth = c.options->depth};
        show_sample(&c.sample, &how, call->out);
    } else if (!rc) {
        rc = error_set(err, ERR_USAGE,
                       "no stored sample fits; `specsweep show %s` lists the "
                       "cells",
                       call->args[0]);
    }
    arena_release(&c.arena);
    return rc;
}

static int run_show(const struct cli_call *call, struct error *err) {
    const struct options *o = call->options;
    struct report r;
    if (report_open(&r, call->args[0], true, err)) return -1;
    bool selects = o->cell || o->method || o->problem || o->threshold >= 0 ||
                   o->sample >= 0;
    int rc = 0;
    if (selects) {
        rc = show_one(call, err);
    } else {
        show_cells(&r, call->out);
    }
    report_release(&r);
    return rc;
}

const struct cli_command cmd_show = {
    .name = "show",
    .arguments = "FOLDER",
    .summary = "one sample step by step, or the cells of a results folder",
    .details =
        "Without a selection: the cells. With one: of the samples that fit,\n"
        "the first in which a step was dropped (else the first): who wrote\n"
        "each step, its score, kept or dropped, time and text. A search is "
        "drawn\n"
        "as a tree: * marks the path chosen at last, x6 a thought that was "
        "drawn\n"
        "six times.\n",
    .options = options,
    .record_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
};
