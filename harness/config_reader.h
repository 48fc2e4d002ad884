#pragma once
// Helpers of config*.c: typed values out of a tree, with errors that name the
// place, what was expected and the nearest known name.

#include "engine/base/option.h"
#include "harness/config.h"
#include "harness/yaml_tree.h"

#include <stdbool.h>

struct config_reader {
    struct config *config;
    struct arena *arena;
    struct error *err;
};

enum { CONFIG_NAMES_MAX = 64, CONFIG_VALUES_MAX = 4096 };

// Names that a map may have: a table's, then others.
struct name_list {
    const char *names[CONFIG_NAMES_MAX + 1]; // NULL-terminated
    int n;
};
void names_add(struct name_list *l, const char *name);
void names_add_table(struct name_list *l, const struct option *table);

// "must be a map {...}", unless it is. `what` names it in the error.
int read_kind(struct config_reader *r, const struct tree *t,
              enum tree_kind kind, const char *what);
// Every key of the map is one of `known`; else "unknown key 'x' in WHAT, did
// you mean 'y'?".
int read_keys(struct config_reader *r, const struct tree *map,
              const struct name_list *known, const char *what);
// A text that is not empty; borrowed from the tree.
int read_text(struct config_reader *r, const struct tree *t, const char *what,
              const char **out);
// A whole number in [min, max].
int read_int(struct config_reader *r, const struct tree *t, const char *what,
             int min, int max, int *out);
// One scalar into a record's field; refuses quoted numbers.
int read_option(struct config_reader *r, const struct option *o,
                const struct tree *t, void *record);
// The rows of `table` that `map` has; other keys are left alone.
int read_record(struct config_reader *r, const struct option *table,
                const struct tree *map, void *record);
// A scalar, or a list of 1 to CONFIG_VALUES_MAX: the items as n nodes.
int read_values(struct config_reader *r, const struct tree *t, const char *what,
                struct tree *const **items, int *n);
// A file that exists, relative to the current folder or else to the config's.
int read_path(struct config_reader *r, const struct tree *t, const char *what,
              const char **out);
void add_warning(struct config_reader *r, const struct place *at,
                 const char *format, ...) __attribute__((format(printf, 3, 4)));

// Fails unless `name` consists of letters, digits and "._-+".
int read_identifier(struct config_reader *r, const struct tree *t,
                    const char *what, const char **out);

// The sections, one file each.
int read_datasets(struct config_reader *r, const struct tree *t);
int read_methods(struct config_reader *r, const struct tree *root);
