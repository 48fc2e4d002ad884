#include "tests/helper_gguf.h"

#include "engine/base/alloc.h"
#include "engine/base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = 32,
    T_U32 = 4,
    T_I32 = 5,
    T_F32 = 6,
    T_BOOL = 7,
    T_TEXT = 8,
    T_ARRAY = 9
};

// ---- pieces -----------------------------------------------------------------

static void put_u32(struct buf *b, uint32_t v) {
    buf_add(b, &v, sizeof v); // little-endian hosts only
}

static void put_u64(struct buf *b, uint64_t v) {
    buf_add(b, &v, sizeof v);
}

static void put_text(struct buf *b, const char *text) {
    put_u64(b, strlen(text));
    buf_adds(b, text);
}

static void put_key(struct helper_gguf *g, const char *key, uint32_t type) {
    put_text(&g->keys, key);
    put_u32(&g->keys, type);
    g->n_keys++;
}

void helper_gguf_init(struct helper_gguf *g) {
    *g = (struct helper_gguf){0};
    buf_init(&g->keys);
    buf_init(&g->entries);
    buf_init(&g->data);
}

void helper_gguf_release(struct helper_gguf *g) {
    buf_release(&g->keys);
    buf_release(&g->entries);
    buf_release(&g->data);
}

void helper_gguf_u32(struct helper_gguf *g, const char *key, uint32_t value) {
    put_key(g, key, T_U32);
    put_u32(&g->keys, value);
}

void helper_gguf_f32(struct helper_gguf *g, const char *key, float value) {
    put_key(g, key, T_F32);
    buf_add(&g->keys, &value, sizeof value);
}

void helper_gguf_bool(struct helper_gguf *g, const char *key, bool value) {
    put_key(g, key, T_BOOL);
    buf_addc(&g->keys, value ? 1 : 0);
}

void helper_gguf_text(struct helper_gguf *g, const char *key,
                      const char *text) {
    put_key(g, key, T_TEXT);
    put_text(&g->keys, text);
}

void helper_gguf_texts(struct helper_gguf *g, const char *key,
                       const char *const *texts, size_t n) {
    put_key(g, key, T_ARRAY);
    put_u32(&g->keys, T_TEXT);
    put_u64(&g->keys, n);
    for (size_t i = 0; i < n; i++)
        put_text(&g->keys, texts[i]);
}

void helper_gguf_i32s(struct helper_gguf *g, const char *key,
                      const int32_t *values, size_t n) {
    put_key(g, key, T_ARRAY);
    put_u32(&g->keys, T_I32);
    put_u64(&g->keys, n);
    buf_add(&g->keys, values, n * sizeof *values);
}

void helper_gguf_f32s(struct helper_gguf *g, const char *key,
                      const float *values, size_t n) {
    put_key(g, key, T_ARRAY);
    put_u32(&g->keys, T_F32);
    put_u64(&g->keys, n);
    buf_add(&g->keys, values, n * sizeof *values);
}

// ---- tensors ----------------------------------------------------------------

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

