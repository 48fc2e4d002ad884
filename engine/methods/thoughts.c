#include "engine/methods/thoughts.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/methods/transcript.h"
#include "engine/methods/writing.h"

#include <stdlib.h>
#include <string.h>

// A wave goes round by round. In a round each writing gets the rows after what
// it has, and after what the drafter proposes; each member draws or accepts
// with its own numbers; members that end up with different tokens part. Plain
// writing is a round without proposals, so there is one way to write.
//
// Members of a writing propose together as long as their proposals agree, and
// part for good where they do not: rounds are those of each member alone, under
// both rules. Rows of proposals are looked at where they are: in the drafter's
// transcript of the writing that asked for them. So all decide before any goes
// on.

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

// Ask for the rows of the proposals and the one after them.
static int ask_rows(struct search *x, struct writing *w, struct lm_ask *ask,
                    struct error *err) {
    int n = w->n_drafted + 1;
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

static int propose(struct search *x, struct writing *w, int32_t token,
                   struct error *err) {
    w->drafted[w->n_drafted++] = token;
    w->drafting = writing_try(x, w, token) && w->n_drafted < w->room;
    if (!w->drafting) return 0;
    int32_t own = vocab_map_own(&x->w->map, token);
    return lm_push(w->drafter, &own, 1, err);
}

static int draw_proposals(struct search *x, struct writing *w,
                          struct error *err) {
    struct writer *v = x->writer;
    struct workspace *ws = x->w;
    bool exact = x->s->accept == ACCEPT_EXACT;
    double total;
    if (workspace_weights(ws, ROLE_DRAFT, w->q_rows[w->n_drafted], ws->q,
                          &total, err))
        return -1;
    for (uint64_t m = w->members; m; m &= m - 1) {
        int i = member_first(m);
        uint64_t at = member_draw(v, i, w->n_tokens + w->n_drafted);
        double u = rng_u01(x->rng, exact ? RNG_TARGET : RNG_DRAFT, at);
        v->next[i] = sample_pick(ws->q, ws->n_vocab, total, u);
        v->n_accepted[i] = 0;
    }
    for (;;) {
        int i = member_first(w->members);
        uint64_t others = w->members & ~agreeing(v, w, i);
        if (!others) return propose(x, w, v->next[i], err);
        int first = member_first(others);
        struct writing *fork = writing_fork(x, w, agreeing(v, w, first));
        lm_seq_copy(fork->seq, w->seq, w->n_seq);
        lm_seq_copy(fork->drafter, w->drafter, lm_n_tokens(w->drafter));
        if (propose(x, fork, v->next[first], err)) return -1;
    }
}

static int min_int(int a, int b) {
    return a < b ? a : b;
}

// How many tokens a round may propose here; see speculate_room().
static int find_room(struct search *x, struct writing *w, struct error *err) {
    const struct settings *s = x->s;
    bool ready;
    int n_path = w->n_tokens;
    if (!w->drafter || (w->reads_first && w->n_tokens == 0)) return 0;
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
        for (int i = 0, n = v->n; i < n; i++) {
            struct writing *w = &v->items[i];
            if (!w->done && w->drafting && draw_proposals(x, w, err)) return -1;
        }
    }
}

// ---- decisions --------------------------------------------------------------

