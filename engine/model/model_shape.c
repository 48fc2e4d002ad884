// Reads the hyperparameters under the names that GGUF gives them
// (`<arch>.block_count`, ...) and checks them against each other before
// anything is sized by them. A key that would change the arithmetic to one that
// we do not have is refused: mixture of experts, YaRN, soft caps. A window of
// attention is honoured by being the longest context.

#include "engine/model/model_internal.h"

#include "engine/base/error.h"

#include <stdio.h>
#include <string.h>

static const struct arch archs[] = {
    {.name = "llama", .pairing = ROPE_NORM},
    {.name = "qwen2", .pairing = ROPE_NEOX, .qkv_bias = true},
    {.name = "qwen3", .pairing = ROPE_NEOX, .qk_norm = true},
};

const struct arch *arch_find(const struct gguf *g, struct error *err) {
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

// ---- numbers ----------------------------------------------------------------

// A reader of "<arch>.<key>" that keeps the first error.
struct reader {
    const struct gguf *g;
    const char *arch;
    struct error *err;
    int status;
};

enum { NO_DEFAULT = -1, KEY_SIZE = 96 };

static void key_of(const struct reader *r, const char *name,
                   char key[KEY_SIZE]) {
    snprintf(key, KEY_SIZE, "%s.%s", r->arch, name);
}

static int read_int(struct reader *r, const char *name, int64_t fallback,
                    int64_t max) {
    char key[KEY_SIZE];
    uint32_t value = 0;
    if (r->status) return 1;
    key_of(r, name, key);
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

// `fallback` NULL: the key must be there.
static double read_real(struct reader *r, const char *name,
                        const float *fallback, double min, double max) {
    char key[KEY_SIZE];
    float value = fallback ? *fallback : 0;
    if (r->status) return 1;
    key_of(r, name, key);
    r->status = fallback ? gguf_opt_f32(r->g, key, &value, r->err)
                         : gguf_get_f32(r->g, key, &value, r->err);
    if (!r->status && !(value >= min && value <= max))
        r->status =
            error_set(r->err, ERR_INPUT, "%s: %s is %g, expected %g to %g",
                      gguf_name(r->g), key, (double)value, min, max);
    return (double)value;
}

// ---- what we do not have ----------------------------------------------------

// Keys with the values at which they change nothing.
static const struct {
    const char *name, *meaning;
    float neutral, also;
} foreign[] = {
    {"expert_count", "a mixture of experts", 0, 0},
    {"attention.clamp_kqv", "clamped queries", 0, 0},
    {"attention.max_alibi_bias", "ALiBi", 0, 0},
    {"attention.scale", "a scale of attention of its own", 0, 0},
    {"attn_logit_softcapping", "a soft cap of scores", 0, 0},
    {"final_logit_softcapping", "a soft cap of logits", 0, 0},
    {"logit_scale", "scaled logits", 0, 1},
    {"residual_scale", "scaled residuals", 0, 1},
    {"embedding_scale", "scaled embeddings", 0, 1},
    {"rope.scaling.attn_factor", "scaled rotations", 0, 1},
};

static int refuse_foreign(const struct reader *r) {
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char key[KEY_SIZE];
        uint32_t whole = 0;
        float value = foreign[i].neutral;
        key_of(r, foreign[i].name, key);
        if (gguf_find_u32(r->g, key, &whole)) value = (float)whole;
        gguf_find_f32(r->g, key, &value);
        if (value >= foreign[i].neutral && value <= foreign[i].neutral)
            continue;
        if (value >= foreign[i].also && value <= foreign[i].also) continue;
        return error_set(r->err, ERR_UNSUPPORTED,
                         "%s: %s is %g: %s is not supported", gguf_name(r->g),
                         key, (double)value, foreign[i].meaning);
    }
    return 0;
}

static int refuse_split(const struct gguf *g, struct error *err) {
    uint32_t n_parts = 1;
    if (gguf_opt_u32(g, "split.count", &n_parts, err)) return -1;
    if (n_parts <= 1) return 0;
    return error_set(err, ERR_UNSUPPORTED,
                     "%s: one of %u parts of a model; join them first: "
                     "llama-gguf-split --merge FIRST_PART WHOLE",
                     gguf_name(g), n_parts);
}

// ---- the shape --------------------------------------------------------------

// Absent, the type is linear and the factor 1; older files have the factor
// under another name.
static void read_rope_scaling(struct reader *r, struct model_shape *s) {
    char key[KEY_SIZE];
    const char *type = "linear";
    const float one = 1;
    s->rope_scale = 1;
    if (r->status) return;
    key_of(r, "rope.scaling.type", key);
    r->status = gguf_opt_text(r->g, key, &type, r->err);
    if (r->status || strcmp(type, "none") == 0) return;
    if (strcmp(type, "linear") != 0) {
        r->status = error_set(r->err, ERR_UNSUPPORTED,
                              "%s: rope scaling '%s' is not supported; these "
                              "are: none, linear",
                              gguf_name(r->g), type);
        return;
    }
    float older = (float)read_real(r, "rope.scale_linear", &one, 1e-3, 1e6);
    s->rope_scale = 1 / read_real(r, "rope.scaling.factor", &older, 1e-3, 1e6);
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

static void read_heads(struct reader *r, struct model_shape *s) {
    char key[KEY_SIZE];
    uint32_t given;
    s->n_head = read_int(r, "attention.head_count", NO_DEFAULT, 1024);
    s->n_head_kv = read_int(r, "attention.head_count_kv", s->n_head, 1024);
    key_of(r, "attention.key_length", key);
    if (!r->status && !gguf_find_u32(r->g, key, &given) &&
        s->n_embd % s->n_head)
        r->status = error_set(r->err, ERR_INPUT,
                              "%s: embedding_length %d does not divide into %d "
                              "heads, and %s is missing",
                              gguf_name(r->g), s->n_embd, s->n_head, key);
    s->head_dim =
        read_int(r, "attention.key_length", s->n_embd / s->n_head, 1024);
    if (read_int(r, "attention.value_length", s->head_dim, 1024) !=
            s->head_dim &&
        !r->status)
        r->status = error_set(r->err, ERR_UNSUPPORTED,
                              "%s: key and value heads of different size",
                              gguf_name(r->g));
    s->n_rot = read_int(r, "rope.dimension_count", s->head_dim, 1024);
}

// Up to the window, attention to the window is attention to everything.
static void read_context(struct reader *r, struct model_shape *s) {
    enum { MAX_CONTEXT = 1 << 24 };
    char key[KEY_SIZE];
    uint32_t window = 0;
    s->n_ctx_train = read_int(r, "context_length", NO_DEFAULT, MAX_CONTEXT);
    if (r->status) return;
    key_of(r, "attention.sliding_window", key);
    r->status = gguf_opt_u32(r->g, key, &window, r->err);
    if (window > 0 && window < (uint32_t)s->n_ctx_train)
        s->n_ctx_train = (int)window;
}

int model_read_shape(struct model *m, const struct arch *arch,
                     struct error *err) {
    struct model_shape *s = &m->shape;
    struct reader r = {.g = m->file, .arch = arch->name, .err = err};
    const float theta = 10000;
    if (refuse_split(m->file, err) || refuse_foreign(&r)) return -1;
    snprintf(s->arch, sizeof s->arch, "%s", arch->name);
    s->pairing = arch->pairing;
    s->n_layer = read_int(&r, "block_count", NO_DEFAULT, 1024);
    s->n_embd = read_int(&r, "embedding_length", NO_DEFAULT, 1 << 17);
    s->n_ff = read_int(&r, "feed_forward_length", NO_DEFAULT, 1 << 20);
    read_context(&r, s);
    read_heads(&r, s);
    s->rope_theta = read_real(&r, "rope.freq_base", &theta, 1, 1e9);
    s->norm_eps =
        (float)read_real(&r, "attention.layer_norm_rms_epsilon", NULL, 0, 1);
    read_rope_scaling(&r, s);
    return r.status ? -1 : check_heads(s, gguf_name(m->file), err);
}
