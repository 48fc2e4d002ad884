#include "harness/manifest.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/grader.h"
#include "harness/host.h"
#include "harness/problem_cluster.h"
#include "harness/sample_record.h"
#include "harness/step_checker.h"
#include "harness/version.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// Built from a sweep, and compared with what a folder holds. Reading and
// writing are in manifest_json.c.

// ---- from a sweep ---------------------------------------------------------

static void take_models(struct manifest *m, const struct sweep *s,
                        const struct sweep_models *models) {
    struct arena *a = &m->arena;
    const struct config *c = s->config;
    m->models = arena_alloc(a, (size_t)c->n_models * sizeof *m->models);
    for (int i = 0; i < c->n_models; i++) {
        const struct model_spec *from = &c->models[i];
        if (!models->lms[i]) continue;
        const struct lm_facts *facts = lm_facts(models->lms[i]);
        m->models[m->n_models++] = (struct manifest_model){
            .name = arena_strdup(a, from->name),
            .path = from->path ? arena_strdup(a, from->path)
                               : arena_printf(a, "scripted:%s", from->scripted),
            .hash = arena_strdup(a, from->hash),
            .backend = arena_strdup(a, facts->backend),
            .arch = arena_strdup(a, facts->arch ? facts->arch : ""),
            .vocab_hash = arena_strdup(a, facts->vocab_hash),
            .kv = arena_strdup(a, facts->kv ? facts->kv : ""),
            .n_params = facts->n_params,
            .weights_bytes = (int64_t)facts->weights_bytes,
            .kv_bytes = (int64_t)facts->kv_bytes,
        };
    }
}

static void take_problems(struct manifest_dataset *d,
                          const struct problem_set *set,
                          const char *cluster_tag, struct arena *a) {
    d->n_problems = set->n;
    d->problems = arena_alloc(a, (size_t)set->n * sizeof *d->problems);
    for (int i = 0; i < set->n; i++) {
        d->problems[i].id = arena_strdup(a, set->problems[i].id);
        d->problems[i].hash = arena_strdup(a, set->problems[i].hash);
        if (d->steps)
            d->problems[i].text = arena_strdup(a, set->problems[i].question);
        const char *cluster =
            *cluster_tag ? problem_cluster(&set->problems[i], cluster_tag)
                         : NULL;
        if (cluster) d->problems[i].cluster = arena_strdup(a, cluster);
    }
}

static void take_datasets(struct manifest *m, const struct sweep *s) {
    struct arena *a = &m->arena;
    const struct config *c = s->config;
    m->n_datasets = c->n_datasets;
    m->datasets = arena_alloc(a, (size_t)c->n_datasets * sizeof *m->datasets);
    for (int i = 0; i < c->n_datasets; i++) {
        const struct dataset_spec *from = &c->datasets[i];
        m->datasets[i] = (struct manifest_dataset){
            .name = arena_strdup(a, from->name),
            .path = arena_strdup(a, from->path),
            .grader = arena_strdup(a, from->grader->name),
            .hash = arena_strdup(a, s->sets[i].hash),
            .steps = from->steps ? from->steps->name : NULL,
        };
        take_problems(&m->datasets[i], &s->sets[i], c->report.cluster_tag, a);
    }
}

static void take_settings(struct manifest_cell *to, const struct cell *from,
                          struct arena *a) {
    size_t n = 0;
    while (settings_table[n].name)
        n++;
    to->settings = arena_alloc(a, n * sizeof *to->settings);
    struct buf value;
    buf_init(&value);
    for (const struct option *o = settings_table; o->name; o++) {
        if (!(o->mask & (from->method->bit | SETTINGS_SHARED))) continue;
        buf_clear(&value);
        option_print(o, &from->settings, &value);
        to->settings[to->n_settings++] = (struct manifest_setting){
            .name = arena_strdup(a, o->name),
            .value = arena_strndup(a, value.text, value.n_bytes),
            .shared = (o->mask & SETTINGS_SHARED) != 0,
        };
    }
    buf_release(&value);
}

