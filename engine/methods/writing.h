#pragma once
// Private to engine/methods: the thoughts that thoughts.c is writing.
//
// A wave is up to search.n_live thoughts, its members. A writing is a
// transcript that grows, for all members whose tokens have been the same so
// far; it forks where they differ. Its text begins with that of the thought it
// goes on from, so that the stop rule can compare the two.

#include "engine/methods/search.h"
#include "engine/methods/spec_round.h"

struct writing {
    uint64_t members; // bit i: member i of the wave
    int parent;
    struct lm_seq *seq;     // of the author: the path and what is written
    struct lm_seq *drafter; // of the attached drafter, or NULL
    int n_read;             // of tokens, those that the drafter has
    // The thought so far.
    int32_t *tokens; // [n_tokens]
    int n_tokens;
    char *text;              // [n_text]
    size_t n_before, n_text; // of the thought before; of both
    struct stop_scan scan;
    double log_p;
    bool done;
    enum stop_reason end; // see struct node
    // The round at hand: n_drafted tokens are behind the thought in `seq`, all
    // but the last in `drafter` too.
    int n_seq, n_drafter; // tokens of the transcripts before them
    int room;             // most that may be drafted
    bool drafting;
    int n_drafted;
    int32_t drafted[DRAFT_TOKENS_MAX];
    struct stop_scan tried; // after them
    size_t n_tried;         // bytes of text with them
    bool over;              // the thought is over with the last of them
    int positions[DRAFT_TOKENS_MAX + 1];
    const float *rows[DRAFT_TOKENS_MAX + 1]; // the author's, from n_seq on
    const float *q_rows[DRAFT_TOKENS_MAX];   // the drafter's
};

// What a workspace keeps to write with.
struct writer {
    struct writing *items; // [n_items], n in use
    int n, n_items;
    int32_t *tokens; // of all items
    char *text;
    size_t step_tokens, text_bytes; // of each
    // The call and the wave at hand.
    enum author author;
    enum model_role role;
    bool speculate, reads; // reads: log_p is asked for
    uint64_t first;        // member 0 was drawn as this number
    int n_members;
    // What the round brings each member.
    int n_accepted[LM_SHARED_MAX];
    int32_t next[LM_SHARED_MAX]; // -1: nothing, the thought is over
};

// Buffers for search.n_live thoughts at once, of so many tokens; keeps what is
// large enough. -1 with an error.
int writer_fit(struct search *x, int n_tokens, struct error *err);
void writer_free(struct search *x);

// Numbers of members, lowest first: for (m = ...; m; m &= m - 1).
static inline int member_first(uint64_t members) {
    return __builtin_ctzll(members);
}
// Index of the draws of token i of a member's thought.
uint64_t member_draw(const struct writer *v, int member, int i);

// The next unused writing of the wave, for these members, with live sequences
// of its own. Its thought is empty and goes on from `parent`.
struct writing *writing_new(struct search *x, uint64_t members, int parent);
// The same thought for some of the members, which leave `from`. What the new
// sequences hold is up to the caller.
struct writing *writing_fork(struct search *x, struct writing *from,
                             uint64_t members);
// Give the last writing of the wave, or all, back.
void writing_pop(struct search *x);
void writing_clear(struct search *x);

// The thought goes on with this token: sets done and end. An end token is not
// part of it: false.
bool writing_add(const struct search *x, struct writing *w, int32_t token);
// Try a drafted token after those tried before; sets over. False: there is no
// use in drafting more.
bool writing_try(const struct search *x, struct writing *w, int32_t token);
