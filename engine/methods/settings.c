#include "engine/methods/settings.h"

#include "engine/lm/chat.h"

#include <stddef.h>

// Defaults are those of SpecReason's published code where it has them
// (temperature 0.6, top_p 0.95, budget 8192, 512 tokens a step, threshold 7,
// five drafted tokens); the rest is ours.

static const char *const accept_names[] = {"exact", "rejection", NULL};
static const char *const judge_names[] = {"digit", "random", "prm",
                                          "likelihood", NULL};
static const char *const score_names[] = {"greedy", "average", NULL};

static const char *const search_names[] = {"beam", "mcts", NULL};
static const char *const selection_names[] = {"puct", "uct", NULL};
static const char *const evaluator_names[] = {"prm", "judge", "likelihood",
                                              "random", NULL};
static const char *const second_names[] = {"prm",    "judge", "likelihood",
                                           "random", "none",  NULL};
static const char *const choose_names[] = {"last", "min", "majority", "vote",
                                           NULL};
static const char *const prm_format_names[] = {"own", "math-shepherd",
                                               "math-psa", NULL};
static const char *const rejection_names[] = {"adaptive", "fixed", "random",
                                              NULL};
static const char *const quality_names[] = {"mean", "max", "ucb", NULL};
static const char *const quality_input_names[] = {"base", "base+accepted",
                                                  NULL};
static const char *const rewrite_names[] = {"sps", "ar", "none", "best", NULL};
static const char *const first_layer_names[] = {"base", "draft", NULL};

#define AT(field) offsetof(struct settings, field)
#define SIZE(field) sizeof(((struct settings *)0)->field)
#define TOKEN_LEVEL                                                            \
    ((unsigned)BIT_SPECDECODE | BIT_SPECREASON_DECODE | BIT_SEARCH_SPS |       \
     BIT_SPECSEARCH)
