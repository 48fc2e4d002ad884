#include "harness/yaml_tree.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

// Recursive descent over libyaml's events. The document interface of libyaml is
// not used: it drops anchors and duplicate keys silently, and allocates without
// a bound on depth.

enum { KEYS_MAX = 1000, ITEMS_MAX = 100000 };

struct tree_reader {
    yaml_parser_t parser;
    struct arena *arena;
    const char *file;
    struct error *err;
};

// ---- places ---------------------------------------------------------------

static void place_text(const struct place *at, char *text, size_t n_bytes) {
    if (at->line > 0)
        snprintf(text, n_bytes, "%s:%d:%d", at->file, at->line, at->column);
    else
        snprintf(text, n_bytes, "%s", at->file);
}

int place_prefix(const struct place *at, struct error *err) {
    char where[512];
    place_text(at, where, sizeof where);
    return error_prefix(err, "%s", where);
}

int place_error(const struct place *at, struct error *err, const char *format,
                ...) {
    char text[640];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_set(err, ERR_USAGE, "%s", text);
    return place_prefix(at, err);
}

static struct place place_of(const struct tree_reader *r, yaml_mark_t mark) {
    return (struct place){.file = r->file,
                          .line = (int)mark.line + 1,
                          .column = (int)mark.column + 1};
}

// ---- events ---------------------------------------------------------------

static int report_parser(struct tree_reader *r) {
    yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_MEMORY_ERROR)
        return error_set(r->err, ERR_MEMORY, "%s: out of memory", r->file);
    if (p->error == YAML_READER_ERROR)
        return error_set(r->err, ERR_USAGE, "%s: byte %zu: %s", r->file,
                         p->problem_offset, problem);
    struct place at = place_of(r, p->problem_mark);
    return place_error(&at, r->err, "%s%s%s", p->context ? p->context : "",
                       p->context ? ", " : "", problem);
}

static int next_event(struct tree_reader *r, yaml_event_t *e) {
    if (yaml_parser_parse(&r->parser, e)) return 0;
    *e = (yaml_event_t){0};
    return report_parser(r);
}

static struct tree *new_node(struct tree_reader *r, const yaml_event_t *e,
                             enum tree_kind kind) {
    struct tree *t = arena_alloc(r->arena, sizeof *t);
    t->kind = kind;
    t->place = place_of(r, e->start_mark);
    return t;
}

static int refuse_extras(struct tree_reader *r, const yaml_event_t *e,
                         const yaml_char_t *anchor, const yaml_char_t *tag) {
    struct place at = place_of(r, e->start_mark);
    if (anchor)
        return place_error(&at, r->err, "anchors (&%s) are not supported",
                           (const char *)anchor);
    if (tag)
        return place_error(&at, r->err, "tags (%s) are not supported",
                           (const char *)tag);
    return 0;
}

// ---- nodes ----------------------------------------------------------------

static struct tree *read_node(struct tree_reader *r, const yaml_event_t *e,
                              int depth);

static enum tree_quote quote_of(yaml_scalar_style_t style) {
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return TREE_SINGLE_QUOTED;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return TREE_DOUBLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
    case YAML_FOLDED_SCALAR_STYLE:
        return TREE_BLOCK;
    default:
        return TREE_PLAIN;
    }
}

