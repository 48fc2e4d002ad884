// Any bytes as a model file: what is accepted must be readable to the last
// byte, and its tokenizer, if it is one, must work.

#include "engine/base/buf.h"
#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"

#include <stdlib.h>
#include <string.h>

static void read_everything(const struct gguf *g) {
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < gguf_n_keys(g); i++)
        gguf_print_value(g, i, SIZE_MAX / 2, &b);
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        buf_add(&b, t->data, t->n_bytes);
    }
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    void *copy = aligned_alloc(64, (n + 64) / 64 * 64);
    memcpy(copy, bytes, n);
    struct gguf *g = gguf_open_memory(copy, n, "fuzz", NULL);
    struct tokenizer *t = g ? tokenizer_new(g, NULL) : NULL;
    int32_t *ids = NULL;
    if (g) read_everything(g);
    if (t) tokenizer_encode(t, copy, n % 64, true, &ids, NULL);
    free(ids);
    tokenizer_free(t);
    gguf_close(g);
    free(copy);
    return 0;
}
