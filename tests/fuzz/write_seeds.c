// write_seeds FOLDER: where each fuzz target starts from, one folder per
// target inside FOLDER, which exists.

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "tests/helper_gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void write_seed(const char *folder, const char *target, int i,
                       const void *bytes, size_t n) {
    char *path = xasprintf("%s/%s", folder, target);
    mkdir(path, 0777);
    free(path);
    path = xasprintf("%s/%s/seed-%d", folder, target, i);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) {
        perror(path);
        exit(1);
    }
    free(path);
}

static void write_models(const char *folder) {
    static const char *const archs[] = {"llama", "qwen2", "qwen3"};
    static const uint32_t types[] = {8, 1, 30};
    for (int i = 0; i < 3; i++) {
        size_t n;
        struct helper_model m = {.arch = archs[i],
                                 .type = types[i],
                                 .n_layer = 1,
                                 .n_embd = 32,
                                 .n_ff = 32,
                                 .head_dim = 8,
                                 .is_tied = true};
        char *bytes = helper_model_bytes(&m, &n);
        write_seed(folder, "fuzz_gguf", i, bytes, n);
        free(bytes);
    }
}

// A file of one key of each kind and one tensor, without a vocabulary.
static void write_small(const char *folder) {
    static const char *const texts[] = {"a", "b c"};
    static const int32_t numbers[] = {1, 2, 3};
    static const float values[32] = {1.0f};
    struct helper_gguf g;
    helper_gguf_init(&g);
    helper_gguf_text(&g, "a", "b");
    helper_gguf_u32(&g, "general.alignment", 32);
    helper_gguf_f32(&g, "f", 0.5f);
    helper_gguf_bool(&g, "t", true);
    helper_gguf_texts(&g, "texts", texts, 2);
    helper_gguf_i32s(&g, "numbers", numbers, 3);
    helper_gguf_tensor(&g, "w", 8, 1, 32, values);
    helper_gguf_tensor(&g, "v", 0, 0, 4, values);
    size_t n;
    char *bytes = helper_gguf_finish(&g, &n);
    write_seed(folder, "fuzz_gguf", 3, bytes, n);
    free(bytes);
}

// "How" and the length of a text, the text, and a whole file, which is
// released.
static void write_vocabulary(const char *folder, int i, const char *text,
                             struct helper_gguf *g) {
    size_t n;
    char *bytes = helper_gguf_finish(g, &n);
    struct buf b;
    buf_init(&b);
    buf_addc(&b, '\0');
    buf_addc(&b, (char)strlen(text));
    buf_adds(&b, text);
    buf_add(&b, bytes, n);
    write_seed(folder, "fuzz_tokenizer", i, b.text, b.n_bytes);
    buf_release(&b);
    free(bytes);
}

static void write_vocabularies(const char *folder) {
    static const char *const tokens[] = {"<unk>", "<s>", "a",     "b",
                                         "ab",    " ",   "<0x0A>"};
    static const char *const merges[] = {"a b"};
    static const int32_t types[] = {2, 3, 1, 1, 1, 1, 6};
    static const float scores[] = {0, 0, -1, -2, -3, -4, 0};
    for (int i = 0; i < 2; i++) {
        struct helper_gguf g;
        helper_gguf_init(&g);
        helper_gguf_text(&g, "tokenizer.ggml.model", i ? "llama" : "gpt2");
        helper_gguf_text(&g, "tokenizer.ggml.pre", "llama-bpe");
        helper_gguf_texts(&g, "tokenizer.ggml.tokens", tokens, 7);
        helper_gguf_i32s(&g, "tokenizer.ggml.token_type", types, 7);
        helper_gguf_f32s(&g, "tokenizer.ggml.scores", scores, 7);
        helper_gguf_texts(&g, "tokenizer.ggml.merges", merges, 1);
        helper_gguf_u32(&g, "tokenizer.ggml.bos_token_id", 1);
        helper_gguf_bool(&g, "tokenizer.ggml.add_space_prefix", false);
        write_vocabulary(folder, i, i ? "ab\nba<s>" : "abab<s>b", &g);
    }
}

static void write_texts(const char *folder) {
    static const char *const texts[] = {
        "\x82<|user|>The thin error = 10\n\nthe end<|think|>",
        "\2he's THERE'LL  \t \r\n\n  x\xc3\xa9\xe2\x82\xac 123\xc2\xa0",
        "\2\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80 <|grade|",
        "\x83<s>the thin  <u>in the 1\n\nn \xc3\xa9\xe2\x82\xac</s>x",
        "\3\xe2\x96\x81 the\xff\xe2\x96<s>",
        // A list of tokens: flags, n, then type, score, length and text.
        "\x81\3\3\1\377\1a\1\376\2ab\3\1\3<c>ab<c>ba a",
        "\x81\4\4\1\1\2ab\1\1\3abc\3\1\3<c>\4\1\2xy\2\3a b\4ab cxyab<c>abc 12",
    };
    for (int i = 0; i < 7; i++)
        write_seed(folder, "fuzz_tokenizer", 2 + i, texts[i], strlen(texts[i]));
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: write_seeds FOLDER\n");
        return 2;
    }
    write_models(argv[1]);
    write_small(argv[1]);
    write_vocabularies(argv[1]);
    write_texts(argv[1]);
    return 0;
}
