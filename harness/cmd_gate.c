#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/commands.h"
#include "harness/compare/cell_identity.h"
#include "harness/file_write.h"
#include "harness/gate/gate.h"
#include "harness/report.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// CI acts on the verdict file as well as on the exit code, so the file never
// holds an older verdict: it is written before anything is judged, and again
// when that ended, whatever the end.

struct options {
    const char *baseline, *candidate, *aa;
    const char *max_accuracy_drop, *max_slowdown;
    struct cli_list changed, min_speedup;
    int speed;
    const char *verdict, *write_baseline;
    bool self_test;
};

#define AT(field) offsetof(struct options, field)

static const char *const speeds[] = {"auto", "required", "off", NULL};

// clang-format off
static const struct cli_option options[] = {
    {.name = "baseline", .short_name = 'b', .type = CLI_TEXT,
     .offset = AT(baseline), .value_name = "FOLDER",
     .help = "what the candidate is held against"},
    {.name = "candidate", .short_name = 'c', .type = CLI_TEXT,
     .offset = AT(candidate), .value_name = "FOLDER",
     .help = "results to judge"},
    {.name = "aa", .type = CLI_TEXT, .offset = AT(aa), .value_name = "FOLDER",
     .help = "a second run of the baseline: how much two runs differ for no "
             "reason"},
    {.name = "max-accuracy-drop", .type = CLI_TEXT,
     .offset = AT(max_accuracy_drop), .default_value = "2%",
     .value_name = "SHARE",
     .help = "accuracy that may be lost: 2% or 0.02 (default) is two points"},
    {.name = "max-slowdown", .type = CLI_TEXT, .offset = AT(max_slowdown),
     .default_value = "5%", .value_name = "SHARE",
     .help = "time that may be added: 5% or 0.05 (default)"},
    {.name = "changed", .type = CLI_LIST, .offset = AT(changed),
     .value_name = "PARTS",
     .help = "what differs on purpose: model, engine, settings, seed, parted "
             "by commas"},
    {.name = "speed", .type = CLI_CHOICE, .offset = AT(speed),
     .choices = speeds, .value_name = "WHEN",
     .help = "times are judged when both sides' are of one machine (auto), or "
             "cannot be judged otherwise (required)"},
    {.name = "min-speedup", .type = CLI_LIST, .offset = AT(min_speedup),
     .value_name = "METHOD=X",
     .help = "METHOD must be X times as fast as the baseline method of its own "
             "run; may be given again"},
    {.name = "verdict", .type = CLI_TEXT, .offset = AT(verdict),
     .value_name = "FILE",
     .help = "the outcome for programs (default CANDIDATE/verdict.json)"},
    {.name = "self-test", .type = CLI_FLAG, .offset = AT(self_test),
     .help = "does the gate fire? Judges copies of CANDIDATE, slower and worse "
             "ones among them, against itself"},
    {.name = "write-baseline", .type = CLI_TEXT, .offset = AT(write_baseline),
     .value_name = "FOLDER",
     .help = "write CANDIDATE's counters, verdicts and token hashes, without "
             "texts and times"},
    {.name = NULL},
};
// clang-format on

// ---- options ---------------------------------------------------------------

// "2%" or "0.02".
static int parse_share(const char *name, const char *text, double *share,
                       struct error *err) {
    char *end;
    double value = strtod(text, &end);
    bool starts = *text && strchr("0123456789.", *text) != NULL;
    if (starts && *end == '%') {
        value /= 100;
        end++;
    }
    if (!starts || *end || !(value >= 0 && value < 1))
        return error_set(err, ERR_USAGE,
                         "--%s: '%s' is not a share such as 2%% or 0.02", name,
                         text);
    *share = value;
    return 0;
}

