#pragma once
// The settings of one cell: everything but models and problems that can change
// a sample. One table describes them all (settings_table); its `mask` says
// which methods know a setting, so that a threshold given to vanilla is an
// error and not silently ignored.

#include "engine/base/option.h"

#include <stdbool.h>

enum { DRAFT_TOKENS_MAX = 64 }; // most that settings.draft_tokens may be

enum accept_rule {
    ACCEPT_EXACT,     // target samples; draft token kept while equal. Lossless
                      // per seed: same tokens as plain sampling.
    ACCEPT_REJECTION, // min(1, p/q), residual. Lossless in distribution.
};
enum judge_kind {
    JUDGE_DIGIT,  // the base's utility digit, 0-9
    JUDGE_RANDOM, // control: keeps a step with probability accept_rate
};
enum score_method {
    SCORE_GREEDY,  // most likely digit; no digit on top: 0
    SCORE_AVERAGE, // expectation over the ten digits, renormalised
};

struct settings {
    // For all methods alike: sampling, stop rule, budget, answer phase.
    double temperature, top_p, min_p;
    int top_k;
    int budget_tokens; // kept tokens after the prompt
    int step_tokens;   // a step is cut here even without delimiter
    int max_steps;
    char step_delimiter[32];
    int answer_tokens; // answer phase when no answer came: 0 = none
    char answer_prompt[128];
    int chat;               // 0: detected; else 1 + enum chat_kind (chat.h)
    char prompt[512];       // template with {problem}; "" = the model's own
    char system[512];       // "" = none, or the chat family's own
    char grade_suffix[512]; // "" = the model's own
    // Token-level speculation (specdecode, specreason+decode).
    int draft_tokens;
    int accept; // enum accept_rule
    // Step-level speculation (specreason, specreason+decode).
    double threshold;
    int score;          // enum score_method
    int judge;          // enum judge_kind
    double accept_rate; // JUDGE_RANDOM
    int first_n_base;
};

extern const struct option settings_table[]; // ends with name NULL

// The user's turn where neither the settings nor the model name one.
#define PROMPT_DEFAULT                                                         \
    "{problem}\nPlease reason step by step, and put your final answer within " \
    "\\boxed{}."

// Bits of `mask`: the methods that know a setting.
enum method_bit {
    BIT_VANILLA = 1 << 0,
    BIT_SPECDECODE = 1 << 1,
    BIT_SPECREASON = 1 << 2,
    BIT_SPECREASON_DECODE = 1 << 3,
    BIT_NULL = 1 << 4,
};
// Mask bit: known to every method.
#define SETTINGS_SHARED (1u << 31)