// Round to nearest even; our weights are finite and small.
static uint16_t bf16_of(float x) {
    uint32_t bits = bits_of(x);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static uint16_t f16_of(float x) {
    uint16_t sign = (uint16_t)(bits_of(x) >> 16 & 0x8000);
    float a = fabsf(x);
    assert(a < 65504.0f);
    if (a < 0x1p-14f) // subnormal: units of 2^-24
        return (uint16_t)(sign | (uint16_t)lrintf(a * 0x1p24f));
    uint32_t bits = bits_of(a) - (112u << 23); // rebias the exponent
    return (uint16_t)(sign | (bits + 0xfff + (bits >> 13 & 1)) >> 13);
}

static float f16_value(uint16_t h) {
    int exponent = h >> 10 & 31;
    float m = (float)(h & 1023);
    float a = exponent ? ldexpf(1024.0f + m, exponent - 25) : ldexpf(m, -24);
    return h & 0x8000 ? -a : a;
}

static void put_q8_0(struct buf *b, const float *x) {
    float max = 0.0f;
    for (int i = 0; i < 32; i++)
        max = fmaxf(max, fabsf(x[i]));
    uint16_t scale = f16_of(max / 127.0f);
    float d = f16_value(scale);
    buf_add(b, &scale, sizeof scale);
    for (int i = 0; i < 32; i++) {
        float q = d > 0.0f ? rintf(x[i] / d) : 0.0f;
        buf_addc(b, (char)(int)fminf(127.0f, fmaxf(-127.0f, q)));
    }
}

static void put_values(struct buf *b, uint32_t type, const float *x, size_t n) {
    if (type == 0) buf_add(b, x, n * sizeof *x);
    for (size_t i = 0; i < n && (type == 1 || type == 30); i++) {
        uint16_t half = type == 1 ? f16_of(x[i]) : bf16_of(x[i]);
        buf_add(b, &half, sizeof half);
    }
    for (size_t i = 0; i < n && type == 8; i += 32)
        put_q8_0(b, x + i);
}

static void pad(struct buf *b) {
    while (b->n_bytes % ALIGNMENT)
        buf_addc(b, 0);
}

void helper_gguf_raw(struct helper_gguf *g, const char *name, uint32_t type,
                     int n_rows, int n_cols, const void *bytes,
                     size_t n_bytes) {
    put_text(&g->entries, name);
    put_u32(&g->entries, n_rows ? 2 : 1);
    put_u64(&g->entries, (uint64_t)n_cols);
    if (n_rows) put_u64(&g->entries, (uint64_t)n_rows);
    put_u32(&g->entries, type);
    pad(&g->data);
    put_u64(&g->entries, g->data.n_bytes);
    buf_add(&g->data, bytes, n_bytes);
    g->n_tensors++;
}

void helper_gguf_tensor(struct helper_gguf *g, const char *name, uint32_t type,
                        int n_rows, int n_cols, const float *values) {
    assert(type == 0 || type == 1 || type == 30 ||
           (type == 8 && n_cols % 32 == 0));
    struct buf b;
    buf_init(&b);
    put_values(&b, type, values,
               (size_t)n_cols * (size_t)(n_rows ? n_rows : 1));
    helper_gguf_raw(g, name, type, n_rows, n_cols, b.text, b.n_bytes);
    buf_release(&b);
}

char *helper_gguf_finish(struct helper_gguf *g, size_t *n_bytes) {
    struct buf file;
    buf_init(&file);
    buf_adds(&file, "GGUF");
    put_u32(&file, 3);
    put_u64(&file, g->n_tensors);
    put_u64(&file, g->n_keys);
    buf_add(&file, g->keys.text, g->keys.n_bytes);
    buf_add(&file, g->entries.text, g->entries.n_bytes);
    pad(&file);
    buf_add(&file, g->data.text, g->data.n_bytes);
    helper_gguf_release(g);
    *n_bytes = file.n_bytes;
    char *bytes = buf_detach(&file);
    buf_release(&file);
    return bytes;
}

// ---- the vocabulary ---------------------------------------------------------

// GPT-2's printable stand-in for a byte, as UTF-8.
static char *byte_token(int byte) {
    int code = byte, n_moved = 0;
    for (int b = 0; b <= byte; b++) {
        bool stays = (b > 32 && b < 127) || (b > 160 && b != 173);
        if (!stays && b == byte) code = 256 + n_moved;
        n_moved += !stays;
    }
    if (code < 128) return xasprintf("%c", code);
    return xasprintf("%c%c", 0xc0 | code >> 6, 0x80 | (code & 63));
}

// Ġ is a blank, Ċ a line break.
static const char *const merges[HELPER_N_MERGES] = {
    "t h", "th e", "i n", "a n", "e r", "1 0", "Ġ the", "Ċ Ċ", "Ġ =",
};

static const char *const controls[] = {"<|endoftext|>", "<|user|>", "<|think|>",
                                       "<|grade|>", NULL};

static int count_texts(const char *const *texts) {
    int n = 0;
    while (texts[n])
        n++;
    return n;
}

static char *joined(const char *merge) {
    const char *gap = strchr(merge, ' ');
    return xasprintf("%.*s%s", (int)(gap - merge), merge, gap + 1);
}

void helper_gguf_tokenizer(struct helper_gguf *g,
                           const struct helper_vocabulary *v) {
    size_t n = 256 + (size_t)v->n_tokens;
    char **tokens = xcalloc(n, sizeof *tokens);
    int32_t *types = xcalloc(n, sizeof *types);
    for (size_t i = 0; i < n; i++) {
        tokens[i] = i < 256 ? byte_token((int)i) : xstrdup(v->tokens[i - 256]);
        types[i] = i < 256 ? 1 : v->types[i - 256];
    }
    helper_gguf_text(g, "tokenizer.ggml.model", "gpt2");
    helper_gguf_text(g, "tokenizer.ggml.pre", v->pre ? v->pre : "qwen2");
    helper_gguf_texts(g, "tokenizer.ggml.tokens", (const char *const *)tokens,
                      n);
    helper_gguf_i32s(g, "tokenizer.ggml.token_type", types, n);
    helper_gguf_texts(g, "tokenizer.ggml.merges", v->merges,
                      (size_t)v->n_merges);
    for (size_t i = 0; i < n; i++)
        free(tokens[i]);
    free(tokens);
    free(types);
}

void helper_gguf_spm(struct helper_gguf *g, const struct helper_spm *v) {
    static const char *const first[] = {"<unk>", "<s>", "</s>"};
    static const int32_t first_types[] = {2, 3, 3};
    size_t n = HELPER_SPM_FIRST + (size_t)v->n_tokens;
    char **tokens = xcalloc(n, sizeof *tokens);
    int32_t *types = xcalloc(n, sizeof *types);
    float *scores = xcalloc(n, sizeof *scores);
    for (size_t i = 0; i < n; i++) {
        size_t j = i - HELPER_SPM_FIRST; // meant to wrap
        bool is_byte = i >= 3 && i < HELPER_SPM_FIRST;
        tokens[i] = is_byte ? xasprintf("<0x%02zX>", i - 3)
                            : xstrdup(i < 3 ? first[i] : v->tokens[j]);
        types[i] = is_byte ? 6 : i < 3 ? first_types[i] : v->types[j];
        scores[i] = i < HELPER_SPM_FIRST ? 0.0f : v->scores[j];
    }
    helper_gguf_text(g, "tokenizer.ggml.model", "llama");
    helper_gguf_texts(g, "tokenizer.ggml.tokens", (const char *const *)tokens,
                      n);
    helper_gguf_i32s(g, "tokenizer.ggml.token_type", types, n);
    helper_gguf_f32s(g, "tokenizer.ggml.scores", scores, n);
    helper_gguf_u32(g, "tokenizer.ggml.bos_token_id", 1);
    helper_gguf_u32(g, "tokenizer.ggml.eos_token_id", 2);
    for (size_t i = 0; i < n; i++)
        free(tokens[i]);
    free(tokens);
    free(types);
    free(scores);
}

static void put_vocabulary(struct helper_gguf *g, int n_vocab,
                           const char *const *specials) {
    int n = n_vocab - 256, n_specials = count_texts(specials);
    assert(n >= HELPER_N_MERGES + n_specials);
    char **tokens = xcalloc((size_t)n, sizeof *tokens);
    int32_t *types = xcalloc((size_t)n, sizeof *types);
    for (int i = 0; i < n; i++) {
        int special = i - HELPER_N_MERGES;
        bool is_pad = special >= n_specials;
        tokens[i] = special < 0 ? joined(merges[i])
                    : is_pad    ? xasprintf("[PAD%d]", 256 + i)
                                : xstrdup(specials[special]);
        types[i] = special < 0                      ? 1
                   : is_pad                         ? 5
                   : strchr(specials[special], '|') ? 3
                                                    : 4;
    }
    helper_gguf_tokenizer(
        g, &(struct helper_vocabulary){.tokens = (const char *const *)tokens,
                                       .types = types,
                                       .n_tokens = n,
                                       .merges = merges,
                                       .n_merges = HELPER_N_MERGES});
    helper_gguf_u32(g, "tokenizer.ggml.eos_token_id", HELPER_ENDOFTEXT);
    helper_gguf_bool(g, "tokenizer.ggml.add_bos_token", false);
    for (int i = 0; i < n; i++)
        free(tokens[i]);
    free(tokens);
    free(types);
}

void helper_gguf_vocabulary(struct helper_gguf *g, int n_vocab) {
    put_vocabulary(g, n_vocab, controls);
}

// ---- the model --------------------------------------------------------------

static void set_default(int *field, int value) {
    if (!*field) *field = value;
}

static struct helper_model with_defaults(struct helper_model m) {
    if (!m.arch) m.arch = "llama";
    if (!(m.logit_scale > 0.0f)) m.logit_scale = 2.0f;
    set_default(&m.n_layer, 2);
    set_default(&m.n_embd, 64);
    set_default(&m.n_head, 4);
    set_default(&m.n_head_kv, 2);
    set_default(&m.head_dim, 16);
    set_default(&m.n_ff, 96);
    if (!m.specials) m.specials = controls;
    set_default(&m.n_vocab, HELPER_ENDOFTEXT + count_texts(m.specials));
    set_default(&m.n_ctx, 512);
    return m;
}

static void put_metadata(struct helper_gguf *g, const struct helper_model *m) {
    const struct {
        const char *key;
        int value;
    } numbers[] = {
        {"block_count", m->n_layer},
        {"context_length", m->n_ctx},
        {"embedding_length", m->n_embd},
        {"feed_forward_length", m->n_ff},
        {"attention.head_count", m->n_head},
        {"attention.head_count_kv", m->n_head_kv},
        {"attention.key_length", m->head_dim},
        {"attention.value_length", m->head_dim},
        {"rope.dimension_count", m->head_dim},
        {"vocab_size", m->n_vocab},
    };
    char key[128];
    helper_gguf_text(g, "general.architecture", m->arch);
    helper_gguf_text(g, "general.name", "random weights");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(key, sizeof key, "%s.%s", m->arch, numbers[i].key);
        helper_gguf_u32(g, key, (uint32_t)numbers[i].value);
    }
    snprintf(key, sizeof key, "%s.attention.layer_norm_rms_epsilon", m->arch);
    helper_gguf_f32(g, key, 1e-6f);
    snprintf(key, sizeof key, "%s.rope.freq_base", m->arch);
    helper_gguf_f32(g, key, 10000.0f);
    helper_gguf_text(g, "specsweep.prompt", "<|user|>{problem}<|think|>");
    helper_gguf_text(g, "specsweep.grade_suffix", "<|grade|>");
    put_vocabulary(g, m->n_vocab, m->specials);
}