static void take_cells(struct manifest *m, const struct sweep *s) {
    struct arena *a = &m->arena;
    m->n_cells = s->n_cells;
    m->cells = arena_alloc(a, (size_t)s->n_cells * sizeof *m->cells);
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *from = &s->cells[i];
        m->cells[i] = (struct manifest_cell){
            .id = arena_strdup(a, from->id),
            .base = arena_strdup(a, cell_base_name(s, from)),
            .draft = arena_strdup(a, cell_draft_name(s, from)),
            .prm = arena_strdup(a, cell_prm_name(s, from)),
            .dataset = from->dataset,
            .method = arena_strdup(a, from->method->name),
            .label = arena_strdup(a, from->label),
            .variant = arena_strdup(a, from->variant),
            .threshold =
                cell_has_threshold(from) ? from->settings.threshold : NAN,
        };
        take_settings(&m->cells[i], from, a);
    }
}

void manifest_from_sweep(struct manifest *m, const struct sweep *s,
                         const struct sweep_models *models) {
    *m = (struct manifest){0};
    struct arena *a = &m->arena;
    const struct config *c = s->config;
    m->version = SPECSWEEP_VERSION;
    m->sample_version = SAMPLE_VERSION;
    m->grader_version = GRADER_VERSION;
    m->name = arena_strdup(a, c->top.name);
    m->question = arena_strdup(a, c->question ? c->question : "");
    m->seed = c->top.seed;
    m->k = c->top.samples;
    m->mode = (enum run_mode)c->top.mode;
    m->concurrency = c->top.concurrency;
    m->virtual_time = models->is_virtual;
    m->baseline = arena_strdup(a, c->report.baseline);
    m->versus = arena_strdup(a, c->report.versus);
    m->confidence = c->report.confidence;
    struct buf yaml;
    buf_init(&yaml);
    config_print(c, &yaml);
    m->config = arena_strndup(a, yaml.text, yaml.n_bytes);
    buf_release(&yaml);
    take_models(m, s, models);
    take_datasets(m, s);
    take_cells(m, s);
}

void manifest_release(struct manifest *m) {
    arena_release(&m->arena);
    *m = (struct manifest){0};
}

int64_t manifest_n_samples(const struct manifest *m) {
    int64_t n = 0;
    for (int i = 0; i < m->n_cells; i++) {
        n += m->datasets[m->cells[i].dataset].n_problems;
    }
    return n * m->k;
}

// ---- sessions -------------------------------------------------------------

static void copy_session(struct manifest_session *to,
                         const struct manifest_session *from, struct arena *a) {
    *to = *from;
    to->started = arena_strdup(a, from->started);
    to->ended = from->ended ? arena_strdup(a, from->ended) : NULL;
    to->host = arena_strdup(a, from->host);
    to->cpu = arena_strdup(a, from->cpu);
    to->kernels = arena_strdup(a, from->kernels);
    to->version = arena_strdup(a, from->version);
    to->machine = arena_strdup(a, from->machine);
}

// The stored sessions, with room for one more.
void manifest_keep_sessions(struct manifest *m, const struct manifest *stored) {
    struct arena *a = &m->arena;
    int n = stored ? stored->n_sessions : 0;
    m->sessions = arena_alloc(a, (size_t)(n + 1) * sizeof *m->sessions);
    for (int i = 0; i < n; i++) {
        copy_session(&m->sessions[i], &stored->sessions[i], a);
    }
    if (n) m->version = arena_strdup(a, stored->version);
    m->n_sessions = n;
}

