#include "engine/model/synth.h"

#include "engine/base/error.h"
#include "engine/kernels/kern_format.h"
#include "engine/lm/lm.h"
#include "engine/model/gguf.h"
#include "engine/model/synth_block.h"
#include "engine/model/synth_mix.h"
#include "engine/model/synth_shape.h"
#include "harness/synth_file.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int index_of(const char *const *names, const char *name) {
    int i = 0;
    while (names[i] && strcmp(names[i], name) != 0)
        i++;
    cr_assert(names[i], "%s", name);
    return i;
}

static struct synth_options options_of(const char *shape, const char *type) {
    return (struct synth_options){.shape = index_of(synth_shape_names, shape),
                                  .type = index_of(synth_type_names, type),
                                  .seed = 1};
}

// The file's bytes, malloc'ed.
static char *make(const struct synth_options *o, size_t *n_bytes) {
    char *bytes = NULL;
    struct synth *s = synth_new(o, NULL);
    FILE *out = open_memstream(&bytes, n_bytes);
    cr_assert_eq(synth_write(s, out, NULL), 0);
    fclose(out);
    cr_expect_eq(*n_bytes, synth_file_bytes(s));
    synth_free(s);
    return bytes;
}

Test(synth, names_are_those_of_the_tables) {
    int i = 0;
    for (; synth_shape_names[i]; i++)
        cr_expect_str_eq(synth_shape_names[i], synth_shapes[i].name);
    cr_expect_null(synth_shapes[i].name);
    for (i = 0; synth_type_names[i]; i++)
        cr_expect_str_eq(synth_type_names[i], synth_types[i].name);
    cr_expect_null(synth_types[i].name);
}

Test(synth, options_out_of_range_are_refused) {
    struct error err = {0};
    cr_expect_null(synth_new(&(struct synth_options){.shape = -1}, &err));
    cr_expect_null(synth_new(&(struct synth_options){.shape = 99}, &err));
    cr_expect_null(synth_new(&(struct synth_options){.type = 99}, &err));
    cr_expect_null(synth_new(&(struct synth_options){.n_ctx = -1}, &err));
    cr_expect_eq(err.kind, ERR_INPUT);
}

Test(synth, equal_options_give_equal_bytes) {
    for (int type = 0; synth_type_names[type]; type++) {
        struct synth_options o = options_of("tiny", synth_type_names[type]);
        size_t n, n_again, n_other;
        char *bytes = make(&o, &n), *again = make(&o, &n_again);
        o.seed = 2;
        char *other = make(&o, &n_other);
        cr_expect(n == n_again && !memcmp(bytes, again, n), "%s",
                  synth_type_names[type]);
        cr_expect(n != n_other || memcmp(bytes, other, n), "%s",
                  synth_type_names[type]);
        free(bytes);
        free(again);
        free(other);
    }
}

// ---- types ------------------------------------------------------------------

// Of matrices, as llama-quantize of llama.cpp (February 2025) chose them from
// the f16 file of the same shape; the norms and biases are F32.
static const struct {
    const char *shape, *type, *types;
} mixes[] = {
    {"qwen2.5-0.5b", "q8_0", "Q8_0 169"},
    {"qwen2.5-0.5b", "q4_0", "Q8_0 1 Q4_0 168"},
    {"qwen2.5-0.5b", "q4_k_m", "Q8_0 13 Q5_0 132 Q6_K 12 Q4_K 12"},
    {"qwen2.5-0.5b", "iq4_xs", "Q8_0 1 IQ4_NL 120 Q5_1 24 Q5_K 3 IQ4_XS 21"},
    {"tiny", "q2_k", "Q6_K 1 Q2_K 8 Q3_K 6"},
    {"tiny", "q3_k_m", "Q6_K 1 Q3_K 8 Q5_K 2 Q4_K 4"},
    {"tiny", "q5_k_m", "Q6_K 3 Q5_K 12"},
};

// "TYPE n TYPE n": matrices of each type in order of appearance.
static void list_types(const struct gguf *g, char *text, size_t n_bytes) {
    const char *names[16];
    int counts[16] = {0}, n = 0;
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        const char *name = tensor_type_name(t->type);
        int at = 0;
        if (t->n_dims < 2) continue;
        while (at < n && strcmp(names[at], name) != 0)
            at++;
        if (at == n) names[n++] = name;
        counts[at]++;
    }
    size_t used = 0;
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%s %d",
                                 i ? " " : "", names[i], counts[i]);
}

