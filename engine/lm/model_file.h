#pragma once
// What a model file says about itself, without loading it as a model: facts,
// metadata, tensors, and its vocabulary. Works for any GGUF file that reads
// without damage, also those that this build cannot run, and those that hold a
// vocabulary alone. Everything handed out is borrowed until model_file_close().

#include "engine/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct model_file;

enum { MODEL_FILE_TYPES_MAX = 16 };

// 0, "" or NULL where the file does not say.
struct model_file_facts {
    char hash[HASH_HEX_SIZE]; // of the file's content
    size_t file_bytes, weights_bytes;
    int gguf_version;
    const char *name, *arch, *tokenizer;
    const char *chat; // family of the chat template (chat.h), "unknown"
    int64_t n_params;
    int n_layer, n_embd, n_ff, n_head, n_head_kv, n_ctx, n_vocab;
    struct {
        const char *name; // "Q8_0"
        int n_tensors;
        size_t n_bytes;
    } types[MODEL_FILE_TYPES_MAX]; // [n_types] in order of appearance
    int n_types;
};

// NULL with an error that names the file.
struct model_file *model_file_open(const char *path, struct error *err);
void model_file_close(struct model_file *f); // NULL is fine
const struct model_file_facts *model_file_facts(const struct model_file *f);

// ---- listings -------------------------------------------------------------

size_t model_file_n_keys(const struct model_file *f);
const char *model_file_key(const struct model_file *f, size_t i);
// Append the value of key i as one line of about `limit` bytes.
void model_file_print_value(const struct model_file *f, size_t i, size_t limit,
                            struct buf *out);

struct model_file_tensor {
    const char *name, *type;
    int64_t dims[4]; // outermost first, [n_dims]
    int n_dims;
    size_t n_bytes;
};
size_t model_file_n_tensors(const struct model_file *f);
struct model_file_tensor model_file_tensor(const struct model_file *f,
                                           size_t i);

// ---- vocabulary -----------------------------------------------------------

// Makes the functions below work: -1 with an error if the file has no
// vocabulary that this build can read.
int model_file_load_vocab(struct model_file *f, struct error *err);
// As lm_encode(), lm_token_bytes().
int model_file_encode(const struct model_file *f, const char *text,
                      size_t n_bytes, bool special, int32_t **tokens,
                      struct error *err);
// Append the text of whole ids, without control tokens unless `special`.
void model_file_decode(const struct model_file *f, const int32_t *tokens,
                       size_t n_tokens, bool special, struct buf *out);
const char *model_file_token_bytes(const struct model_file *f, int32_t token,
                                   size_t *n_bytes);
int model_file_n_vocab(const struct model_file *f);
bool model_file_is_control(const struct model_file *f, int32_t token);
int32_t model_file_bos(const struct model_file *f);   // -1: none
bool model_file_adds_bos(const struct model_file *f); // prompts begin with it
