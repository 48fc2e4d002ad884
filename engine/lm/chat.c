#include "engine/lm/chat.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// Left out: tools, images, and the dates of the day that Llama 3.2's template
// writes (here always its fallback, so that a prompt is the same every day).
// Mistral v3 puts the system text before the last user turn; here it opens the
// first one, as a conversation that goes on must not rewrite its beginning.
//
// The judge's words are those of SpecReason's published code (2504.07891): the
// think tag of the graded turn stays open, as templates drop the thoughts of a
// turn that closes it, and the reply is opened inside a think tag where the
// family has one, ending just before the digit.

#define GRADE_QUESTION                                                         \
    "Evaluate the last reasoning step solely based on factual correctness "    \
    "and logical validity. Ignore style, phrasing, or overall usefulness—"   \
    "only judge whether the step is objectively correct and logically "        \
    "follows from prior steps. Assign a score from 0 to 9."
#define GRADE_REPLY "I think the quality score is: "

#define CHATML_OPEN                                                            \
    { "<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n" }
#define CHATML_CLOSE                                                           \
    { "<|im_end|>\n", "<|im_end|>\n", "<|im_end|>\n" }
#define CHATML_JUDGE(think)                                                    \
    "<|im_end|>\n<|im_start|>user\n" GRADE_QUESTION                            \
    "<|im_end|>\n<|im_start|>assistant\n" think GRADE_REPLY

#define R1_JUDGE                                                               \
    "<｜end▁of▁sentence｜><｜User｜>" GRADE_QUESTION                           \
    "<｜Assistant｜><think>" GRADE_REPLY

#define LLAMA3_HEADER(role) "<|start_header_id|>" role "<|end_header_id|>\n\n"
#define LLAMA3_OPEN                                                            \
    {                                                                          \
        LLAMA3_HEADER("system"), LLAMA3_HEADER("user"),                        \
            LLAMA3_HEADER("assistant")                                         \
    }
#define LLAMA3_CLOSE                                                           \
    { "<|eot_id|>", "<|eot_id|>", "<|eot_id|>" }
#define LLAMA3_JUDGE                                                           \
    "<|eot_id|>" LLAMA3_HEADER("user") GRADE_QUESTION                          \
        "<|eot_id|>" LLAMA3_HEADER("assistant") GRADE_REPLY

#define ALL_ROLES (1u << CHAT_SYSTEM | 1u << CHAT_USER | 1u << CHAT_ASSISTANT)

