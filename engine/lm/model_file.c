#include "engine/lm/model_file.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/lm/chat.h"
#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model_file {
    struct gguf *gguf;
    struct tokenizer *tokenizer; // NULL until model_file_load_vocab()
    struct model_file_facts facts;
};

// ---- facts ----------------------------------------------------------------

// The number at "<arch>.<name>", 0 if there is none.
static int arch_number(const struct gguf *g, const char *arch,
                       const char *name) {
    uint32_t value = 0;
    char *key = xasprintf("%s.%s", arch, name);
    gguf_find_u32(g, key, &value);
    free(key);
    return value > INT32_MAX ? INT32_MAX : (int)value;
}

static void count_type(struct model_file_facts *facts, const char *name,
                       size_t n_bytes) {
    int i = 0;
    while (i < facts->n_types && strcmp(facts->types[i].name, name) != 0)
        i++;
    if (i == MODEL_FILE_TYPES_MAX) return;
    if (i == facts->n_types) facts->types[facts->n_types++].name = name;
    facts->types[i].n_tensors++;
    facts->types[i].n_bytes += n_bytes;
}

static void state_tensors(struct model_file *f) {
    struct model_file_facts *facts = &f->facts;
    for (size_t i = 0; i < gguf_n_tensors(f->gguf); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(f->gguf, i);
        facts->n_params += t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];
        facts->weights_bytes += t->n_bytes;
        count_type(facts, tensor_type_name(t->type), t->n_bytes);
    }
}

static const char *text_or_empty(const struct gguf *g, const char *key) {
    const char *text = gguf_find_text(g, key);
    return text ? text : "";
}

static const char *chat_name(const struct gguf *g) {
    const char *source = gguf_find_text(g, "tokenizer.chat_template");
    if (!source) return "";
    const struct chat_template *c = chat_detect(source, NULL);
    return c ? c->name : "unknown";
}

static void state_facts(struct model_file *f) {
    const struct gguf *g = f->gguf;
    const struct gguf_array *tokens =
        gguf_find_array(g, "tokenizer.ggml.tokens");
    const char *arch = text_or_empty(g, "general.architecture");
    struct model_file_facts *facts = &f->facts;
    facts->file_bytes = gguf_file_bytes(g);
    facts->gguf_version = (int)gguf_version(g);
    facts->name = text_or_empty(g, "general.name");
    facts->arch = arch;
    facts->tokenizer = text_or_empty(g, "tokenizer.ggml.model");
    facts->chat = chat_name(g);
    facts->n_layer = arch_number(g, arch, "block_count");
    facts->n_embd = arch_number(g, arch, "embedding_length");
    facts->n_ff = arch_number(g, arch, "feed_forward_length");
    facts->n_head = arch_number(g, arch, "attention.head_count");
    facts->n_head_kv = arch_number(g, arch, "attention.head_count_kv");
    if (!facts->n_head_kv) facts->n_head_kv = facts->n_head;
    facts->n_ctx = arch_number(g, arch, "context_length");
    facts->n_vocab = tokens ? (int)tokens->n : 0;
    state_tensors(f);
}

struct model_file *model_file_open(const char *path, struct error *err) {
    struct model_file *f = xcalloc(1, sizeof *f);
    f->gguf = gguf_open(path, err);
    if (!f->gguf || hash_file(path, f->facts.hash, err)) {
        model_file_close(f);
        return NULL;
    }
    state_facts(f);
    return f;
}

void model_file_close(struct model_file *f) {
    if (!f) return;
    tokenizer_free(f->tokenizer);
    gguf_close(f->gguf);
    free(f);
}

const struct model_file_facts *model_file_facts(const struct model_file *f) {
    return &f->facts;
}

// ---- listings -------------------------------------------------------------

size_t model_file_n_keys(const struct model_file *f) {
    return gguf_n_keys(f->gguf);
}

const char *model_file_key(const struct model_file *f, size_t i) {
    return gguf_key(f->gguf, i);
}

void model_file_print_value(const struct model_file *f, size_t i, size_t limit,
                            struct buf *out) {
    gguf_print_value(f->gguf, i, limit, out);
}

size_t model_file_n_tensors(const struct model_file *f) {
    return gguf_n_tensors(f->gguf);
}

struct model_file_tensor model_file_tensor(const struct model_file *f,
                                           size_t i) {
    const struct gguf_tensor *t = gguf_tensor_at(f->gguf, i);
    struct model_file_tensor out = {.name = t->name,
                                    .type = tensor_type_name(t->type),
                                    .n_dims = t->n_dims,
                                    .n_bytes = t->n_bytes};
    for (int d = 0; d < t->n_dims; d++)
        out.dims[d] = t->dims[t->n_dims - 1 - d];
    return out;
}

// ---- vocabulary -----------------------------------------------------------

int model_file_load_vocab(struct model_file *f, struct error *err) {
    if (!f->tokenizer) f->tokenizer = tokenizer_new(f->gguf, err);
    return f->tokenizer ? 0 : -1;
}

int model_file_encode(const struct model_file *f, const char *text,
                      size_t n_bytes, bool special, int32_t **tokens,
                      struct error *err) {
    return tokenizer_encode(f->tokenizer, text, n_bytes, special, tokens, err);
}

void model_file_decode(const struct model_file *f, const int32_t *tokens,
                       size_t n_tokens, bool special, struct buf *out) {
    tokenizer_decode(f->tokenizer, tokens, n_tokens, special, out);
}

const char *model_file_token_bytes(const struct model_file *f, int32_t token,
                                   size_t *n_bytes) {
    return tokenizer_bytes(f->tokenizer, token, n_bytes);
}

int model_file_n_vocab(const struct model_file *f) {
    return tokenizer_n_tokens(f->tokenizer);
}

bool model_file_is_control(const struct model_file *f, int32_t token) {
    return tokenizer_is_control(f->tokenizer, token);
}

int32_t model_file_bos(const struct model_file *f) {
    return tokenizer_bos(f->tokenizer);
}

bool model_file_adds_bos(const struct model_file *f) {
    return tokenizer_adds_bos(f->tokenizer);
}
