#include "harness/config.h"

#include "engine/base/error.h"
#include "harness/config_reader.h"
#include "harness/file_write.h"
#include "harness/scripted_models.h"

#include <stdlib.h>
#include <string.h>

// The top of the file and the sections engine:, models: and report:. See
// config_datasets.c and config_methods.c for the others.

static const char *const mode_names[] = {"latency", "throughput", NULL};
static const char *const prefill_names[] = {"exact", "blas", NULL};
const char *const engine_isa_names[] = {"auto",   "ref",  "avx2",
                                        "avx512", "neon", NULL};
const char *const engine_kv_names[] = {"f32", "f16", "q8_0", NULL};

// clang-format off
const struct option top_table[] = {
    {.name = "name", .type = OPT_TEXT, .offset = offsetof(struct top_config, name),
     .text_size = 64, .default_value = "",
     .help = "the results go to results/<name>; default: the file's name"},
    {.name = "seed", .type = OPT_INT, .offset = offsetof(struct top_config, seed),
     .min = 0, .max = 2147483647, .default_value = "1",
     .help = "seed of all random streams"},
    {.name = "samples", .type = OPT_INT, .offset = offsetof(struct top_config, samples),
     .min = 1, .max = 100000, .default_value = "1",
     .help = "samples of each problem (k)"},
    {.name = "mode", .type = OPT_CHOICE, .offset = offsetof(struct top_config, mode),
     .choices = mode_names, .default_value = "latency",
     .help = "latency: one sample at a time; throughput: many at once"},
    {.name = "concurrency", .type = OPT_INT, .offset = offsetof(struct top_config, concurrency),
     .min = 1, .max = 256, .default_value = "8",
     .help = "mode throughput: samples at once"},
    {.name = "warmup", .type = OPT_INT, .offset = offsetof(struct top_config, warmup),
     .min = 0, .max = 1000, .default_value = "1",
     .help = "samples of each cell before those that count"},
    {.name = NULL},
};

const struct option engine_table[] = {
    {.name = "threads", .type = OPT_INT, .offset = offsetof(struct engine_config, threads),
     .min = 1, .max = 256, .default_value = "1",
     .help = "threads of one model call"},
    {.name = "isa", .type = OPT_CHOICE, .offset = offsetof(struct engine_config, isa),
     .choices = engine_isa_names, .default_value = "auto",
     .help = "instruction set of the kernels; all give the same bits"},
    {.name = "prefill", .type = OPT_CHOICE, .offset = offsetof(struct engine_config, prefill),
     .choices = prefill_names, .default_value = "exact",
     .help = "blas: OpenBLAS for prompts, whose bits depend on the CPU"},
    {.name = "kv", .type = OPT_CHOICE, .offset = offsetof(struct engine_config, kv),
     .choices = engine_kv_names, .default_value = "f32",
     .help = "type of the KV cache; f16 is half of f32, q8_0 a quarter"},
    {.name = "context", .type = OPT_INT, .offset = offsetof(struct engine_config, context),
     .min = 0, .max = 1048576, .default_value = "0",
     .help = "tokens of one transcript; 0: the model's own"},
    {.name = NULL},
};

const struct option report_table[] = {
    {.name = "baseline", .type = OPT_TEXT, .offset = offsetof(struct report_config, baseline),
     .text_size = 64, .default_value = "",
     .help = "label of the method that others are compared with; default: "
             "vanilla, else the first"},
    {.name = "versus", .type = OPT_TEXT, .offset = offsetof(struct report_config, versus),
     .text_size = 64, .default_value = "",
     .help = "label of a second method that searches are compared with; "
             "default: none"},
    {.name = "confidence", .type = OPT_FLOAT, .offset = offsetof(struct report_config, confidence),
     .min = 0.5, .max = 0.9999, .default_value = "0.95",
     .help = "of intervals"},
    {.name = "cluster_tag", .type = OPT_TEXT, .offset = offsetof(struct report_config, cluster_tag),
     .text_size = 64, .default_value = "",
     .help = "problems with the same tag that begins so (doc: 'doc:17') are "
             "one cluster of intervals; default: each is one"},
    {.name = NULL},
};
// clang-format on