// clang-format off
static const struct chat_template templates[CHAT_N] = {
    [CHAT_PLAIN] = {
        .name = "plain", .help = "no template: the prompt as it is",
        .begin = "", .open = {"", "", ""}, .close = {"", "", ""},
        .generate = "",
    },
    [CHAT_CHATML] = {
        .name = "chatml", .help = "ChatML without a system text of its own",
        .begin = "", .open = CHATML_OPEN, .close = CHATML_CLOSE,
        .generate = "<|im_start|>assistant\n", .judge = CHATML_JUDGE(""),
    },
    [CHAT_QWEN25] = {
        .name = "qwen2.5", .help = "Qwen2.5-Instruct",
        .begin = "", .open = CHATML_OPEN, .close = CHATML_CLOSE,
        .generate = "<|im_start|>assistant\n", .judge = CHATML_JUDGE(""),
        .system_text = "You are Qwen, created by Alibaba Cloud. You are a "
                       "helpful assistant.",
    },
    [CHAT_QWEN_MATH] = {
        .name = "qwen2.5-math", .help = "Qwen2.5-Math-Instruct",
        .begin = "", .open = CHATML_OPEN, .close = CHATML_CLOSE,
        .generate = "<|im_start|>assistant\n", .judge = CHATML_JUDGE(""),
        .system_text = "Please reason step by step, and put your final answer "
                       "within \\boxed{}.",
    },
    [CHAT_QWQ] = {
        .name = "qwq", .help = "QwQ-32B, Qwen3-Thinking-2507",
        .begin = "", .open = CHATML_OPEN, .close = CHATML_CLOSE,
        .generate = "<|im_start|>assistant\n<think>\n",
        .judge = CHATML_JUDGE("<think>"),
        .drops_thoughts = true, .drops_after = "\n",
    },
    [CHAT_QWEN3] = {
        .name = "qwen3", .help = "Qwen3",
        .begin = "", .open = CHATML_OPEN, .close = CHATML_CLOSE,
        .generate = "<|im_start|>assistant\n",
        .judge = CHATML_JUDGE("<think>"),
        .drops_thoughts = true, .drops_after = "\n",
    },
    [CHAT_QWEN3_NO_THINK] = {
        .name = "qwen3-no-think", .help = "Qwen3 with enable_thinking false",
        .begin = "", .open = CHATML_OPEN, .close = CHATML_CLOSE,
        .generate = "<|im_start|>assistant\n<think>\n\n</think>\n\n",
        .judge = CHATML_JUDGE("<think>\n\n</think>\n\n"),
        .drops_thoughts = true, .drops_after = "\n",
    },
    [CHAT_DEEPSEEK_R1] = {
        .name = "deepseek-r1", .help = "DeepSeek-R1 and its distillations",
        .begin = "<｜begin▁of▁sentence｜>",
        .open = {"", "<｜User｜>", "<｜Assistant｜>"},
        .close = {"", "", "<｜end▁of▁sentence｜>"},
        .generate = "<｜Assistant｜><think>\n", .judge = R1_JUDGE,
        .drops_thoughts = true, .drops_after = "",
    },
    [CHAT_LLAMA3] = {
        .name = "llama3", .help = "Llama 3",
        .begin = "<|begin_of_text|>",
        .open = LLAMA3_OPEN, .close = LLAMA3_CLOSE,
        .generate = LLAMA3_HEADER("assistant"), .judge = LLAMA3_JUDGE,
        .trims = ALL_ROLES,
    },
    [CHAT_LLAMA31] = {
        .name = "llama3.1", .help = "Llama 3.1, 3.2 and 3.3",
        .begin = "<|begin_of_text|>",
        .open = LLAMA3_OPEN, .close = LLAMA3_CLOSE,
        .generate = LLAMA3_HEADER("assistant"), .judge = LLAMA3_JUDGE,
        .system_head = "Cutting Knowledge Date: December 2023\n"
                       "Today Date: 26 Jul 2024\n\n",
        .trims = ALL_ROLES,
    },
    [CHAT_MISTRAL] = {
        .name = "mistral", .help = "Mistral v3: 7B-Instruct-v0.3, 8x22B",
        .begin = "<s>", .open = {"", "[INST] ", " "},
        .close = {"\n\n", "[/INST]", "</s>"}, .generate = "",
        .judge = "</s>[INST] " GRADE_QUESTION "[/INST] " GRADE_REPLY,
        .system_in_user = true, .trims = 1u << CHAT_ASSISTANT,
    },
    [CHAT_MISTRAL_V1] = {
        .name = "mistral-v1", .help = "Mistral 7B-Instruct-v0.1, v0.2, 8x7B",
        .begin = "<s>", .open = {"", " [INST] ", " "},
        .close = {"\n\n", " [/INST]", "</s>"}, .generate = "",
        .judge = "</s> [INST] " GRADE_QUESTION " [/INST] " GRADE_REPLY,
        .system_in_user = true,
    },
    [CHAT_MISTRAL_TEKKEN] = {
        .name = "mistral-tekken", .help = "Mistral v3-tekken: Nemo",
        .begin = "<s>", .open = {"", "[INST]", ""},
        .close = {"\n\n", "[/INST]", "</s>"}, .generate = "",
        .judge = "</s>[INST]" GRADE_QUESTION "[/INST]" GRADE_REPLY,
        .system_in_user = true,
    },
    [CHAT_MISTRAL_V7] = {
        .name = "mistral-v7", .help = "Mistral v7: Large-2411",
        .begin = "<s>", .open = {"[SYSTEM_PROMPT] ", "[INST] ", " "},
        .close = {"[/SYSTEM_PROMPT]", "[/INST]", "</s>"}, .generate = "",
        .judge = "</s>[INST] " GRADE_QUESTION "[/INST] " GRADE_REPLY,
    },
    [CHAT_MISTRAL_V7_TEKKEN] = {
        .name = "mistral-v7-tekken", .help = "Mistral v7-tekken: Small 3",
        .begin = "<s>", .open = {"[SYSTEM_PROMPT]", "[INST]", ""},
        .close = {"[/SYSTEM_PROMPT]", "[/INST]", "</s>"}, .generate = "",
        .judge = "</s>[INST]" GRADE_QUESTION "[/INST]" GRADE_REPLY,
    },
};

const char *const chat_choices[] = {
    "auto", "plain", "chatml", "qwen2.5", "qwen2.5-math", "qwq", "qwen3",
    "qwen3-no-think", "deepseek-r1", "llama3", "llama3.1", "mistral",
    "mistral-v1", "mistral-tekken", "mistral-v7", "mistral-v7-tekken", NULL,
};

