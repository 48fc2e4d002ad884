#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/file_write.h"
#include "harness/json_read.h"
#include "harness/json_write.h"
#include "harness/manifest.h"
#include "harness/sample_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// manifest.json: an object a person can read, one line per model, problem,
// cell and session.

enum {
    MANIFEST_BYTES_MAX = 1 << 30,
    ITEMS_MAX = 100000000,
};

// ---- writing --------------------------------------------------------------

// Items of a list, each on a line of its own.
static void open_list(struct buf *out, const char *key) {
    json_add_key(out, key);
    buf_addc(out, '[');
}

static void next_item(struct buf *out, int i) {
    buf_adds(out, i ? ",\n  {" : "\n  {");
}

static void add_models(const struct manifest *m, struct buf *out) {
    open_list(out, "models");
    for (int i = 0; i < m->n_models; i++) {
        const struct manifest_model *model = &m->models[i];
        next_item(out, i);
        json_put_string(out, "name", model->name);
        json_put_string(out, "path", model->path);
        json_put_string(out, "hash", model->hash);
        json_put_string(out, "backend", model->backend);
        json_put_string(out, "arch", model->arch);
        json_put_string(out, "vocab_hash", model->vocab_hash);
        json_put_int(out, "n_params", model->n_params);
        json_put_int(out, "weights_bytes", model->weights_bytes);
        json_put_string(out, "kv", model->kv);
        json_put_int(out, "kv_bytes", model->kv_bytes);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

static void add_datasets(const struct manifest *m, struct buf *out) {
    open_list(out, "datasets");
    for (int i = 0; i < m->n_datasets; i++) {
        const struct manifest_dataset *d = &m->datasets[i];
        next_item(out, i);
        json_put_string(out, "name", d->name);
        json_put_string(out, "path", d->path);
        json_put_string(out, "grader", d->grader);
        json_put_string(out, "hash", d->hash);
        if (d->verdict_grader)
            json_put_string(out, "verdict_grader", d->verdict_grader);
        if (d->steps) json_put_string(out, "steps", d->steps);
        open_list(out, "problems");
        for (int j = 0; j < d->n_problems; j++) {
            next_item(out, j);
            json_put_string(out, "id", d->problems[j].id);
            json_put_string(out, "hash", d->problems[j].hash);
            if (d->problems[j].text)
                json_put_string(out, "problem", d->problems[j].text);
            if (d->problems[j].cluster)
                json_put_string(out, "cluster", d->problems[j].cluster);
            buf_addc(out, '}');
        }
        buf_adds(out, "]}");
    }
    buf_addc(out, ']');
}

static void add_cells(const struct manifest *m, struct buf *out) {
    open_list(out, "cells");
    for (int i = 0; i < m->n_cells; i++) {
        const struct manifest_cell *c = &m->cells[i];
        next_item(out, i);
        json_put_string(out, "id", c->id);
        json_put_string(out, "base", c->base);
        json_put_string(out, "draft", c->draft);
        json_put_string(out, "prm", c->prm);
        json_put_int(out, "dataset", c->dataset);
        json_put_string(out, "method", c->method);
        json_put_string(out, "label", c->label);
        json_put_string(out, "variant", c->variant);
        json_put_real(out, "threshold", c->threshold);
        open_list(out, "settings");
        for (int j = 0; j < c->n_settings; j++) {
            buf_adds(out, j ? ",{" : "{");
            json_put_string(out, "name", c->settings[j].name);
            json_put_string(out, "value", c->settings[j].value);
            json_put_bool(out, "shared", c->settings[j].shared);
            buf_addc(out, '}');
        }
        buf_adds(out, "]}");
    }
    buf_addc(out, ']');
}

static void add_sessions(const struct manifest *m, struct buf *out) {
    open_list(out, "sessions");
    for (int i = 0; i < m->n_sessions; i++) {
        const struct manifest_session *s = &m->sessions[i];
        next_item(out, i);
        json_put_string(out, "started", s->started);
        json_put_string(out, "ended", s->ended);
        json_put_string(out, "host", s->host);
        json_put_string(out, "cpu", s->cpu);
        json_put_string(out, "machine", s->machine);
        json_put_string(out, "kernels", s->kernels);
        json_put_string(out, "version", s->version);
        json_put_int(out, "n_cpus", s->n_cpus);
        json_put_int(out, "threads", s->threads);
        json_put_int(out, "workers", s->workers);
        json_put_int(out, "n_samples", s->n_samples);
        json_put_int(out, "kept_tokens", s->kept_tokens);
        json_put_real(out, "wall_s", s->wall_s);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

int manifest_save(const struct manifest *m, const char *dir,
                  struct error *err) {
    struct buf out;
    buf_init(&out);
    buf_addc(&out, '{');
    json_put_int(&out, "schema", MANIFEST_SCHEMA);
    json_put_string(&out, "version", m->version);
    json_put_int(&out, "sample_version", m->sample_version);
    json_put_int(&out, "grader_version", m->grader_version);
    json_put_string(&out, "name", m->name);
    json_put_string(&out, "question", m->question);
    json_put_int(&out, "seed", m->seed);
    json_put_int(&out, "samples", m->k);
    json_put_string(&out, "mode", run_mode_name[m->mode]);
    json_put_int(&out, "concurrency", m->concurrency);
    json_put_bool(&out, "virtual_time", m->virtual_time);
    json_put_string(&out, "baseline", m->baseline);
    json_put_string(&out, "versus", m->versus);
    json_put_real(&out, "confidence", m->confidence);
    json_put_string(&out, "config", m->config);
    add_models(m, &out);
    add_datasets(m, &out);
    add_cells(m, &out);
    add_sessions(m, &out);
    buf_adds(&out, "}\n");
    char *path = xasprintf("%s/manifest.json", dir);
    int rc = file_write_atomic(path, out.text, out.n_bytes, err);
    free(path);
    buf_release(&out);
    return rc;
}

// ---- reading --------------------------------------------------------------

static void *items_of(struct json_reader *r, const json_t *list, size_t size,
                      int *n) {
    size_t count = json_array_size(list);
    *n = count > ITEMS_MAX ? 0 : (int)count;
    return arena_alloc(r->arena, (size_t)*n * size);
}

static int take_count(struct json_reader *r, const json_t *o, const char *key) {
    return (int)json_take_int(r, o, key, 0, INT32_MAX);
}

static void take_models(struct manifest *m, struct json_reader *r,
                        const json_t *o) {
    const json_t *list = json_take_array(r, o, "models");
    m->models = items_of(r, list, sizeof *m->models, &m->n_models);
    for (int i = 0; i < m->n_models && !r->failed; i++) {
        const json_t *from = json_array_get(list, (size_t)i);
        struct manifest_model *to = &m->models[i];
        to->name = json_take_text(r, from, "name");
        to->path = json_take_text(r, from, "path");
        to->hash = json_take_text(r, from, "hash");
        to->backend = json_take_text(r, from, "backend");
        to->arch = json_take_text(r, from, "arch");
        to->vocab_hash = json_take_text(r, from, "vocab_hash");
        to->n_params = json_take_int(r, from, "n_params", 0, INT64_MAX);
        to->weights_bytes =
            json_take_int(r, from, "weights_bytes", 0, INT64_MAX);
        // Older folders do not state the cache.
        to->kv = json_take_text_or_null(r, from, "kv");
        if (!to->kv) continue;
        to->kv_bytes = json_take_int(r, from, "kv_bytes", 0, INT64_MAX);
    }
}

static void take_datasets(struct manifest *m, struct json_reader *r,
                          const json_t *o) {
    const json_t *list = json_take_array(r, o, "datasets");
    m->datasets = items_of(r, list, sizeof *m->datasets, &m->n_datasets);
    for (int i = 0; i < m->n_datasets && !r->failed; i++) {
        const json_t *from = json_array_get(list, (size_t)i);
        struct manifest_dataset *to = &m->datasets[i];
        to->name = json_take_text(r, from, "name");
        to->path = json_take_text(r, from, "path");
        to->grader = json_take_text(r, from, "grader");
        to->hash = json_take_text(r, from, "hash");
        to->verdict_grader = json_take_text_or_null(r, from, "verdict_grader");
        to->steps = json_take_text_or_null(r, from, "steps");
        const json_t *problems = json_take_array(r, from, "problems");
        to->problems =
            items_of(r, problems, sizeof *to->problems, &to->n_problems);
        for (int j = 0; j < to->n_problems; j++) {
            const json_t *p = json_array_get(problems, (size_t)j);
            to->problems[j].id = json_take_text(r, p, "id");
            to->problems[j].hash = json_take_text(r, p, "hash");
            to->problems[j].text = json_take_text_or_null(r, p, "problem");
            to->problems[j].cluster = json_take_text_or_null(r, p, "cluster");
        }
    }
}

static void take_cell(struct manifest_cell *to, struct json_reader *r,
                      const json_t *from, int n_datasets) {
    to->id = json_take_text(r, from, "id");
    to->base = json_take_text(r, from, "base");
    to->draft = json_take_text(r, from, "draft");
    // Older folders know no PRM.
    to->prm = json_take_text_or_null(r, from, "prm");
    if (!to->prm) to->prm = "";
    to->dataset = (int)json_take_int(r, from, "dataset", 0, n_datasets - 1);
    to->method = json_take_text(r, from, "method");
    to->label = json_take_text(r, from, "label");
    to->variant = json_take_text(r, from, "variant");
    to->threshold = json_take_real(r, from, "threshold");
    const json_t *settings = json_take_array(r, from, "settings");
    to->settings = items_of(r, settings, sizeof *to->settings, &to->n_settings);
    for (int j = 0; j < to->n_settings; j++) {
        const json_t *s = json_array_get(settings, (size_t)j);
        to->settings[j].name = json_take_text(r, s, "name");
        to->settings[j].value = json_take_text(r, s, "value");
        to->settings[j].shared = json_take_bool(r, s, "shared");
    }
}

static void take_cells(struct manifest *m, struct json_reader *r,
                       const json_t *o) {
    const json_t *list = json_take_array(r, o, "cells");
    m->cells = items_of(r, list, sizeof *m->cells, &m->n_cells);
    for (int i = 0; i < m->n_cells && !r->failed; i++) {
        take_cell(&m->cells[i], r, json_array_get(list, (size_t)i),
                  m->n_datasets);
    }
}

static void take_sessions(struct manifest *m, struct json_reader *r,
                          const json_t *o) {
    const json_t *list = json_take_array(r, o, "sessions");
    m->sessions = items_of(r, list, sizeof *m->sessions, &m->n_sessions);
    for (int i = 0; i < m->n_sessions && !r->failed; i++) {
        const json_t *from = json_array_get(list, (size_t)i);
        struct manifest_session *to = &m->sessions[i];
        to->started = json_take_text(r, from, "started");
        to->ended = json_take_text_or_null(r, from, "ended");
        to->host = json_take_text(r, from, "host");
        to->cpu = json_take_text(r, from, "cpu");
        to->machine = json_take_text(r, from, "machine");
        to->kernels = json_take_text(r, from, "kernels");
        to->version = json_take_text(r, from, "version");
        to->n_cpus = take_count(r, from, "n_cpus");
        to->threads = take_count(r, from, "threads");
        to->workers = take_count(r, from, "workers");
        to->n_samples = json_take_int(r, from, "n_samples", 0, INT64_MAX);
        to->kept_tokens = json_take_int(r, from, "kept_tokens", 0, INT64_MAX);
        to->wall_s = json_take_real(r, from, "wall_s");
    }
}

// So that products of counts cannot overflow and tables fit.
static bool sample_count_is_sane(const struct manifest *m) {
    int64_t n = 0;
    for (int i = 0; i < m->n_cells && n <= MANIFEST_SAMPLES_MAX; i++) {
        n += (int64_t)m->datasets[m->cells[i].dataset].n_problems * m->k;
    }
    return n <= MANIFEST_SAMPLES_MAX;
}

static int take_manifest(struct manifest *m, const json_t *o,
                         struct error *err) {
    struct json_reader r = {.arena = &m->arena, .err = err};
    int64_t schema = json_take_int(&r, o, "schema", 0, INT32_MAX);
    if (!r.failed && schema != MANIFEST_SCHEMA) {
        return error_set(err, ERR_INPUT,
                         "\"schema\": %d; this program reads %d", (int)schema,
                         MANIFEST_SCHEMA);
    }
    m->version = json_take_text(&r, o, "version");
    m->sample_version = take_count(&r, o, "sample_version");
    // Older folders do not say.
    m->grader_version = 1;
    if (json_object_get(o, "grader_version"))
        m->grader_version = take_count(&r, o, "grader_version");
    m->name = json_take_text(&r, o, "name");
    m->question = json_take_text(&r, o, "question");
    m->seed = json_take_int(&r, o, "seed", INT64_MIN, INT64_MAX);
    m->k = (int)json_take_int(&r, o, "samples", 1, INT32_MAX);
    m->mode = (enum run_mode)json_take_choice(&r, o, "mode", run_mode_name, 2);
    m->concurrency = take_count(&r, o, "concurrency");
    m->virtual_time = json_take_bool(&r, o, "virtual_time");
    m->baseline = json_take_text(&r, o, "baseline");
    // Older folders compare with one method.
    m->versus = json_take_text_or_null(&r, o, "versus");
    if (!m->versus) m->versus = "";
    m->confidence = json_take_real(&r, o, "confidence");
    m->config = json_take_text(&r, o, "config");
    take_models(m, &r, o);
    take_datasets(m, &r, o);
    take_cells(m, &r, o);
    take_sessions(m, &r, o);
    if (r.failed) return -1;
    if (!sample_count_is_sane(m)) {
        return error_set(err, ERR_INPUT, "more than %d samples",
                         MANIFEST_SAMPLES_MAX);
    }
    if (!(m->confidence > 0 && m->confidence < 1)) {
        return error_set(err, ERR_INPUT,
                         "\"confidence\": expected a number in (0, 1)");
    }
    return 0;
}

int manifest_load(struct manifest *m, const char *dir, struct error *err) {
    *m = (struct manifest){0};
    char *path = xasprintf("%s/manifest.json", dir);
    int rc = -1;
    json_t *o = NULL;
    size_t n_bytes;
    char *text = NULL;
    if (access(path, F_OK) && errno == ENOENT) {
        rc = 1;
        goto done;
    }
    text = file_read(path, MANIFEST_BYTES_MAX, &n_bytes, err);
    if (!text) goto done;
    o = json_parse(text, n_bytes, err);
    if (!o || take_manifest(m, o, err)) {
        error_prefix(err, "%s", path);
        goto done;
    }
    rc = 0;
done:
    if (rc) manifest_release(m);
    if (o) json_decref(o);
    free(text);
    free(path);
    return rc;
}
