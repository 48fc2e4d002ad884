// The file is laid out first (metadata, tensor names, types, offsets), then
// written front to back through one buffer: a file of any size needs the same
// memory. Tensors come in the order of the layers.

#include "engine/model/synth.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/model/gguf.h"
#include "engine/model/synth_block.h"
#include "engine/model/synth_mix.h"
#include "engine/model/synth_shape.h"
#include "engine/model/synth_vocab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20, NAME_BYTES = 48 };

struct tensor {
    char name[NAME_BYTES];
    uint32_t type;
    uint64_t n_rows, n_cols; // n_rows 0: a vector
    uint64_t offset, n_bytes;
    float mean, sigma;
};

struct synth {
    struct synth_options o;
    const struct synth_shape *shape;
    const struct synth_type *type;
    struct buf head; // all before the first tensor's data
    struct tensor *tensors;
    int n_tensors, cap;
    uint64_t data_bytes;
};

// ---- metadata ---------------------------------------------------------------

struct keys {
    struct buf *out;
    const char *arch;
    uint64_t n;
};

static void put_text(struct buf *b, const char *text) {
    uint64_t n = strlen(text);
    buf_add(b, &n, sizeof n);
    buf_adds(b, text);
}

// A name that begins with '.' is one of the architecture.
static void put_key(struct keys *k, const char *name, uint32_t type) {
    char key[96];
    snprintf(key, sizeof key, "%s%s", *name == '.' ? k->arch : "", name);
    put_text(k->out, key);
    buf_add(k->out, &type, sizeof type);
    k->n++;
}

static void key_u32(struct keys *k, const char *name, uint32_t value) {
    put_key(k, name, GGUF_U32);
    buf_add(k->out, &value, sizeof value);
}

static void key_f32(struct keys *k, const char *name, float value) {
    put_key(k, name, GGUF_F32);
    buf_add(k->out, &value, sizeof value);
}

static void key_text(struct keys *k, const char *name, const char *text) {
    put_key(k, name, GGUF_TEXT);
    put_text(k->out, text);
}

static void key_array(struct keys *k, const char *name, uint32_t type,
                      uint64_t n, const struct buf *elements) {
    put_key(k, name, GGUF_ARRAY);
    buf_add(k->out, &type, sizeof type);
    buf_add(k->out, &n, sizeof n);
    buf_add(k->out, elements->text, elements->n_bytes);
}

static void put_shape_keys(struct keys *k, const struct synth *s) {
    const struct synth_shape *p = s->shape;
    char name[64];
    snprintf(name, sizeof name, "%s (random weights, seed %llu)", p->name,
             (unsigned long long)s->o.seed);
    key_text(k, "general.architecture", p->arch);
    key_text(k, "general.name", name);
    key_u32(k, "general.file_type", s->type->file_type);
    key_u32(k, "general.quantization_version", 2);
    key_u32(k, ".block_count", (uint32_t)p->n_layer);
    key_u32(k, ".context_length",
            (uint32_t)(s->o.n_ctx ? s->o.n_ctx : p->n_ctx));
    key_u32(k, ".embedding_length", (uint32_t)p->n_embd);
    key_u32(k, ".feed_forward_length", (uint32_t)p->n_ff);
    key_u32(k, ".attention.head_count", (uint32_t)p->n_head);
    key_u32(k, ".attention.head_count_kv", (uint32_t)p->n_head_kv);
    key_u32(k, ".attention.key_length", (uint32_t)p->head_dim);
    key_u32(k, ".attention.value_length", (uint32_t)p->head_dim);
    key_f32(k, ".attention.layer_norm_rms_epsilon", p->rms_eps);
    key_u32(k, ".rope.dimension_count", (uint32_t)p->head_dim);
    key_f32(k, ".rope.freq_base", p->rope_base);
    key_u32(k, ".vocab_size", (uint32_t)p->n_vocab);
}

static const char chat_template[] =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' "
    "+ message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\\n'}}{% endif %}";

static void put_vocab_keys(struct keys *k, const struct synth *s) {
    const struct synth_shape *p = s->shape;
    struct buf tokens, merges, types;
    buf_init(&tokens);
    buf_init(&merges);
    buf_init(&types);
    struct synth_vocab v = {
        .tokens = &tokens, .merges = &merges, .types = &types};
    synth_vocab_fill(&v, s->o.seed, p->n_text, p->n_vocab);
    key_text(k, "tokenizer.ggml.model", "gpt2");
    key_text(k, "tokenizer.ggml.pre", p->pre);
    key_array(k, "tokenizer.ggml.tokens", GGUF_TEXT, (uint64_t)p->n_vocab,
              &tokens);
    key_array(k, "tokenizer.ggml.token_type", GGUF_I32, (uint64_t)p->n_vocab,
              &types);
    key_array(k, "tokenizer.ggml.merges", GGUF_TEXT, (uint64_t)p->n_text - 256,
              &merges);
    key_u32(k, "tokenizer.ggml.bos_token_id", (uint32_t)p->n_text);
    key_u32(k, "tokenizer.ggml.eos_token_id", (uint32_t)p->n_text + 2);
    key_u32(k, "tokenizer.ggml.padding_token_id", (uint32_t)p->n_text);
    put_key(k, "tokenizer.ggml.add_bos_token", GGUF_BOOL);
    buf_addc(k->out, 0);
    key_text(k, "tokenizer.chat_template", chat_template);
    buf_release(&tokens);
    buf_release(&merges);
    buf_release(&types);
}