// A tensor of values mean +- spread, uniform. Its stream depends on its name,
// so that it does not change with what else the model has.
static void put_random(struct helper_gguf *g, const struct helper_model *m,
                       const char *name, int n_rows, int n_cols, float mean,
                       float spread) {
    size_t n = (size_t)(n_rows ? n_rows : 1) * (size_t)n_cols;
    float *values = xcalloc(n, sizeof *values);
    struct rng base = rng_make(m->seed, name, 0);
    struct rng noise = rng_make(m->seed, name, 1);
    for (size_t i = 0; i < n; i++) {
        double u = 2.0 * rng_u01(&base, RNG_ORDER, i) - 1.0;
        double v = 2.0 * rng_u01(&noise, RNG_ORDER, i) - 1.0;
        values[i] = mean + spread * (float)(u + (double)m->noise * v);
    }
    helper_gguf_tensor(g, name, n_rows ? m->type : 0, n_rows, n_cols, values);
    free(values);
}

// Uniform values of variance 1/n_cols: the product keeps the input's size.
static void put_matrix(struct helper_gguf *g, const struct helper_model *m,
                       int layer, const char *part, int n_rows, int n_cols) {
    char name[128];
    snprintf(name, sizeof name, "blk.%d.%s.weight", layer, part);
    put_random(g, m, name, n_rows, n_cols, 0.0f, sqrtf(3.0f / (float)n_cols));
}

