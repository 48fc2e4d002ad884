#include "harness/problem_reader.h"

#include <string.h>

static const struct problem_reader *const readers[] = {&reader_jsonl,
                                                       &reader_csv, NULL};

const struct problem_reader *problem_reader_at(int i) {
    int n = (int)(sizeof readers / sizeof *readers) - 1;
    return i >= 0 && i < n ? readers[i] : NULL;
}

const struct problem_reader *problem_reader_find(const char *name) {
    for (int i = 0; readers[i]; i++) {
        if (strcmp(readers[i]->name, name) == 0) return readers[i];
    }
    return NULL;
}
