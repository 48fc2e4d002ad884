#include "engine/model/model_internal.h"

#include "engine/base/alloc.h"
#include "engine/base/pages.h"

#include <stdlib.h>

struct model *model_new(struct gguf *file, struct pool *pool,
                        struct error *err) {
    struct model *m = xcalloc(1, sizeof *m);
    m->file = file;
    const struct arch *arch = arch_find(file, err);
    if (!arch || model_read_shape(m, arch, err) ||
        model_load_weights(m, arch, pool, err)) {
        model_free(m);
        return NULL;
    }
    return m;
}

struct model *model_open(const char *path, struct pool *pool,
                         struct error *err) {
    struct gguf *file = gguf_open(path, err);
    return file ? model_new(file, pool, err) : NULL;
}

int model_shape_read(struct gguf *file, struct model_shape *shape,
                     struct error *err) {
    struct model m = {.file = file};
    const struct arch *arch = arch_find(file, err);
    if (!arch || model_read_shape(&m, arch, err)) return -1;
    *shape = m.shape;
    return 0;
}

void model_free(struct model *m) {
    if (!m) return;
    pages_free(m->weights, m->reserved_bytes);
    free(m->layers);
    gguf_close(m->file);
    free(m);
}

void model_embed(const struct model *m, int32_t token, float *out) {
    const struct gguf_tensor *t = m->embedding;
    if (t) {
        enum kern_type type = (enum kern_type)t->type;
        size_t row_bytes = kern_row_bytes(type, m->shape.n_embd);
        kern_row_to_f32(type, (const char *)t->data + (size_t)token * row_bytes,
                        m->shape.n_embd, out);
    } else {
        kern_matrix_row_to_f32(&m->output.w, token, out);
    }
}
