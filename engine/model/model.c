// Reads the hyperparameters under the names that GGUF gives them
// (`<arch>.block_count`, ...), checks them against each other before anything
// is sized by them, then takes the tensors that the architecture has. Left out:
// mixture of experts, sliding windows, YaRN; files that need them are refused.

#include "engine/model/model.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/pool.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The architectures: one recipe with these switches.
struct arch {
    const char *name;
    enum rope_pairing pairing;
    bool qk_norm; // a norm per head of queries and keys
};

static const struct arch archs[] = {
    {.name = "llama", .pairing = ROPE_NORM},
    {.name = "qwen2", .pairing = ROPE_NEOX},
    {.name = "qwen3", .pairing = ROPE_NEOX, .qk_norm = true},
};

// ---- hyperparameters --------------------------------------------------------

// A reader of "<arch>.<key>" that keeps the first error.
struct reader {
    const struct gguf *g;
    const char *arch;
    struct error *err;
    int status;
};

enum { NO_DEFAULT = -1 };

static int read_int(struct reader *r, const char *name, int64_t fallback,
                    int64_t max) {
    char key[96];
    uint32_t value = 0;
    if (r->status) return 1;
    snprintf(key, sizeof key, "%s.%s", r->arch, name);
    if (fallback == NO_DEFAULT) {
        r->status = gguf_get_u32(r->g, key, &value, r->err);
    } else {
        value = (uint32_t)fallback;
        r->status = gguf_opt_u32(r->g, key, &value, r->err);
    }
    if (r->status) return 1;
    if (value < 1 || value > max) {
        r->status =
            error_set(r->err, ERR_INPUT, "%s: %s is %u, expected 1 to %lld",
                      gguf_name(r->g), key, value, (long long)max);
        return 1;
    }
    return (int)value;
}

static double read_real(struct reader *r, const char *name, double fallback,
                        double min, double max) {
    char key[96];
    float value = (float)fallback;
    if (r->status) return fallback;
    snprintf(key, sizeof key, "%s.%s", r->arch, name);
    r->status = gguf_opt_f32(r->g, key, &value, r->err);
    if (!r->status && !(value >= min && value <= max))
        r->status =
            error_set(r->err, ERR_INPUT, "%s: %s is %g, expected %g to %g",
                      gguf_name(r->g), key, (double)value, min, max);
    return (double)value;
}

static const struct arch *find_arch(const struct gguf *g, struct error *err) {
    const char *name = gguf_get_text(g, "general.architecture", err);
    if (!name) return NULL;
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        if (strcmp(archs[i].name, name) == 0) return &archs[i];
    }
    error_set(err, ERR_UNSUPPORTED,
              "%s: architecture '%s' is not supported; these are: llama, "
              "qwen2, qwen3",
              gguf_name(g), name);
    return NULL;
}

static void read_rope_scaling(struct reader *r, struct model_shape *s) {
    char key[96];
    const char *type = NULL;
    s->rope_scale = 1;
    if (r->status) return;
    snprintf(key, sizeof key, "%s.rope.scaling.type", r->arch);
    r->status = gguf_opt_text(r->g, key, &type, r->err);
    if (r->status || !type || strcmp(type, "none") == 0) return;
    if (strcmp(type, "linear") != 0) {
        r->status = error_set(r->err, ERR_UNSUPPORTED,
                              "%s: rope scaling '%s' is not supported; these "
                              "are: none, linear",
                              gguf_name(r->g), type);
        return;
    }
    s->rope_scale = 1 / read_real(r, "rope.scaling.factor", 1, 1e-3, 1e6);
}

static int check_heads(const struct model_shape *s, const char *path,
                       struct error *err) {
    if (s->n_head % s->n_head_kv)
        return error_set(err, ERR_INPUT,
                         "%s: %d query heads do not divide into %d KV heads",
                         path, s->n_head, s->n_head_kv);
    if (s->n_rot % 2 || s->n_rot > s->head_dim)
        return error_set(err, ERR_INPUT,
                         "%s: rope.dimension_count is %d, expected an even "
                         "number up to the head size %d",
                         path, s->n_rot, s->head_dim);
    return 0;
}

static int read_shape(struct model *m, const struct arch *arch,
                      struct error *err) {
    struct model_shape *s = &m->shape;
    struct reader r = {.g = m->file, .arch = arch->name, .err = err};
    snprintf(s->arch, sizeof s->arch, "%s", arch->name);
    s->pairing = arch->pairing;
    s->n_layer = read_int(&r, "block_count", NO_DEFAULT, 1024);
    s->n_embd = read_int(&r, "embedding_length", NO_DEFAULT, 1 << 17);
    s->n_ff = read_int(&r, "feed_forward_length", NO_DEFAULT, 1 << 20);
    s->n_ctx_train = read_int(&r, "context_length", NO_DEFAULT, 1 << 24);
    s->n_head = read_int(&r, "attention.head_count", NO_DEFAULT, 1024);
    s->n_head_kv = read_int(&r, "attention.head_count_kv", s->n_head, 1024);
    int head_dim = s->n_embd / s->n_head;
    s->head_dim = read_int(&r, "attention.key_length", head_dim, 1024);
    if (read_int(&r, "attention.value_length", s->head_dim, 1024) !=
            s->head_dim &&
        !r.status)
        r.status = error_set(err, ERR_UNSUPPORTED,
                             "%s: key and value heads of different size",
                             gguf_name(m->file));
    s->n_rot = read_int(&r, "rope.dimension_count", s->head_dim, 1024);
    s->rope_theta = read_real(&r, "rope.freq_base", 10000, 1, 1e9);
    s->norm_eps =
        (float)read_real(&r, "attention.layer_norm_rms_epsilon", 1e-6, 0, 1);
    read_rope_scaling(&r, s);
    return r.status ? -1 : check_heads(s, gguf_name(m->file), err);
}

