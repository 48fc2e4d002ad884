#include "harness/config_reader.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/setting_effect.h"

#include <stdio.h>
#include <string.h>

// The sections settings:, base:, draft:, prm: and methods: of a config.
//
// An entry of methods has the axes of settings: that it does not give itself,
// then its own. A setting that a method does not know is an error there, so
// that no threshold is ignored silently; settings: takes only those that every
// method knows.

// ---- names of models ------------------------------------------------------

static int find_model(const struct config *c, const char *name) {
    for (int i = 0; i < c->n_models; i++) {
        if (strcmp(c->models[i].name, name) == 0) return i;
    }
    return -1;
}

static int unknown_model(struct config_reader *r, const struct tree *t) {
    struct name_list known = {.n = 0};
    const struct config *c = r->config;
    for (int i = 0; i < c->n_models && i < CONFIG_NAMES_MAX; i++)
        names_add(&known, c->models[i].name);
    const char *near = nearest_name(known.names, t->text);
    return place_error(&t->place, r->err, "no model '%s' under models%s%s%s",
                       t->text, near ? ", did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
}

// A model's name or a list of them, as indices into config.models.
static int read_models(struct config_reader *r, const struct tree *t,
                       const char *what, const int **out, int *n_out) {
    struct tree *const *items;
    int n;
    if (read_values(r, t, what, &items, &n)) return -1;
    int *models = arena_alloc(r->arena, (size_t)n * sizeof *models);
    for (int i = 0; i < n; i++) {
        const char *name;
        if (read_text(r, items[i], what, &name)) return -1;
        models[i] = find_model(r->config, name);
        if (models[i] < 0) return unknown_model(r, items[i]);
        for (int j = 0; j < i; j++) {
            if (models[j] == models[i])
                return place_error(&items[i]->place, r->err,
                                   "%s: '%s' stands twice", what, name);
        }
    }
    *out = models;
    *n_out = n;
    return 0;
}

// ---- settings -------------------------------------------------------------

static unsigned known_mask(const struct method *m) {
    return SETTINGS_SHARED | (m ? m->bit : 0);
}

// The value as option_print() writes it, so that equal values have equal text.
static const char *canonical(struct config_reader *r, const struct option *o,
                             const struct settings *record) {
    struct buf text;
    buf_init(&text);
    option_print(o, record, &text);
    const char *copy = arena_strdup(r->arena, text.text);
    buf_release(&text);
    return copy;
}

static int read_axis(struct config_reader *r, const struct option *o,
                     const struct tree *t, struct setting_axis *axis) {
    struct tree *const *items;
    if (read_values(r, t, o->name, &items, &axis->n)) return -1;
    axis->option = o;
    axis->place = t->place;
    axis->values =
        arena_alloc(r->arena, (size_t)axis->n * sizeof *axis->values);
    const char **shown = arena_alloc(r->arena, (size_t)axis->n * sizeof *shown);
    struct settings record = {0};
    for (int i = 0; i < axis->n; i++) {
        if (read_option(r, o, items[i], &record)) return -1;
        axis->values[i] = items[i]->text;
        shown[i] = canonical(r, o, &record);
        for (int j = 0; j < i; j++) {
            if (strcmp(shown[i], shown[j]) == 0)
                return place_error(&items[i]->place, r->err,
                                   "%s: the value %s stands twice", o->name,
                                   shown[i]);
        }
    }
    return 0;
}

// "'threshold' is not known to vanilla, only to specreason, ..."
static int foreign_setting(struct config_reader *r, const struct place *at,
                           const struct option *o, const char *what) {
    struct buf who;
    buf_init(&who);
    for (int i = 0; method_at(i); i++) {
        if (o->mask & method_at(i)->bit)
            buf_addf(&who, "%s%s", who.n_bytes ? ", " : "", method_at(i)->name);
    }
    place_error(at, r->err, "'%s' does not belong in %s, only in methods: %s",
                o->name, what, who.text);
    buf_release(&who);
    return -1;
}

// The settings of `map` as axes, in the order written, appended to `axes`.
static int read_axes(struct config_reader *r, const struct tree *map,
                     const struct method *m, const char *what,
                     struct setting_axis *axes, int *n_axes) {
    for (int i = 0; i < map->n; i++) {
        const struct option *o = option_find(settings_table, map->keys[i]);
        if (!o) continue;
        if (!(o->mask & known_mask(m)))
            return foreign_setting(r, &map->key_places[i], o, what);
        if (read_axis(r, o, map->items[i], &axes[*n_axes])) return -1;
        ++*n_axes;
    }
    return 0;
}

static int read_settings(struct config_reader *r, const struct tree *t) {
    struct config *c = r->config;
    struct name_list known = {.n = 0};
    if (!t || t->kind == TREE_NULL) return 0;
    names_add_table(&known, settings_table);
    if (read_keys(r, t, &known, "settings")) return -1;
    c->settings = arena_alloc(r->arena, (size_t)t->n * sizeof *c->settings);
    return read_axes(r, t, NULL, "settings", c->settings, &c->n_settings);
}

// ---- methods --------------------------------------------------------------

static const struct method *read_method_name(struct config_reader *r,
                                             const struct tree *t) {
    const char *name;
    if (read_text(r, t, "method", &name)) return NULL;
    const struct method *m = method_find(name);
    if (m) return m;
    struct name_list known = {.n = 0};
    for (int i = 0; method_at(i); i++)
        names_add(&known, method_at(i)->name);
    const char *near = nearest_name(known.names, name);
    place_error(&t->place, r->err, "unknown method '%s'%s%s%s", name,
                near ? ", did you mean '" : "", near ? near : "",
                near ? "'?" : "; see 'specsweep help settings'");
    return NULL;
}

// Settings that are right by themselves but have no effect, or none together.
static int check_axes(struct config_reader *r, const struct method_spec *m) {
    for (int i = 0; i < m->n_axes; i++) {
        const struct setting_axis *axis = &m->axes[i];
        const struct setting_effect *lacks = setting_idle(m, axis->option);
        if (lacks)
            return place_error(&m->place, r->err,
                               "%s has an effect with %s: %s only",
                               axis->option->name, lacks->on, lacks->with);
        if (strcmp(axis->option->name, "prompt") != 0) continue;
        for (int j = 0; j < axis->n; j++) {
            if (*axis->values[j] && !strstr(axis->values[j], "{problem}"))
                return place_error(&axis->place, r->err,
                                   "prompt: the template has no {problem}");
        }
    }
    return 0;
}

// Roles that some cell of the entry uses. What asks for a model is one setting
// by itself, so the axes are looked at one by one.
static unsigned roles_of(const struct method_spec *m) {
    struct settings s;
    option_set_defaults(settings_table, &s);
    for (int i = 0; i < m->n_axes; i++)
        option_set(m->axes[i].option, &s, m->axes[i].values[0], NULL);
    unsigned roles = method_roles(m->method, &s);
    for (int i = 0; i < m->n_axes; i++) {
        const struct setting_axis *axis = &m->axes[i];
        for (int j = axis->n - 1; j >= 0; j--) { // the first one stays
            option_set(axis->option, &s, axis->values[j], NULL);
            roles |= method_roles(m->method, &s);
        }
    }
    return roles;
}

// The models of one role: the entry's own, else those of the file.
struct role_names {
    enum model_role role;
    const int *models; // of the file
    int n_models;
    const int **out;
    int *n_out;
};

static int missing_model(struct config_reader *r, const struct method_spec *m,
                         enum model_role role) {
    static const char *const what[ROLE_N] = {
        "has no base model", "needs a draft model", "scores with a prm model"};
    return place_error(&m->place, r->err,
                       "method %s %s; give %s:", m->method->name, what[role],
                       role_name[role]);
}

static int read_role(struct config_reader *r, const struct tree *map,
                     const struct method_spec *m, const struct role_names *n,
                     unsigned roles) {
    const char *key = role_name[n->role];
    const struct tree *own = map ? tree_find(map, key) : NULL;
    if (!(roles & (1u << n->role))) {
        if (!own) return 0;
        bool could =
            n->role == ROLE_PRM &&
            (option_find(settings_table, "prm_format")->mask & m->method->bit);
        return place_error(&own->place, r->err, "method %s uses no %s model%s",
                           m->method->name, key,
                           could ? " with these settings" : "");
    }
    *n->out = n->models;
    *n->n_out = n->n_models;
    if (own && read_models(r, own, key, n->out, n->n_out)) return -1;
    return *n->n_out ? 0 : missing_model(r, m, n->role);
}

static int read_roles(struct config_reader *r, const struct tree *map,
                      struct method_spec *m) {
    const struct config *c = r->config;
    const struct role_names names[] = {
        {ROLE_BASE, c->base, c->n_base, &m->base, &m->n_base},
        {ROLE_DRAFT, c->draft, c->n_draft, &m->draft, &m->n_draft},
        {ROLE_PRM, c->prm, c->n_prm, &m->prm, &m->n_prm},
    };
    unsigned roles = roles_of(m);
    for (int i = 0; i < ROLE_N; i++) {
        if (read_role(r, map, m, &names[i], roles)) return -1;
    }
    return 0;
}

// The entry's own settings, after those of settings: that it leaves alone.
static int read_entry_axes(struct config_reader *r, const struct tree *map,
                           struct method_spec *m) {
    const struct config *c = r->config;
    size_t n = (size_t)c->n_settings + (map ? (size_t)map->n : 0);
    char what[96];
    snprintf(what, sizeof what, "method '%s'", m->method->name);
    m->axes = arena_alloc(r->arena, n * sizeof *m->axes);
    for (int i = 0; i < c->n_settings; i++) {
        const struct setting_axis *axis = &c->settings[i];
        if (!map || !tree_find(map, axis->option->name))
            m->axes[m->n_axes++] = *axis;
    }
    m->n_inherited = m->n_axes;
    if (map && read_axes(r, map, m->method, what, m->axes, &m->n_axes))
        return -1;
    return check_axes(r, m);
}

// Labels stand in tables, so they may have blanks, but nothing that ends a cell
// or a line.
static int read_label(struct config_reader *r, const struct tree *t,
                      const char **out) {
    if (read_text(r, t, "label", out)) return -1;
    for (const char *c = *out; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr("|,\"", *c))
            return place_error(&t->place, r->err,
                               "label: '%s' may not hold "
                               "control characters, '|', ',' or quotes",
                               *out);
    }
    if (strlen(*out) > 63)
        return place_error(&t->place, r->err,
                           "label: '%s' is longer than 63 bytes", *out);
    return 0;
}