static bool is_null_text(const char *text) {
    return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static struct tree *read_scalar(struct tree_reader *r, const yaml_event_t *e) {
    if (refuse_extras(r, e, e->data.scalar.anchor, e->data.scalar.tag))
        return NULL;
    struct tree *t = new_node(r, e, TREE_SCALAR);
    const char *text = (const char *)e->data.scalar.value;
    if (strlen(text) != e->data.scalar.length) {
        place_error(&t->place, r->err, "the text holds a NUL byte");
        return NULL;
    }
    t->text = arena_strndup(r->arena, text, e->data.scalar.length);
    t->quote = quote_of(e->data.scalar.style);
    if (t->quote == TREE_PLAIN && is_null_text(t->text)) t->kind = TREE_NULL;
    return t;
}

// Room for one more of items (and keys); memory of the old arrays stays in the
// arena, at most as much again.
static void grow(struct arena *a, struct tree *t) {
    int n = t->n;
    if (n & (n - 1) || (n > 0 && n < 4)) return; // full at 0, 4, 8, 16, ...
    size_t cap = n ? (size_t)n * 2 : 4;
    struct tree **items = arena_alloc(a, cap * sizeof(struct tree *));
    const char **keys = arena_alloc(a, cap * sizeof(char *));
    struct place *places = arena_alloc(a, cap * sizeof(struct place));
    if (n) {
        memcpy(items, t->items, (size_t)n * sizeof(struct tree *));
        memcpy(keys, t->keys, (size_t)n * sizeof(char *));
        memcpy(places, t->key_places, (size_t)n * sizeof(struct place));
    }
    t->items = items;
    t->keys = keys;
    t->key_places = places;
}

static void add_item(struct arena *a, struct tree *t, const char *key,
                     struct place key_place, struct tree *value) {
    grow(a, t);
    t->items[t->n] = value;
    t->keys[t->n] = key;
    t->key_places[t->n++] = key_place;
}

static int read_list(struct tree_reader *r, struct tree *list, int depth) {
    for (;;) {
        yaml_event_t e;
        if (next_event(r, &e)) return -1;
        bool done = e.type == YAML_SEQUENCE_END_EVENT;
        struct tree *item = done ? NULL : read_node(r, &e, depth);
        yaml_event_delete(&e);
        if (done) return 0;
        if (!item) return -1;
        if (list->n == ITEMS_MAX)
            return place_error(&item->place, r->err, "more than %d items",
                               ITEMS_MAX);
        add_item(r->arena, list, NULL, item->place, item);
    }
}

static int check_key(struct tree_reader *r, const struct tree *map,
                     const struct tree *key) {
    if (key->kind != TREE_SCALAR)
        return place_error(&key->place, r->err, "expected a name as key");
    for (int i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i], key->text) != 0) continue;
        return place_error(&key->place, r->err,
                           "key '%s' stands twice, first in line %d", key->text,
                           map->key_places[i].line);
    }
    if (map->n == KEYS_MAX)
        return place_error(&key->place, r->err, "more than %d keys", KEYS_MAX);
    return 0;
}

static int read_map(struct tree_reader *r, struct tree *map, int depth) {
    for (;;) {
        yaml_event_t e;
        if (next_event(r, &e)) return -1;
        bool done = e.type == YAML_MAPPING_END_EVENT;
        struct tree *key = done ? NULL : read_node(r, &e, depth);
        yaml_event_delete(&e);
        if (done) return 0;
        if (!key || check_key(r, map, key) || next_event(r, &e)) return -1;
        struct tree *value = read_node(r, &e, depth);
        yaml_event_delete(&e);
        if (!value) return -1;
        add_item(r->arena, map, key->text, key->place, value);
    }
}

static struct tree *read_inner(struct tree_reader *r, const yaml_event_t *e,
                               int depth) {
    bool is_map = e->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *anchor =
        is_map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor;
    const yaml_char_t *tag =
        is_map ? e->data.mapping_start.tag : e->data.sequence_start.tag;
    if (refuse_extras(r, e, anchor, tag)) return NULL;
    struct tree *t = new_node(r, e, is_map ? TREE_MAP : TREE_LIST);
    if (depth == TREE_DEPTH_MAX) {
        place_error(&t->place, r->err, "nested deeper than %d levels",
                    TREE_DEPTH_MAX);
        return NULL;
    }
    int status =
        is_map ? read_map(r, t, depth + 1) : read_list(r, t, depth + 1);
    return status ? NULL : t;
}

static struct tree *read_node(struct tree_reader *r, const yaml_event_t *e,
                              int depth) {
    struct place at = place_of(r, e->start_mark);
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(r, e);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return read_inner(r, e, depth);
    case YAML_ALIAS_EVENT:
        place_error(&at, r->err, "aliases (*%s) are not supported",
                    (const char *)e->data.alias.anchor);
        return NULL;
    default:
        error_set(r->err, ERR_INTERNAL, "%s: unexpected YAML event", r->file);
        return NULL;
    }
}

// ---- documents ------------------------------------------------------------

// The one document of the stream, or TREE_NULL when there is none.
static struct tree *read_document(struct tree_reader *r) {
    struct tree *root = NULL;
    for (;;) {
        yaml_event_t e;
        if (next_event(r, &e)) return NULL;
        bool end = e.type == YAML_STREAM_END_EVENT, failed = false;
        if (end && !root) root = new_node(r, &e, TREE_NULL);
        if (e.type == YAML_DOCUMENT_START_EVENT && root) {
            struct place at = place_of(r, e.start_mark);
            place_error(&at, r->err, "a second document; one is expected");
            failed = true;
        }
        bool is_node = e.type != YAML_STREAM_START_EVENT &&
                       e.type != YAML_DOCUMENT_START_EVENT &&
                       e.type != YAML_DOCUMENT_END_EVENT && !end;
        if (is_node) failed = !(root = read_node(r, &e, 0));
        yaml_event_delete(&e);
        if (failed) return NULL;
        if (end) return root;
    }
}

