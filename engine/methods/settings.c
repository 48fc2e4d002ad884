#include "engine/methods/settings.h"

#include "engine/lm/chat.h"

#include <stddef.h>

// Defaults are those of SpecReason's published code where it has them
// (temperature 0.6, top_p 0.95, budget 8192, 512 tokens a step, threshold 7,
// five drafted tokens); the rest is ours.

static const char *const accept_names[] = {"exact", "rejection", NULL};
static const char *const judge_names[] = {"digit", "random", NULL};
static const char *const score_names[] = {"greedy", "average", NULL};

#define AT(field) offsetof(struct settings, field)
#define SIZE(field) sizeof(((struct settings *)0)->field)
#define TOKEN_LEVEL ((unsigned)BIT_SPECDECODE | BIT_SPECREASON_DECODE)
#define STEP_LEVEL ((unsigned)BIT_SPECREASON | BIT_SPECREASON_DECODE)

// clang-format off
const struct option settings_table[] = {
    {.name = "temperature", .type = OPT_FLOAT, .offset = AT(temperature),
     .min = 0, .max = 10, .default_value = "0.6", .mask = SETTINGS_SHARED,
     .help = "sampling temperature of both models; 0 is greedy"},
    {.name = "top_p", .type = OPT_FLOAT, .offset = AT(top_p),
     .min = 0, .max = 1, .default_value = "0.95", .mask = SETTINGS_SHARED,
     .help = "keep the most likely tokens up to this total probability"},
    {.name = "min_p", .type = OPT_FLOAT, .offset = AT(min_p),
     .min = 0, .max = 1, .default_value = "0", .mask = SETTINGS_SHARED,
     .help = "drop tokens less likely than this share of the most likely one"},
    {.name = "top_k", .type = OPT_INT, .offset = AT(top_k),
     .min = 0, .max = 1000000, .default_value = "0", .mask = SETTINGS_SHARED,
     .help = "keep the k most likely tokens; 0 keeps all"},
    {.name = "budget_tokens", .type = OPT_INT, .offset = AT(budget_tokens),
     .min = 1, .max = 1000000, .default_value = "8192", .mask = SETTINGS_SHARED,
     .help = "most tokens kept after the prompt"},
    {.name = "step_tokens", .type = OPT_INT, .offset = AT(step_tokens),
     .min = 1, .max = 100000, .default_value = "512", .mask = SETTINGS_SHARED,
     .help = "a step is cut after so many tokens even without a delimiter"},
    {.name = "max_steps", .type = OPT_INT, .offset = AT(max_steps),
     .min = 1, .max = 100000, .default_value = "512", .mask = SETTINGS_SHARED,
     .help = "stop after so many kept steps"},
    {.name = "step_delimiter", .type = OPT_TEXT, .offset = AT(step_delimiter),
     .text_size = SIZE(step_delimiter), .default_value = "\n\n", .mask = SETTINGS_SHARED,
     .help = "text that ends a reasoning step"},
    {.name = "answer_tokens", .type = OPT_INT, .offset = AT(answer_tokens),
     .min = 0, .max = 100000, .default_value = "0", .mask = SETTINGS_SHARED,
     .help = "tokens of the answer phase when the budget brought no answer; "
             "0: no such phase"},
    {.name = "answer_prompt", .type = OPT_TEXT, .offset = AT(answer_prompt),
     .text_size = SIZE(answer_prompt),
     .default_value = "\n\nFinal answer: \\boxed{", .mask = SETTINGS_SHARED,
     .help = "text that opens the answer phase"},
    {.name = "chat", .type = OPT_CHOICE, .offset = AT(chat),
     .choices = chat_choices, .default_value = "auto", .mask = SETTINGS_SHARED,
     .help = "chat template of both models; auto: each model's own, plain for "
             "one that has none"},
    {.name = "prompt", .type = OPT_TEXT, .offset = AT(prompt),
     .text_size = SIZE(prompt), .default_value = "", .mask = SETTINGS_SHARED,
     .help = "text with {problem}: the user's turn of a chat, or with chat "
             "plain the whole prompt; empty: the model's own"},
    {.name = "system", .type = OPT_TEXT, .offset = AT(system),
     .text_size = SIZE(system), .default_value = "", .mask = SETTINGS_SHARED,
     .help = "system text of a chat; empty: none, or the template's own"},
    {.name = "grade_suffix", .type = OPT_TEXT, .offset = AT(grade_suffix),
     .text_size = SIZE(grade_suffix), .default_value = "", .mask = STEP_LEVEL,
     .help = "text after a step that asks for its digit; empty: the model's "
             "own, or that of its chat template"},
    {.name = "draft_tokens", .type = OPT_INT, .offset = AT(draft_tokens),
     .min = 1, .max = 64, .default_value = "5", .mask = TOKEN_LEVEL,
     .help = "tokens that the draft writes before the base verifies them"},
    {.name = "accept", .type = OPT_CHOICE, .offset = AT(accept),
     .choices = accept_names, .default_value = "rejection",
     .mask = TOKEN_LEVEL,
     .help = "rule that accepts drafted tokens: exact is lossless per seed, "
             "rejection in distribution"},
    {.name = "threshold", .type = OPT_FLOAT, .offset = AT(threshold),
     .min = 0, .max = 10, .default_value = "7", .mask = STEP_LEVEL,
     .help = "a drafted step is kept when its score reaches this; above 9 "
             "keeps none"},
    {.name = "score", .type = OPT_CHOICE, .offset = AT(score),
     .choices = score_names, .default_value = "greedy", .mask = STEP_LEVEL,
     .help = "the judge's most likely digit, or the average over its digits"},
    {.name = "judge", .type = OPT_CHOICE, .offset = AT(judge),
     .choices = judge_names, .default_value = "digit", .mask = STEP_LEVEL,
     .help = "digit: the base model grades; random: control that keeps a step "
             "by chance"},
    {.name = "accept_rate", .type = OPT_FLOAT, .offset = AT(accept_rate),
     .min = 0, .max = 1, .default_value = "0.5", .mask = STEP_LEVEL,
     .help = "judge random: chance that a step is kept"},
    {.name = "first_n_base", .type = OPT_INT, .offset = AT(first_n_base),
     .min = 0, .max = 100000, .default_value = "0", .mask = STEP_LEVEL,
     .help = "the base writes the first n steps without draft or judge"},
    {.name = NULL},
};
// clang-format on
