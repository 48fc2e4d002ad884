#pragma once
// Chat templates: how a conversation is written for a model family.
//
// A conversation becomes one text in parts. A special part is the name of one
// special token of the family and may be parsed as such; all other text, that
// of the turns above all, never is. Neighbouring text parts are joined, so that
// tokens may reach across the end of a turn's text as the family's own
// tokenizer has them.
//
// Pure text: no model is needed, and nothing is remembered.

#include "engine/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

enum chat_kind {
    CHAT_PLAIN,  // no conversation: text as it is
    CHAT_CHATML, // bare ChatML
    CHAT_QWEN25, // ChatML with Qwen2.5's own system text
    CHAT_QWEN_MATH,
    CHAT_QWQ,   // ChatML, the think tag is opened by the template
    CHAT_QWEN3, // ChatML, the model opens the think tag itself
    CHAT_QWEN3_NO_THINK,
    CHAT_DEEPSEEK_R1,
    CHAT_LLAMA3,
    CHAT_LLAMA31, // 3.1 to 3.3: a system turn with dates
    CHAT_MISTRAL, // v3: 7B v0.3, 8x22B
    CHAT_MISTRAL_V1,
    CHAT_MISTRAL_TEKKEN, // v3-tekken: Nemo
    CHAT_MISTRAL_V7,
    CHAT_MISTRAL_V7_TEKKEN,
    CHAT_N,
};

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_ROLE_N };

struct chat_template {
    const char *name; // "qwen3", as the setting `chat` has it
    const char *help; // models that use it
    // Template text, special tokens written by their names.
    const char *begin; // before all turns
    const char *open[CHAT_ROLE_N], *close[CHAT_ROLE_N];
    const char *generate;    // opens the turn that the model is to write
    const char *system_head; // before the system text; the turn is always there
    const char *system_text; // where none is given; NULL: no system turn
    // After an assistant turn that is left open: ends it, asks for the grade
    // of its last step and opens the reply up to the digit. NULL: none.
    const char *judge;
    bool system_in_user;     // system text opens the first user turn
    unsigned trims;          // bit of each role whose text is trimmed
    bool drops_thoughts;     // of turns before the last: what precedes </think>
    const char *drops_after; // and these characters after it
};

struct chat_turn {
    enum chat_role role;
    const char *text;
};

enum chat_end {
    CHAT_CLOSED,   // every turn is ended
    CHAT_GENERATE, // then a turn of the assistant begins
    CHAT_CONTINUE, // the last turn is the assistant's and stays open; its text
                   // is what was written after CHAT_GENERATE of the turns
                   // before it
};

struct chat_part {
    size_t begin, n_bytes; // of chat_text.bytes
    bool special;
};

struct chat_text {
    struct buf bytes;
    struct chat_part *parts; // [n] in order, without gaps, none empty
    size_t n, cap;
};

const struct chat_template *chat_get(enum chat_kind kind);
const struct chat_template *chat_find(const char *name); // NULL if unknown

// "auto", then the names in the order of enum chat_kind, then NULL.
extern const char *const chat_choices[];

// The family of a model by its template source (tokenizer.chat_template: Jinja,
// or a name), recognised by marker strings. NULL or "": plain. NULL with
// ERR_UNSUPPORTED when no family is recognised.
const struct chat_template *chat_detect(const char *source, struct error *err);

void chat_text_init(struct chat_text *t);
void chat_text_release(struct chat_text *t); // safe on a zeroed struct

// Append a conversation. -1 with ERR_USAGE: a system turn that is not the
// first, or CHAT_CONTINUE without an assistant turn at the end. The parts
// appended are undefined then.
int chat_render(const struct chat_template *c, const struct chat_turn *turns,
                int n, enum chat_end end, struct chat_text *out,
                struct error *err);
// Append template text: its special tokens become special parts.
void chat_add_template(struct chat_text *out, const char *text);
// Append text in which nothing is special.
void chat_add_text(struct chat_text *out, const char *text, size_t n_bytes);