int manifest_add_session(struct manifest *m, const struct manifest *stored,
                         const struct sweep *s, const char *kernels,
                         int workers) {
    struct arena *a = &m->arena;
    manifest_keep_sessions(m, stored);
    int n = m->n_sessions;
    struct manifest_session *now = &m->sessions[n];
    *now = (struct manifest_session){
        .started = host_utc_now(a),
        .host = host_name(a),
        .cpu = host_cpu(a),
        .kernels = arena_strdup(a, kernels),
        .version = SPECSWEEP_VERSION,
        .n_cpus = host_n_cpus(),
        .threads = s->config->engine.threads,
        .workers = workers,
        .wall_s = NAN,
    };
    char hex[HASH_HEX_SIZE];
    const char *both = arena_printf(a, "%s\n%s", now->host, now->cpu);
    hash_bytes(both, strlen(both), hex);
    now->machine = arena_strdup(a, hex);
    m->n_sessions = n + 1;
    return n;
}

void manifest_end_session(struct manifest *m, int session, int64_t n_samples,
                          int64_t kept_tokens, double wall_s) {
    struct manifest_session *s = &m->sessions[session];
    s->ended = host_utc_now(&m->arena);
    s->n_samples = n_samples;
    s->kept_tokens = kept_tokens;
    s->wall_s = wall_s;
}

// ---- may a run extend a folder? -------------------------------------------

static int differs(struct error *err, const char *what, const char *was,
                   const char *is) {
    return error_set(
        err, ERR_USAGE,
        "the folder holds results of another config: %s was %s, is now %s; "
        "give this run another name, or --fresh to set the old results aside",
        what, was, is);
}

static int differs_int(struct error *err, const char *what, int64_t was,
                       int64_t is) {
    char a[24], b[24];
    snprintf(a, sizeof a, "%lld", (long long)was);
    snprintf(b, sizeof b, "%lld", (long long)is);
    return differs(err, what, a, b);
}

static int check_models(const struct manifest *wanted,
                        const struct manifest *stored, struct error *err) {
    for (int i = 0; i < stored->n_models; i++) {
        const struct manifest_model *was = &stored->models[i];
        for (int j = 0; j < wanted->n_models; j++) {
            const struct manifest_model *is = &wanted->models[j];
            if (strcmp(was->name, is->name) || !strcmp(was->hash, is->hash)) {
                continue;
            }
            char what[200];
            snprintf(what, sizeof what, "the content hash of model %.100s",
                     is->name);
            return differs(err, what, was->hash, is->hash);
        }
    }
    return 0;
}

static const struct manifest_problem *
find_problem(const struct manifest_dataset *d, const char *id) {
    for (int i = 0; i < d->n_problems; i++) {
        if (!strcmp(d->problems[i].id, id)) return &d->problems[i];
    }
    return NULL;
}

static int check_dataset(const struct manifest_dataset *is,
                         const struct manifest_dataset *was,
                         struct error *err) {
    char what[300];
    snprintf(what, sizeof what, "the grader of dataset %.100s", was->name);
    if (strcmp(is->grader, was->grader)) {
        return differs(err, what, was->grader, is->grader);
    }
    if (strcmp(is->grader, manifest_grader(was))) {
        return error_set(err, ERR_USAGE,
                         "the verdicts in the folder are of grader %s, the "
                         "config says %s; `specsweep grade --regrade FOLDER "
                         "--grader %s` takes them back",
                         manifest_grader(was), is->grader, is->grader);
    }
    for (int i = 0; i < was->n_problems; i++) {
        const struct manifest_problem *p = &was->problems[i];
        const struct manifest_problem *now = find_problem(is, p->id);
        if (now && !strcmp(now->hash, p->hash)) continue;
        snprintf(what, sizeof what, "problem %.100s of dataset %.100s", p->id,
                 was->name);
        return differs(err, what, p->hash, now ? now->hash : "not selected");
    }
    return 0;
}