static int weigh(struct search *x, const struct writing *w,
                 struct spec_round *r, struct error *err) {
    struct workspace *ws = x->w;
    size_t n_vocab = (size_t)ws->n_vocab;
    bool needs_q = x->s->accept == ACCEPT_REJECTION;
    for (int i = 0; i <= w->n_drafted; i++) {
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
        spec_round_draw(r, x->rng, at, r->n);
        v->n_accepted[member] = spec_round_decide(r, x->w, x->s->accept, next);
    } else {
        *next = sample_pick(x->w->p, x->w->n_vocab, r->p_total[0],
                            rng_u01(x->rng, RNG_DRAFT, at));
    }
    if (r->n > 0 && w->over && v->n_accepted[member] == r->n) *next = NOTHING;
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
    const struct writer *v = x->writer;
    struct counters *c = &x->t->count;
    int first = member_first(w->members);
    if (w->n_drafted == 0) return;
    c->spec_passes++;
    c->spec_drafted += w->n_drafted;
    c->spec_accepted += v->n_accepted[first];
    c->base_discarded += v->next[first] == NOTHING;
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

static int write_round(struct search *x, struct error *err) {
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
    int n = v->n;
    for (int i = 0; i < n; i++) {
        if (!v->items[i].done && decide(x, &v->items[i], err)) return -1;
    }
    for (int i = 0; i < n; i++) {
        if (!v->items[i].done && part(x, &v->items[i], err)) return -1;
    }
    trace_end(x->t);
    return 0;
}

// ---- waves ------------------------------------------------------------------

// A node after the same thought, since `first`, with the text and the end of
// this writing; or -1.
static int find_equal(const struct search *x, const struct writing *w,
                      int first) {
    const struct tree *t = &x->tree;
    size_t n_text = w->n_text - w->n_before;
    for (int i = first; i < t->n_nodes; i++) {
        const struct node *n = &t->nodes[i];
        if (n->parent == w->parent && n->end == w->end && n->n_text == n_text &&
            memcmp(tree_text(t, i), w->text + w->n_before, n_text) == 0)
            return i;
    }
    return -1;
}

static int add_node(struct search *x, const struct writing *w,
                    struct error *err) {
    const struct writer *v = x->writer;
    int i = tree_add(&x->tree, w->parent, v->author, w->tokens, w->n_tokens,
                     w->text + w->n_before, w->n_text - w->n_before);
    if (i < 0)
        return error_set(err, ERR_INTERNAL, "the tree of %d thoughts is full",
                         x->tree.cap_nodes);
    struct node *n = &x->tree.nodes[i];
    n->drawn = v->first + (uint64_t)member_first(w->members);
    n->n_copies = 0;
    n->end = w->end;
    n->scan = w->scan;
    stop_scan_rebase(&n->scan, w->n_before);
    if (v->reads) n->log_p = w->log_p;
    return i;
}

static int keep_pasts(struct search *x, struct writing *w, int node,
                      struct error *err) {
    bool ready;
    transcript_keep(x, x->writer->role, node, w->seq);
    if (!w->drafter) return 0;
    if (spec_catch_up(&x->w->map, w->drafter, w->tokens, w->n_tokens,
                      &w->n_read, &ready, err))
        return -1;
    if (ready) transcript_keep(x, ROLE_DRAFT, node, w->drafter);
    return 0;
}

static int finish_writing(struct search *x, struct writing *w, int first,
                          int64_t ns, struct error *err) {
    int node = find_equal(x, w, first);
    if (node < 0) {
        node = add_node(x, w, err);
        if (node < 0 || keep_pasts(x, w, node, err)) return -1;
    }
    if (!is_base(x->writer)) x->t->count.step_tokens_drafted += w->n_tokens;
    x->tree.nodes[node].n_copies += __builtin_popcountll(w->members);
    x->tree.nodes[node].time_ns += ns;
    return 0;
}

// Nodes in the order of their first members, whatever order the writings have.
static int finish_wave(struct search *x, int first, int64_t ns,
                       struct error *err) {
    struct writer *v = x->writer;
    int64_t n_tokens = 0;
    for (int i = 0; i < v->n; i++)
        n_tokens += v->items[i].n_tokens + 1;
    for (int m = 0; m < v->n_members; m++) {
        for (int i = 0; i < v->n; i++) {
            struct writing *w = &v->items[i];
            if (member_first(w->members) != m) continue;
            double share = (double)(w->n_tokens + 1) / (double)n_tokens;
            if (finish_writing(x, w, first, (int64_t)((double)ns * share), err))
                return -1;
        }
    }
    v->first += (uint64_t)v->n_members;
    v->n_members = 0;
    writing_clear(x);
    return 0;
}

// The base has not read a drafted thought yet. Before several thoughts go on
// from it, and part, one round without proposals reads it for all of them.
static bool reads_first(const struct search *x, const struct wish *wish) {
    return wish->parent != TREE_ROOT && wish->n > 1 &&
           x->tree.nodes[wish->parent].author == AUTHOR_DRAFT;
}

// Members of the wave, n of those wished for, none where the path does not fit.
static int begin_writing(struct search *x, const struct wish *wish, int n,
                         struct error *err) {
    struct writer *v = x->writer;
    int parent = wish->parent;
    uint64_t members = (n < 64 ? 1ull << n : 0) - 1;
    struct writing *w = writing_new(x, members << v->n_members, parent);
    bool fits;
    v->n_members += n;
    if (transcript_attach(x, v->role, parent, w->seq, 1, &fits, err)) return -1;
    if (!fits) {
        writing_pop(x);
        return 0;
    }
    if (!v->speculate) return 0;
    w->reads_first = reads_first(x, wish);
    w->drafter = transcript_take(x, ROLE_DRAFT);
    if (transcript_attach(x, ROLE_DRAFT, parent, w->drafter, 0, &fits, err))
        return -1;
    if (fits) return 0;
    transcript_give(x, ROLE_DRAFT, w->drafter);
    w->drafter = NULL;
    return 0;
}

static bool is_done(const struct writer *v) {
    for (int i = 0; i < v->n; i++) {
        if (!v->items[i].done) return false;
    }
    return true;
}

static int write_wave(struct search *x, int first, int64_t begin_ns,
                      struct error *err) {
    while (!is_done(x->writer)) {
        if (write_round(x, err)) return -1;
    }
    return finish_wave(x, first, trace_now(x->t) - begin_ns, err);
}

static int write_all(struct search *x, const struct wish *wishes, int n_wishes,
                     int first, struct error *err) {
    struct writer *v = x->writer;
    int64_t begin_ns = trace_now(x->t);
    for (int i = 0; i < n_wishes; i++) {
        for (int left = wishes[i].n; left > 0;) {
            int n = min_int(left, x->n_live - v->n_members);
            if (begin_writing(x, &wishes[i], n, err)) return -1;
            left -= n;
            if (v->n_members < x->n_live) continue;
            if (write_wave(x, first, begin_ns, err)) return -1;
            begin_ns = trace_now(x->t);
        }
    }
    return v->n_members ? write_wave(x, first, begin_ns, err) : 0;
}

int thoughts_write(struct search *x, enum author author, bool speculate,
                   const struct wish *wishes, int n_wishes, int *first, int *n,
                   struct error *err) {
    struct writer *v = x->writer;
    const struct settings *s = x->s;
    v->author = author;
    v->role = author == AUTHOR_BASE ? ROLE_BASE : ROLE_DRAFT;
    v->speculate = speculate;
    v->reads = s->evaluator == EVALUATOR_LIKELIHOOD ||
               s->second_evaluator == EVALUATOR_LIKELIHOOD ||
               (s->search == SEARCH_MCTS && s->selection == SELECT_PUCT);
    v->first = x->n_drawn;
    v->n = v->n_members = 0;
    for (int i = 0; i < n_wishes; i++)
        x->n_drawn += (uint64_t)wishes[i].n;
    *first = x->tree.n_nodes;
    int rc = write_all(x, wishes, n_wishes, *first, err);
    writing_clear(x);
    *n = x->tree.n_nodes - *first;
    return rc;
}

// ---- buffers ----------------------------------------------------------------

static int fit_items(struct writer *v, int n, size_t step_tokens,
                     size_t text_bytes, struct error *err) {
    size_t n_items = (size_t)n, n_tokens, n_text;
    if (n <= v->n_items && step_tokens <= v->step_tokens &&
        text_bytes <= v->text_bytes)
        return 0;
    if (__builtin_mul_overflow(n_items, step_tokens, &n_tokens) ||
        __builtin_mul_overflow(n_items, text_bytes, &n_text))
        return error_set(err, ERR_MEMORY,
                         "%d thoughts of %zu tokens do not fit", n,
                         step_tokens);
    free(v->items);
    free(v->tokens);
    free(v->text);
    v->n_items = 0;
    v->items = alloc_try(n_items, sizeof *v->items, "thoughts", err);
    v->tokens = alloc_try(n_tokens, sizeof *v->tokens, "thoughts' tokens", err);
    v->text = malloc(n_text); // rarely used to the end
    if (!v->items || !v->tokens) return -1;
    if (!v->text)
        return error_set(err, ERR_MEMORY,
                         "no memory for %zu bytes of thoughts' texts", n_text);
    v->n_items = n;
    v->step_tokens = step_tokens;
    v->text_bytes = text_bytes;
    return 0;
}

int thoughts_fit(struct search *x, const struct settings *s,
                 struct error *err) {
    size_t text_bytes, step_tokens = (size_t)s->step_tokens;
    if (!x->writer) x->writer = xcalloc(1, sizeof *x->writer);
    // The thought before, and this one.
    if (__builtin_mul_overflow(2 * step_tokens, x->w->max_token_bytes,
                               &text_bytes))
        return error_set(err, ERR_MEMORY, "thoughts of %zu tokens do not fit",
                         step_tokens);
    return fit_items(x->writer, x->n_live, step_tokens, text_bytes, err);
}

void thoughts_free(struct search *x) {
    struct writer *v = x->writer;
    if (!v) return;
    free(v->items);
    free(v->tokens);
    free(v->text);
    free(v);
    x->writer = NULL;
}
