#include "harness/config_reader.h"

#include "engine/base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void names_add(struct name_list *l, const char *name) {
    assert(l->n < CONFIG_NAMES_MAX);
    l->names[l->n++] = name;
    l->names[l->n] = NULL;
}

void names_add_table(struct name_list *l, const struct option *table) {
    for (; table->name; table++)
        names_add(l, table->name);
}

int read_kind(struct config_reader *r, const struct tree *t,
              enum tree_kind kind, const char *what) {
    static const char *const kinds[] = {"empty", "a single value",
                                        "a list [...]", "a map {...}"};
    if (t->kind == kind) return 0;
    if (t->kind == TREE_NULL)
        return place_error(&t->place, r->err, "%s is empty; it must be %s",
                           what, kinds[kind]);
    return place_error(&t->place, r->err, "%s is %s; it must be %s", what,
                       kinds[t->kind], kinds[kind]);
}

int read_keys(struct config_reader *r, const struct tree *map,
              const struct name_list *known, const char *what) {
    if (read_kind(r, map, TREE_MAP, what)) return -1;
    for (int i = 0; i < map->n; i++) {
        const char *key = map->keys[i];
        bool found = false;
        for (int j = 0; j < known->n; j++)
            found |= strcmp(known->names[j], key) == 0;
        if (found) continue;
        const char *near = nearest_name(known->names, key);
        return place_error(&map->key_places[i], r->err,
                           "unknown key '%s' in %s%s%s%s", key, what,
                           near ? ", did you mean '" : "", near ? near : "",
                           near ? "'?" : "");
    }
    return 0;
}

int read_text(struct config_reader *r, const struct tree *t, const char *what,
              const char **out) {
    if (read_kind(r, t, TREE_SCALAR, what)) return -1;
    if (!*t->text)
        return place_error(&t->place, r->err, "%s is an empty text", what);
    *out = t->text;
    return 0;
}

int read_option(struct config_reader *r, const struct option *o,
                const struct tree *t, void *record) {
    if (read_kind(r, t, TREE_SCALAR, o->name)) return -1;
    if (o->type != OPT_TEXT && o->type != OPT_CHOICE && t->quote != TREE_PLAIN)
        return place_error(&t->place, r->err,
                           "%s: '%s' in quotes is a text; write it without",
                           o->name, t->text);
    if (option_set(o, record, t->text, r->err))
        return place_prefix(&t->place, r->err);
    bool trap = o->type == OPT_TEXT && t->quote == TREE_SINGLE_QUOTED &&
                strstr(t->text, "\\n");
    if (trap)
        add_warning(r, &t->place,
                    "%s: \\n in single quotes is a backslash and an n; use "
                    "double quotes for a line break",
                    o->name);
    return 0;
}

int read_record(struct config_reader *r, const struct option *table,
                const struct tree *map, void *record) {
    for (; table->name; table++) {
        const struct tree *t = tree_find(map, table->name);
        if (t && read_option(r, table, t, record)) return -1;
    }
    return 0;
}

int read_int(struct config_reader *r, const struct tree *t, const char *what,
             int min, int max, int *out) {
    const struct option o = {
        .name = what, .type = OPT_INT, .min = min, .max = max};
    return read_option(r, &o, t, out);
}

int read_values(struct config_reader *r, const struct tree *t, const char *what,
                struct tree *const **items, int *n) {
    if (t->kind == TREE_LIST) {
        *items = t->items;
        *n = t->n;
        if (t->n > CONFIG_VALUES_MAX)
            return place_error(&t->place, r->err, "%s has more than %d values",
                               what, CONFIG_VALUES_MAX);
        if (t->n) return 0;
        return place_error(&t->place, r->err, "%s is an empty list", what);
    }
    if (read_kind(r, t, TREE_SCALAR, what)) return -1;
    struct tree **one = arena_alloc(r->arena, sizeof *one);
    one[0] = arena_alloc(r->arena, sizeof **one);
    *one[0] = *t;
    *items = one;
    *n = 1;
    return 0;
}

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

int read_path(struct config_reader *r, const struct tree *t, const char *what,
              const char **out) {
    const char *path = NULL;
    if (read_text(r, t, what, &path)) return -1;
    *out = path;
    if (is_file(path)) return 0;
    const char *slash = strrchr(r->config->path, '/');
    if (path[0] != '/' && slash) {
        int n = (int)(slash - r->config->path);
        *out = arena_printf(r->arena, "%.*s/%s", n, r->config->path, path);
        if (is_file(*out)) return 0;
        return place_error(&t->place, r->err, "%s: no file %s here or in %.*s",
                           what, path, n, r->config->path);
    }
    return place_error(&t->place, r->err, "%s: no file %s", what, path);
}

void add_warning(struct config_reader *r, const struct place *at,
                 const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct config *c = r->config;
    size_t n = (size_t)c->n_warnings;
    const char **grown = arena_alloc(r->arena, (n + 1) * sizeof *grown);
    if (n) memcpy(grown, c->warnings, n * sizeof *grown);
    grown[n] = at->line > 0 ? arena_printf(r->arena, "%s:%d:%d: %s", at->file,
                                           at->line, at->column, text)
                            : arena_printf(r->arena, "%s: %s", at->file, text);
    c->warnings = grown;
    c->n_warnings++;
}

int read_identifier(struct config_reader *r, const struct tree *t,
                    const char *what, const char **out) {
    if (read_text(r, t, what, out)) return -1;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-+";
    const char *bad = *out + strspn(*out, allowed);
    if (*bad)
        return place_error(&t->place, r->err,
                           "%s: '%s' may hold letters, digits, '.', '_', '-' "
                           "and '+' only",
                           what, *out);
    if ((*out)[0] == '.' || strlen(*out) > 63)
        return place_error(&t->place, r->err,
                           "%s: '%s' begins with a dot or is longer than 63 "
                           "bytes",
                           what, *out);
    return 0;
}