static void put_vector(struct helper_gguf *g, const struct helper_model *m,
                       int layer, const char *part, int n, float mean) {
    char name[128];
    snprintf(name, sizeof name, "blk.%d.%s", layer, part);
    put_random(g, m, name, 0, n, mean, 0.25f);
}

static void put_layer(struct helper_gguf *g, const struct helper_model *m,
                      int layer) {
    int n_q = m->n_head * m->head_dim, n_kv = m->n_head_kv * m->head_dim;
    put_vector(g, m, layer, "attn_norm.weight", m->n_embd, 1.0f);
    put_matrix(g, m, layer, "attn_q", n_q, m->n_embd);
    put_matrix(g, m, layer, "attn_k", n_kv, m->n_embd);
    put_matrix(g, m, layer, "attn_v", n_kv, m->n_embd);
    put_matrix(g, m, layer, "attn_output", m->n_embd, n_q);
    if (!strcmp(m->arch, "qwen2")) {
        put_vector(g, m, layer, "attn_q.bias", n_q, 0.0f);
        put_vector(g, m, layer, "attn_k.bias", n_kv, 0.0f);
        put_vector(g, m, layer, "attn_v.bias", n_kv, 0.0f);
    }
    if (!strcmp(m->arch, "qwen3")) {
        put_vector(g, m, layer, "attn_q_norm.weight", m->head_dim, 1.0f);
        put_vector(g, m, layer, "attn_k_norm.weight", m->head_dim, 1.0f);
    }
    put_vector(g, m, layer, "ffn_norm.weight", m->n_embd, 1.0f);
    put_matrix(g, m, layer, "ffn_gate", m->n_ff, m->n_embd);
    put_matrix(g, m, layer, "ffn_up", m->n_ff, m->n_embd);
    put_matrix(g, m, layer, "ffn_down", m->n_embd, m->n_ff);
}

