// Model files that are wrong, and files with rare contents that are right. Each
// case changes one thing of a good file; each complaint is one line that says
// what is wrong, where, and what was expected.

#include "engine/model/model.h"

#include "engine/base/error.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum op {
    NOTHING,
    SET_U32,    // key `name` to `value`
    SET_F32,    // key `name` to `real`
    RENAME,     // key or tensor `name` to `text`, of the same length
    SET_COLS,   // of tensor `name` to `value`
    SET_ROWS,   // of tensor `name` to `value`
    SET_TYPE,   // of tensor `name` to `value`
    SET_OFFSET, // of tensor `name` to `value`
    SPOIL,      // two bytes at `at` of tensor `name` to `value`
    ADD_U32,    // key `name` with `value`
    ADD_F32,    // key `name` with `real`
    ADD_TEXT,   // key `name` with `text`
    ADD_VECTOR, // tensor `name` of `value` elements `real`
};

struct edit {
    enum op op;
    const char *name;
    uint64_t value;
    size_t at;
    float real;
    const char *text;
};

struct model_case {
    struct helper_model model;
    struct edit edit;
    const char *expected; // in the complaint; NULL: the file is good
};

// ---- changing a file --------------------------------------------------------

static const struct edit *added; // what add_extra() adds

static void add_extra(struct helper_gguf *g) {
    float values[256];
    for (int i = 0; i < 256; i++)
        values[i] = added->real;
    if (added->op == ADD_U32)
        helper_gguf_u32(g, added->name, (uint32_t)added->value);
    if (added->op == ADD_F32) helper_gguf_f32(g, added->name, added->real);
    if (added->op == ADD_TEXT) helper_gguf_text(g, added->name, added->text);
    if (added->op == ADD_VECTOR)
        helper_gguf_tensor(g, added->name, 0, 0, (int)added->value, values);
}

// What follows the name of a key or tensor.
static char *after_name(char *bytes, size_t n, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i + 8 + length <= n; i++) {
        uint64_t prefix;
        memcpy(&prefix, bytes + i, sizeof prefix);
        if (prefix == length && !memcmp(bytes + i + 8, name, length))
            return bytes + i + 8 + length;
    }
    cr_assert_fail("the file has no '%s'", name);
    return NULL;
}

static void spoil(char *bytes, size_t n, const struct edit *e) {
    struct error err = {0};
    struct gguf *g = gguf_open_memory(bytes, n, "good.gguf", &err);
    cr_assert(g, "%s", err.text);
    const struct gguf_tensor *t = gguf_find_tensor(g, e->name);
    cr_assert(t && e->at + 2 <= t->n_bytes);
    memcpy(bytes + ((const char *)t->data - bytes) + e->at, &e->value, 2);
    gguf_close(g);
}

// A tensor's entry: name, number of dimensions, columns, rows (where it has
// two), type, offset.
static void apply(char *bytes, size_t n, const struct edit *e) {
    if (e->op == NOTHING || e->op >= ADD_U32) return;
    if (e->op == SPOIL) {
        spoil(bytes, n, e);
        return;
    }
    char *at = after_name(bytes, n, e->name);
    uint32_t n_dims;
    memcpy(&n_dims, at, sizeof n_dims);
    if (e->op == SET_U32) memcpy(at + 4, &e->value, 4);
    if (e->op == SET_F32) memcpy(at + 4, &e->real, 4);
    if (e->op == RENAME) memcpy(at - strlen(e->name), e->text, strlen(e->name));
    if (e->op == SET_COLS) memcpy(at + 4, &e->value, 8);
    if (e->op == SET_ROWS) memcpy(at + 12, &e->value, 8);
    if (e->op == SET_TYPE) memcpy(at + 4 + 8 * n_dims, &e->value, 4);
    if (e->op == SET_OFFSET) memcpy(at + 8 + 8 * n_dims, &e->value, 8);
}

// The file in memory, aligned as a mapping is.
static void *make_file(const struct model_case *c, size_t *n) {
    struct helper_model model = c->model;
    void *copy = NULL;
    if (c->edit.op >= ADD_U32) model.extra = add_extra;
    added = &c->edit;
    char *bytes = helper_model_bytes(&model, n);
    cr_assert_eq(posix_memalign(&copy, 64, *n), 0);
    memcpy(copy, bytes, *n);
    free(bytes);
    apply(copy, *n, &c->edit);
    return copy;
}

