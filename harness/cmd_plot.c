#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/commands.h"
#include "harness/figures/figure.h"
#include "harness/report.h"
#include "harness/report_output.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    const char *kinds, *scripts, *gnuplot;
    bool partial, list;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option options[] = {
    {.name = "kinds", .short_name = 'k', .type = CLI_TEXT, .offset = AT(kinds),
     .value_name = "LIST", .help = "of pdf, svg, png; default all three"},
    {.name = "scripts", .type = CLI_TEXT, .offset = AT(scripts),
     .value_name = "DIR",
     .help = "folder of the gnuplot scripts; default ./plots, else plots "
             "beside the program's folder"},
    {.name = "gnuplot", .type = CLI_TEXT, .offset = AT(gnuplot),
     .value_name = "PROGRAM", .help = "default gnuplot, from PATH"},
    {.name = "partial", .type = CLI_FLAG, .offset = AT(partial),
     .help = "estimates also for cells that lack samples"},
    {.name = "list", .short_name = 'l', .type = CLI_FLAG, .offset = AT(list),
     .help = "only list the figures and what each needs"},
    {.name = NULL},
};
// clang-format on

enum { EXIT_CELLS_FAILED = 5 };

static int list_figures(FILE *out) {
    for (int i = 0; figures[i]; i++) {
        fprintf(out, "%-17s %s\n%17s needs %s\n", figures[i]->name,
                figures[i]->title, "", figures[i]->needs);
    }
    return 0;
}

static bool has_scripts(const char *dir) {
    char *style = xasprintf("%s/style.gp", dir);
    bool has = access(style, R_OK) == 0;
    free(style);
    return has;
}

// Folder "plots" beside that of the running program; malloc'ed, NULL: unknown.
static char *scripts_of_program(void) {
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return NULL;
    path[n] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');
        if (!slash) return NULL;
        *slash = '\0';
    }
    return xasprintf("%s/plots", path);
}

// malloc'ed; NULL with ERR_USAGE.
static char *find_scripts(const char *asked, struct error *err) {
    if (asked) {
        if (has_scripts(asked)) return xstrdup(asked);
        error_set(err, ERR_USAGE, "--scripts %s: no style.gp there", asked);
        return NULL;
    }
    if (has_scripts("plots")) return xstrdup("plots");
    char *dir = scripts_of_program();
    if (dir && has_scripts(dir)) return dir;
    error_set(err, ERR_USAGE,
              "no gnuplot scripts: style.gp is neither in ./plots nor in %s; "
              "name the folder with --scripts",
              dir ? dir : "the program's folder");
    free(dir);
    return NULL;
}

static void print_paths(const struct figure *f, const struct figure_output *o,
                        FILE *out) {
    static const char *const extensions[] = {"csv", "tex", "pdf", "svg", "png"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        // The kinds that were not asked for may lie there from another time.
        if (i >= 2 && !strstr(o->kinds, extensions[i])) continue;
        char *path = figure_path(f, o->dir, extensions[i]);
        fprintf(out, "%s\n", path);
        free(path);
    }
}

// Figures to draw: all, or those named by the arguments. NULL-terminated,
// malloc'ed; NULL with ERR_USAGE.
static const struct figure **choose(const struct cli_call *call,
                                    struct error *err) {
    size_t n = 0;
    while (figures[n])
        n++;
    if (n < (size_t)call->n_args) n = (size_t)call->n_args;
    const struct figure **chosen = xcalloc(n + 1, sizeof *chosen);
    for (int i = 0; call->n_args == 1 && figures[i]; i++)
        chosen[i] = figures[i];
    for (int i = 1; i < call->n_args; i++) {
        chosen[i - 1] = figure_get(call->args[i], err);
        if (chosen[i - 1]) continue;
        free(chosen);
        return NULL;
    }
    return chosen;
}

// Without gnuplot the data of the other figures is still written.
static int draw(const struct figure *const *chosen, const struct report *r,
                const struct figure_output *o, const struct cli_call *call,
                struct error *err) {
    int rc = 0;
    for (int i = 0; chosen[i]; i++) {
        struct error why;
        int drawn = figure_draw(chosen[i], r, o, &why);
        if (!drawn) print_paths(chosen[i], o, call->out);
        if (drawn > 0) {
            fprintf(call->log, "%s: nothing to show; needs %s\n",
                    chosen[i]->name, chosen[i]->needs);
        }
        if (drawn >= 0) continue;
        if (!rc) *err = why;
        rc = -1;
        if (why.kind != ERR_UNSUPPORTED) break;
    }
    return rc;
}

static int draw_folder(const struct cli_call *call,
                       const struct figure *const *chosen, const char *scripts,
                       struct error *err) {
    const struct options *o = call->options;
    struct figure_output output = {
        .dir = call->args[0],
        .scripts = scripts,
        .gnuplot = o->gnuplot ? o->gnuplot : "gnuplot",
        .kinds = o->kinds ? o->kinds : "pdf,svg,png"};
    struct report r;
    if (figure_check_kinds(output.kinds, err)) return -1;
    if (report_open(&r, output.dir, o->partial, err)) return -1;
    int rc = draw(chosen, &r, &output, call, err);
    if (!rc) {
        report_print_notices(&r, call->log);
        if (r.n_missing || r.n_failed) rc = EXIT_CELLS_FAILED;
    }
    report_release(&r);
    return rc;
}

static int run_plot(const struct cli_call *call, struct error *err) {
    const struct options *o = call->options;
    if (o->list) return list_figures(call->out);
    if (!call->n_args) {
        return error_set(err, ERR_USAGE,
                         "plot: expected FOLDER, which `specsweep run` has "
                         "written (or --list)");
    }
    const struct figure **chosen = choose(call, err);
    char *scripts = chosen ? find_scripts(o->scripts, err) : NULL;
    int rc = scripts ? draw_folder(call, chosen, scripts, err) : -1;
    free(scripts);
    free(chosen);
    return rc;
}

const struct cli_command cmd_plot = {
    .name = "plot",
    .arguments = "FOLDER [FIGURE...]",
    .summary = "figures of a results folder, drawn by gnuplot",
    .details =
        "Writes FOLDER/figures/: for each figure its data (.csv), pictures,\n"
        "and a LaTeX float (.tex). Needs neither models nor problem files; "
        "the\n"
        "same folder gives the same bytes. Prints the paths. Exit code 5: "
        "some\n"
        "cells lack samples or have failed ones.\n",
    .options = options,
    .record_bytes = sizeof(struct options),
    .min_args = 0,
    .max_args = -1,
    .run = run_plot,
};
