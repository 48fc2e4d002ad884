#include "engine/methods/writing_round.h"

#include "engine/base/minmax.h"
#include "engine/methods/transcript.h"

#include <string.h>

// In a round each writing gets the rows after what it has, and after what the
// drafter proposes; each member draws or accepts with its own numbers; members
// that end up with different tokens part. Plain writing is a round without
// proposals, so there is one way to write.
//
// The drafter proposes for the first member of a writing, which accepts by the
// rule. The others draw from the base's rows as without drafter and go along
// while they draw what the first one has kept. So every thought is the base's
// own, whatever the others are, and thoughts that are alike are drafted and
// verified once. Proposals for each member would part alike thoughts for good:
// with the shipped models eight thoughts of a step, nearly always equal, took
// 1.7 times the tokens.

enum { NOTHING = -1 };

static bool is_base(const struct writer *v) {
    return v->author == AUTHOR_BASE;
}

// ---- rows -------------------------------------------------------------------

// The row after the first `position` tokens where it is that of the prompt.
static const float *prompt_row(const struct search *x, enum model_role role,
                               int position) {
    bool is_prompt = position == x->w->n_prompt[role];
    return is_prompt ? x->w->prompt_row[role] : NULL;
}

// Rows of the proposals and the one after them, unless the thought is over
// then: so its last token stays pending for what may come after it.
static int n_rows(const struct writing *w) {
    return w->n_drafted + !w->over;
}

static int ask_rows(struct search *x, struct writing *w, struct lm_ask *ask,
                    struct error *err) {
    int n = n_rows(w);
    if (lm_push(w->seq, w->drafted, w->n_drafted, err)) return -1;
    for (int i = 0; i < n; i++)
        w->positions[i] = w->n_seq + i;
    w->rows[0] = prompt_row(x, x->writer->role, w->n_seq);
    int skip = w->rows[0] != NULL;
    *ask = (struct lm_ask){.seq = w->seq,
                           .positions = w->positions + skip,
                           .n_rows = n - skip,
                           .rows = w->rows + skip};
    return 0;
}

static int read_rows(struct search *x, struct error *err) {
    struct writer *v = x->writer;
    struct lm_ask asks[LM_SHARED_MAX];
    int n = 0;
    for (int i = 0; i < v->n; i++) {
        if (v->items[i].done) continue;
        if (ask_rows(x, &v->items[i], &asks[n], err)) return -1;
        n += asks[n].n_rows > 0;
    }
    return n ? transcript_rows(x, v->role, asks, n, err) : 0;
}

// ---- proposals --------------------------------------------------------------

static int propose(struct search *x, struct writing *w, int32_t token,
                   struct error *err) {
    w->drafted[w->n_drafted++] = token;
    w->drafting = writing_try(x, w, token) && w->n_drafted < w->room;
    if (!w->drafting) return 0;
    int32_t own = vocab_map_own(&x->w->map, token);
    return lm_push(w->drafter, &own, 1, err);
}

static int draw_proposal(struct search *x, struct writing *w,
                         struct error *err) {
    struct writer *v = x->writer;
    struct workspace *ws = x->w;
    bool exact = x->s->accept == ACCEPT_EXACT;
    double total;
    if (workspace_weights(ws, ROLE_DRAFT, w->q_rows[w->n_drafted], ws->q,
                          &total, err))
        return -1;
    uint64_t at =
        member_draw(v, member_first(w->members), w->n_tokens + w->n_drafted);
    double u = rng_u01(x->rng, exact ? RNG_TARGET : RNG_DRAFT, at);
    return propose(x, w, sample_pick(ws->q, ws->n_vocab, total, u), err);
}

// How many tokens a round may propose here; see speculate_room().
static int find_room(struct search *x, struct writing *w, struct error *err) {
    const struct settings *s = x->s;
    bool ready;
    int n_path = w->n_tokens;
    if (!w->drafter) return 0;
    if (w->parent != TREE_ROOT)
        n_path += x->tree.nodes[w->parent].n_path_tokens;
    int n = min_int(s->draft_tokens, s->budget_tokens - n_path - 1);
    n = min_int(n, lm_n_free(w->seq) - 1);
    n = min_int(n, s->step_tokens - w->n_tokens - 1);
    if (n <= 0) return 0;
    if (spec_catch_up(&x->w->map, w->drafter, w->tokens, w->n_tokens,
                      &w->n_read, &ready, err))
        return -1;
    w->n_drafter = lm_n_tokens(w->drafter);
    w->room = ready ? min_int(n, lm_n_free(w->drafter) + 1) : 0;
    w->drafting = w->room > 0;
    return 0;
}