char *helper_model_bytes(const struct helper_model *model, size_t *n_bytes) {
    struct helper_model m = with_defaults(*model);
    struct helper_gguf g;
    helper_gguf_init(&g);
    put_metadata(&g, &m);
    float spread = m.logit_scale * sqrtf(3.0f / (float)m.n_embd);
    put_random(&g, &m, "token_embd.weight", m.n_vocab, m.n_embd, 0.0f, spread);
    for (int layer = 0; layer < m.n_layer; layer++)
        put_layer(&g, &m, layer);
    put_random(&g, &m, "output_norm.weight", 0, m.n_embd, 1.0f, 0.25f);
    if (!m.is_tied)
        put_random(&g, &m, "output.weight", m.n_vocab, m.n_embd, 0.0f, spread);
    if (m.has_rope_factors)
        put_random(&g, &m, "rope_freqs.weight", 0, m.head_dim / 2, 3.0f, 2.0f);
    if (m.extra) m.extra(&g);
    return helper_gguf_finish(&g, n_bytes);
}

void helper_write_model(const char *path, const struct helper_model *m) {
    size_t n_bytes;
    char *bytes = helper_model_bytes(m, &n_bytes);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n_bytes, f) != n_bytes || fclose(f)) {
        perror(path);
        abort();
    }
    free(bytes);
}
