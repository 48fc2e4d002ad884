#include "engine/lm/model_file.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A file with a name, two tensors and no vocabulary.
static struct model_file *open_small(char *dir) {
    static const float values[64] = {1};
    struct helper_gguf g;
    struct error err = {0};
    size_t n;
    helper_gguf_init(&g);
    helper_gguf_text(&g, "general.architecture", "mamba");
    helper_gguf_text(&g, "general.name", "small");
    helper_gguf_u32(&g, "mamba.block_count", 3);
    helper_gguf_u32(&g, "mamba.attention.head_count", 4);
    helper_gguf_tensor(&g, "a", 0, 2, 32, values);
    helper_gguf_tensor(&g, "b", 8, 1, 32, values);
    char *bytes = helper_gguf_finish(&g, &n), *path = helper_path(dir, "m");
    FILE *f = fopen(path, "wb");
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
    struct model_file *m = model_file_open(path, &err);
    cr_assert(m, "%s", err.text);
    cr_expect_eq(model_file_facts(m)->file_bytes, n);
    free(path);
    free(bytes);
    return m;
}

Test(model_file, states_facts_of_files_that_cannot_run) {
    char *dir = helper_dir_new();
    struct model_file *m = open_small(dir);
    const struct model_file_facts *f = model_file_facts(m);
    cr_expect_str_eq(f->arch, "mamba");
    cr_expect_str_eq(f->name, "small");
    cr_expect_str_eq(f->tokenizer, "");
    cr_expect_str_eq(f->chat, "");
    cr_expect_eq(f->n_params, 96);
    cr_expect_eq(f->n_layer, 3);
    cr_expect_eq(f->n_head_kv, 4);
    cr_expect_eq(f->n_vocab, 0);
    cr_assert_eq(f->n_types, 2);
    cr_expect_str_eq(f->types[0].name, "F32");
    cr_expect_eq(f->types[0].n_bytes, 256);
    cr_expect_str_eq(f->types[1].name, "Q8_0");
    cr_expect_eq(strlen(f->hash), 32);
    model_file_close(m);
    helper_dir_free(dir);
}

static void expect_chat(const char *source, const char *family) {
    struct helper_gguf g;
    struct error err = {0};
    size_t n;
    char *dir = helper_dir_new(), *path = helper_path(dir, "m");
    helper_gguf_init(&g);
    helper_gguf_text(&g, "general.architecture", "llama");
    helper_gguf_text(&g, "tokenizer.chat_template", source);
    char *bytes = helper_gguf_finish(&g, &n);
    FILE *f = fopen(path, "wb");
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
    struct model_file *m = model_file_open(path, &err);
    cr_assert(m, "%s", err.text);
    cr_expect_str_eq(model_file_facts(m)->chat, family);
    model_file_close(m);
    free(path);
    free(bytes);
    helper_dir_free(dir);
}

Test(model_file, names_the_family_of_the_chat_template) {
    expect_chat("{{ '<|im_start|>' }}", "chatml");
    expect_chat("{{ '<|start_header_id|>' }}{{ '<|end_header_id|>' }}",
                "llama3");
    expect_chat("{{ odd }}", "unknown");
}

Test(model_file, lists_keys_and_tensors) {
    char *dir = helper_dir_new();
    struct model_file *m = open_small(dir);
    struct buf value;
    buf_init(&value);
    cr_assert_geq(model_file_n_keys(m), 4);
    cr_expect_str_eq(model_file_key(m, 1), "general.name");
    model_file_print_value(m, 1, 80, &value);
    cr_expect(strstr(value.text, "small"), "%s", value.text);
    cr_assert_eq(model_file_n_tensors(m), 2);
    struct model_file_tensor t = model_file_tensor(m, 0);
    cr_expect_eq(t.n_dims, 2);
    cr_expect(t.dims[0] == 2 && t.dims[1] == 32);
    buf_release(&value);
    model_file_close(m);
    helper_dir_free(dir);
}

Test(model_file, says_that_there_is_no_vocabulary) {
    char *dir = helper_dir_new();
    struct error err = {0};
    struct model_file *m = open_small(dir);
    cr_expect_eq(model_file_load_vocab(m, &err), -1);
    cr_expect(strstr(err.text, "tokenizer"), "%s", err.text);
    model_file_close(m);
    model_file_close(NULL);
    helper_dir_free(dir);
}

Test(model_file, encodes_without_loading_a_model) {
    static const char path[] = "../shared/reference/tokenizers/"
                               "vocab-qwen2.gguf";
    struct error err = {0};
    FILE *f = fopen(path, "r");
    if (!f) cr_skip_test("skip: %s is not here", path);
    fclose(f);
    struct model_file *m = model_file_open(path, &err);
    cr_assert(m, "%s", err.text);
    cr_assert_eq(model_file_load_vocab(m, &err), 0, "%s", err.text);
    int32_t *ids;
    size_t n_bytes;
    cr_assert_eq(model_file_encode(m, "a", 1, true, &ids, &err), 1);
    cr_expect_eq(*model_file_token_bytes(m, ids[0], &n_bytes), 'a');
    cr_expect_eq(n_bytes, 1);
    cr_expect_not(model_file_is_control(m, ids[0]));
    cr_expect_gt(model_file_n_vocab(m), 100000);
    free(ids);
    model_file_close(m);
}