// The drafters' rows for the next proposal of all writings that go on.
static int read_draft_rows(struct search *x, int *n_drafting,
                           struct error *err) {
    struct writer *v = x->writer;
    struct lm_ask asks[LM_SHARED_MAX];
    int n = 0;
    *n_drafting = 0;
    for (int i = 0; i < v->n; i++) {
        struct writing *w = &v->items[i];
        if (w->done || !w->drafting) continue;
        ++*n_drafting;
        w->positions[0] = lm_n_tokens(w->drafter);
        const float **row = &w->q_rows[w->n_drafted];
        *row = prompt_row(x, ROLE_DRAFT, w->positions[0]);
        if (!*row)
            asks[n++] = (struct lm_ask){w->drafter, w->positions, 1, row};
    }
    return n ? transcript_rows(x, ROLE_DRAFT, asks, n, err) : 0;
}

static int draft_round(struct search *x, struct error *err) {
    struct writer *v = x->writer;
    int n_drafting;
    for (int i = 0; i < v->n; i++) {
        if (!v->items[i].done && find_room(x, &v->items[i], err)) return -1;
    }
    for (;;) {
        if (read_draft_rows(x, &n_drafting, err)) return -1;
        if (n_drafting == 0) return 0;
        for (int i = 0; i < v->n; i++) {
            struct writing *w = &v->items[i];
            if (!w->done && w->drafting && draw_proposal(x, w, err)) return -1;
        }
    }
}

// ---- decisions --------------------------------------------------------------

static int weigh(struct search *x, const struct writing *w,
                 struct spec_round *r, struct error *err) {
    struct workspace *ws = x->w;
    size_t n_vocab = (size_t)ws->n_vocab;
    bool needs_q = x->s->accept == ACCEPT_REJECTION;
    r->p_total[w->n_drafted] = 1; // where there is no row nobody looks
    for (int i = 0; i < n_rows(w); i++) {
        if (workspace_weights(ws, x->writer->role, w->rows[i],
                              ws->p + (size_t)i * n_vocab, &r->p_total[i], err))
            return -1;
        if (i == w->n_drafted || !needs_q) continue;
        if (workspace_weights(ws, ROLE_DRAFT, w->q_rows[i],
                              ws->q + (size_t)i * n_vocab, &r->q_total[i], err))
            return -1;
    }
    return 0;
}

static void decide_member(struct search *x, const struct writing *w,
                          struct spec_round *r, int member) {
    struct writer *v = x->writer;
    uint64_t at = member_draw(v, member, w->n_tokens);
    int32_t *next = &v->next[member];
    v->n_accepted[member] = 0;
    if (is_base(v)) {
        bool is_first = member == member_first(w->members);
        int accept = is_first ? x->s->accept : ACCEPT_EXACT;
        spec_round_draw(r, x->rng, at, r->n);
        v->n_accepted[member] = spec_round_decide(r, x->w, accept, next);
    } else {
        *next = sample_pick(x->w->p, x->w->n_vocab, r->p_total[0],
                            rng_u01(x->rng, RNG_DRAFT, at));
    }
    if (w->over && v->n_accepted[member] == r->n) *next = NOTHING;
}

static int decide(struct search *x, const struct writing *w,
                  struct error *err) {
    struct spec_round r;
    r.n = w->n_drafted;
    memcpy(r.draft, w->drafted, (size_t)r.n * sizeof *r.draft);
    if (weigh(x, w, &r, err)) return -1;
    for (uint64_t m = w->members; m; m &= m - 1)
        decide_member(x, w, &r, member_first(m));
    return 0;
}

// ---- going on ---------------------------------------------------------------

static int32_t own_token(const struct search *x, int32_t token) {
    return is_base(x->writer) ? token : vocab_map_own(&x->w->map, token);
}

