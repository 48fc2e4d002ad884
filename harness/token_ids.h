#pragma once
// Lists of token ids as text: whole numbers parted by blanks or line breaks.

#include <stddef.h>
#include <stdint.h>

struct error;

// Number of ids, each in [0, n_vocab), or -1 with ERR_INPUT that gives line and
// column. *tokens is malloc'ed, NULL on failure.
int token_ids_parse(const char *text, size_t n_bytes, int n_vocab,
                    int32_t **tokens, struct error *err);
