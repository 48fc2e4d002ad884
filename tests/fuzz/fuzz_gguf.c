// Any bytes as a model file: what is accepted must be readable to the last
// byte; and a model that it makes must have an embedding for each token.

#include "engine/base/buf.h"
#include "engine/model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_EMBD = 4096 };

static void read_everything(const struct gguf *g) {
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < gguf_n_keys(g); i++)
        gguf_print_value(g, i, SIZE_MAX / 2, &b);
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        buf_add(&b, t->data, t->n_bytes);
        if (gguf_tensor_index(g, t) != i) abort();
    }
    buf_release(&b);
}

static void embed_everything(const struct model *m) {
    static float out[MAX_EMBD];
    if (m->shape.n_embd > MAX_EMBD) return;
    for (int32_t token = 0; token < m->shape.n_vocab; token++) {
        model_embed(m, token, out);
        for (int i = 0; i < m->shape.n_embd; i++)
            if (isnan(out[i])) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    void *copy = aligned_alloc(64, (n + 64) / 64 * 64);
    memcpy(copy, bytes, n);
    struct gguf *g = gguf_open_memory(copy, n, "fuzz", NULL);
    if (g) read_everything(g);
    struct model *m = g ? model_new(g, NULL, NULL) : NULL;
    if (m) embed_everything(m);
    model_free(m);
    free(copy);
    return 0;
}