// ---- scalars --------------------------------------------------------------

static int read_section(struct config_reader *r, const struct tree *root,
                        const char *name, const struct option *table,
                        void *record) {
    const struct tree *t = tree_find(root, name);
    struct name_list known = {.n = 0};
    option_set_defaults(table, record);
    if (!t) return 0;
    names_add_table(&known, table);
    if (read_keys(r, t, &known, name)) return -1;
    return read_record(r, table, t, record);
}

static int read_top(struct config_reader *r, const struct tree *root) {
    static const char *const sections[] = {"engine",   "models",  "datasets",
                                           "settings", "base",    "draft",
                                           "prm",      "methods", "report"};
    struct config *c = r->config;
    struct name_list known = {.n = 0};
    names_add_table(&known, top_table);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        names_add(&known, sections[i]);
    if (read_keys(r, root, &known, "an experiment")) return -1;
    option_set_defaults(top_table, &c->top);
    if (read_record(r, top_table, root, &c->top)) return -1;
    const struct tree *name = tree_find(root, "name");
    const char *text;
    if (name) return read_identifier(r, name, "name", &text);
    text = file_base_name(c->path);
    size_t n = strcspn(text, ".");
    if (n == 0 || n >= sizeof c->top.name)
        return place_error(&root->place, r->err, "name: is missing");
    memcpy(c->top.name, text, n);
    return 0;
}

// ---- models ---------------------------------------------------------------