// Which layers have more bits, by the same tool: the first and last eighth and
// every third between.
Test(synth, layers_are_mixed_as_by_llama_quantize) {
    static const char down[] = "666446446446446446446666"; // Q6_K, else Q4_K
    struct synth_options o = options_of("qwen2.5-0.5b", "q4_k_m");
    const struct synth_shape *shape = &synth_shapes[o.shape];
    const struct synth_type *type = &synth_types[o.type];
    for (int i = 0; i < shape->n_layer; i++) {
        uint32_t id = synth_mix(type, shape, ROLE_FFN_DOWN, i, shape->n_ff);
        cr_expect_eq(id, down[i] == '6' ? SYNTH_Q6_K : SYNTH_Q4_K, "layer %d",
                     i);
        id = synth_mix(type, shape, ROLE_ATTN_V, i, shape->n_embd);
        cr_expect_eq(id, down[i] == '6' ? SYNTH_Q8_0 : SYNTH_Q5_0, "layer %d",
                     i);
    }
}

Test(synth, types_are_mixed_as_by_llama_quantize, .timeout = 120) {
    char *dir = helper_dir_new(), *path = helper_path(dir, "model.gguf");
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        struct synth_options o = options_of(mixes[i].shape, mixes[i].type);
        struct error err = {0};
        char text[256] = "";
        FILE *out = fopen("/dev/null", "w");
        cr_assert_eq(synth_file_write(path, &o, out, &err), 0, "%s", err.text);
        fclose(out);
        struct gguf *g = gguf_open(path, &err);
        cr_assert(g, "%s", err.text);
        list_types(g, text, sizeof text);
        cr_expect_str_eq(text, mixes[i].types, "%s %s: %s", mixes[i].shape,
                         mixes[i].type, text);
        gguf_close(g);
    }
    free(path);
    helper_dir_free(dir);
}

// ---- weights ----------------------------------------------------------------

static void check_moments(uint32_t type) {
    enum { BLOCKS = 400 };
    static struct synth_stream s;
    static uint8_t bytes[BLOCKS * 256];
    const struct tensor_type_info *info = tensor_type_find(type);
    const struct kern_format *f = kern_format((enum kern_type)type);
    double sum = 0, squares = 0, n = 0;
    synth_stream_init(&s, type, 7, 0.0f, 0.03f);
    synth_stream_fill(&s, bytes, BLOCKS);
    for (int i = 0; i < BLOCKS; i++) {
        float x[256];
        kern_block_to_f32(f, bytes + (size_t)i * info->block_bytes, x);
        for (uint32_t j = 0; j < info->block_elements; j++, n++) {
            cr_assert(isfinite(x[j]), "%s", info->name);
            sum += (double)x[j];
            squares += (double)x[j] * (double)x[j];
        }
    }
    cr_expect_float_eq(sqrt(squares / n), 0.03, 0.0045, "%s: sigma %g",
                       info->name, sqrt(squares / n));
    cr_expect_lt(fabs(sum / n), 0.002, "%s: mean %g", info->name, sum / n);
}

Test(synth, quantised_weights_have_the_sigma_asked_for) {
    static const uint32_t types[] = {SYNTH_Q4_0, SYNTH_Q4_1,   SYNTH_Q5_0,
                                     SYNTH_Q5_1, SYNTH_Q8_0,   SYNTH_Q2_K,
                                     SYNTH_Q3_K, SYNTH_Q4_K,   SYNTH_Q5_K,
                                     SYNTH_Q6_K, SYNTH_IQ4_NL, SYNTH_IQ4_XS};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        check_moments(types[i]);
}

