#pragma once
// Private to engine/methods: how a process reward model reads a problem and
// steps, and what its verdict is.
//
// It reads the problem, then step after step; behind a step comes the step tag,
// and the score is P(good) / (P(good) + P(bad)) of the next token there.
//
//   own            the model's metadata: specsweep.prompt with {problem};
//                  specsweep.prm_suffix is the tag, specsweep.prm_good and
//                  specsweep.prm_bad the two tokens; the tag is not part of the
//                  transcript
//   math-shepherd  "{problem} ", steps "Step 1: ... ки\n"; tag " ки" (12902),
//                  " +" (648) and " -" (387) of Mistral-7B's vocabulary (Wang
//                  et al. 2312.08935); tags stay
//   math-psa       "{problem} ", steps separated by the tag, a blank and five
//                  newlines (76325 of Qwen2.5's vocabulary), and a blank; " +"
//                  (488) and " -" (481) (OpenR); tags stay
//
// A model that exchanges ids with the base and keeps text as it is gets the
// base's ids; else steps are encoded again from their text. The presets cut the
// newlines at a step's end: the tag takes their place. Nothing in a problem or
// a step is parsed as a special token.

#include "engine/methods/settings.h"
#include "engine/lm/lm.h"

struct error;

enum { PRM_TAG_MAX = 16 };

struct prm {
    int format;          // enum prm_format
    const char *problem; // template with {problem}; borrowed
    int32_t tag[PRM_TAG_MAX];
    int n_tag;
    int32_t good, bad;
    bool keeps_tag;  // tags of earlier steps are part of the transcript
    bool shares_ids; // steps are pushed as the base's ids
};

// -1 with an error that names what the model lacks: metadata, or tokens that
// are not single ids of its vocabulary, not two, or not the ids of the named
// preset.
int prm_resolve(struct prm *p, const struct lm *lm, const struct lm *base,
                const struct settings *s, struct error *err);

// A step as it was written.
struct prm_step {
    int number;            // 1: the first after the problem
    const int32_t *tokens; // [n_tokens] the base's ids
    int n_tokens;
    const char *text;
    size_t n_bytes;
};
// Push the problem to an empty transcript.
int prm_push_problem(const struct prm *p, struct lm_seq *seq,
                     struct lm_scratch *scratch, const char *problem,
                     struct error *err);
// Push a step behind the problem and the steps before it, and before it the tag
// of the one before, where tags stay. *fits false: the context is too short
// (room for the tag included); nothing is pushed.
int prm_push_step(const struct prm *p, struct lm_seq *seq,
                  struct lm_scratch *scratch, const struct prm_step *step,
                  bool *fits, struct error *err);
// The score in the row after the tag; NAN when the logits are no numbers. Pure.
double prm_score(const struct prm *p, const float *row);
