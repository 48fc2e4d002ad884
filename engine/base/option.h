#pragma once
// One table row per setting: name, type, place in a struct, range, default,
// help, choices. The table drives YAML and --set parsing, validation, --help,
// docs and the dump of the resolved config, so nothing can be parsed but
// undocumented, or documented but unchecked.

#include <stddef.h>

struct error;
struct buf;

enum option_type {
    OPT_BOOL,   // bool: true | false
    OPT_INT,    // int
    OPT_FLOAT,  // double
    OPT_CHOICE, // int: index into choices
    OPT_TEXT,   // char[text_size]
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset; // offsetof the field in the struct that the table describes
    double min, max;            // OPT_INT, OPT_FLOAT (inclusive)
    const char *default_value;  // in the syntax of the YAML file
    const char *help;           // one line
    const char *const *choices; // OPT_CHOICE: NULL-terminated
    size_t text_size;           // OPT_TEXT
    unsigned mask;              // owner's use (which methods know the option)
};

// Tables end with a row whose name is NULL.

const struct option *option_find(const struct option *table, const char *name);
// The table's name nearest to `name` by edit distance, or NULL if none is near.
const char *option_nearest(const struct option *table, const char *name);
// The same over a NULL-terminated list of names.
const char *nearest_name(const char *const *names, const char *name);

// Parse `text` into the field of `record`. -1 with ERR_USAGE: the value, what
// was expected (type, range or choices); the caller prefixes file and line.
int option_set(const struct option *o, void *record, const char *text,
               struct error *err);
void option_set_defaults(const struct option *table, void *record);
// Append the value as it would be written in YAML (canonical: 0.6, true, avg).
void option_print(const struct option *o, const void *record, struct buf *out);