// Logits of a random model are about normal: finite, and spread by about 1.
static void check_logits(struct lm *lm, const char *what) {
    struct lm_seq *s = lm_seq_new(lm, NULL);
    const int32_t tokens[] = {1, 300, 77};
    const int position = 3;
    const float *row;
    int n = lm_facts(lm)->n_vocab;
    double sum = 0, squares = 0;
    cr_assert_eq(lm_push(s, tokens, 3, NULL), 0);
    cr_assert_eq(lm_rows(s, &position, 1, &row, NULL), 0);
    for (int i = 0; i < n; i++) {
        sum += (double)row[i];
        squares += (double)row[i] * (double)row[i];
    }
    double sd = sqrt(squares / n - sum / n * (sum / n));
    cr_expect(sd > 0.7 && sd < 1.4, "%s: SD of the logits %g", what, sd);
    lm_seq_free(s);
}

static void check_text(const struct lm *lm) {
    static const char text[] = "<|im_start|>user\nWho's there? \xc3\xa9\n";
    int32_t *tokens;
    int n = lm_encode(lm, text, strlen(text), true, &tokens, NULL);
    char back[128] = "";
    cr_assert_gt(n, 3);
    cr_expect(lm_token_is_control(lm, tokens[0]));
    cr_expect_lt(n, (int)strlen(text) - 11, "no merge was used");
    for (int i = 0; i < n; i++) {
        size_t n_bytes;
        const char *bytes = lm_token_bytes(lm, tokens[i], &n_bytes);
        strncat(back, bytes, n_bytes);
    }
    cr_expect_str_eq(back, text);
    cr_expect(lm_token_is_end(lm, lm_facts(lm)->eos_token));
    free(tokens);
}

Test(synth, models_of_every_type_run, .timeout = 120) {
    char *dir = helper_dir_new(), *path = helper_path(dir, "model.gguf");
    FILE *out = fopen("/dev/null", "w");
    for (int i = 0; synth_type_names[i]; i++) {
        struct synth_options o = options_of("tiny", synth_type_names[i]);
        struct error err = {0};
        o.n_ctx = 64;
        cr_assert_eq(synth_file_write(path, &o, out, &err), 0, "%s", err.text);
        struct lm_native_options native = {
            .isa = "ref", .n_threads = 1, .n_seq = 1, .n_rows = 1};
        struct lm *lm = lm_native_open(path, &native, &err);
        cr_assert(lm, "%s: %s", synth_type_names[i], err.text);
        cr_expect_eq(lm_facts(lm)->n_ctx, 64);
        check_logits(lm, synth_type_names[i]);
        check_text(lm);
        lm_free(lm);
    }
    fclose(out);
    free(path);
    helper_dir_free(dir);
}

// ---- files ------------------------------------------------------------------

Test(synth, a_full_disk_is_an_error) {
    struct synth_options o = options_of("tiny", "q8_0");
    struct synth *s = synth_new(&o, NULL);
    struct error err = {0};
    FILE *full = fopen("/dev/full", "w");
    if (!full) cr_skip_test("no /dev/full here");
    cr_expect_eq(synth_write(s, full, &err), -1);
    cr_expect_eq(err.kind, ERR_IO);
    cr_expect(strstr(err.text, "No space left"), "%s", err.text);
    fclose(full);
    synth_free(s);
}

Test(synth, a_failed_file_leaves_nothing_and_the_old_one_alone) {
    char *dir = helper_dir_new(), *path = helper_path(dir, "model.gguf");
    struct synth_options o = options_of("tiny", "q8_0");
    struct error err = {0};
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    helper_write(path, "old");
    cr_expect_eq(synth_file_write("no/such/folder/m.gguf", &o, out, &err), -1);
    cr_expect(strstr(err.text, "no/such/folder/m.gguf.tmp: cannot create"),
              "%s", err.text);
    cr_expect_eq(err.kind, ERR_IO);
    cr_expect_eq(synth_file_write(dir, &o, out, &err), -1); // a folder
    cr_expect(strstr(err.text, "cannot rename"), "%s", err.text);
    char *left = malloc(strlen(dir) + 5);
    strcat(strcpy(left, dir), ".tmp");
    cr_expect_neq(access(left, F_OK), 0);
    char *content = helper_read(path);
    cr_expect_str_eq(content, "old");
    free(content);
    cr_expect_eq(synth_file_write(path, &o, out, &err), 0);
    content = helper_read(path);
    cr_expect_str_neq(content, "old");
    free(content);
    fclose(out);
    cr_expect(strstr(text, "model.gguf: tiny q8_0, "), "%s", text);
    free(text);
    free(left);
    free(path);
    helper_dir_free(dir);
}