static int read_entry(struct config_reader *r, const struct tree *t,
                      struct method_spec *m) {
    const struct tree *map = t->kind == TREE_MAP ? t : NULL;
    const struct tree *name = map ? tree_find(map, "method") : t;
    m->place = t->place;
    if (!name)
        return place_error(&t->place, r->err,
                           "an entry of methods needs method:");
    m->method = read_method_name(r, name);
    if (!m->method) return -1;
    if (map) {
        struct name_list known = {.n = 0};
        char what[96];
        const char *const keys[] = {"method", "label", "base", "draft", "prm"};
        for (int i = 0; i < 5; i++)
            names_add(&known, keys[i]);
        names_add_table(&known, settings_table);
        snprintf(what, sizeof what, "method '%s'", m->method->name);
        const struct tree *label = tree_find(map, "label");
        if (read_keys(r, map, &known, what)) return -1;
        if (label && read_label(r, label, &m->label)) return -1;
    }
    return read_entry_axes(r, map, m) || read_roles(r, map, m) ? -1 : 0;
}

int read_methods(struct config_reader *r, const struct tree *root) {
    struct config *c = r->config;
    const struct tree *base = tree_find(root, "base");
    const struct tree *draft = tree_find(root, "draft");
    const struct tree *prm = tree_find(root, "prm");
    const struct tree *list = tree_find(root, "methods");
    if (read_settings(r, tree_find(root, "settings"))) return -1;
    if (base && read_models(r, base, "base", &c->base, &c->n_base)) return -1;
    if (draft && read_models(r, draft, "draft", &c->draft, &c->n_draft))
        return -1;
    if (prm && read_models(r, prm, "prm", &c->prm, &c->n_prm)) return -1;
    if (!list) return place_error(&root->place, r->err, "methods: is missing");
    if (read_kind(r, list, TREE_LIST, "methods")) return -1;
    if (!list->n)
        return place_error(&list->place, r->err, "methods is an empty list");
    c->methods = arena_alloc(r->arena, (size_t)list->n * sizeof *c->methods);
    for (int i = 0; i < list->n; i++) {
        if (read_entry(r, list->items[i], &c->methods[i])) return -1;
        c->n_methods++;
    }
    return 0;
}