// ---- tensors ----------------------------------------------------------------

static struct tensor *add(struct synth *s, int layer, const char *name) {
    if (s->n_tensors == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 256;
        s->tensors = xrealloc(s->tensors, (size_t)s->cap * sizeof *s->tensors);
    }
    struct tensor *t = &s->tensors[s->n_tensors++];
    *t = (struct tensor){.type = SYNTH_F32};
    if (layer < 0)
        snprintf(t->name, sizeof t->name, "%s", name);
    else
        snprintf(t->name, sizeof t->name, "blk.%d.%s", layer, name);
    return t;
}

static void place(struct synth *s, struct tensor *t) {
    const struct tensor_type_info *info = tensor_type_find(t->type);
    uint64_t n = (t->n_rows ? t->n_rows : 1) * t->n_cols;
    t->n_bytes = n / info->block_elements * info->block_bytes;
    t->offset = s->data_bytes;
    s->data_bytes += (t->n_bytes + GGUF_DEFAULT_ALIGNMENT - 1) /
                     GGUF_DEFAULT_ALIGNMENT * GGUF_DEFAULT_ALIGNMENT;
}

static void add_matrix(struct synth *s, int layer, const char *name,
                       enum synth_role role, int n_rows, int n_cols) {
    struct tensor *t = add(s, layer, name);
    t->type = synth_mix(s->type, s->shape, role, layer, n_cols);
    t->n_rows = (uint64_t)n_rows;
    t->n_cols = (uint64_t)n_cols;
    t->sigma = 1.0f / sqrtf((float)n_cols);
    place(s, t);
}

static void add_vector(struct synth *s, int layer, const char *name, int n,
                       float mean, float sigma) {
    struct tensor *t = add(s, layer, name);
    t->n_cols = (uint64_t)n;
    t->mean = mean;
    t->sigma = sigma;
    place(s, t);
}

static void add_norm(struct synth *s, int layer, const char *name, int n) {
    add_vector(s, layer, name, n, 1.0f, 0.05f);
}

static void add_layer(struct synth *s, int i) {
    const struct synth_shape *p = s->shape;
    int q_dim = p->n_head * p->head_dim, kv_dim = p->n_head_kv * p->head_dim;
    add_norm(s, i, "attn_norm.weight", p->n_embd);
    add_matrix(s, i, "attn_q.weight", ROLE_OTHER, q_dim, p->n_embd);
    add_matrix(s, i, "attn_k.weight", ROLE_OTHER, kv_dim, p->n_embd);
    add_matrix(s, i, "attn_v.weight", ROLE_ATTN_V, kv_dim, p->n_embd);
    if (p->has_qkv_bias) {
        add_vector(s, i, "attn_q.bias", q_dim, 0, 0.02f);
        add_vector(s, i, "attn_k.bias", kv_dim, 0, 0.02f);
        add_vector(s, i, "attn_v.bias", kv_dim, 0, 0.02f);
    }
    if (p->has_qk_norm) {
        add_norm(s, i, "attn_q_norm.weight", p->head_dim);
        add_norm(s, i, "attn_k_norm.weight", p->head_dim);
    }
    add_matrix(s, i, "attn_output.weight", ROLE_ATTN_OUTPUT, p->n_embd, q_dim);
    add_norm(s, i, "ffn_norm.weight", p->n_embd);
    add_matrix(s, i, "ffn_gate.weight", ROLE_OTHER, p->n_ff, p->n_embd);
    add_matrix(s, i, "ffn_up.weight", ROLE_OTHER, p->n_ff, p->n_embd);
    add_matrix(s, i, "ffn_down.weight", ROLE_FFN_DOWN, p->n_embd, p->n_ff);
}

static void add_tensors(struct synth *s) {
    const struct synth_shape *p = s->shape;
    add_matrix(s, -1, "token_embd.weight", ROLE_EMBEDDING, p->n_vocab,
               p->n_embd);
    if (p->rope_factor > 0)
        add_vector(s, -1, "rope_freqs.weight", p->head_dim / 2, 0, 0);
    for (int i = 0; i < p->n_layer; i++)
        add_layer(s, i);
    add_norm(s, -1, "output_norm.weight", p->n_embd);
    if (!p->is_tied)
        add_matrix(s, -1, "output.weight", ROLE_OUTPUT, p->n_vocab, p->n_embd);
}

// ---- layout -----------------------------------------------------------------

