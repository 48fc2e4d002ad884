// `specsweep tokenize MODEL`: text to token ids and back, for comparing with
// other tools. Only the vocabulary of the file is read.

#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/engine.h"
#include "harness/token_ids.h"

#include <stdlib.h>

enum { INPUT_BYTES_MAX = 1 << 28 };

struct tokenize_options {
    bool bos, special, decode;
};

static const struct cli_option options[] = {
    {.name = "bos",
     .type = CLI_FLAG,
     .default_value = "true",
     .offset = offsetof(struct tokenize_options, bos),
     .help = "do not begin with the BOS token, even if the model asks for it"},
    {.name = "special",
     .type = CLI_FLAG,
     .default_value = "true",
     .offset = offsetof(struct tokenize_options, special),
     .help = "leave special tokens in the text as text; when decoding, leave "
             "them out"},
    {.name = "decode",
     .short_name = 'd',
     .type = CLI_FLAG,
     .offset = offsetof(struct tokenize_options, decode),
     .help = "ids on stdin to text on stdout"},
    {.name = NULL},
};

static int read_input(FILE *in, struct buf *text, struct error *err) {
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0) {
        buf_add(text, chunk, n);
        if (text->n_bytes > INPUT_BYTES_MAX)
            return error_set(err, ERR_INPUT, "more than %d bytes on stdin",
                             INPUT_BYTES_MAX);
    }
    return ferror(in) ? error_errno(err, ERR_IO, "reading stdin") : 0;
}

static int encode(const struct model_file *f, const struct tokenize_options *o,
                  const struct buf *text, FILE *out, struct error *err) {
    int32_t *tokens = NULL;
    int n = model_file_encode(f, text->text, text->n_bytes, o->special, &tokens,
                              err);
    if (n < 0) return -1;
    const char *blank = "";
    if (o->bos && model_file_adds_bos(f) && model_file_bos(f) >= 0) {
        fprintf(out, "%d", (int)model_file_bos(f));
        blank = " ";
    }
    for (int i = 0; i < n; i++, blank = " ")
        fprintf(out, "%s%d", blank, (int)tokens[i]);
    fputc('\n', out);
    free(tokens);
    return 0;
}

static int decode(const struct model_file *f, const struct tokenize_options *o,
                  const struct buf *text, FILE *out, struct error *err) {
    int32_t *tokens;
    int n = token_ids_parse(text->text, text->n_bytes, model_file_n_vocab(f),
                            &tokens, err);
    if (n < 0) return error_prefix(err, "stdin");
    struct buf decoded;
    buf_init(&decoded);
    model_file_decode(f, tokens, (size_t)n, o->special, &decoded);
    fwrite(decoded.text, 1, decoded.n_bytes, out);
    buf_release(&decoded);
    free(tokens);
    return 0;
}

static int run_tokenize(const struct cli_call *call, struct error *err) {
    const struct tokenize_options *o = call->options;
    struct buf text;
    buf_init(&text);
    int status = -1;
    struct model_file *f = model_file_open(call->args[0], err);
    if (!f || model_file_load_vocab(f, err)) goto done;
    if (read_input(call->in, &text, err)) goto done;
    status = o->decode ? decode(f, o, &text, call->out, err)
                       : encode(f, o, &text, call->out, err);
done:
    model_file_close(f);
    buf_release(&text);
    return status;
}

const struct cli_command cmd_tokenize = {
    .name = "tokenize",
    .arguments = "MODEL",
    .summary = "text on stdin to token ids on stdout, or back",
    .options = options,
    .record_bytes = sizeof(struct tokenize_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_tokenize,
};