// The first row of which the template has every marker and not `lacks`.
// CHAT_N: known not to be ours. "\\n" is the escape in Jinja's source.
static const struct marker_rule {
    const char *has[3], *lacks;
    enum chat_kind kind;
} marker_rules[] = {
    {{"<|im_start|>", "<|im_sep|>"}, NULL, CHAT_N}, // Phi-4
    {{"<|im_start|>", "assistant\\n<think>\\n'"}, NULL, CHAT_QWQ},
    {{"<|im_start|>", "<think>\\n\\n</think>\\n\\n"}, NULL, CHAT_QWEN3},
    {{"<|im_start|>", "You are Qwen, created by Alibaba Cloud."}, NULL,
     CHAT_QWEN25},
    {{"<|im_start|>", "Please reason step by step, and put your final"}, NULL,
     CHAT_QWEN_MATH},
    {{"<|im_start|>"}, NULL, CHAT_CHATML},
    {{"<|start_header_id|>", "<|end_header_id|>", "Cutting Knowledge Date: "},
     NULL, CHAT_LLAMA31},
    {{"<|start_header_id|>", "<|end_header_id|>"}, NULL, CHAT_LLAMA3},
    {{"<｜User｜>", "<｜Assistant｜>", "</think>"}, "thinking is defined",
     CHAT_DEEPSEEK_R1},
    {{"[INST]", "<<SYS>>"}, NULL, CHAT_N}, // Llama 2
    {{"[INST]", "[SYSTEM_PROMPT] "}, NULL, CHAT_MISTRAL_V7},
    {{"[INST]", "[SYSTEM_PROMPT]"}, NULL, CHAT_MISTRAL_V7_TEKKEN},
    {{"[INST]", "[AVAILABLE_TOOLS]", " [INST]"}, NULL, CHAT_MISTRAL_V1},
    {{"[INST]", "[AVAILABLE_TOOLS]", "\"[INST]\""}, NULL, CHAT_MISTRAL_TEKKEN},
    {{"[INST]", "[AVAILABLE_TOOLS]"}, NULL, CHAT_MISTRAL},
    {{"[INST] ", " [/INST]"}, "strip()", CHAT_MISTRAL_V1},
};
// clang-format on
enum { N_RULES = sizeof marker_rules / sizeof *marker_rules };

// ---- choosing -------------------------------------------------------------

const struct chat_template *chat_get(enum chat_kind kind) {
    assert(kind < CHAT_N);
    return &templates[kind];
}

const struct chat_template *chat_find(const char *name) {
    for (int i = 0; i < CHAT_N; i++) {
        if (strcmp(templates[i].name, name) == 0) return &templates[i];
    }
    return NULL;
}

static bool rule_matches(const struct marker_rule *r, const char *source) {
    for (int i = 0; i < 3 && r->has[i]; i++) {
        if (!strstr(source, r->has[i])) return false;
    }
    return !r->lacks || !strstr(source, r->lacks);
}

static void unknown(struct error *err) {
    struct buf names;
    buf_init(&names);
    for (int i = 0; i < CHAT_N; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", templates[i].name);
    error_set(err, ERR_UNSUPPORTED,
              "the model's chat template (tokenizer.chat_template) is of no "
              "known family; give the setting 'chat' one of %s",
              names.text);
    buf_release(&names);
}

const struct chat_template *chat_detect(const char *source, struct error *err) {
    if (!source || !*source) return &templates[CHAT_PLAIN];
    const struct chat_template *named = chat_find(source);
    if (named) return named;
    for (int i = 0; i < N_RULES; i++) {
        if (!rule_matches(&marker_rules[i], source)) continue;
        if (marker_rules[i].kind == CHAT_N) break;
        return &templates[marker_rules[i].kind];
    }
    unknown(err);
    return NULL;
}

// ---- parts ----------------------------------------------------------------

void chat_text_init(struct chat_text *t) {
    *t = (struct chat_text){0};
    buf_init(&t->bytes);
}

void chat_text_release(struct chat_text *t) {
    buf_release(&t->bytes);
    free(t->parts);
    *t = (struct chat_text){0};
}

static void add_part(struct chat_text *t, const char *text, size_t n_bytes,
                     bool special) {
    if (n_bytes == 0) return;
    size_t begin = t->bytes.n_bytes;
    buf_add(&t->bytes, text, n_bytes);
    if (t->n && !special && !t->parts[t->n - 1].special) {
        t->parts[t->n - 1].n_bytes += n_bytes;
        return;
    }
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->parts = xrealloc(t->parts, t->cap * sizeof *t->parts);
    }
    t->parts[t->n++] = (struct chat_part){begin, n_bytes, special};
}