static struct model *open_case(const struct model_case *c, void **bytes,
                               struct error *err) {
    size_t n;
    *bytes = make_file(c, &n);
    *err = (struct error){0};
    struct gguf *g = gguf_open_memory(*bytes, n, "t.gguf", err);
    return g ? model_new(g, NULL, err) : NULL;
}

static void check(const struct model_case *cases, size_t n_cases) {
    for (size_t i = 0; i < n_cases; i++) {
        const struct model_case *c = &cases[i];
        struct error err;
        void *bytes;
        struct model *m = open_case(c, &bytes, &err);
        if (!c->expected) {
            cr_expect(m, "case %zu: %s", i, err.text);
        } else {
            cr_expect_null(m, "accepted; expected: %s", c->expected);
            cr_expect(strstr(err.text, c->expected), "expected: %s\ngot: %s",
                      c->expected, err.text);
            cr_expect(!strncmp(err.text, "t.gguf: ", 8), "no file: %s",
                      err.text);
            cr_expect(!strchr(err.text, '\n') && err.kind != ERR_INTERNAL);
        }
        model_free(m);
        free(bytes);
    }
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

// ---- hyperparameters --------------------------------------------------------

Test(model, refuses_other_architectures) {
    static const struct model_case cases[] = {
        {.expected = NULL},
        {{.arch = "mamba"},
         .expected = "architecture 'mamba' is not supported; these are: llama, "
                     "qwen2, qwen3"},
        {.edit = {RENAME, "general.architecture",
                  .text = "general.architectura"},
         .expected = "key 'general.architecture' is missing"},
    };
    CHECK(cases);
}

Test(model, refuses_odd_hyperparameters) {
    static const struct model_case cases[] = {
        {.edit = {RENAME, "llama.block_count", .text = "llama.block_counx"},
         .expected = "key 'llama.block_count' is missing"},
        {.edit = {SET_U32, "llama.block_count", 0},
         .expected = "llama.block_count is 0, expected 1 to 1024"},
        {.edit = {SET_U32, "llama.block_count", 1u << 31},
         .expected = "block_count is 2147483648, expected 1 to 1024"},
        {.edit = {SET_U32, "llama.embedding_length", 0},
         .expected = "embedding_length is 0, expected 1 to"},
        {.edit = {SET_U32, "llama.embedding_length", UINT32_MAX},
         .expected = "embedding_length is 4294967295, expected 1 to"},
        {.edit = {SET_U32, "llama.feed_forward_length", 0},
         .expected = "feed_forward_length is 0, expected 1 to"},
        {.edit = {SET_U32, "llama.context_length", 0},
         .expected = "context_length is 0, expected 1 to"},
        {.edit = {SET_U32, "llama.attention.head_count", 0},
         .expected = "attention.head_count is 0, expected 1 to 1024"},
        {.edit = {SET_U32, "llama.attention.head_count_kv", 0},
         .expected = "attention.head_count_kv is 0, expected 1 to 1024"},
        {.edit = {SET_U32, "llama.attention.head_count_kv", 3},
         .expected = "4 query heads do not divide into 3 KV heads"},
        {.edit = {SET_U32, "llama.attention.key_length", 0},
         .expected = "attention.key_length is 0, expected 1 to 1024"},
        {.edit = {SET_U32, "llama.attention.value_length", 8},
         .expected = "key and value heads of different size"},
        {.edit = {SET_U32, "llama.rope.dimension_count", 15},
         .expected = "rope.dimension_count is 15, expected an even number up "
                     "to the head size 16"},
        {.edit = {SET_U32, "llama.rope.dimension_count", 18},
         .expected = "rope.dimension_count is 18, expected an even number"},
        {.edit = {SET_F32, "llama.rope.freq_base", .real = 0},
         .expected = "rope.freq_base is 0, expected 1 to 1e+09"},
        {.edit = {SET_U32, "llama.rope.freq_base", 0x7fc00000},
         .expected = "rope.freq_base is nan, expected"},
        {.edit = {SET_F32, "llama.attention.layer_norm_rms_epsilon",
                  .real = -1},
         .expected = "layer_norm_rms_epsilon is -1, expected 0 to 1"},
        {.edit = {RENAME, "llama.attention.layer_norm_rms_epsilon",
                  .text = "llama.attention.layer_norm_rms_epsiloN"},
         .expected = "key 'llama.attention.layer_norm_rms_epsilon' is missing"},
        {.model = {.n_embd = 66},
         .edit = {RENAME, "llama.attention.key_length",
                  .text = "llama.attention.key_lengtx"},
         .expected = "embedding_length 66 does not divide into 4 heads"},
    };
    CHECK(cases);
}

Test(model, refuses_what_would_change_the_arithmetic) {
    static const struct model_case cases[] = {
        {.edit = {ADD_U32, "llama.expert_count", 8},
         .expected = "expert_count is 8: a mixture of experts is not"},
        {.edit = {ADD_U32, "llama.expert_count", 0}},
        {.edit = {ADD_F32, "llama.final_logit_softcapping", .real = 30},
         .expected = "final_logit_softcapping is 30: a soft cap of logits"},
        {.edit = {ADD_F32, "llama.logit_scale", .real = 16},
         .expected = "logit_scale is 16: scaled logits"},
        {.edit = {ADD_F32, "llama.logit_scale", .real = 1}},
        {.edit = {ADD_TEXT, "llama.rope.scaling.type", .text = "yarn"},
         .expected = "rope scaling 'yarn' is not supported"},
        {.edit = {ADD_TEXT, "llama.rope.scaling.type", .text = "linear"}},
        {.edit = {ADD_F32, "llama.rope.scaling.factor", .real = 0},
         .expected = "rope.scaling.factor is 0, expected 0.001 to"},
        {.edit = {ADD_U32, "split.count", 3},
         .expected = "one of 3 parts of a model; join them first: "
                     "llama-gguf-split --merge"},
        {.edit = {ADD_U32, "split.count", 1}},
    };
    CHECK(cases);
}

// ---- tensors ----------------------------------------------------------------

#define Q "blk.1.attn_q.weight"

Test(model, refuses_tensors_of_another_shape) {
    static const struct model_case cases[] = {
        {.edit = {SET_ROWS, Q, 32},
         .expected = "tensor '" Q "' is [32][64], expected [64][64]"},
        {.edit = {SET_COLS, Q, 32},
         .expected = "tensor '" Q "' is [64][32], expected [64][64]"},
        {.edit = {SET_COLS, "blk.0.ffn_norm.weight", 32},
         .expected = "'blk.0.ffn_norm.weight' is [32], expected [1][64]"},
        {.edit = {SET_COLS, "token_embd.weight", 32},
         .expected = "tensor 'token_embd.weight' is [269][32], expected "
                     "[269][64]"},
        {.edit = {SET_ROWS, "token_embd.weight", 200},
         .expected = "'token_embd.weight' has 200 rows, expected one for each "
                     "of 269 tokens"},
        {.edit = {SET_ROWS, "output.weight", 200},
         .expected = "'output.weight' is [200][64], expected [269][64]"},
        {.edit = {SET_U32, "llama.feed_forward_length", 128},
         .expected = "'blk.0.ffn_gate.weight' is [96][64], expected [128][64]"},
        {.model = {.has_rope_factors = true},
         .edit = {SET_COLS, "rope_freqs.weight", 4},
         .expected = "'rope_freqs.weight' is [4], expected [1][8]"},
        {.edit = {SET_ROWS, Q, UINT64_MAX},
         .expected = "tensor '" Q "': dimension 1 is 18446744073709551615"},
        {.edit = {SET_ROWS, Q, UINT64_C(1) << 40},
         .expected = "bytes at offset"},
        {.edit = {SET_OFFSET, Q, 0}, .expected = "overlaps tensor"},
        {.edit = {SET_OFFSET, Q, 8},
         .expected = "tensor '" Q "': offset 8 is not a multiple"},
        {.edit = {SET_OFFSET, Q, UINT64_C(1) << 40},
         .expected = "tensor '" Q "' needs 16384 bytes at offset"},
    };
    CHECK(cases);
}

Test(model, refuses_missing_tensors) {
    static const char *const names[] = {
        "token_embd.weight",       "output_norm.weight",
        "blk.0.attn_norm.weight",  "blk.1.ffn_norm.weight",
        "blk.0.attn_q.weight",     "blk.0.attn_k.weight",
        "blk.1.attn_v.weight",     "blk.1.attn_output.weight",
        "blk.0.ffn_gate.weight",   "blk.0.ffn_up.weight",
        "blk.1.ffn_down.weight",   "blk.1.attn_q_norm.weight",
        "blk.0.attn_k_norm.weight"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char other[64], expected[96];
        strcpy(other, names[i]);
        other[strlen(other) - 1] = 'x';
        snprintf(expected, sizeof expected, "tensor '%s'", names[i]);
        struct model_case c = {
            {.arch = "qwen3"}, {RENAME, names[i], .text = other}, expected};
        check(&c, 1);
    }
    static const struct model_case bias = {
        {.arch = "qwen2"},
        {RENAME, "blk.1.attn_k.bias", .text = "blk.1.attn_k.biax"},
        "tensor 'blk.1.attn_k.bias' is missing"};
    check(&bias, 1);
}

Test(model, refuses_tensors_without_a_place) {
    static const struct model_case cases[] = {
        {.edit = {ADD_VECTOR, "blk.0.attn_sub_norm.weight", 64, .real = 1},
         .expected = "tensor 'blk.0.attn_sub_norm.weight' has no place in "
                     "architecture 'llama' of 2 blocks"},
        {.edit = {ADD_VECTOR, "blk.0.attn_q_norm.weight", 16, .real = 1},
         .expected = "tensor 'blk.0.attn_q_norm.weight' has no place"},
        {.edit = {SET_U32, "llama.block_count", 1},
         .expected = "tensor 'blk.1.attn_norm.weight' has no place in "
                     "architecture 'llama' of 1 blocks"},
        {.edit = {ADD_VECTOR, "blk.0.attn_q.bias.scale", 1, .real = 1},
         .expected = "tensor 'blk.0.attn_q.bias.scale' has no place"},
        // These are used, or say nothing.
        {.edit = {ADD_VECTOR, "blk.0.attn_q.bias", 64, .real = 1}},
        {.edit = {ADD_VECTOR, "blk.1.ffn_down.bias", 64, .real = 1}},
        {.edit = {ADD_VECTOR, "output.bias", 256, .real = 1},
         .expected = "tensor 'output.bias' is [256], expected [1][269]"},
        {.edit = {ADD_VECTOR, "blk.1.attn_rot_embd.weight", 8, .real = 1}},
        {.edit = {ADD_VECTOR, "blk.1.attn_q.bias", 32, .real = 1},
         .expected = "'blk.1.attn_q.bias' is [32], expected [1][64]"},
    };
    CHECK(cases);
}

Test(model, refuses_types_by_tensor_and_name) {
    static const struct model_case cases[] = {
        {.edit = {SET_TYPE, Q, 24},
         .expected = "tensor '" Q "' has type I8, this build loads F32, F16, "
                     "Q4_0,"},
        {.edit = {SET_TYPE, Q, 99},
         .expected = "tensor '" Q "' has type 99, expected one of F32"},
        {.edit = {SET_TYPE, Q, 12},
         .expected = "tensor '" Q "': rows of 64 elements do not suit type "
                     "Q4_K (blocks of 256)"},
        {.model = {.n_embd = 256},
         .edit = {SET_TYPE, Q, 16},
         .expected = "tensor '" Q "' has type IQ2_XXS, this build loads"},
        {.edit = {SET_TYPE, "blk.0.attn_norm.weight", 28},
         .expected = "overlaps tensor 'blk.0.attn_norm.weight'"},
        {.edit = {SET_TYPE, "blk.0.attn_norm.weight", 26},
         .expected = "tensor 'blk.0.attn_norm.weight' has type I32"},
        // Vectors may be of any type that a matrix may be.
        {.edit = {SET_TYPE, "blk.0.attn_norm.weight", 30}},
    };
    CHECK(cases);
}

// Every place where a number can be that is not finite; test_kern_pack.c has
// every type.
Test(model, refuses_numbers_that_are_not_finite) {
    static const struct model_case cases[] = {
        {.edit = {SPOIL, Q, 0x7fc0, .at = 63 * 256 + 2},
         .expected = "tensor '" Q "': row 63 has a weight or scale that is not "
                     "a finite number"},
        {.model = {.type = 8},
         .edit = {SPOIL, Q, 0x7c00, .at = 5 * 68 + 34},
         .expected = "'" Q "': row 5 "},
        {.model = {.type = 8},
         .edit = {SPOIL, Q, 0xfe00, .at = 0},
         .expected = "'" Q "': row 0 "},
        {.model = {.type = 1},
         .edit = {SPOIL, Q, 0xfc00, .at = 17 * 128 + 126},
         .expected = "row 17 "},
        {.model = {.type = 30},
         .edit = {SPOIL, Q, 0xff80, .at = 62 * 128},
         .expected = "row 62 "},
        // An embedding is checked whether or not it is the output.
        {.model = {.type = 8},
         .edit = {SPOIL, "token_embd.weight", 0x7c01, .at = 268 * 68},
         .expected = "tensor 'token_embd.weight': row 268 "},
        {.model = {.type = 8, .is_tied = true},
         .edit = {SPOIL, "token_embd.weight", 0x7c01, .at = 33 * 68},
         .expected = "tensor 'token_embd.weight': row 33 "},
        {.edit = {SPOIL, "blk.1.attn_norm.weight", 0x7f80, .at = 4 * 4 + 2},
         .expected = "tensor 'blk.1.attn_norm.weight': element 4 has a weight"},
        {.model = {.arch = "qwen2"},
         .edit = {SPOIL, "blk.0.attn_v.bias", 0xffff, .at = 31 * 4 + 2},
         .expected = "tensor 'blk.0.attn_v.bias': element 31 "},
        {.model = {.has_rope_factors = true},
         .edit = {SPOIL, "rope_freqs.weight", 0xc000, .at = 2},
         .expected = "tensor 'rope_freqs.weight': element 0 is -2"},
    };
    CHECK(cases);
}

// ---- what is right ----------------------------------------------------------

Test(model, a_window_is_the_longest_context) {
    static const struct model_case cases[] = {
        {.edit = {ADD_U32, "llama.attention.sliding_window", 128}},
        {.edit = {ADD_U32, "llama.attention.sliding_window", 4096}},
        {.edit = {ADD_U32, "llama.attention.sliding_window", 0}},
    };
    static const int expected[] = {128, 512, 512};
    for (int i = 0; i < 3; i++) {
        struct error err;
        void *bytes;
        struct model *m = open_case(&cases[i], &bytes, &err);
        cr_assert(m, "%s", err.text);
        cr_expect_eq(m->shape.n_ctx_train, expected[i]);
        model_free(m);
        free(bytes);
    }
}

Test(model, scales_rotations_by_either_name) {
    static const struct model_case cases[] = {
        {.edit = {ADD_F32, "llama.rope.scaling.factor", .real = 4}},
        {.edit = {ADD_F32, "llama.rope.scale_linear", .real = 4}},
    };
    for (int i = 0; i < 2; i++) {
        struct error err;
        void *bytes;
        struct model *m = open_case(&cases[i], &bytes, &err);
        cr_assert(m, "%s", err.text);
        cr_assert_not_null(m->rope_factors);
        cr_expect_float_eq(m->rope_factors[7], 4, 0);
        model_free(m);
        free(bytes);
    }
}

// The same embedding, whether it is read from the file or from the panels of
// the output.
Test(model, embeds_from_the_file_or_from_panels) {
    static const uint32_t types[] = {0, 1, 8, 30};
    for (int i = 0; i < 4; i++) {
        struct model_case apart = {.model = {.type = types[i]}};
        struct model_case tied = {.model = {.type = types[i], .is_tied = true}};
        struct error err;
        void *a_bytes, *b_bytes;
        struct model *a = open_case(&apart, &a_bytes, &err);
        struct model *b = open_case(&tied, &b_bytes, &err);
        cr_assert(a && b && a->embedding && !b->embedding, "%s", err.text);
        for (int32_t token = 0; token < a->shape.n_vocab; token++) {
            float x[64], y[64];
            model_embed(a, token, x);
            model_embed(b, token, y);
            cr_assert_arr_eq(x, y, sizeof x, "token %d", token);
        }
        model_free(a);
        model_free(b);
        free(a_bytes);
        free(b_bytes);
    }
}

// kB of resident file mappings, or of anonymous memory.
static size_t resident_kb(const char *kind) {
    char line[128];
    size_t kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, kind, strlen(kind)))
            kb = strtoul(line + strlen(kind), NULL, 10);
    if (f) fclose(f);
    return kb;
}

Test(model, does_not_hold_a_file_twice) {
    char path[] = "/tmp/specsweep-model-XXXXXX";
    struct helper_model big = {
        .type = 8, .n_embd = 512, .n_ff = 4096, .is_tied = true};
    struct error err = {0};
    close(mkstemp(path));
    helper_write_model(path, &big);
    size_t before = resident_kb("RssFile:");
    if (!before)
        cr_skip_test("skip: this kernel does not say what is resident");
    struct model *m = model_open(path, NULL, &err);
    cr_assert(m, "%s", err.text);
    size_t n_kb = resident_kb("RssFile:") - before;
    cr_expect_gt(m->weights_bytes, (size_t)12 << 20);
    cr_expect_lt(n_kb, 1024, "%zu kB of %zu bytes", n_kb, m->weights_bytes);
    model_free(m);
    unlink(path);
}
