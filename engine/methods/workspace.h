#pragma once
// Private to engine/methods: the sequences and buffers that methods solve
// with, and the state of the sample being solved.
//
// The base's transcript is prompt, then kept tokens, then whatever is being
// tried. `text` holds the text of the kept tokens, with the text of what is
// being tried after it; control tokens have no text.

#include "engine/methods/method.h"
#include "engine/methods/prm.h"
#include "engine/methods/sampler.h"
#include "engine/methods/stop_scan.h"
#include "engine/methods/vocab_map.h"

// What the PRM has of a linear sample (prm_judge.h).
struct prm_reading {
    int n_steps;   // kept steps
    int n_tokens;  // of its transcript, to their end
    int n_kept;    // of the sample's tokens
    size_t n_text; // of the sample's text
    bool is_full;  // a kept step did not fit
    // The step that was judged good, to be kept.
    bool has_judged;
    int judged_kept;
    size_t judged_text;
};

struct workspace {
    struct lm *lm[ROLE_N]; // borrowed; NULL: none in that role
    struct lm_seq *seq[ROLE_N];
    struct sampler sampler[ROLE_N];
    // Length of a weight row: enough for the ids in use of both models. The
    // one place where padding is kept out: a sampler reads and weighs no more
    // of a logits row than its model's ids in use.
    int n_vocab;
    struct vocab_map map; // of ids, or how they differ; zeroed without a draft
    float *mapped_row;    // [n_vocab] the draft's logits in the base's ids
    float *plain_row;     // [n_vocab] of workspace_log_p()

    // The loaded problem.
    bool loaded;
    int n_prompt[ROLE_N];
    int64_t prompt_ns[ROLE_N];
    float *prompt_row[ROLE_N]; // [lm's n_vocab] logits after the prompt
    // The draft's row where its last step began: a long step pushes it out of
    // the model's row store, and a rewriting with the drafter begins there.
    float *held_row;   // [draft's n_vocab]
    int held_position; // 0: none

    struct prm prm; // of lm[ROLE_PRM] and the settings it was loaded for
    struct prm_reading prm_reading;
    struct search *search; // of methods that search (search.h), or NULL

    // Buffers, sized by workspace_fit().
    int cap_draft;   // drafted tokens of a round
    int cap_step;    // tokens of a drafted step
    int cap_text;    // kept tokens that `text` has room for
    float *p;        // [cap_draft + 1][n_vocab] target weights
    float *q;        // [cap_draft + 1][n_vocab] draft weights
    int32_t *tokens; // [cap_step]
    char *text;      // [text_bytes]
    size_t text_bytes, max_token_bytes;

    struct lm_scratch *scratch; // of texts that one model writes for the other

    // Texts of the settings in force, encoded for the base.
    char *suffix_text, *answer_text;
    int32_t *suffix, *answer;
    int n_suffix, n_answer;
    int32_t digits[10]; // token of each digit, -1: none
};

// Make room for these settings and encode their texts. Called before the clock
// of a sample starts; allocates only when something grew or changed.
// `needs_judge`: a missing grade suffix or digit is an error.
int workspace_fit(struct workspace *w, const struct settings *s,
                  bool needs_judge, struct error *err);

// Logits row after the first `position` tokens of the role's transcript; the
// end of the prompt and a held row cost nothing.
int workspace_row(struct workspace *w, enum model_role role, int position,
                  const float **row, struct error *err);
// Hold the draft's row at this position, until the next call or sample.
void workspace_hold(struct workspace *w, int position, const float *row);
// Sampling weights of a row; -1 with an error when it holds no number.
int workspace_weights(struct workspace *w, enum model_role role,
                      const float *row, float *weights, double *total,
                      struct error *err);
// Log probability of a token at temperature 1 without filters; NAN when the row
// holds no number.
double workspace_log_p(struct workspace *w, enum model_role role,
                       const float *row, int32_t token);