static void put_tensor_entries(struct buf *b, const struct synth *s) {
    for (int i = 0; i < s->n_tensors; i++) {
        const struct tensor *t = &s->tensors[i];
        uint32_t n_dims = t->n_rows ? 2 : 1;
        put_text(b, t->name);
        buf_add(b, &n_dims, sizeof n_dims);
        buf_add(b, &t->n_cols, sizeof t->n_cols);
        if (t->n_rows) buf_add(b, &t->n_rows, sizeof t->n_rows);
        buf_add(b, &t->type, sizeof t->type);
        buf_add(b, &t->offset, sizeof t->offset);
    }
}

static void put_head(struct synth *s) {
    struct buf text;
    struct keys k = {.out = &text, .arch = s->shape->arch};
    uint32_t version = 3;
    uint64_t n_tensors = (uint64_t)s->n_tensors;
    buf_init(&text);
    put_shape_keys(&k, s);
    put_vocab_keys(&k, s);
    buf_adds(&s->head, "GGUF");
    buf_add(&s->head, &version, sizeof version);
    buf_add(&s->head, &n_tensors, sizeof n_tensors);
    buf_add(&s->head, &k.n, sizeof k.n);
    buf_add(&s->head, text.text, text.n_bytes);
    put_tensor_entries(&s->head, s);
    while (s->head.n_bytes % GGUF_DEFAULT_ALIGNMENT)
        buf_addc(&s->head, 0);
    buf_release(&text);
}

static int count(const char *const *names) {
    int n = 0;
    while (names[n])
        n++;
    return n;
}

struct synth *synth_new(const struct synth_options *o, struct error *err) {
    if (o->shape < 0 || o->shape >= count(synth_shape_names) || o->type < 0 ||
        o->type >= count(synth_type_names) || o->n_ctx < 0) {
        error_set(err, ERR_INPUT, "no shape %d, type %d or context %d",
                  o->shape, o->type, o->n_ctx);
        return NULL;
    }
    struct synth *s = xcalloc(1, sizeof *s);
    s->o = *o;
    s->shape = &synth_shapes[o->shape];
    s->type = &synth_types[o->type];
    buf_init(&s->head);
    add_tensors(s);
    put_head(s);
    return s;
}

void synth_free(struct synth *s) {
    if (!s) return;
    buf_release(&s->head);
    free(s->tensors);
    free(s);
}

uint64_t synth_file_bytes(const struct synth *s) {
    return s->head.n_bytes + s->data_bytes;
}

// ---- data -------------------------------------------------------------------

static int put(FILE *out, const void *bytes, size_t n, struct error *err) {
    if (fwrite(bytes, 1, n, out) != n)
        return error_errno(err, ERR_IO, "cannot write the model");
    return 0;
}

// Llama 3.1's divisors of the rotation's frequencies: long waves are slowed by
// the factor, short ones left alone, the ones between blended. Original
// context 8192, low and high frequency factors 1 and 4.
static void fill_rope_freqs(const struct synth_shape *p, float *out) {
    for (int i = 0; i < p->head_dim / 2; i++) {
        double wave =
            2 * M_PI * pow((double)p->rope_base, 2.0 * i / p->head_dim);
        double smooth = (8192 / wave - 1) / (4 - 1);
        smooth = smooth < 0 ? 0 : smooth > 1 ? 1 : smooth;
        out[i] = (float)(1 / ((1 - smooth) / (double)p->rope_factor + smooth));
    }
}

static int write_tensor(const struct synth *s, const struct tensor *t,
                        struct synth_stream *stream, uint8_t *chunk, FILE *out,
                        struct error *err) {
    size_t block_bytes = tensor_type_find(t->type)->block_bytes;
    uint64_t n_blocks = t->n_bytes / block_bytes;
    uint64_t seed = hash_u64(t->name, strlen(t->name)) ^
                    (s->o.seed + 1) * 0x9e3779b97f4a7c15u;
    synth_stream_init(stream, t->type, seed, t->mean, t->sigma);
    while (n_blocks) {
        uint64_t n = CHUNK_BYTES / block_bytes;
        if (n > n_blocks) n = n_blocks;
        synth_stream_fill(stream, chunk, n);
        if (strcmp(t->name, "rope_freqs.weight") == 0)
            fill_rope_freqs(s->shape, (float *)(void *)chunk);
        if (put(out, chunk, n * block_bytes, err)) return -1;
        n_blocks -= n;
    }
    static const char zeros[GGUF_DEFAULT_ALIGNMENT];
    size_t rest = (size_t)(-t->n_bytes % GGUF_DEFAULT_ALIGNMENT);
    return put(out, zeros, rest, err);
}

int synth_write(const struct synth *s, FILE *out, struct error *err) {
    struct synth_stream *stream = xmalloc(sizeof *stream);
    uint8_t *chunk = xmalloc(CHUNK_BYTES);
    int status = put(out, s->head.text, s->head.n_bytes, err);
    for (int i = 0; i < s->n_tensors && !status; i++)
        status = write_tensor(s, &s->tensors[i], stream, chunk, out, err);
    free(chunk);
    free(stream);
    return status;
}