static int add_part(const char *text, size_t n, unsigned *parts,
                    struct error *err) {
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        const char *name = identity_part_name[i];
        if (strlen(name) != n || memcmp(name, text, n)) continue;
        *parts |= 1u << i;
        return 0;
    }
    return error_set(err, ERR_USAGE,
                     "--changed: '%.*s' is not one of model, engine, settings, "
                     "seed",
                     (int)(n < 100 ? n : 100), text);
}

static int parse_changed(const struct cli_list *list, unsigned *parts,
                         struct error *err) {
    for (int i = 0; i < list->n; i++) {
        const char *at = list->items[i];
        for (;;) {
            size_t n = strcspn(at, ",");
            if (add_part(at, n, parts, err)) return -1;
            if (!at[n]) break;
            at += n + 1;
        }
    }
    return 0;
}

struct speedups {
    struct gate_speedup items[CLI_LIST_MAX];
    char labels[CLI_LIST_MAX][128];
};

static int parse_speedup(const char *text, struct gate_speedup *s, char *label,
                         size_t size, struct error *err) {
    const char *equals = strrchr(text, '=');
    char *end = NULL;
    double least = equals ? strtod(equals + 1, &end) : 0;
    size_t n = equals ? (size_t)(equals - text) : 0;
    if (!n || n >= size || end == equals + 1 || *end || !isfinite(least) ||
        least <= 0)
        return error_set(err, ERR_USAGE,
                         "--min-speedup: '%s' is not METHOD=X such as "
                         "specdecode=1.3",
                         text);
    memcpy(label, text, n);
    label[n] = '\0';
    *s = (struct gate_speedup){label, least};
    return 0;
}

static int parse_options(const struct options *o, struct gate_options *to,
                         struct speedups *speedups, struct error *err) {
    to->speed = (enum gate_speed)o->speed;
    to->speedups = speedups->items;
    to->n_speedups = o->min_speedup.n;
    for (int i = 0; i < o->min_speedup.n; i++) {
        if (parse_speedup(o->min_speedup.items[i], &speedups->items[i],
                          speedups->labels[i], sizeof speedups->labels[i], err))
            return -1;
    }
    if (parse_share("max-accuracy-drop", o->max_accuracy_drop,
                    &to->max_accuracy_drop, err) ||
        parse_share("max-slowdown", o->max_slowdown, &to->max_slowdown, err) ||
        parse_changed(&o->changed, &to->changed, err))
        return -1;
    if (!o->candidate)
        return error_set(err, ERR_USAGE, "gate expects --candidate FOLDER");
    if (o->self_test && o->write_baseline)
        return error_set(err, ERR_USAGE,
                         "--self-test or --write-baseline, not both");
    if (o->baseline || o->self_test || o->write_baseline) return 0;
    return error_set(err, ERR_USAGE, "gate expects --baseline FOLDER");
}

// ---- judging ---------------------------------------------------------------

struct sides {
    struct report baseline, candidate, aa;
    bool has_baseline, has_candidate, has_aa;
};

static int open_side(struct report *r, const char *dir, bool *has,
                     struct error *err) {
    if (report_open(r, dir, false, err)) return -1;
    *has = true;
    return 0;
}

static void release_sides(struct sides *s) {
    report_release(&s->baseline);
    report_release(&s->candidate);
    report_release(&s->aa);
}

static bool holds_manifest(const char *dir) {
    struct manifest m;
    struct error err;
    int rc = manifest_load(&m, dir, &err);
    manifest_release(&m);
    return rc <= 0;
}

static int judge(struct gate *g, struct sides *s, const struct options *o,
                 const struct gate_options *go, struct error *err) {
    char text[700];
    if (open_side(&s->candidate, o->candidate, &s->has_candidate, err))
        return -1;
    if (!holds_manifest(o->baseline)) {
        snprintf(text, sizeof text, "no baseline in %.600s", o->baseline);
        gate_cannot_judge(g, text);
        return 0;
    }
    if (open_side(&s->baseline, o->baseline, &s->has_baseline, err)) return -1;
    if (o->aa && open_side(&s->aa, o->aa, &s->has_aa, err)) return -1;
    gate_judge(g, &s->baseline, &s->candidate, s->has_aa ? &s->aa : NULL, go);
    return 0;
}

