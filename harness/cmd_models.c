// `specsweep models FILE...`: what GGUF files say about themselves, and
// `specsweep models logits MODEL IDS.txt OUT.f32`: the raw logits after each
// token, for checking the engine against another one, and
// `specsweep models synth`: a file with the shape of a published model and
// random weights, for measuring speed.

#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/engine.h"
#include "harness/config.h"
#include "harness/file_write.h"
#include "harness/json_write.h"
#include "harness/synth_file.h"
#include "harness/token_ids.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 16, TOKENS_BYTES_MAX = 1 << 26, VALUE_BYTES = 96 };

struct models_options {
    bool keys, tensors, check, json;
    int isa, threads, prefill;
    int shape, type, seed, n_ctx;
    const char *output;
};

static const char *const prefill_names[] = {"exact", "blas", NULL};

#define AT(field) offsetof(struct models_options, field)
// clang-format off
static const struct cli_option options[] = {
    {.name = "keys", .short_name = 'k', .type = CLI_FLAG, .offset = AT(keys),
     .help = "list the metadata too"},
    {.name = "tensors", .short_name = 't', .type = CLI_FLAG,
     .offset = AT(tensors), .help = "list the tensors too"},
    {.name = "check", .short_name = 'c', .type = CLI_FLAG, .offset = AT(check),
     .help = "load the model, to see whether this build can run it"},
    {.name = "json", .type = CLI_FLAG, .offset = AT(json),
     .help = "one JSON object per file and line"},
    {.name = "isa", .type = CLI_CHOICE, .offset = AT(isa),
     .choices = engine_isa_names, .default_value = "auto",
     .value_name = "NAME", .help = "logits, --check: kernels to use"},
    {.name = "threads", .type = CLI_INT, .offset = AT(threads), .min = 1,
     .max = 256, .default_value = "1", .value_name = "N",
     .help = "logits, --check: threads"},
    {.name = "prefill", .type = CLI_CHOICE, .offset = AT(prefill),
     .choices = prefill_names, .default_value = "exact", .value_name = "HOW",
     .help = "logits, --check: how prompts are evaluated"},
    {.name = "shape", .type = CLI_CHOICE, .offset = AT(shape),
     .choices = synth_shape_names, .default_value = "qwen2.5-0.5b",
     .value_name = "NAME", .help = "synth: the model to be like"},
    {.name = "type", .type = CLI_CHOICE, .offset = AT(type),
     .choices = synth_type_names, .default_value = "q8_0",
     .value_name = "NAME", .help = "synth: quantisation"},
    {.name = "output", .short_name = 'o', .type = CLI_TEXT,
     .offset = AT(output), .value_name = "FILE",
     .help = "synth: file to write (needed)"},
    {.name = "seed", .type = CLI_INT, .offset = AT(seed), .min = 0,
     .max = INT32_MAX, .default_value = "1", .value_name = "N",
     .help = "synth: of weights and vocabulary"},
    {.name = "ctx", .type = CLI_INT, .offset = AT(n_ctx), .min = 0,
     .max = 1 << 24, .default_value = "0", .value_name = "N",
     .help = "synth: context length; 0: the model's own"},
    {.name = NULL},
};
// clang-format on

static struct lm *open_lm(const char *path, const struct models_options *o,
                          struct error *err) {
    const struct lm_native_options native = {
        .isa = engine_isa_names[o->isa],
        .n_threads = o->threads,
        .n_seq = 1,
        .n_rows = ROWS_AT_ONCE,
        .prefill_blas = o->prefill == PREFILL_BLAS,
    };
    return lm_native_open(path, &native, err);
}

// ---- facts ----------------------------------------------------------------

static void print_count(FILE *out, const char *name, int64_t value) {
    if (value) fprintf(out, "  %-12s %lld\n", name, (long long)value);
}