// ---- weights ----------------------------------------------------------------

// Memory that dies with the model.
static void *own(struct model *m, size_t count, size_t size,
                 struct error *err) {
    if (m->n_owned == m->cap_owned) {
        m->cap_owned = m->cap_owned ? 2 * m->cap_owned : 64;
        m->owned = xrealloc(m->owned, (size_t)m->cap_owned * sizeof *m->owned);
    }
    void *p = alloc_try(count, size, "weights", err);
    if (p) m->owned[m->n_owned++] = p;
    return p;
}

static void count_tensor(struct model *m, const struct gguf_tensor *t,
                         int64_t n_weights) {
    m->n_params += n_weights;
    m->weights_bytes += t->n_bytes;
}

// A vector as floats. NULL with an error, or when absent and optional.
static const float *vector(struct model *m, const char *name, int n,
                           bool optional, int *failed, struct error *err) {
    if (*failed || (optional && !gguf_find_tensor(m->file, name))) return NULL;
    const struct gguf_tensor *t = gguf_get_tensor(m->file, name, 1, n, err);
    float *v = t ? own(m, (size_t)n, sizeof *v, err) : NULL;
    if (v) {
        kern_row_to_f32((enum kern_type)t->type, t->data, n, v);
        count_tensor(m, t, n);
    }
    *failed |= !v;
    return v;
}

struct pack_job {
    struct kern_matrix *w;
    const void *rows;
    atomic_int bad_row; // one that is not finite, or -1
};

static void pack_range(void *ctx, int begin, int end, int worker) {
    (void)worker;
    struct pack_job *job = ctx;
    int bad = kern_pack(job->w, job->rows, begin, end);
    if (bad >= 0) atomic_store(&job->bad_row, bad);
}