static int read_script(struct config_reader *r, const struct tree *t,
                       struct model_spec *m) {
    if (read_text(r, t, "scripted", &m->scripted)) return -1;
    const char *version = scripted_model_version(m->scripted);
    if (version) {
        hash_bytes(version, strlen(version), m->hash);
        return 0;
    }
    const char *near = nearest_name(scripted_model_names, m->scripted);
    return place_error(&t->place, r->err, "no scripted model '%s'%s%s%s",
                       m->scripted, near ? ", did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
}

static int read_model(struct config_reader *r, const struct tree *map,
                      struct model_spec *m) {
    struct name_list known = {.n = 0};
    names_add(&known, "path");
    names_add(&known, "scripted");
    if (read_keys(r, map, &known, "a model")) return -1;
    const struct tree *path = tree_find(map, "path");
    const struct tree *script = tree_find(map, "scripted");
    if (!path == !script)
        return place_error(&map->place, r->err,
                           "a model needs path: or scripted:, one of them");
    if (script) return read_script(r, script, m);
    if (read_path(r, path, "path", &m->path)) return -1;
    if (hash_file(m->path, m->hash, r->err))
        return place_prefix(&path->place, r->err);
    return 0;
}

static int read_model_section(struct config_reader *r,
                              const struct tree *root) {
    struct config *c = r->config;
    const struct tree *t = tree_find(root, "models");
    if (!t) return place_error(&root->place, r->err, "models: is missing");
    if (read_kind(r, t, TREE_MAP, "models")) return -1;
    if (!t->n) return place_error(&t->place, r->err, "models is an empty map");
    c->models = arena_alloc(r->arena, (size_t)t->n * sizeof *c->models);
    for (int i = 0; i < t->n; i++) {
        struct model_spec *m = &c->models[i];
        const struct tree key = {
            .kind = TREE_SCALAR, .text = t->keys[i], .place = t->key_places[i]};
        m->place = t->key_places[i];
        if (read_identifier(r, &key, "a model's name", &m->name)) return -1;
        if (read_model(r, t->items[i], m)) return -1;
        c->n_models++;
    }
    return 0;
}

// ---- report ---------------------------------------------------------------

static const char *label_of(const struct method_spec *m) {
    return m->label ? m->label : m->method->name;
}

static bool has_label(const struct config *c, const char *label) {
    for (int i = 0; i < c->n_methods; i++) {
        if (strcmp(label_of(&c->methods[i]), label) == 0) return true;
    }
    return false;
}

static int check_label(struct config_reader *r, const struct tree *root,
                       const char *name, const char *label) {
    if (has_label(r->config, label)) return 0;
    const struct tree *t = tree_find(tree_find(root, "report"), name);
    return place_error(&t->place, r->err, "%s: no method is labelled '%s'",
                       name, label);
}

static int read_report(struct config_reader *r, const struct tree *root) {
    struct config *c = r->config;
    struct report_config *report = &c->report;
    if (read_section(r, root, "report", report_table, report)) return -1;
    if (!report->baseline[0]) {
        const char *first = label_of(&c->methods[0]);
        const char *label = has_label(c, "vanilla") ? "vanilla" : first;
        strncpy(report->baseline, label, sizeof report->baseline - 1);
    }
    if (check_label(r, root, "baseline", report->baseline)) return -1;
    if (!report->versus[0]) return 0;
    return check_label(r, root, "versus", report->versus);
}

// ---- the file -------------------------------------------------------------

// The text of the first line when that is a comment.
static const char *first_comment(struct arena *a, const char *text) {
    if (*text != '#') return "";
    text += strspn(text, "# \t");
    return arena_strndup(a, text, strcspn(text, "\r\n"));
}

static struct tree *read_tree(struct config_reader *r) {
    struct config *c = r->config;
    size_t n_bytes;
    char *text = file_read(c->path, TREE_BYTES_MAX, &n_bytes, r->err);
    if (!text) {
        // A config that cannot be read is a wrong command line, not a failure
        // of the disk.
        if (r->err && r->err->kind == ERR_IO) r->err->kind = ERR_USAGE;
        return NULL;
    }
    c->question = first_comment(r->arena, text);
    struct tree *root = tree_parse(r->arena, c->path, text, n_bytes, r->err);
    free(text);
    return root;
}

static int read_config(struct config_reader *r, const char *const *sets,
                       int n_sets) {
    struct tree *root = read_tree(r);
    if (!root) return -1;
    if (read_kind(r, root, TREE_MAP, "the file")) return -1;
    for (int i = 0; i < n_sets; i++) {
        if (tree_assign(r->arena, root, sets[i], "method", r->err)) return -1;
    }
    struct config *c = r->config;
    const struct tree *datasets = tree_find(root, "datasets");
    if (read_top(r, root)) return -1;
    if (read_section(r, root, "engine", engine_table, &c->engine)) return -1;
    if (read_model_section(r, root)) return -1;
    if (!datasets)
        return place_error(&root->place, r->err, "datasets: is missing");
    if (read_datasets(r, datasets) || read_methods(r, root)) return -1;
    return read_report(r, root);
}

int config_load(struct config *c, const char *path, const char *const *sets,
                int n_sets, struct error *err) {
    *c = (struct config){.question = ""};
    struct config_reader r = {.config = c, .arena = &c->arena, .err = err};
    c->path = arena_strdup(&c->arena, path);
    if (read_config(&r, sets, n_sets) == 0) return 0;
    config_release(c);
    return -1;
}

int config_load_datasets(struct config *c, const char *path, const char *yaml,
                         struct error *err) {
    *c = (struct config){.question = ""};
    struct config_reader r = {.config = c, .arena = &c->arena, .err = err};
    c->path = arena_strdup(&c->arena, path);
    const struct tree *root =
        tree_parse(r.arena, c->path, yaml, strlen(yaml), err);
    const struct tree *datasets = root ? tree_find(root, "datasets") : NULL;
    if (root && !datasets)
        place_error(&root->place, err, "datasets: is missing");
    if (datasets && !read_record(&r, top_table, root, &c->top) &&
        !read_datasets(&r, datasets))
        return 0;
    config_release(c);
    return -1;
}

void config_release(struct config *c) {
    arena_release(&c->arena);
    *c = (struct config){0};
}