#define STEP_LEVEL ((unsigned)BIT_SPECREASON | BIT_SPECREASON_DECODE)
#define SEARCH ((unsigned)BITS_SEARCH)

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
     .text_size = SIZE(grade_suffix), .default_value = "",
     .mask = STEP_LEVEL | SEARCH,
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
     .help = "a drafted step is kept when its score reaches this: a digit (above "
             "9 keeps none), or 0 to 1 with judge prm or likelihood"},
    {.name = "score", .type = OPT_CHOICE, .offset = AT(score),
     .choices = score_names, .default_value = "greedy",
     .mask = STEP_LEVEL | SEARCH,
     .help = "the judge's most likely digit, or the average over its digits"},
    {.name = "judge", .type = OPT_CHOICE, .offset = AT(judge),
     .choices = judge_names, .default_value = "digit", .mask = STEP_LEVEL,
     .help = "digit: the base model grades; prm: a process reward model; "
             "likelihood: the draft's own; random: control that keeps a step "
             "by chance"},
    {.name = "accept_rate", .type = OPT_FLOAT, .offset = AT(accept_rate),
     .min = 0, .max = 1, .default_value = "0.5", .mask = STEP_LEVEL,
     .help = "judge random: chance that a step is kept"},
    {.name = "first_n_base", .type = OPT_INT, .offset = AT(first_n_base),
     .min = 0, .max = 100000, .default_value = "0", .mask = STEP_LEVEL,
     .help = "the base writes the first n steps without draft or judge"},
    {.name = "prm_format", .type = OPT_CHOICE, .offset = AT(prm_format),
     .choices = prm_format_names, .default_value = "own",
     .mask = STEP_LEVEL | SEARCH,
     .help = "how the process reward model reads problem and steps; own: as its "
             "file says"},
    {.name = "search", .type = OPT_CHOICE, .offset = AT(search),
     .choices = search_names, .default_value = "beam", .mask = SEARCH,
     .help = "beam search, or Monte Carlo tree search"},
    {.name = "beam_width", .type = OPT_INT, .offset = AT(beam_width),
     .min = 1, .max = 64, .default_value = "2", .mask = SEARCH,
     .help = "thoughts that each layer of a beam search goes on from"},
    {.name = "tree_width", .type = OPT_INT, .offset = AT(tree_width),
     .min = 1, .max = 64, .default_value = "6", .mask = SEARCH,
     .help = "thoughts after each thought that is expanded"},
    {.name = "max_depth", .type = OPT_INT, .offset = AT(max_depth),
     .min = 1, .max = 1000, .default_value = "50", .mask = SEARCH,
     .help = "thoughts of a path, at most"},
    {.name = "iterations", .type = OPT_INT, .offset = AT(iterations),
     .min = 1, .max = 1000, .default_value = "4", .mask = SEARCH,
     .help = "mcts: paths that are followed to their end"},
    {.name = "selection", .type = OPT_CHOICE, .offset = AT(selection),
     .choices = selection_names, .default_value = "puct", .mask = SEARCH,
     .help = "mcts: how a path goes down the tree"},
    {.name = "exploration", .type = OPT_FLOAT, .offset = AT(exploration),
     .min = 0, .max = 100, .default_value = "1.25", .mask = SEARCH,
     .help = "mcts: weight of what was visited little"},
    {.name = "evaluator", .type = OPT_CHOICE, .offset = AT(evaluator),
     .choices = evaluator_names, .default_value = "prm", .mask = SEARCH,
     .help = "who scores thoughts from 0 to 1; judge: the base's digit / 9, "
             "likelihood: the author's own"},
    {.name = "second_evaluator", .type = OPT_CHOICE,
     .offset = AT(second_evaluator), .choices = second_names,
     .default_value = "none", .mask = SEARCH,
     .help = "scores the same thoughts for comparison and decides nothing"},
    {.name = "choose", .type = OPT_CHOICE, .offset = AT(choose),
     .choices = choose_names, .default_value = "last", .mask = SEARCH,
     .help = "the answer: of the path with the best last or worst score, of "
             "most paths, or by votes weighted with the last score"},
    {.name = "draft_factor", .type = OPT_FLOAT, .offset = AT(draft_factor),
     .min = 0.01, .max = 64, .default_value = "2", .mask = BIT_SPECSEARCH,
     .help = "thoughts drafted for each one wanted"},
    {.name = "extra_thoughts", .type = OPT_INT, .offset = AT(extra_thoughts),
     .min = 0, .max = 64, .default_value = "0", .mask = BIT_SPECSEARCH,
     .help = "thoughts of the base besides those that replace rejected ones"},
    {.name = "rejection", .type = OPT_CHOICE, .offset = AT(rejection),
     .choices = rejection_names, .default_value = "adaptive",
     .mask = BIT_SPECSEARCH,
     .help = "a drafted thought goes when its score is below a threshold that "
             "follows the base's quality, below fixed_threshold, or by chance"},
    {.name = "theta", .type = OPT_FLOAT, .offset = AT(theta),
     .min = 0, .max = 1, .default_value = "0.9", .mask = BIT_SPECSEARCH,
     .help = "adaptive: share of the old threshold in the next one"},
    {.name = "quality", .type = OPT_CHOICE, .offset = AT(quality),
     .choices = quality_names, .default_value = "max", .mask = BIT_SPECSEARCH,
     .help = "adaptive: estimate of the base's quality from a layer's scores"},
    {.name = "quality_input", .type = OPT_CHOICE, .offset = AT(quality_input),
     .choices = quality_input_names, .default_value = "base+accepted",
     .mask = BIT_SPECSEARCH,
     .help = "adaptive: the scores it is made of, with or without those of "
             "accepted drafts"},
    {.name = "ucb_factor", .type = OPT_FLOAT, .offset = AT(ucb_factor),
     .min = 0, .max = 100, .default_value = "1", .mask = BIT_SPECSEARCH,
     .help = "quality ucb: standard errors above the mean"},
    {.name = "fixed_threshold", .type = OPT_FLOAT,
     .offset = AT(fixed_threshold), .min = 0, .max = 1.1,
     .default_value = "0.9", .mask = BIT_SPECSEARCH,
     .help = "rejection fixed: the least score that is kept"},
    {.name = "reject_rate", .type = OPT_FLOAT, .offset = AT(reject_rate),
     .min = 0, .max = 1, .default_value = "0.5", .mask = BIT_SPECSEARCH,
     .help = "rejection random: chance that a drafted thought goes"},
    {.name = "rewrite", .type = OPT_CHOICE, .offset = AT(rewrite),
     .choices = rewrite_names, .default_value = "sps", .mask = BIT_SPECSEARCH,
     .help = "how the base replaces rejected thoughts: with the drafter, "
             "alone, or not at all; best: not at all, but where all drafts of "
             "a thought are rejected the best one stays"},
    {.name = "first_layer", .type = OPT_CHOICE, .offset = AT(first_layer),
     .choices = first_layer_names, .default_value = "base",
     .mask = BIT_SPECSEARCH,
     .help = "who writes the first thoughts, which set the first threshold"},
    {.name = NULL},
};
// clang-format on