static void print_facts(const char *path, const struct model_file_facts *f,
                        FILE *out) {
    fprintf(out, "%s\n", path);
    if (*f->name) fprintf(out, "  %-12s %s\n", "name", f->name);
    if (*f->arch) fprintf(out, "  %-12s %s\n", "arch", f->arch);
    print_count(out, "params", f->n_params);
    print_count(out, "layers", f->n_layer);
    print_count(out, "embedding", f->n_embd);
    print_count(out, "feed_forward", f->n_ff);
    if (f->n_head)
        fprintf(out, "  %-12s %d (%d of keys and values)\n", "heads", f->n_head,
                f->n_head_kv);
    print_count(out, "context", f->n_ctx);
    print_count(out, "vocab", f->n_vocab);
    if (*f->tokenizer) fprintf(out, "  %-12s %s\n", "tokenizer", f->tokenizer);
    if (*f->chat) fprintf(out, "  %-12s %s\n", "chat", f->chat);
    for (int i = 0; i < f->n_types; i++)
        fprintf(out, "  %-12s %s: %d tensors, %zu bytes\n", "tensors",
                f->types[i].name, f->types[i].n_tensors, f->types[i].n_bytes);
    fprintf(out, "  %-12s %zu bytes, GGUF %d\n", "file", f->file_bytes,
            f->gguf_version);
    fprintf(out, "  %-12s %s\n", "hash", f->hash);
}

static void print_keys(const struct model_file *f, FILE *out) {
    struct buf value;
    buf_init(&value);
    for (size_t i = 0; i < model_file_n_keys(f); i++) {
        buf_clear(&value);
        model_file_print_value(f, i, VALUE_BYTES, &value);
        fprintf(out, "  %s = %s\n", model_file_key(f, i), value.text);
    }
    buf_release(&value);
}

static void print_tensors(const struct model_file *f, FILE *out) {
    for (size_t i = 0; i < model_file_n_tensors(f); i++) {
        struct model_file_tensor t = model_file_tensor(f, i);
        fprintf(out, "  %-32s %-6s", t.name, t.type);
        for (int d = 0; d < t.n_dims; d++)
            fprintf(out, "%s%lld", d ? " x " : " ", (long long)t.dims[d]);
        fputc('\n', out);
    }
}

static void json_number(struct buf *b, const char *key, int64_t value) {
    json_add_key(b, key);
    if (value)
        buf_addf(b, "%lld", (long long)value);
    else
        buf_adds(b, "null");
}

static void json_text(struct buf *b, const char *key, const char *value) {
    json_add_key(b, key);
    json_add_string(b, *value ? value : NULL);
}

static void print_json(const char *path, const struct model_file_facts *f,
                       FILE *out) {
    struct buf b;
    buf_init(&b);
    buf_addc(&b, '{');
    json_text(&b, "path", path);
    json_text(&b, "hash", f->hash);
    json_text(&b, "name", f->name);
    json_text(&b, "arch", f->arch);
    json_text(&b, "tokenizer", f->tokenizer);
    json_text(&b, "chat", f->chat);
    json_number(&b, "n_params", f->n_params);
    json_number(&b, "n_layer", f->n_layer);
    json_number(&b, "n_embd", f->n_embd);
    json_number(&b, "n_ff", f->n_ff);
    json_number(&b, "n_head", f->n_head);
    json_number(&b, "n_head_kv", f->n_head_kv);
    json_number(&b, "n_ctx", f->n_ctx);
    json_number(&b, "n_vocab", f->n_vocab);
    json_number(&b, "file_bytes", (int64_t)f->file_bytes);
    json_number(&b, "weights_bytes", (int64_t)f->weights_bytes);
    json_add_key(&b, "types");
    buf_addc(&b, '{');
    for (int i = 0; i < f->n_types; i++)
        json_number(&b, f->types[i].name, f->types[i].n_tensors);
    buf_adds(&b, "}}");
    fprintf(out, "%s\n", b.text);
    buf_release(&b);
}

static int check_model(const char *path, const struct models_options *o,
                       FILE *out, struct error *err) {
    struct lm *lm = open_lm(path, o, err);
    if (!lm) return -1;
    const struct lm_facts *f = lm_facts(lm);
    if (!o->json)
        fprintf(out,
                "  %-12s yes, kernels %s, %zu bytes of cache for %d "
                "tokens\n",
                "runs", f->kernels, f->kv_bytes, f->n_ctx);
    lm_free(lm);
    return 0;
}

static int show_model(const char *path, const struct models_options *o,
                      FILE *out, struct error *err) {
    struct model_file *f = model_file_open(path, err);
    if (!f) return -1;
    if (o->json)
        print_json(path, model_file_facts(f), out);
    else
        print_facts(path, model_file_facts(f), out);
    if (o->keys && !o->json) print_keys(f, out);
    if (o->tensors && !o->json) print_tensors(f, out);
    model_file_close(f);
    return o->check ? check_model(path, o, out, err) : 0;
}