void chat_add_text(struct chat_text *out, const char *text, size_t n_bytes) {
    add_part(out, text, n_bytes, false);
}

// Length of the special token that the text begins with: "<...>" or "[...]"
// without blanks or brackets inside; 0: none.
static size_t special_bytes(const char *text) {
    char end = *text == '<' ? '>' : *text == '[' ? ']' : '\0';
    if (!end) return 0;
    size_t n = 1 + strcspn(text + 1, "<>[] \n");
    return n > 1 && text[n] == end ? n + 1 : 0;
}

void chat_add_template(struct chat_text *out, const char *text) {
    while (*text) {
        size_t n = special_bytes(text);
        bool special = n > 0;
        if (!special) {
            n = 1;
            while (text[n] && !special_bytes(text + n))
                n++;
        }
        add_part(out, text, n, special);
        text += n;
    }
}

// ---- rendering ------------------------------------------------------------

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// A turn's text as the template takes it. `is_past`: other turns follow.
static void add_turn_text(const struct chat_template *c, enum chat_role role,
                          const char *text, bool is_past,
                          struct chat_text *out) {
    static const char close_tag[] = "</think>";
    if (c->drops_thoughts && role == CHAT_ASSISTANT && is_past) {
        const char *at, *after = NULL;
        for (at = text; (at = strstr(at, close_tag)); after = at)
            at += strlen(close_tag);
        if (after) text = after + strspn(after, c->drops_after);
    }
    size_t n = strlen(text);
    if (c->trims & 1u << role) {
        while (n && is_blank(text[n - 1]))
            n--;
        for (; n && is_blank(*text); n--)
            text++;
    }
    chat_add_text(out, text, n);
}

static void add_turn(const struct chat_template *c, enum chat_role role,
                     const char *text, bool is_past, struct chat_text *out) {
    chat_add_template(out, c->open[role]);
    if (role == CHAT_SYSTEM && c->system_head)
        chat_add_template(out, c->system_head);
    add_turn_text(c, role, text, is_past, out);
    chat_add_template(out, c->close[role]);
}

static int check_turns(const struct chat_turn *turns, int n, enum chat_end end,
                       struct error *err) {
    for (int i = 1; i < n; i++) {
        if (turns[i].role == CHAT_SYSTEM)
            return error_set(err, ERR_USAGE,
                             "chat: turn %d is the system's, which can only "
                             "be the first",
                             i + 1);
    }
    bool can_continue = n > 0 && turns[n - 1].role == CHAT_ASSISTANT;
    if (end == CHAT_CONTINUE && !can_continue)
        return error_set(err, ERR_USAGE,
                         "chat: there is no assistant turn to continue");
    return 0;
}

// The user's turn, with the system text inside where the family has it there.
static void add_user_turn(const struct chat_template *c, const char *system,
                          const char *text, struct chat_text *out) {
    chat_add_template(out, c->open[CHAT_USER]);
    if (system) {
        add_turn_text(c, CHAT_SYSTEM, system, false, out);
        chat_add_template(out, c->close[CHAT_SYSTEM]);
    }
    add_turn_text(c, CHAT_USER, text, false, out);
    chat_add_template(out, c->close[CHAT_USER]);
}

int chat_render(const struct chat_template *c, const struct chat_turn *turns,
                int n, enum chat_end end, struct chat_text *out,
                struct error *err) {
    if (check_turns(turns, n, end, err)) return -1;
    bool is_given = n > 0 && turns[0].role == CHAT_SYSTEM;
    const char *system = is_given ? turns[0].text : c->system_text;
    if (!system && c->system_head) system = "";
    chat_add_template(out, c->begin);
    if (system && !c->system_in_user) {
        add_turn(c, CHAT_SYSTEM, system, true, out);
        system = NULL;
    }
    for (int i = is_given; i < n; i++) {
        if (turns[i].role == CHAT_USER) {
            add_user_turn(c, system, turns[i].text, out);
            system = NULL;
        } else if (i == n - 1 && end == CHAT_CONTINUE) {
            chat_add_template(out, c->generate);
            chat_add_text(out, turns[i].text, strlen(turns[i].text));
        } else {
            add_turn(c, CHAT_ASSISTANT, turns[i].text, i < n - 1, out);
        }
    }
    if (end == CHAT_GENERATE) chat_add_template(out, c->generate);
    return 0;
}
