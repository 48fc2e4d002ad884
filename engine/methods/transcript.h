#pragma once
// Private to engine/methods: the models' transcripts along a tree.
//
// A node keeps, for each model that has read it, a past: the pages of what was
// evaluated, shared with its ancestors', so a thought costs its own tokens
// only. Pasts are a cache: where one is missing the tokens of the path are
// pushed again behind the nearest ancestor's. Live sequences, which also keep
// rows, are borrowed while thoughts are written or scored. As pasts keep none,
// the last token of a drafted thought that the base has judged is read again
// when the base writes on after it (counters.repeated).
//
// In the base and in the draft a path is the prompt and the tokens of its
// thoughts. In the PRM it is prm.h's rendering of the same text.

#include "engine/lm/lm.h"
#include "engine/methods/search.h"

// A live sequence of the role. There are search.n_live of each.
struct lm_seq *transcript_take(struct search *x, enum model_role role);
void transcript_give(struct search *x, enum model_role role,
                     struct lm_seq *seq);

// Make `seq` the path from the prompt to the end of `node` (or TREE_ROOT): a
// copy of the nearest past, the rest pending. *fits is false, and `seq`
// undefined, when it does not fit the model's context with `n_more` further
// tokens. -1 with an error.
int transcript_attach(struct search *x, enum model_role role, int node,
                      struct lm_seq *seq, int n_more, bool *fits,
                      struct error *err);
// Keep what `seq` has evaluated of the path to `node`, unless the node has a
// past or no place is free. `seq` holds that path and nothing after it.
void transcript_keep(struct search *x, enum model_role role, int node,
                     struct lm_seq *seq);
// Give the node's pasts back, of all roles.
void transcript_drop(struct search *x, int node);
// Give all pasts back but those that paths on from these nodes begin with.
void transcript_drop_others(struct search *x, const int *nodes, int n);
// Give all pasts and live sequences back.
void transcript_drop_all(struct search *x);

// lm_rows_batch(), counted in the trace (one call, its tokens by role). When
// the KV cache is full, all pasts of the role are dropped and it is tried once
// more.
int transcript_rows(struct search *x, enum model_role role,
                    const struct lm_ask *asks, int n, struct error *err);
