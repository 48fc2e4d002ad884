// Takes the tensors that the architecture has, and complains of any other: a
// weight that is left out changes what the model says.
//
// Matrices are repacked into one block of huge pages. Repacked bytes of the
// file leave the resident set a few megabytes at a time, so that the weights
// are never in memory twice. The embedding is read from the output's panels
// where the two are one; else it stays mapped.

#include "engine/model/model_internal.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/pages.h"
#include "engine/base/pool.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_VOCABULARY = 1 << 24,
    CACHE_LINE = 64,
    STRIDE_BYTES = 4 << 20, // of the file, repacked before it is let go
};

// What the functions below pass around.
struct loading {
    struct model *m;
    struct pool *pool;
    bool *is_used; // [gguf_n_tensors(m->file)]
    size_t used;   // bytes of m->weights
    int block;     // layer, -1 outside
    int failed;
    struct error *err;
};

// ---- memory -----------------------------------------------------------------

// Bytes that a tensor takes at most, be it a matrix or a vector; 0: none that
// we could lay out.
static size_t loaded_bytes(const struct gguf_tensor *t) {
    if (t->dims[0] > INT32_MAX || t->dims[1] > INT32_MAX) return 0;
    return kern_matrix_bytes((enum kern_type)t->type, (int)t->dims[1],
                             (int)t->dims[0]);
}

// One block for everything: the panels of all tensors, vectors as floats. What
// turns out not to be needed (an untied embedding) is never touched.
static int reserve(struct model *m, struct error *err) {
    size_t n_bytes = (size_t)m->shape.n_rot * sizeof(float) + CACHE_LINE;
    for (size_t i = 0; i < gguf_n_tensors(m->file); i++) {
        size_t n = loaded_bytes(gguf_tensor_at(m->file, i));
        if (__builtin_add_overflow(n_bytes, n + CACHE_LINE, &n_bytes))
            return error_set(err, ERR_MEMORY, "%s: too large for this machine",
                             gguf_name(m->file));
    }
    m->weights = pages_new(n_bytes, "weights", err);
    m->reserved_bytes = n_bytes;
    return m->weights ? 0 : error_prefix(err, "%s", gguf_name(m->file));
}

