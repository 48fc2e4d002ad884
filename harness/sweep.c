#include "harness/sweep.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/dataset.h"
#include "harness/grader.h"
#include "harness/problem_cluster.h"
#include "harness/step_checker.h"
#include "harness/version.h"

#include <stdlib.h>
#include <string.h>

// Ids leave out what does not change tokens: mode, concurrency, threads and
// instruction set.
//
// Expansion counts the axes of an entry like digits of a number, the last axis
// fastest. Ids are hashes of canonical text (option_print), so that 0.60 and
// 0.6 are one cell.

enum { CELLS_MAX = 10000 };

// ---- names ----------------------------------------------------------------

const char *cell_base_name(const struct sweep *s, const struct cell *c) {
    return s->config->models[c->base].name;
}

const char *cell_draft_name(const struct sweep *s, const struct cell *c) {
    return c->draft < 0 ? "" : s->config->models[c->draft].name;
}

const char *cell_prm_name(const struct sweep *s, const struct cell *c) {
    return c->prm < 0 ? "" : s->config->models[c->prm].name;
}

int cell_model(const struct cell *c, enum model_role role) {
    const int models[ROLE_N] = {c->base, c->draft, c->prm};
    return models[role];
}

const char *cell_dataset_name(const struct sweep *s, const struct cell *c) {
    return s->config->datasets[c->dataset].name;
}

static bool knows(const struct cell *c, const struct option *o) {
    return o->mask & (SETTINGS_SHARED | c->method->bit);
}

bool cell_has_threshold(const struct cell *c) {
    const struct option *o = option_find(settings_table, "threshold");
    return knows(c, o) && c->settings.judge != JUDGE_RANDOM;
}

void cell_print_settings(const struct cell *c, struct buf *out) {
    const char *comma = "{";
    for (const struct option *o = settings_table; o->name; o++) {
        if (!knows(c, o)) continue;
        buf_addf(out, "%s%s: ", comma, o->name);
        option_print(o, &c->settings, out);
        comma = ", ";
    }
    buf_addc(out, '}');
}

// ---- identity -------------------------------------------------------------

static void identify(const struct sweep *s, struct cell *c) {
    const struct config *k = s->config;
    struct buf text;
    buf_init(&text);
    buf_addf(&text, "version %d\nseed %d\nprefill %d\ncontext %d\nkv %s\n",
             SAMPLE_VERSION, k->top.seed, k->engine.prefill, k->engine.context,
             engine_kv_names[k->engine.kv]);
    buf_addf(&text, "base %s\n", k->models[c->base].hash);
    if (c->draft >= 0) buf_addf(&text, "draft %s\n", k->models[c->draft].hash);
    if (c->prm >= 0) buf_addf(&text, "prm %s\n", k->models[c->prm].hash);
    buf_addf(&text, "dataset %s\ngrader %s\nmethod %s\n",
             k->datasets[c->dataset].name, k->datasets[c->dataset].grader->name,
             c->method->name);
    cell_print_settings(c, &text);
    hash_bytes(text.text, text.n_bytes, c->id);
    buf_release(&text);
}

// ---- expansion ------------------------------------------------------------

// One cell of an entry: which value of each axis.
struct expansion {
    struct sweep *sweep;
    const struct method_spec *entry;
    int *at; // [n_axes]
    size_t cap;
    struct error *err;
};

static bool advance(const struct expansion *x) {
    for (int i = x->entry->n_axes - 1; i >= 0; i--) {
        if (++x->at[i] < x->entry->axes[i].n) return true;
        x->at[i] = 0;
    }
    return false;
}

// " key=value" for each axis of [begin, end) that has several values. The
// threshold has a column of its own.
static void print_axes(const struct expansion *x, const struct cell *c,
                       int begin, int end, struct buf *out) {
    for (int i = begin; i < end; i++) {
        const struct setting_axis *axis = &x->entry->axes[i];
        if (axis->n < 2 || strcmp(axis->option->name, "threshold") == 0)
            continue;
        buf_addf(out, "%s%s=", out->n_bytes ? " " : "", axis->option->name);
        option_print(axis->option, &c->settings, out);
    }
}

static void name_cell(const struct expansion *x, struct cell *c) {
    const struct method_spec *m = x->entry;
    struct arena *a = &x->sweep->arena;
    struct buf text;
    buf_init(&text);
    buf_adds(&text, m->label ? m->label : m->method->name);
    if (m->n_prm > 1 && c->prm >= 0)
        buf_addf(&text, " prm=%s", cell_prm_name(x->sweep, c));
    print_axes(x, c, m->n_inherited, m->n_axes, &text);
    c->label = arena_strdup(a, text.text);
    buf_clear(&text);
    print_axes(x, c, 0, m->n_inherited, &text);
    c->variant = arena_strdup(a, text.text);
    buf_release(&text);
}

