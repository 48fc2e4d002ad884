#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/engine.h"
#include "harness/commands.h"
#include "harness/interrupt.h"
#include "harness/manifest.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/report_output.h"
#include "harness/run.h"
#include "harness/store.h"
#include "harness/sweep.h"
#include "harness/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

// Check everything, open models, lock and describe the folder, then run what it
// lacks, then print its tables. Nothing is written before the config, the
// problems and the models are known to be good.

struct options {
    const char *results;
    struct cli_list sets;
    bool quiet, fresh, report;
};

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct cli_option options[] = {
    {.name = "results", .short_name = 'o', .type = CLI_TEXT,
     .offset = AT(results), .value_name = "DIR",
     .help = "folder of all results (default: results)"},
    {.name = "set", .short_name = 's', .type = CLI_LIST, .offset = AT(sets),
     .value_name = "PATH=VALUE", .help = "override a value of the config"},
    {.name = "quiet", .short_name = 'q', .type = CLI_FLAG, .offset = AT(quiet),
     .help = "no progress"},
    {.name = "fresh", .type = CLI_FLAG, .offset = AT(fresh),
     .help = "set stored results aside as <name>.old-<time>, begin anew"},
    {.name = "report", .type = CLI_FLAG, .offset = AT(report),
     .default_value = "true", .help = "print the tables at the end"},
    {.name = NULL},
};
// clang-format on

enum { EXIT_CELLS_FAILED = 5 };

// All that a run owns; a zeroed one is empty.
struct job {
    struct config config;
    struct sweep sweep;
    struct batcher *batcher;
    struct sweep_models models;
    struct manifest manifest, stored;
    struct store *store;
    char *dir;
    int lock;
    struct run run;
};

static void job_release(struct job *j) {
    store_close(j->store);
    store_unlock(j->lock);
    manifest_release(&j->manifest);
    manifest_release(&j->stored);
    sweep_models_close(&j->models);
    batcher_free(j->batcher);
    sweep_release(&j->sweep);
    config_release(&j->config);
    free(j->dir);
}

// ---- what is to be run ----------------------------------------------------

static int open_sweep(struct job *j, const struct cli_call *call,
                      struct error *err) {
    const struct options *o = call->options;
    if (config_load(&j->config, call->args[0], o->sets.items, o->sets.n, err)) {
        return -1;
    }
    for (int i = 0; i < j->config.n_warnings; i++) {
        fprintf(call->log, "warning: %s\n", j->config.warnings[i]);
    }
    if (sweep_open(&j->sweep, &j->config, err)) return -1;
    int n_workers = sweep_n_workers(&j->sweep);
    if (n_workers > 1) j->batcher = batcher_new();
    if (sweep_models_check_memory(&j->sweep, n_workers, memory_available(),
                                  call->log, err) ||
        sweep_models_open(&j->models, &j->sweep, n_workers, j->batcher, err)) {
        return -1;
    }
    if (sweep_n_samples(&j->sweep) > MANIFEST_SAMPLES_MAX) {
        return error_set(err, ERR_USAGE,
                         "%s: %lld samples; a run has at most %d",
                         j->config.path, (long long)sweep_n_samples(&j->sweep),
                         MANIFEST_SAMPLES_MAX);
    }
    j->run = (struct run){.sweep = &j->sweep,
                          .models = &j->models,
                          .batcher = j->batcher,
                          .stop = interrupt_requested,
                          .n_workers = n_workers};
    return 0;
}

// ---- the folder -----------------------------------------------------------

// <name>.old-<time>, with a number if that is taken within the same second.
static char *aside_name(const char *dir) {
    char when[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) {
        strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
    }
    char *name = xasprintf("%s.old-%s", dir, when);
    struct stat st;
    for (int i = 2; !stat(name, &st); i++) {
        free(name);
        name = xasprintf("%s.old-%s-%d", dir, when, i);
    }
    return name;
}

// The lock moves with the folder, so no other run gets in between.
static int set_aside(struct job *j, FILE *log, struct error *err) {
    char *manifest = xasprintf("%s/manifest.json", j->dir);
    struct stat st;
    int rc = 0;
    if (!stat(manifest, &st)) {
        char *aside = aside_name(j->dir);
        if (rename(j->dir, aside)) {
            rc = error_errno(err, ERR_IO, "cannot rename %s to %s", j->dir,
                             aside);
        } else {
            fprintf(log, "the old results are in %s\n", aside);
            store_unlock(j->lock);
            j->lock = store_lock(j->dir, err);
            rc = j->lock < 0 ? -1 : 0;
        }
        free(aside);
    }
    free(manifest);
    return rc;
}

static const char *kernels_of(const struct job *j) {
    for (int i = 0; i < j->models.n; i++) {
        const struct lm *lm = j->models.lms[i];
        if (lm && lm_facts(lm)->kernels) return lm_facts(lm)->kernels;
    }
    return "";
}

