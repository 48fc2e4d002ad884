#include "harness/token_ids.h"

#include "engine/base/array.h"
#include "engine/base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

struct ids {
    int32_t *items;
    size_t n, cap;
};

static int fail(struct error *err, const char *text, size_t at,
                const char *what) {
    int line = 1;
    size_t begin = 0;
    for (size_t i = 0; i < at; i++) {
        if (text[i] != '\n') continue;
        line++;
        begin = i + 1;
    }
    return error_set(err, ERR_INPUT, "%d:%zu: %s", line, at - begin + 1, what);
}

static int parse(const char *text, size_t n_bytes, int n_vocab, struct ids *ids,
                 struct error *err) {
    size_t i = 0;
    while (i < n_bytes) {
        if (text[i] && strchr(" \t\r\n", text[i])) {
            i++;
            continue;
        }
        size_t begin = i;
        long value = 0;
        for (; i < n_bytes && text[i] >= '0' && text[i] <= '9'; i++)
            value = value < n_vocab ? value * 10 + (text[i] - '0') : value;
        bool ends = i == n_bytes || (text[i] && strchr(" \t\r\n", text[i]));
        if (i == begin || !ends)
            return fail(err, text, i, "expected a token id");
        if (value >= n_vocab)
            return fail(err, text, begin, "no token has this id");
        if (ids->n == INT_MAX) return fail(err, text, begin, "too many ids");
        array_push(ids, (int32_t)value);
    }
    return 0;
}

int token_ids_parse(const char *text, size_t n_bytes, int n_vocab,
                    int32_t **tokens, struct error *err) {
    struct ids ids = {0};
    *tokens = NULL;
    if (parse(text, n_bytes, n_vocab, &ids, err)) {
        array_release(&ids);
        return -1;
    }
    *tokens = ids.items;
    return (int)ids.n;
}