// What a member of `from` keeps of a round, in `to`. Returns how many tokens.
static int keep_tokens(struct search *x, struct writing *to,
                       const struct writing *from, int member) {
    const struct writer *v = x->writer;
    int n_accepted = v->n_accepted[member], n_kept = 0;
    int n = n_accepted + (v->next[member] != NOTHING);
    for (int i = 0; i < n && !to->done; i++) {
        int32_t token = i < n_accepted ? from->drafted[i] : v->next[member];
        if (!writing_add(x, to, token)) break;
        n_kept++;
        if (v->reads)
            to->log_p += workspace_log_p(x->w, v->role, from->rows[i], token);
    }
    return n_kept;
}

// Go on with what a member keeps; leaves the transcripts at the kept tokens
// (the drafter's may lack the last one).
static int go_on(struct search *x, struct writing *to,
                 const struct writing *from, int member, struct error *err) {
    const struct writer *v = x->writer;
    int n_kept = keep_tokens(x, to, from, member);
    int shared = min_int(n_kept, v->n_accepted[member]);
    int n_seq = from->n_seq + shared;
    if (to == from)
        lm_truncate(to->seq, n_seq);
    else
        lm_seq_copy(to->seq, from->seq, n_seq);
    if (from->drafter) {
        int n = lm_n_tokens(from->drafter);
        if (from->n_drafted > 0) n = min_int(n, from->n_drafter + shared);
        to->n_read = from->n_read + n - from->n_drafter;
        if (to == from)
            lm_truncate(to->drafter, n);
        else
            lm_seq_copy(to->drafter, from->drafter, n);
    }
    if (n_kept == shared) return 0;
    int32_t own = own_token(x, v->next[member]);
    return lm_push(to->seq, &own, 1, err);
}

static void count_round(struct search *x, const struct writing *w) {
    struct counters *c = &x->t->count;
    if (w->n_drafted == 0) return;
    c->spec_passes++;
    c->spec_drafted += w->n_drafted;
    c->spec_accepted += x->writer->n_accepted[member_first(w->members)];
}

// The members of a writing whose next token is that of this one.
static uint64_t agreeing(const struct writer *v, const struct writing *w,
                         int member) {
    uint64_t all = 0;
    for (uint64_t m = w->members; m; m &= m - 1) {
        int i = member_first(m);
        if (v->next[i] == v->next[member] &&
            v->n_accepted[i] == v->n_accepted[member])
            all |= 1ull << i;
    }
    return all;
}

// Members that agree stay together; the first ones stay where they are.
static int part(struct search *x, struct writing *w, struct error *err) {
    const struct writer *v = x->writer;
    int first = member_first(w->members);
    uint64_t others;
    count_round(x, w);
    while ((others = w->members & ~agreeing(v, w, first))) {
        int i = member_first(others);
        struct writing *fork = writing_fork(x, w, agreeing(v, w, i));
        if (go_on(x, fork, w, i, err)) return -1;
    }
    return go_on(x, w, w, first, err);
}

static void begin_round(struct writer *v) {
    for (int i = 0; i < v->n; i++) {
        struct writing *w = &v->items[i];
        if (w->done) continue;
        w->n_seq = lm_n_tokens(w->seq);
        w->n_drafter = w->drafter ? lm_n_tokens(w->drafter) : 0;
        w->room = w->n_drafted = 0;
        w->drafting = w->over = false;
        w->tried = w->scan;
        w->n_tried = w->n_text;
        w->done = lm_n_free(w->seq) == 0;
        if (w->done) w->end = STOP_CONTEXT;
    }
}

int writing_round(struct search *x, struct error *err) {
    struct writer *v = x->writer;
    begin_round(v);
    if (v->speculate) {
        trace_begin(x->t, PHASE_DRAFT);
        if (draft_round(x, err)) return -1;
        trace_end(x->t);
    }
    trace_begin(x->t, v->speculate ? PHASE_VERIFY
                      : is_base(v) ? PHASE_BASE
                                   : PHASE_DRAFT);
    if (read_rows(x, err)) return -1;
    for (int i = 0, n = v->n; i < n; i++) {
        struct writing *w = &v->items[i];
        if (!w->done && (decide(x, w, err) || part(x, w, err))) return -1;
    }
    trace_end(x->t);
    return 0;
}
