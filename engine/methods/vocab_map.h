#pragma once
// Private to engine/methods: which token of the base is which of the draft.
//
// Models of one family have the same ordinary tokens and merges under the same
// ids, and special tokens (control, user-defined) of their own: QwQ and a
// distillation of DeepSeek-R1 into Qwen2.5. What methods then exchange are the
// base's ids:
//
// - an ordinary token is itself;
// - a special token is the special token with the same text;
// - the two ends of text (eos) are the same where neither vocabulary has the
//   other's;
// - what only the draft has is never proposed: its logit counts as minus
//   infinity before any filter;
// - what only the base has is read by the draft as its text in tokens of the
//   draft, a control token not at all, as it has no text. So the draft may be
//   pushed more or fewer tokens than the base has: positions in the two
//   transcripts are not to be compared.
//
// The acceptance rules are lossless for whatever the draft proposes: the map
// decides only how often it is right.

#include <stdbool.h>
#include <stdint.h>

struct lm;
struct lm_scratch;

enum vocab_relation {
    VOCAB_APART,  // text is exchanged
    VOCAB_FAMILY, // ids, by this map
    VOCAB_EQUAL,  // ids as they are
};
enum vocab_relation vocab_relation(const struct lm *base,
                                   const struct lm *draft);

struct vocab_map {
    enum vocab_relation relation;
    int n_base, n_draft; // ids in use; the draft's: all it can be pushed
    // Of a family alone; else NULL.
    int n_same;       // ids below are the same token in both
    int32_t *to_base; // [n_draft] -1: the base has none
    int32_t *begins;  // [n_base + 1] into ids
    int32_t *ids;     // what the draft reads for each id of the base
};

// Fills *map; the models are read, not kept.
void vocab_map_init(struct vocab_map *map, const struct lm *base,
                    const struct lm *draft, struct lm_scratch *scratch);
void vocab_map_release(struct vocab_map *map); // safe on a zeroed struct

// What the draft reads for a token of the base: *ids, borrowed from the map or
// from *token. Returns their number, 0 for a control token that the draft
// lacks; -1: an id that the draft cannot follow (equal vocabularies of unequal
// use).
int vocab_map_read(const struct vocab_map *map, const int32_t *token,
                   const int32_t **ids);
// The draft's own id of a token that it proposed.
int32_t vocab_map_own(const struct vocab_map *map, int32_t token);
// Of a family: the draft's logits in the base's ids. row [>= n_draft], out
// [n_base].
void vocab_map_row(const struct vocab_map *map, const float *row, float *out);
