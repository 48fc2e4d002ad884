#pragma once
// What a results folder is about: results/<name>/manifest.json.
//
// Written before the first sample and sufficient, with samples.jsonl, for every
// table: models with their hashes, data sets with the hash of every problem,
// cells with their complete settings, and one session for each time that the
// run was started (machine, threads, kernels). Everything lives in the
// manifest's arena.

#include "engine/base/arena.h"
#include "engine/base/hash.h"
#include "harness/config.h"
#include "harness/sweep.h"
#include "harness/sweep_models.h"
#include "harness/sweep_models.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct error;

enum {
    MANIFEST_SCHEMA = 1,
    MANIFEST_SAMPLES_MAX = 5000000, // of a folder; a report holds them all
};

struct manifest_model {
    const char *name, *path, *hash; // hash of the content
    const char *backend, *arch, *vocab_hash;
    const char *kv; // type of the KV cache; "" where there is none
    int64_t n_params, weights_bytes, kv_bytes;
};

struct manifest_problem {
    const char *id, *hash;
    const char *text;    // its question; NULL where no steps are checked
    const char *cluster; // name (problem_cluster.h); NULL: one of its own
};

struct manifest_dataset {
    const char *name, *path, *grader, *hash;
    // Of the stored verdicts, when a regrade named another; NULL: `grader`.
    const char *verdict_grader;
    const char *steps;                 // name in step_checker.h; NULL: none
    struct manifest_problem *problems; // [n_problems]
    int n_problems;
};

struct manifest_setting {
    const char *name, *value; // as YAML has it
    bool shared;              // known to every method
};

struct manifest_cell {
    const char *id;
    const char *base, *draft, *prm;       // model names; draft, prm "": none
    int dataset;                          // index into datasets
    const char *method, *label, *variant; // sweep.h
    double threshold;                     // NAN: none
    struct manifest_setting *settings;    // [n_settings]
    int n_settings;
};

struct manifest_session {
    const char *started, *ended; // UTC; ended NULL: it was killed
    const char *host, *cpu, *kernels;
    const char *version; // of the program
    const char *machine; // hash of host and cpu
    int n_cpus, threads, workers;
    int64_t n_samples;   // that it added
    int64_t kept_tokens; // in them
    double wall_s;       // NAN: it was killed
};

struct manifest {
    struct arena arena;
    const char *version; // of the program that made the folder
    int sample_version;
    int grader_version; // of the stored verdicts; 0: a regrade did not end
    const char *name, *question;
    const char *config; // the resolved YAML
    int64_t seed;
    int k;
    enum run_mode mode;
    int concurrency;
    bool virtual_time;
    const char *baseline; // label
    const char *versus;   // label; "": none
    double confidence;
    struct manifest_model *models;     // [n_models]
    struct manifest_dataset *datasets; // [n_datasets]
    struct manifest_cell *cells;       // [n_cells]
    struct manifest_session *sessions; // [n_sessions]
    int n_models, n_datasets, n_cells, n_sessions;
};

// The manifest of a sweep whose models are open; no sessions yet.
void manifest_from_sweep(struct manifest *m, const struct sweep *s,
                         const struct sweep_models *models);
void manifest_release(struct manifest *m); // safe on a zeroed struct

// DIR/manifest.json. 1: there is none (`m` is empty); -1 with ERR_IO or
// ERR_INPUT.
int manifest_load(struct manifest *m, const char *dir, struct error *err);
int manifest_save(const struct manifest *m, const char *dir, struct error *err);

// May a run described by `wanted` add to a folder described by `stored`? Yes
// when nothing that is stored becomes meaningless: more cells, more problems or
// more samples are fine. -1 with ERR_USAGE that names the first difference.
int manifest_extends(const struct manifest *wanted,
                     const struct manifest *stored, struct error *err);

// Name of the grader whose verdicts are stored.
const char *manifest_grader(const struct manifest_dataset *d);
// Tell the user when the stored verdicts are not those of this program's
// graders.
void manifest_warn_verdicts(const struct manifest *m, const char *dir,
                            FILE *log);

// Take over the sessions of `stored` (NULL: none) and the version of the
// program that made it.
void manifest_keep_sessions(struct manifest *m, const struct manifest *stored);
// The same, and open a new one: this machine, now. Returns its index.
int manifest_add_session(struct manifest *m, const struct manifest *stored,
                         const struct sweep *s, const char *kernels,
                         int workers);
// The session is over.
void manifest_end_session(struct manifest *m, int session, int64_t n_samples,
                          int64_t kept_tokens, double wall_s);

int64_t manifest_n_samples(const struct manifest *m); // of all cells
