#pragma once
// Private to engine/methods: the verdict on a drafted step.

#include "engine/methods/sample.h"

struct verdict {
    double score; // 0 to 9; NAN for the random judge
    bool keep;
};

// Judge the tokens from n_before on, which are pushed to the base's transcript
// and not evaluated yet. One batch reads them, the token before them where it
// is pending, and the grade suffix, and gives all rows that keeping or
// rewriting needs; the suffix is then truncated away. -1 with an error, the
// transcript undefined after n_before.
int judge_step(struct sample *m, int n_before, struct verdict *v,
               struct error *err);

// The score in a row of logits. Pure.
double judge_score_greedy(const float *row, int n_vocab,
                          const int32_t digits[10]);
double judge_score_average(const float *row, const int32_t digits[10],
                           const struct kernels *k);
