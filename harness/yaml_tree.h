#pragma once
// A YAML file as a tree whose nodes know where they stand.
//
// Strict subset: one document of maps, lists and scalars. Anchors, aliases and
// tags are errors, and so are duplicate keys, broken UTF-8, nesting deeper than
// TREE_DEPTH_MAX; files above TREE_BYTES_MAX are for the caller to refuse.
// Scalars stay text; a plain (unquoted) empty scalar, `~` or `null` is
// TREE_NULL. Nodes live in the caller's arena.

#include "engine/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

enum { TREE_DEPTH_MAX = 16, TREE_BYTES_MAX = 4 << 20 };

enum tree_kind { TREE_NULL, TREE_SCALAR, TREE_LIST, TREE_MAP };

enum tree_quote {
    TREE_PLAIN,
    TREE_SINGLE_QUOTED,
    TREE_DOUBLE_QUOTED,
    TREE_BLOCK
};

// Where something was written. `file` is "--set" for overrides.
struct place {
    const char *file;
    int line, column; // from 1; 0: unknown
};

struct tree {
    enum tree_kind kind;
    struct place place;
    const char *text;         // TREE_SCALAR
    enum tree_quote quote;    // TREE_SCALAR
    struct tree **items;      // [n] list items, or values of a map
    const char **keys;        // [n] TREE_MAP
    struct place *key_places; // [n] TREE_MAP
    int n;
};

// Parse text that came from `file`. NULL with an error "file:line:column: ...".
// An empty document is TREE_NULL.
struct tree *tree_parse(struct arena *a, const char *file, const char *text,
                        size_t n_bytes, struct error *err);

struct tree *tree_find(const struct tree *map, const char *key); // or NULL

// Replace or add the value at a path such as "methods.2.threshold" (list items
// by index from 0); `assignment` is "path=value", the value in YAML flow
// syntax. Maps on the way are created, list items are not; an item that is a
// bare name ("vanilla" in methods) becomes {`item_key`: vanilla}.
int tree_assign(struct arena *a, struct tree *root, const char *assignment,
                const char *item_key, struct error *err);

// error_set(ERR_USAGE) with "file:line:column: " before the text.
int place_error(const struct place *at, struct error *err, const char *format,
                ...) __attribute__((format(printf, 3, 4)));
// error_prefix() with "file:line:column".
int place_prefix(const struct place *at, struct error *err);
