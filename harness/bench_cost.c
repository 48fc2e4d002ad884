#include "harness/bench_cost.h"

#include "engine/engine.h"

#include <string.h>

static bool is_float(const char *type) {
    return strcmp(type, "F32") == 0 || strcmp(type, "F16") == 0 ||
           strcmp(type, "BF16") == 0;
}

struct counting {
    struct bench_cost *cost;
    double embedding_params, embedding_bytes;
    double int8_bytes, embedding_int8_bytes;
};

static void count_tensor(struct counting *c, struct model_file_tensor t) {
    double bytes = (double)t.n_bytes;
    if (!is_float(t.type)) c->int8_bytes += bytes;
    c->cost->weight_bytes += bytes;
    if (t.n_dims < 2) return;
    double params = (double)t.dims[0] * (double)t.dims[1];
    if (strcmp(t.name, "token_embd.weight") == 0) {
        c->embedding_params = params;
        c->embedding_bytes = bytes;
        c->embedding_int8_bytes = is_float(t.type) ? 0 : bytes;
    } else if (strcmp(t.name, "output.weight") == 0) {
        c->cost->output_params = params;
    } else {
        c->cost->layer_params += params;
        if (strstr(t.name, "attn_q.weight"))
            c->cost->attention_dim += (double)t.dims[0];
    }
}

int bench_cost_read(const char *path, struct bench_cost *cost,
                    struct error *err) {
    struct model_file *f = model_file_open(path, err);
    if (!f) return -1;
    *cost = (struct bench_cost){0};
    struct counting c = {.cost = cost};
    for (size_t i = 0; i < model_file_n_tensors(f); i++)
        count_tensor(&c, model_file_tensor(f, i));
    if (cost->output_params > 0) {
        cost->weight_bytes -= c.embedding_bytes;
        c.int8_bytes -= c.embedding_int8_bytes;
    } else { // tied
        cost->output_params = c.embedding_params;
    }
    cost->is_int8 = c.int8_bytes > cost->weight_bytes / 2;
    model_file_close(f);
    return 0;
}

double bench_cost_bytes(const struct bench_cost *c,
                        const struct bench_call *k) {
    return c->weight_bytes + k->n_seq * c->kv_token_bytes * k->context;
}

double bench_cost_ops(const struct bench_cost *c, const struct bench_call *k) {
    double n_tokens = (double)k->n_seq * k->n_tokens;
    return 2 * (n_tokens * c->layer_params + k->n_rows * c->output_params) +
           4 * n_tokens * c->attention_dim * k->context;
}