struct tree *tree_parse(struct arena *a, const char *file, const char *text,
                        size_t n_bytes, struct error *err) {
    struct tree_reader r = {.arena = a, .err = err};
    r.file = arena_strdup(a, file);
    if (!yaml_parser_initialize(&r.parser)) {
        error_set(err, ERR_MEMORY, "%s: out of memory", file);
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text,
                                 n_bytes);
    struct tree *root = read_document(&r);
    yaml_parser_delete(&r.parser);
    return root;
}

struct tree *tree_find(const struct tree *map, const char *key) {
    if (!map || map->kind != TREE_MAP) return NULL;
    for (int i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i], key) == 0) return map->items[i];
    }
    return NULL;
}

// ---- overrides ------------------------------------------------------------

static void set_place(struct tree *t, const char *file) {
    t->place = (struct place){.file = file};
    for (int i = 0; i < t->n; i++) {
        t->key_places[i] = t->place;
        set_place(t->items[i], file);
    }
}

static void set_item(struct arena *a, struct tree *map, const char *key,
                     struct tree *value) {
    for (int i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i], key) != 0) continue;
        map->items[i] = value;
        map->key_places[i] = value->place;
        return;
    }
    add_item(a, map, key, value->place, value);
}

// The place in `list` that `name`, a number, means.
static int list_index(const struct tree *list, const char *name,
                      struct error *err) {
    char *end;
    long i = strtol(name, &end, 10);
    if (*name < '0' || *name > '9' || *end)
        return error_set(err, ERR_USAGE, "'%s' is not the number of an item",
                         name);
    if (i >= list->n)
        return error_set(err, ERR_USAGE, "there is no item %s, only 0 to %d",
                         name, list->n - 1);
    return (int)i;
}

// Step into `name` below `at`; maps are made where nothing is.
static struct tree *step_into(struct arena *a, struct tree *at,
                              const char *name, const char *file,
                              const char *item_key, struct error *err) {
    struct tree *made = arena_alloc(a, sizeof *made);
    *made = (struct tree){.kind = TREE_MAP, .place = {.file = file}};
    if (at->kind == TREE_MAP) {
        struct tree *next = tree_find(at, name);
        if (next && next->kind != TREE_NULL) return next;
        set_item(a, at, name, made);
        return made;
    }
    if (at->kind != TREE_LIST) {
        error_set(err, ERR_USAGE, "nothing can be set below a single value");
        return NULL;
    }
    int i = list_index(at, name, err);
    if (i < 0) return NULL;
    if (at->items[i]->kind == TREE_SCALAR) {
        add_item(a, made, item_key, at->items[i]->place, at->items[i]);
        at->items[i] = made;
    }
    return at->items[i];
}

static int set_last(struct arena *a, struct tree *at, const char *name,
                    struct tree *value, struct error *err) {
    if (at->kind == TREE_MAP) {
        set_item(a, at, name, value);
        return 0;
    }
    if (at->kind != TREE_LIST)
        return error_set(err, ERR_USAGE,
                         "nothing can be set below a single value");
    int i = list_index(at, name, err);
    if (i < 0) return -1;
    at->items[i] = value;
    return 0;
}

int tree_assign(struct arena *a, struct tree *root, const char *assignment,
                const char *item_key, struct error *err) {
    const char *file = arena_printf(a, "--set %s", assignment);
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return error_set(err, ERR_USAGE, "%s: expected PATH=VALUE", file);
    struct tree *value =
        tree_parse(a, file, equals + 1, strlen(equals + 1), err);
    if (!value) return -1;
    set_place(value, file);
    char *path = arena_strndup(a, assignment, (size_t)(equals - assignment));
    struct tree *at = root;
    for (char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        *dot = 0;
        at = step_into(a, at, path, file, item_key, err);
        if (!at) return error_prefix(err, "%s", file);
    }
    if (!*path)
        return error_set(err, ERR_USAGE, "%s: the path ends with a dot", file);
    if (set_last(a, at, path, value, err)) return error_prefix(err, "%s", file);
    return 0;
}
