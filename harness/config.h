#pragma once
// The experiment that a YAML file describes, checked but not yet expanded.
//
// config_load() reads the file, applies --set overrides and checks everything
// that can be checked without opening models or problem sets: keys, types,
// ranges, names that refer to each other, files that must exist. sweep.h
// expands it into cells. Everything lives in the config's arena.

#include "engine/base/arena.h"
#include "engine/base/hash.h"
#include "engine/base/option.h"
#include "engine/engine.h"
#include "harness/problem_reader.h"
#include "harness/yaml_tree.h"

#include <stdbool.h>

struct buf;
struct dataset;
struct error;
struct grader;
struct prompt_template;
struct step_checker;

enum run_mode { MODE_LATENCY, MODE_THROUGHPUT };
enum prefill_mode { PREFILL_EXACT, PREFILL_BLAS };

// engine: {...}; described by engine_table.
struct engine_config {
    int threads;
    int isa;     // index into engine_isa_names
    int prefill; // enum prefill_mode
    int kv;      // index into engine_kv_names
    int context; // tokens of one sequence; 0: the model's own
};
extern const struct option engine_table[];
extern const char *const engine_isa_names[]; // "auto", "ref", ...
extern const char *const engine_kv_names[];  // "f32", "f16", "q8_0"

// The scalars at the top of the file; described by top_table.
struct top_config {
    char name[64]; // results/<name>/; letters, digits, '-', '_', '.'
    int seed;
    int samples;     // k
    int mode;        // enum run_mode
    int concurrency; // MODE_THROUGHPUT: samples at once
    int warmup;      // samples of each cell before the clock counts
};
extern const struct option top_table[];

// report: {...}; described by report_table.
struct report_config {
    char baseline[64]; // label of the method that others are compared with
    char versus[64];   // label of a second such method; "": none
    double confidence; // of intervals
    // Problems with a tag "TAG:x" are one cluster for each x; "": none are.
    char cluster_tag[64];
};
extern const struct option report_table[];

// One of models: either a GGUF file or a built-in scripted one.
struct model_spec {
    const char *name;
    const char *path;         // as it can be opened; NULL: scripted
    const char *scripted;     // name in scripted_models.h; NULL: a file
    char hash[HASH_HEX_SIZE]; // of the file's content, or of the script
    struct place place;
};

// One of datasets. Loading is problem_set.h's part.
struct dataset_spec {
    const char *name;
    const struct dataset *benchmark; // that it names; NULL: none
    const char *path;
    const char *format; // "jsonl", "csv"
    const struct grader *grader;
    const struct step_checker *steps;     // NULL: steps cannot be checked
    const char *fields[FIELD_N];          // names in the file; NULL: ours
    const struct prompt_template *prompt; // NULL: problems as they are
    bool file_order;  // of a choice problem's options; false: shuffled
    const char **ids; // [n_ids] only these; NULL: all
    int n_ids;
    int slice_begin, slice_end; // [begin, end) of the file; end -1: to the end
    int limit;                  // seeded random subset; 0: all
    struct place place;
};

// Values that a setting takes in one entry of methods; more than one: an axis.
struct setting_axis {
    const struct option *option;
    const char **values; // [n] texts that option_set() has accepted
    int n;
    struct place place;
};

struct method_spec {
    const struct method *method;
    const char *label; // NULL: the method's name
    // [n_base], [n_draft], [n_prm] indices into models; n_draft 0: the method
    // uses none, n_prm 0: none of the entry's cells does.
    const int *base, *draft, *prm;
    int n_base, n_draft, n_prm;
    // [n_axes] the first n_inherited from settings:, then the entry's own.
    struct setting_axis *axes;
    int n_axes, n_inherited;
    struct place place;
};

struct config {
    struct arena arena;
    const char *path;     // of the YAML file
    const char *question; // the first comment line, "" if none
    struct top_config top;
    struct engine_config engine;
    struct report_config report;
    struct model_spec *models;     // [n_models]
    struct dataset_spec *datasets; // [n_datasets]
    struct method_spec *methods;   // [n_methods]
    int n_models, n_datasets, n_methods;
    // What methods take unless their entry says otherwise.
    struct setting_axis *settings; // [n_settings]
    const int *base, *draft, *prm; // [n_base], [n_draft], [n_prm] into models
    int n_settings, n_base, n_draft, n_prm;
    const char **warnings; // [n_warnings] lines for the user, with places
    int n_warnings;
};

// `sets`: [n_sets] "path=value" overrides. -1 with ERR_USAGE that names file,
// line and column; `c` is then empty.
int config_load(struct config *c, const char *path, const char *const *sets,
                int n_sets, struct error *err);
// Only the scalars at the top and datasets: of a resolved experiment
// (config_print); `path` is what it is called in errors. Models need not be
// there. -1 as config_load().
int config_load_datasets(struct config *c, const char *path, const char *yaml,
                         struct error *err);
void config_release(struct config *c); // safe on a zeroed struct

// The resolved experiment as YAML, all defaults written out; reading it back
// gives the same cells.
void config_print(const struct config *c, struct buf *out);