static int write_verdict(const char *path, const struct gate *g,
                         const struct sides *s, const struct gate_options *o,
                         struct error *err) {
    struct buf json;
    buf_init(&json);
    gate_print_json(g, s->has_baseline ? &s->baseline : NULL,
                    s->has_candidate ? &s->candidate : NULL, o, &json);
    int rc = file_write_atomic(path, json.text, json.n_bytes, err);
    buf_release(&json);
    return rc;
}

static int judge_to_file(const struct cli_call *call, const char *path,
                         const struct gate_options *go, struct error *err) {
    const struct options *o = call->options;
    struct gate g;
    struct sides s = {.has_aa = false};
    struct error ignored;
    gate_cannot_judge(&g, "the gate did not end");
    write_verdict(path, &g, &s, go, &ignored); // that it cannot is told below
    int rc = judge(&g, &s, o, go, err);
    if (rc) {
        gate_cannot_judge(&g, err->text);
        write_verdict(path, &g, &s, go, &ignored);
    } else {
        gate_print(&g, call->out);
        rc = write_verdict(path, &g, &s, go, err);
    }
    if (!rc) rc = gate_exit_code(g.outcome);
    gate_release(&g);
    release_sides(&s);
    return rc;
}

static int run_judge(const struct cli_call *call, const struct gate_options *go,
                     struct error *err) {
    const struct options *o = call->options;
    struct buf path;
    buf_init(&path);
    if (o->verdict)
        buf_adds(&path, o->verdict);
    else
        buf_addf(&path, "%s/verdict.json", o->candidate);
    int rc = judge_to_file(call, path.text, go, err);
    buf_release(&path);
    return rc;
}

// ---- baselines, self-test --------------------------------------------------

static int write_baseline(const struct cli_call *call, struct error *err) {
    const struct options *o = call->options;
    struct report r;
    if (report_open(&r, o->candidate, false, err)) return -1;
    int rc = gate_write_baseline(&r, o->write_baseline, err);
    if (!rc)
        fprintf(call->out, "%lld samples of %d cells written to %s\n",
                (long long)manifest_n_samples(&r.manifest), r.n_cells,
                o->write_baseline);
    report_release(&r);
    return rc;
}

static int self_test(const struct cli_call *call, const struct gate_options *go,
                     struct error *err) {
    const struct options *o = call->options;
    int failed = gate_self_test(o->candidate, go, call->out, err);
    if (failed < 0) return -1;
    return failed ? gate_exit_code(GATE_REGRESSION) : 0;
}

static int run_gate(const struct cli_call *call, struct error *err) {
    const struct options *o = call->options;
    struct speedups *speedups = calloc(1, sizeof *speedups);
    struct gate_options go = {0};
    int rc = speedups ? parse_options(o, &go, speedups, err)
                      : error_set(err, ERR_MEMORY, "out of memory");
    if (!rc && o->write_baseline)
        rc = write_baseline(call, err);
    else if (!rc && o->self_test)
        rc = self_test(call, &go, err);
    else if (!rc)
        rc = run_judge(call, &go, err);
    free(speedups);
    return rc;
}

const struct cli_command cmd_gate = {
    .name = "gate",
    .arguments = "",
    .summary = "is a run worse or slower than a baseline? For CI",
    .details =
        "Cells with the same id must be equal sample by sample; others are\n"
        "compared problem by problem. docs/GATE.md explains the rules.\n\n"
        "Exit code 0: pass; 1: regression; 3: cannot judge (no baseline, "
        "other\n"
        "problems or too few of them, differences that were not named); 4: a\n"
        "side is invalid. make turns each of these into 2: the outcome is in\n"
        "verdict.json too.\n",
    .options = options,
    .record_bytes = sizeof(struct options),
    .min_args = 0,
    .max_args = 0,
    .run = run_gate,
};