// Each tensor is taken once at most, so the reservation is enough.
static void *take(struct loading *l, size_t n_bytes) {
    char *p = (char *)l->m->weights + l->used;
    l->used += (n_bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    assert(l->used <= l->m->reserved_bytes);
    return p;
}

// ---- tensors ----------------------------------------------------------------

static const struct gguf_tensor *claim(struct loading *l, const char *name,
                                       int n_rows, int n_cols) {
    const struct gguf *g = l->m->file;
    if (l->failed) return NULL;
    const struct gguf_tensor *t =
        gguf_get_tensor(g, name, n_rows, n_cols, l->err);
    if (!t) {
        l->failed = 1;
        return NULL;
    }
    l->is_used[gguf_tensor_index(g, t)] = true;
    l->m->n_params += (int64_t)n_rows * n_cols;
    l->m->weights_bytes += t->n_bytes;
    return t;
}

static void name_of(const struct loading *l, const char *part,
                    const char *suffix, char name[GGUF_MAX_NAME]) {
    if (l->block < 0)
        snprintf(name, GGUF_MAX_NAME, "%s.%s", part, suffix);
    else
        snprintf(name, GGUF_MAX_NAME, "blk.%d.%s.%s", l->block, part, suffix);
}

static void refuse_value(struct loading *l, const struct gguf_tensor *t,
                         const char *kind, int at) {
    l->failed = 1;
    error_set(l->err, ERR_INPUT,
              "%s: tensor '%s': %s %d has a weight or scale that is not a "
              "finite number",
              gguf_name(l->m->file), t->name, kind, at);
}

// A vector as floats. NULL with an error, or when absent and optional.
static float *load_vector(struct loading *l, const char *part,
                          const char *suffix, int n, bool optional) {
    char name[GGUF_MAX_NAME];
    name_of(l, part, suffix, name);
    if (optional && !gguf_find_tensor(l->m->file, name)) return NULL;
    const struct gguf_tensor *t = claim(l, name, 1, n);
    if (!t) return NULL;
    float *v = take(l, (size_t)n * sizeof *v);
    kern_row_to_f32((enum kern_type)t->type, t->data, n, v);
    for (int i = 0; i < n && !l->failed; i++)
        if (!isfinite(v[i])) refuse_value(l, t, "element", i);
    return l->failed ? NULL : v;
}

struct pack_job {
    const struct gguf *file;
    const struct gguf_tensor *t;
    struct kern_matrix *w; // NULL: rows are checked, not packed
    int n_rows, n_cols;
    atomic_int bad_row; // one that is not finite, or -1
};

// Items are panels. Those of a stride are done before its pages are let go.
static void pack_range(void *ctx, int begin, int end, int worker) {
    (void)worker;
    struct pack_job *job = ctx;
    enum kern_type type = (enum kern_type)job->t->type;
    size_t row_bytes = kern_row_bytes(type, job->n_cols);
    int stride = 1 + (int)(STRIDE_BYTES / (row_bytes * KERN_PANEL_ROWS));
    const char *rows = job->t->data;
    int first = begin * KERN_PANEL_ROWS;
    for (int at = begin; at < end; at += stride) {
        int to = at + stride < end ? at + stride : end;
        int last = to * KERN_PANEL_ROWS; // the last panel may have fewer rows
        if (last > job->n_rows) last = job->n_rows;
        int bad = job->w ? kern_pack(job->w, rows, at, to)
                         : kern_check_rows(type, rows, job->n_cols,
                                           at * KERN_PANEL_ROWS, last);
        if (bad >= 0) atomic_store(&job->bad_row, bad);
        // From the beginning: a page may belong to two strides.
        gguf_let_go(job->file, rows + (size_t)first * row_bytes,
                    (size_t)(last - first) * row_bytes);
    }
}

static void run_pack(struct loading *l, const struct gguf_tensor *t,
                     struct kern_matrix *w, int n_rows, int n_cols) {
    struct pack_job job = {.file = l->m->file,
                           .t = t,
                           .w = w,
                           .n_rows = n_rows,
                           .n_cols = n_cols,
                           .bad_row = -1};
    int n_panels = (n_rows + KERN_PANEL_ROWS - 1) / KERN_PANEL_ROWS;
    pool_run(l->pool, n_panels, 1, pack_range, &job);
    gguf_let_go(l->m->file, t->data, t->n_bytes);
    int bad = atomic_load(&job.bad_row);
    if (bad >= 0) refuse_value(l, t, "row", bad);
}

static void pack(struct loading *l, struct kern_matrix *w,
                 const struct gguf_tensor *t, int n_rows, int n_cols) {
    enum kern_type type = (enum kern_type)t->type;
    *w = (struct kern_matrix){
        .type = type,
        .n_rows = n_rows,
        .n_cols = n_cols,
        .panel_bytes = kern_panel_bytes(type, n_cols),
        .panels = take(l, kern_matrix_bytes(type, n_rows, n_cols)),
    };
    run_pack(l, t, w, n_rows, n_cols);
}

static struct linear load_linear(struct loading *l, const char *part,
                                 int n_rows, int n_cols, bool has_bias) {
    struct linear out = {0};
    char name[GGUF_MAX_NAME];
    name_of(l, part, "weight", name);
    const struct gguf_tensor *t = claim(l, name, n_rows, n_cols);
    if (!t) return out;
    pack(l, &out.w, t, n_rows, n_cols);
    out.bias = load_vector(l, part, "bias", n_rows, !has_bias);
    return out;
}

// ---- the model --------------------------------------------------------------

static void load_layer(struct loading *l, struct layer *layer,
                       const struct arch *arch) {
    const struct model_shape *s = &l->m->shape;
    int q_dim = s->n_head * s->head_dim, kv_dim = s->n_head_kv * s->head_dim;
    bool bias = arch->qkv_bias;
    layer->attn_norm = load_vector(l, "attn_norm", "weight", s->n_embd, false);
    layer->ffn_norm = load_vector(l, "ffn_norm", "weight", s->n_embd, false);
    if (arch->qk_norm) {
        layer->q_norm =
            load_vector(l, "attn_q_norm", "weight", s->head_dim, false);
        layer->k_norm =
            load_vector(l, "attn_k_norm", "weight", s->head_dim, false);
    }
    layer->q = load_linear(l, "attn_q", q_dim, s->n_embd, bias);
    layer->k = load_linear(l, "attn_k", kv_dim, s->n_embd, bias);
    layer->v = load_linear(l, "attn_v", kv_dim, s->n_embd, bias);
    layer->o = load_linear(l, "attn_output", s->n_embd, q_dim, false);
    layer->gate = load_linear(l, "ffn_gate", s->n_ff, s->n_embd, false);
    layer->up = load_linear(l, "ffn_up", s->n_ff, s->n_embd, false);
    layer->down = load_linear(l, "ffn_down", s->n_embd, s->n_ff, false);
}

// The embedding says how large the vocabulary is; the list of tokens, where
// the file has one, must agree.
static int read_vocabulary(struct model *m, struct error *err) {
    const struct gguf_array *tokens =
        gguf_find_array(m->file, "tokenizer.ggml.tokens");
    const struct gguf_tensor *t =
        gguf_find_tensor(m->file, "token_embd.weight");
    if (!t || t->n_dims != 2 || t->dims[1] > MAX_VOCABULARY)
        return error_set(err, ERR_INPUT,
                         "%s: no usable tensor 'token_embd.weight', expected "
                         "[vocabulary][%d]",
                         gguf_name(m->file), m->shape.n_embd);
    m->shape.n_vocab = (int)t->dims[1];
    if (tokens && tokens->n != (size_t)m->shape.n_vocab)
        return error_set(err, ERR_INPUT,
                         "%s: tensor 'token_embd.weight' has %d rows, expected "
                         "one for each of %zu tokens",
                         gguf_name(m->file), m->shape.n_vocab, tokens->n);
    return 0;
}

static void load_embedding_and_output(struct loading *l) {
    struct model *m = l->m;
    int n_vocab = m->shape.n_vocab, n_embd = m->shape.n_embd;
    const struct gguf_tensor *t =
        claim(l, "token_embd.weight", n_vocab, n_embd);
    if (!t) return;
    if (gguf_find_tensor(m->file, "output.weight")) {
        m->embedding = t;
        run_pack(l, t, NULL, n_vocab, n_embd);
        m->output = load_linear(l, "output", n_vocab, n_embd, false);
    } else { // one matrix for both
        pack(l, &m->output.w, t, n_vocab, n_embd);
        m->output.bias = load_vector(l, "output", "bias", n_vocab, true);
    }
    m->output_norm = load_vector(l, "output_norm", "weight", n_embd, false);
}

// Divisors of the rotation's frequencies: the file's own (Llama 3.1), times
// the linear scaling.
static void load_rope_factors(struct loading *l) {
    int n = l->m->shape.n_rot / 2;
    double scale = l->m->shape.rope_scale;
    float *factors = load_vector(l, "rope_freqs", "weight", n, true);
    for (int i = 0; factors && i < n; i++)
        if (!(factors[i] > 0)) {
            l->failed = 1;
            error_set(l->err, ERR_INPUT,
                      "%s: tensor 'rope_freqs.weight': element %d is %g, "
                      "expected more than 0",
                      gguf_name(l->m->file), i, (double)factors[i]);
            return;
        }
    if (l->failed || (!factors && scale == 1)) return;
    if (!factors) {
        factors = take(l, (size_t)n * sizeof *factors);
        for (int i = 0; i < n; i++)
            factors[i] = 1;
    }
    for (int i = 0; i < n; i++)
        factors[i] = (float)((double)factors[i] / scale);
    l->m->rope_factors = factors;
}

// Some converters wrote tables of the rotation, which follow from the
// hyperparameters.
static bool is_harmless(const char *name) {
    int block, n = 0;
    sscanf(name, "blk.%d.%n", &block, &n);
    return !strcmp(name + n, "attn_rot_embd.weight") ||
           !strcmp(name + n, "attn_rot_embd") ||
           !strcmp(name + n, "rotary_emb.inv_freq");
}

static void refuse_unused(struct loading *l) {
    const struct gguf *g = l->m->file;
    for (size_t i = 0; i < gguf_n_tensors(g) && !l->failed; i++) {
        const char *name = gguf_tensor_at(g, i)->name;
        if (l->is_used[i] || is_harmless(name)) continue;
        l->failed = 1;
        error_set(l->err, ERR_UNSUPPORTED,
                  "%s: tensor '%s' has no place in architecture '%s' of %d "
                  "blocks",
                  gguf_name(g), name, l->m->shape.arch, l->m->shape.n_layer);
    }
}

int model_load_weights(struct model *m, const struct arch *arch,
                       struct pool *pool, struct error *err) {
    size_t n_tensors = gguf_n_tensors(m->file);
    struct loading l = {.m = m, .pool = pool, .block = -1, .err = err};
    if (read_vocabulary(m, err) || reserve(m, err)) return -1;
    l.is_used = xcalloc(n_tensors + 1, sizeof *l.is_used);
    m->layers = xcalloc((size_t)m->shape.n_layer, sizeof *m->layers);
    load_embedding_and_output(&l);
    load_rope_factors(&l);
    for (l.block = 0; l.block < m->shape.n_layer && !l.failed; l.block++)
        load_layer(&l, &m->layers[l.block], arch);
    refuse_unused(&l);
    free(l.is_used);
    return l.failed ? -1 : 0;
}