// ---- logits ---------------------------------------------------------------

static int write_rows(struct lm *lm, const int32_t *tokens, int n, FILE *out,
                      const char *path, struct error *err) {
    struct lm_seq *s = lm_seq_new(lm, err);
    int status = s ? lm_push(s, tokens, n, err) : -1;
    size_t n_vocab = (size_t)lm_facts(lm)->n_vocab;
    for (int i = 0; i < n && !status; i += ROWS_AT_ONCE) {
        int positions[ROWS_AT_ONCE], n_rows = 0;
        const float *rows[ROWS_AT_ONCE];
        while (n_rows < ROWS_AT_ONCE && i + n_rows < n) {
            positions[n_rows] = i + n_rows + 1;
            n_rows++;
        }
        status = lm_rows(s, positions, n_rows, rows, err);
        for (int r = 0; r < n_rows && !status; r++) {
            if (fwrite(rows[r], sizeof(float), n_vocab, out) != n_vocab)
                status = error_errno(err, ERR_IO, "writing %s", path);
        }
    }
    lm_seq_free(s);
    return status;
}

static int save_rows(struct lm *lm, const int32_t *tokens, int n,
                     const char *path, FILE *standard_out, struct error *err) {
    if (strcmp(path, "-") == 0)
        return write_rows(lm, tokens, n, standard_out, "stdout", err);
    FILE *out = fopen(path, "wb");
    if (!out) return error_errno(err, ERR_IO, "cannot write %s", path);
    int status = write_rows(lm, tokens, n, out, path, err);
    if (fclose(out) && !status)
        status = error_errno(err, ERR_IO, "writing %s", path);
    return status;
}

static int run_logits(const struct cli_call *call, struct error *err) {
    if (call->n_args != 4)
        return error_set(err, ERR_USAGE,
                         "models logits expects MODEL IDS.txt OUT.f32");
    const char *ids_path = call->args[2];
    int32_t *tokens = NULL;
    char *text = NULL;
    size_t n_bytes;
    int status = -1, n = 0;
    struct lm *lm = open_lm(call->args[1], call->options, err);
    if (!lm) goto done;
    text = file_read(ids_path, TOKENS_BYTES_MAX, &n_bytes, err);
    if (!text) goto done;
    n = token_ids_parse(text, n_bytes, lm_facts(lm)->n_vocab, &tokens, err);
    if (n < 0) {
        error_prefix(err, "%s", ids_path);
        goto done;
    }
    if (n == 0) {
        error_set(err, ERR_INPUT, "%s: no token ids", ids_path);
        goto done;
    }
    status = save_rows(lm, tokens, n, call->args[3], call->out, err);
done:
    free(tokens);
    free(text);
    lm_free(lm);
    return status;
}

static int run_synth(const struct cli_call *call, struct error *err) {
    const struct models_options *o = call->options;
    if (call->n_args != 1 || !o->output)
        return error_set(err, ERR_USAGE,
                         "models synth expects --output FILE and no argument");
    const struct synth_options synth = {.shape = o->shape,
                                        .type = o->type,
                                        .seed = (uint64_t)o->seed,
                                        .n_ctx = o->n_ctx};
    return synth_file_write(o->output, &synth, call->out, err);
}

static int run_models(const struct cli_call *call, struct error *err) {
    if (strcmp(call->args[0], "logits") == 0) return run_logits(call, err);
    if (strcmp(call->args[0], "synth") == 0) return run_synth(call, err);
    for (int i = 0; i < call->n_args; i++) {
        if (show_model(call->args[i], call->options, call->out, err)) return -1;
    }
    return 0;
}

const struct cli_command cmd_models = {
    .name = "models",
    .arguments = "FILE... | logits MODEL IDS.txt OUT.f32 | synth",
    .summary = "facts of GGUF files, logits of one, files of random weights",
    .details =
        "logits: IDS.txt has ids parted by blanks. OUT.f32 ('-': stdout)\n"
        "gets [n_tokens][n_vocab] little-endian floats; row i comes after\n"
        "token i.\n"
        "synth: a model with the shape of a published one, seeded random\n"
        "weights and a made-up vocabulary: for measuring speed.",
    .options = options,
    .record_bytes = sizeof(struct models_options),
    .min_args = 1,
    .max_args = -1,
    .run = run_models,
};
