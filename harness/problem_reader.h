#pragma once
// Readers of problem files, one per format. A reader turns a file into raw
// records, each field a text; problem_set.c gives them meaning.

#include "engine/base/arena.h"

#include <stddef.h>

struct error;

enum { PROBLEM_FILE_BYTES_MAX = 1 << 30 };

enum problem_field {
    FIELD_ID,
    FIELD_PROBLEM,
    FIELD_ANSWER,
    FIELD_CHOICES,
    FIELD_TAGS,
    FIELD_N,
};

struct raw_problem {
    int line;
    const char *text[FIELD_N];   // NULL: absent; not used for list fields
    const char **items[FIELD_N]; // FIELD_CHOICES, FIELD_TAGS: [n_items]
    int n_items[FIELD_N];
};

struct raw_problems {
    struct raw_problem *items;
    size_t n, cap;
};

struct problem_reader {
    const char *name;      // "jsonl"
    const char *extension; // ".jsonl"
    // Parse bytes[0..n_bytes) of `path`; `names` maps enum problem_field to
    // the file's names. Texts go to the arena. -1 with "path:line:column: ...".
    int (*read)(struct arena *a, const char *path, const char *bytes,
                size_t n_bytes, const char *const *names,
                struct raw_problems *out, struct error *err);
};

extern const struct problem_reader reader_jsonl, reader_csv;

const struct problem_reader *problem_reader_find(const char *name); // or NULL
const struct problem_reader *problem_reader_at(int i); // NULL past the last