static int fill_settings(const struct expansion *x, struct cell *c) {
    option_set_defaults(settings_table, &c->settings);
    for (int i = 0; i < x->entry->n_axes; i++) {
        const struct setting_axis *axis = &x->entry->axes[i];
        if (option_set(axis->option, &c->settings, axis->values[x->at[i]],
                       x->err))
            return place_prefix(&axis->place, x->err);
    }
    return 0;
}

// Which models of the entry's lists.
struct cast {
    int dataset, base, draft, prm;
    bool first_prm;
};

static struct cell *grow(struct expansion *x) {
    struct sweep *s = x->sweep;
    if ((size_t)s->n_cells == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 64;
        s->cells = xrealloc(s->cells, x->cap * sizeof *s->cells);
    }
    struct cell *c = &s->cells[s->n_cells];
    memset(c, 0, sizeof *c); // padding too: cells are compared by tests
    return c;
}

static int add_cell(struct expansion *x, const struct cast *cast) {
    struct sweep *s = x->sweep;
    if (s->n_cells == CELLS_MAX)
        return place_error(&x->entry->place, x->err,
                           "more than %d cells; shorten the lists", CELLS_MAX);
    struct cell *c = grow(x);
    c->index = s->n_cells;
    c->base = cast->base;
    c->draft = cast->draft;
    c->dataset = cast->dataset;
    c->method = x->entry->method;
    c->place = x->entry->place;
    if (fill_settings(x, c)) return -1;
    const struct dataset_spec *d = &s->config->datasets[c->dataset];
    c->settings.instructed = d->prompt != NULL;
    c->settings.open_ended = d->grader->open_ended;
    bool scores = method_roles(c->method, &c->settings) & (1u << ROLE_PRM);
    // Of several PRMs a cell that uses none would stand here several times.
    if (!scores && !cast->first_prm) return 0;
    c->prm = scores ? cast->prm : -1;
    name_cell(x, c);
    identify(s, c);
    s->n_cells++;
    return 0;
}

static int add_axes(struct expansion *x, const struct cast *cast) {
    memset(x->at, 0, (size_t)x->entry->n_axes * sizeof *x->at);
    do {
        if (add_cell(x, cast)) return -1;
    } while (advance(x));
    return 0;
}

static int add_casts(struct expansion *x, int dataset, int base, int draft) {
    const struct method_spec *m = x->entry;
    struct cast cast = {dataset, base, draft, -1, true};
    for (int p = 0; p < (m->n_prm ? m->n_prm : 1); p++) {
        cast.prm = m->n_prm ? m->prm[p] : -1;
        cast.first_prm = p == 0;
        if (add_axes(x, &cast)) return -1;
    }
    return 0;
}

static int add_entry(struct expansion *x, int dataset) {
    const struct method_spec *m = x->entry;
    for (int b = 0; b < m->n_base; b++) {
        for (int d = 0; d < m->n_draft; d++) {
            if (add_casts(x, dataset, m->base[b], m->draft[d])) return -1;
        }
        if (!m->n_draft && add_casts(x, dataset, m->base[b], -1)) return -1;
    }
    return 0;
}

static int expand(struct sweep *s, struct error *err) {
    const struct config *c = s->config;
    struct expansion x = {.sweep = s, .err = err};
    for (int d = 0; d < c->n_datasets; d++) {
        for (int i = 0; i < c->n_methods; i++) {
            x.entry = &c->methods[i];
            size_t n = (size_t)x.entry->n_axes + 1;
            x.at = arena_alloc(&s->arena, n * sizeof *x.at);
            if (add_entry(&x, d)) return -1;
        }
    }
    return 0;
}

// ---- checks ---------------------------------------------------------------

static bool same_row(const struct cell *a, const struct cell *b) {
    bool threshold = cell_has_threshold(a);
    return a->base == b->base && a->draft == b->draft &&
           a->dataset == b->dataset && strcmp(a->label, b->label) == 0 &&
           strcmp(a->variant, b->variant) == 0 &&
           threshold == cell_has_threshold(b) &&
           (!threshold || a->settings.threshold == b->settings.threshold);
}

// Every cell is one row of a table, with a name of its own.
static int check_names(const struct sweep *s, struct error *err) {
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        if (c->dataset != 0) break; // the others repeat the first
        for (int j = 0; j < i; j++) {
            const struct cell *first = &s->cells[j];
            bool same = strcmp(c->id, first->id) == 0;
            if (!same && !same_row(c, first)) continue;
            return place_error(&c->place, err,
                               same ? "method '%s' gives a cell that the entry "
                                      "in line %d gives already"
                                    : "method '%s' has the name of another "
                                      "cell (line %d); give it a label:",
                               c->label, first->place.line);
        }
    }
    return 0;
}