static int open_folder(struct job *j, const struct cli_call *call,
                       struct error *err) {
    const struct options *o = call->options;
    j->dir = xasprintf("%s/%s", o->results ? o->results : "results",
                       j->config.top.name);
    j->lock = store_lock(j->dir, err);
    if (j->lock < 0) return -1;
    if (o->fresh && set_aside(j, call->log, err)) return -1;
    manifest_from_sweep(&j->manifest, &j->sweep, &j->models);
    int found = manifest_load(&j->stored, j->dir, err);
    if (found < 0) return -1;
    if (!found && manifest_extends(&j->manifest, &j->stored, err)) {
        return error_prefix(err, "%s", j->dir);
    }
    j->store = store_open(j->dir, err);
    if (!j->store) return -1;
    if (found && store_n_samples(j->store)) {
        return error_set(err, ERR_INPUT,
                         "%s has samples but no manifest.json; give this run "
                         "another name, or move the folder away",
                         j->dir);
    }
    // What is stored keeps its verdicts.
    if (store_n_samples(j->store))
        j->manifest.grader_version = j->stored.grader_version;
    if (store_n_cut_bytes(j->store)) {
        fprintf(call->log,
                "note: cut %zu bytes of a sample that was being written when "
                "the last run ended\n",
                store_n_cut_bytes(j->store));
    }
    return 0;
}

// ---- running --------------------------------------------------------------

static int solve_missing(struct job *j, const struct cli_call *call,
                         int64_t n_stored, struct error *err) {
    const struct options *o = call->options;
    struct progress progress;
    j->run.session = manifest_add_session(&j->manifest, &j->stored, &j->sweep,
                                          kernels_of(j), j->run.n_workers);
    if (manifest_save(&j->manifest, j->dir, err)) return -1;
    progress_begin(&progress, call->log, o->quiet, sweep_n_samples(&j->sweep),
                   n_stored);
    j->run.store = j->store;
    j->run.progress = &progress;
    int rc = run_samples(&j->run, err);
    progress_end(&progress);
    if (rc) return -1;
    manifest_end_session(&j->manifest, j->run.session, j->run.n_samples,
                         j->run.kept_tokens, j->run.wall_s);
    return manifest_save(&j->manifest, j->dir, err);
}

static void say_what_was_done(const struct job *j, FILE *log) {
    const struct run *r = &j->run;
    char took[24];
    progress_duration(took, sizeof took, r->wall_s);
    fprintf(log, "%lld samples in %s, %.0f kept tokens/s; stored in %s\n",
            (long long)r->n_samples, took,
            r->wall_s > 0 ? (double)r->kept_tokens / r->wall_s : 0.0, j->dir);
}

static int print_report(const struct job *j, const struct cli_call *call,
                        struct error *err) {
    const struct options *o = call->options;
    struct report r;
    if (report_open(&r, j->dir, false, err)) return -1;
    int rc = report_save(&r, j->dir, err);
    if (!rc && o->report) {
        rc = report_print(&r, &writer_markdown, NULL, call->out, err);
    }
    if (!rc) {
        report_print_notices(&r, call->log);
        if (r.n_missing || r.n_failed) rc = EXIT_CELLS_FAILED;
    }
    report_release(&r);
    return rc;
}

static int run_job(struct job *j, const struct cli_call *call,
                   struct error *err) {
    if (open_sweep(j, call, err) || open_folder(j, call, err)) return -1;
    int64_t n_stored = run_count_stored(&j->sweep, j->store);
    int64_t n_total = sweep_n_samples(&j->sweep);
    if (n_stored == n_total && j->stored.n_sessions) {
        fprintf(call->log, "all %lld samples are in %s\n", (long long)n_total,
                j->dir);
        // What the tables are about may have changed: report: alone.
        manifest_keep_sessions(&j->manifest, &j->stored);
        if (manifest_save(&j->manifest, j->dir, err)) return -1;
        return print_report(j, call, err);
    }
    if (n_stored) {
        fprintf(call->log, "going on: %lld of %lld samples are in %s\n",
                (long long)n_stored, (long long)n_total, j->dir);
        manifest_warn_verdicts(&j->manifest, j->dir, call->log);
    }
    if (solve_missing(j, call, n_stored, err)) return -1;
    say_what_was_done(j, call->log);
    if (j->run.stopped) {
        return error_set(err, ERR_INTERRUPTED,
                         "stopped with %lld of %lld samples stored; the same "
                         "command goes on from there",
                         (long long)(n_stored + j->run.n_samples),
                         (long long)n_total);
    }
    return print_report(j, call, err);
}

static int run_run(const struct cli_call *call, struct error *err) {
    struct job job = {.lock = -1};
    interrupt_install();
    int rc = run_job(&job, call, err);
    job_release(&job);
    return rc;
}

const struct cli_command cmd_run = {
    .name = "run",
    .arguments = "CONFIG",
    .summary = "run an experiment, or go on with it, and print its tables",
    .details =
        "Results go to results/<name>/: manifest.json, samples.jsonl and one\n"
        "CSV file per table. The same command again resumes; more thresholds,\n"
        "problems or samples in CONFIG extend what is there.\n"
        "\n"
        "Ctrl-C ends after the sample in flight (exit code 75), a second one\n"
        "at once.\n"
        "Exit code 5: some samples failed; they are stored with the reason.\n",
    .options = options,
    .record_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run_run,
};