static int check_datasets(const struct manifest *wanted,
                          const struct manifest *stored, struct error *err) {
    for (int i = 0; i < stored->n_datasets; i++) {
        const struct manifest_dataset *was = &stored->datasets[i];
        for (int j = 0; j < wanted->n_datasets; j++) {
            if (strcmp(was->name, wanted->datasets[j].name)) continue;
            if (check_dataset(&wanted->datasets[j], was, err)) return -1;
        }
    }
    return 0;
}

static bool has_cell(const struct manifest *m, const char *id) {
    for (int i = 0; i < m->n_cells; i++) {
        if (!strcmp(m->cells[i].id, id)) return true;
    }
    return false;
}

// A setting that differs between the stored cell and the wanted one of the same
// method, models and data set: the likely reason why the cell is gone.
static bool explain_cell(const struct manifest *wanted,
                         const struct manifest *stored,
                         const struct manifest_cell *was, struct error *err) {
    const char *set_name = stored->datasets[was->dataset].name;
    for (int i = 0; i < wanted->n_cells; i++) {
        const struct manifest_cell *is = &wanted->cells[i];
        if (strcmp(is->label, was->label) || strcmp(is->base, was->base) ||
            strcmp(is->draft, was->draft) || strcmp(is->prm, was->prm) ||
            has_cell(stored, is->id) ||
            strcmp(wanted->datasets[is->dataset].name, set_name)) {
            continue;
        }
        for (int j = 0; j < is->n_settings && j < was->n_settings; j++) {
            if (!strcmp(is->settings[j].value, was->settings[j].value)) {
                continue;
            }
            char what[200];
            snprintf(what, sizeof what, "%s of %.100s", was->settings[j].name,
                     was->label);
            differs(err, what, was->settings[j].value, is->settings[j].value);
            return true;
        }
    }
    return false;
}

static int check_cells(const struct manifest *wanted,
                       const struct manifest *stored, struct error *err) {
    for (int i = 0; i < stored->n_cells; i++) {
        const struct manifest_cell *was = &stored->cells[i];
        if (has_cell(wanted, was->id)) continue;
        if (explain_cell(wanted, stored, was, err)) return -1;
        char what[400], threshold[40] = "";
        if (!isnan(was->threshold)) {
            snprintf(threshold, sizeof threshold, " threshold %g",
                     was->threshold);
        }
        snprintf(what, sizeof what, "cell %.8s (%.80s%s on %.80s)", was->id,
                 was->label, threshold, stored->datasets[was->dataset].name);
        return differs(err, what, "there", "gone");
    }
    return 0;
}

int manifest_extends(const struct manifest *wanted,
                     const struct manifest *stored, struct error *err) {
    if (wanted->sample_version != stored->sample_version) {
        return differs_int(err, "the sample version of the program",
                           stored->sample_version, wanted->sample_version);
    }
    if (wanted->seed != stored->seed) {
        return differs_int(err, "seed", stored->seed, wanted->seed);
    }
    if (wanted->mode != stored->mode) {
        return differs(err, "mode", run_mode_name[stored->mode],
                       run_mode_name[wanted->mode]);
    }
    if (wanted->k < stored->k) {
        return differs_int(err, "samples", stored->k, wanted->k);
    }
    if (check_models(wanted, stored, err) ||
        check_datasets(wanted, stored, err) ||
        check_cells(wanted, stored, err)) {
        return -1;
    }
    return 0;
}

// ---- verdicts -------------------------------------------------------------

const char *manifest_grader(const struct manifest_dataset *d) {
    return d->verdict_grader ? d->verdict_grader : d->grader;
}

void manifest_warn_verdicts(const struct manifest *m, const char *dir,
                            FILE *log) {
    if (m->grader_version == GRADER_VERSION) return;
    if (!m->grader_version) {
        fprintf(log,
                "warning: a regrade did not end; again: specsweep grade "
                "--regrade %s\n",
                dir);
        return;
    }
    fprintf(log,
            "warning: verdicts are of grader version %d, this program has %d: "
            "specsweep grade --regrade %s\n",
            m->grader_version, GRADER_VERSION, dir);
}