static bool has_label(const struct sweep *s, const char *label) {
    for (int i = 0; i < s->n_cells; i++) {
        if (strcmp(s->cells[i].label, label) == 0) return true;
    }
    return false;
}

// What others are compared with is one cell.
static int check_single(const struct sweep *s, const char *name,
                        const char *label, struct error *err) {
    if (!*label || has_label(s, label)) return 0;
    return error_set(err, ERR_USAGE,
                     "%s: %s '%s' has an axis of its own, so no single cell "
                     "has this name",
                     s->config->path, name, label);
}

// Rows that differ in their threshold alone have one label.
static int check_versus(const struct sweep *s, struct error *err) {
    const char *label = s->config->report.versus;
    const struct cell *found = NULL;
    if (check_single(s, "versus", label, err)) return -1;
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        if (strcmp(c->label, label)) continue;
        if (found && found->base == c->base && found->draft == c->draft &&
            found->dataset == c->dataset && !strcmp(found->variant, c->variant))
            return error_set(err, ERR_USAGE,
                             "%s: versus '%s' has thresholds %g and %g, so no "
                             "single cell has this name",
                             s->config->path, label, found->settings.threshold,
                             c->settings.threshold);
        found = c;
    }
    return 0;
}

// ---- problems -------------------------------------------------------------

// Can the steps of every problem be checked?
static int check_steps(const struct dataset_spec *d,
                       const struct problem_set *set, struct error *err) {
    for (int i = 0; i < set->n; i++) {
        if (d->steps->check(set->problems[i].question, err))
            return error_prefix(err, "%s:%d", d->path, set->problems[i].line);
    }
    return 0;
}

int sweep_load_set(struct problem_set *set, const struct config *c, int i,
                   struct error *err) {
    const struct dataset_spec *d = &c->datasets[i];
    struct problem_source src = {
        .path = d->path,
        .format = d->format,
        .grader = d->grader,
        .prompt = d->prompt,
        .keep_order = d->file_order,
        .ids = d->ids,
        .n_ids = d->n_ids,
        .slice_begin = d->slice_begin,
        .slice_end = d->slice_end,
        .limit = d->limit,
        .seed = (uint64_t)c->top.seed,
    };
    memcpy(src.fields, d->fields, sizeof src.fields);
    if (d->benchmark) {
        src.subset_limit = d->benchmark->limit;
        src.subset_seed = d->benchmark->seed;
    }
    if (problem_set_load(set, &src, err)) return -1;
    if (!d->steps || !check_steps(d, set, err)) return 0;
    problem_set_release(set);
    return -1;
}

// A tag that no problem has is likely a misspelt one.
static int check_cluster_tag(const struct sweep *s, struct error *err) {
    const char *tag = s->config->report.cluster_tag;
    if (!*tag) return 0;
    for (int i = 0; i < s->config->n_datasets; i++) {
        for (int j = 0; j < s->sets[i].n; j++) {
            if (problem_cluster(&s->sets[i].problems[j], tag)) return 0;
        }
    }
    return error_set(err, ERR_USAGE,
                     "%s: cluster_tag '%s': no problem has a tag that begins "
                     "with '%s:'",
                     s->config->path, tag, tag);
}

int sweep_open(struct sweep *s, const struct config *config,
               struct error *err) {
    *s = (struct sweep){.config = config};
    size_t n_sets = (size_t)config->n_datasets;
    s->sets = arena_alloc(&s->arena, n_sets * sizeof *s->sets);
    int status = expand(s, err);
    if (!status) status = check_names(s, err);
    if (!status)
        status = check_single(s, "baseline", config->report.baseline, err);
    if (!status) status = check_versus(s, err);
    for (int i = 0; i < config->n_datasets && !status; i++)
        status = sweep_load_set(&s->sets[i], config, i, err);
    if (!status) status = check_cluster_tag(s, err);
    if (status) sweep_release(s);
    return status;
}

void sweep_release(struct sweep *s) {
    int n_sets = s->sets ? s->config->n_datasets : 0;
    for (int i = 0; i < n_sets; i++)
        problem_set_release(&s->sets[i]);
    free(s->cells);
    arena_release(&s->arena);
    *s = (struct sweep){0};
}

int64_t sweep_n_samples(const struct sweep *s) {
    int64_t n = 0;
    for (int i = 0; i < s->n_cells; i++)
        n += (int64_t)s->sets[s->cells[i].dataset].n * s->config->top.samples;
    return n;
}

bool sweep_uses_model(const struct sweep *s, int model) {
    for (int i = 0; i < s->n_cells; i++) {
        for (int r = 0; r < ROLE_N; r++) {
            if (cell_model(&s->cells[i], (enum model_role)r) == model)
                return true;
        }
    }
    return false;
}