static int pack(struct model *m, struct pool *pool, struct kern_matrix *w,
                const struct gguf_tensor *t, int n_rows, int n_cols,
                struct error *err) {
    enum kern_type type = (enum kern_type)t->type;
    size_t n_bytes = kern_matrix_bytes(type, n_rows, n_cols);
    if (n_bytes == 0)
        return error_set(err, ERR_INPUT,
                         "%s: tensor '%s' [%d][%d] cannot be laid out",
                         gguf_name(m->file), t->name, n_rows, n_cols);
    int n_panels = (n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
    *w = (struct kern_matrix){.type = type,
                              .n_rows = n_rows,
                              .n_cols = n_cols,
                              .panel_bytes = n_bytes / (size_t)n_panels,
                              .panels = own(m, n_bytes, 1, err)};
    if (!w->panels) return -1;
    struct pack_job job = {.w = w, .rows = t->data, .bad_row = -1};
    pool_run(pool, n_panels, 1, pack_range, &job);
    if (atomic_load(&job.bad_row) >= 0)
        return error_set(err, ERR_INPUT,
                         "%s: tensor '%s': row %d has a weight or scale that "
                         "is not a finite number",
                         gguf_name(m->file), t->name,
                         atomic_load(&job.bad_row));
    return 0;
}

// What the loading functions below pass around.
struct loading {
    struct model *m;
    struct pool *pool;
    int block; // layer, -1 outside
    int failed;
    struct error *err;
};

static void name_of(const struct loading *l, const char *part,
                    const char *suffix, char name[GGUF_MAX_NAME]) {
    if (l->block < 0)
        snprintf(name, GGUF_MAX_NAME, "%s.%s", part, suffix);
    else
        snprintf(name, GGUF_MAX_NAME, "blk.%d.%s.%s", l->block, part, suffix);
}

static const float *load_vector(struct loading *l, const char *part,
                                const char *suffix, int n, bool optional) {
    char name[GGUF_MAX_NAME];
    name_of(l, part, suffix, name);
    return vector(l->m, name, n, optional, &l->failed, l->err);
}

static struct linear load_linear(struct loading *l, const char *part,
                                 int n_rows, int n_cols) {
    struct linear out = {0};
    char name[GGUF_MAX_NAME];
    if (l->failed) return out;
    name_of(l, part, "weight", name);
    const struct gguf_tensor *t =
        gguf_get_tensor(l->m->file, name, n_rows, n_cols, l->err);
    if (!t || pack(l->m, l->pool, &out.w, t, n_rows, n_cols, l->err)) {
        l->failed = 1;
        return out;
    }
    count_tensor(l->m, t, (int64_t)n_rows * n_cols);
    out.bias = load_vector(l, part, "bias", n_rows, true);
    return out;
}

static void load_layer(struct loading *l, struct layer *layer, bool qk_norm) {
    const struct model_shape *s = &l->m->shape;
    int q_dim = s->n_head * s->head_dim, kv_dim = s->n_head_kv * s->head_dim;
    layer->attn_norm = load_vector(l, "attn_norm", "weight", s->n_embd, false);
    layer->ffn_norm = load_vector(l, "ffn_norm", "weight", s->n_embd, false);
    if (qk_norm) {
        layer->q_norm =
            load_vector(l, "attn_q_norm", "weight", s->head_dim, false);
        layer->k_norm =
            load_vector(l, "attn_k_norm", "weight", s->head_dim, false);
    }
    layer->q = load_linear(l, "attn_q", q_dim, s->n_embd);
    layer->k = load_linear(l, "attn_k", kv_dim, s->n_embd);
    layer->v = load_linear(l, "attn_v", kv_dim, s->n_embd);
    layer->o = load_linear(l, "attn_output", s->n_embd, q_dim);
    layer->gate = load_linear(l, "ffn_gate", s->n_ff, s->n_embd);
    layer->up = load_linear(l, "ffn_up", s->n_ff, s->n_embd);
    layer->down = load_linear(l, "ffn_down", s->n_embd, s->n_ff);
}

// The vocabulary's size is that of the embedding, checked against the tokens.
static int load_embedding(struct model *m, struct error *err) {
    const struct gguf_tensor *t =
        gguf_find_tensor(m->file, "token_embd.weight");
    if (!t || t->n_dims != 2 || t->dims[1] < 1 || t->dims[1] > 1 << 24)
        return error_set(err, ERR_INPUT,
                         "%s: no usable tensor 'token_embd.weight', expected "
                         "[vocabulary][%d]",
                         gguf_name(m->file), m->shape.n_embd);
    m->shape.n_vocab = (int)t->dims[1];
    m->embedding = gguf_get_tensor(m->file, "token_embd.weight", t->dims[1],
                                   m->shape.n_embd, err);
    if (!m->embedding) return -1;
    count_tensor(m, t, t->dims[0] * t->dims[1]);
    return 0;
}

static void load_output(struct loading *l) {
    struct model *m = l->m;
    const struct model_shape *s = &m->shape;
    m->output_norm = load_vector(l, "output_norm", "weight", s->n_embd, false);
    if (l->failed) return;
    if (gguf_find_tensor(m->file, "output.weight"))
        m->output = load_linear(l, "output", s->n_vocab, s->n_embd);
    else // tied to the embedding
        l->failed = pack(m, l->pool, &m->output.w, m->embedding, s->n_vocab,
                         s->n_embd, l->err) != 0;
}

// Divisors of the rotation's frequencies: the file's own (Llama 3.1), times
// the linear scaling.
static void load_rope_factors(struct loading *l) {
    struct model *m = l->m;
    int n = m->shape.n_rot / 2;
    m->rope_factors = load_vector(l, "rope_freqs", "weight", n, true);
    if (l->failed || m->shape.rope_scale == 1) return;
    float *scaled = own(m, (size_t)n, sizeof *scaled, l->err);
    if (!scaled) {
        l->failed = 1;
        return;
    }
    for (int i = 0; i < n; i++)
        scaled[i] = (float)((m->rope_factors ? (double)m->rope_factors[i] : 1) /
                            m->shape.rope_scale);
    m->rope_factors = scaled;
}

static int load_weights(struct model *m, struct pool *pool, bool qk_norm,
                        struct error *err) {
    struct loading l = {.m = m, .pool = pool, .block = -1, .err = err};
    if (load_embedding(m, err)) return -1;
    m->layers = own(m, (size_t)m->shape.n_layer, sizeof *m->layers, err);
    if (!m->layers) return -1;
    load_output(&l);
    load_rope_factors(&l);
    for (l.block = 0; l.block < m->shape.n_layer && !l.failed; l.block++)
        load_layer(&l, &m->layers[l.block], qk_norm);
    return l.failed ? -1 : 0;
}

struct model *model_open(const char *path, struct pool *pool,
                         struct error *err) {
    struct gguf *file = gguf_open(path, err);
    if (!file) return NULL;
    struct model *m = xcalloc(1, sizeof *m);
    m->file = file;
    const struct arch *arch = find_arch(file, err);
    if (!arch || read_shape(m, arch, err) ||
        load_weights(m, pool, arch->qk_norm, err)) {
        model_free(m);
        return NULL;
    }
    return m;
}

void model_free(struct model *m) {
    if (!m) return;
    for (int i = 0; i < m->n_owned; i++)
        free(m->owned[i]);
    free(m->owned);
    gguf_close(m->file);
    free(m);
}
