#include "engine/lm/lm.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/lm/lm_backend.h"
#include "engine/model/tokenizer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// The part of a transcript that is the same for every backend: the token list,
// what is evaluated and what is pending, and a small store of logits rows.
//
// Rows. A row that was asked for stays in one of n_rows slots until its
// position is truncated away or the slot is needed; the row of the lowest
// position goes first, because methods walk forward. A row that was never
// asked for, or has gone, costs the evaluation of its last token again: the
// backend is cut to just before it. That is counted in work.n_repeated, and
// methods are written so that it stays 0.
//
// A token counts as repeated when it is evaluated again without having been
// truncated in between; tokens after a truncation are new ones.

// ---- models ---------------------------------------------------------------

void lm_free(struct lm *lm) {
    if (lm) lm->backend->close(lm);
}

const struct lm_facts *lm_facts(const struct lm *lm) {
    return &lm->facts;
}

unsigned lm_caps(const struct lm *lm) {
    return lm->caps;
}

int lm_n_used_pages(const struct lm *lm) {
    return lm->backend->n_used_pages ? lm->backend->n_used_pages(lm) : 0;
}

const char *lm_meta(const struct lm *lm, const char *key) {
    return lm->backend->meta ? lm->backend->meta(lm, key) : NULL;
}

int lm_encode(const struct lm *lm, const char *text, size_t n_bytes,
              bool special, int32_t **tokens, struct error *err) {
    *tokens = NULL;
    return lm->backend->encode(lm, text, n_bytes, special, tokens, err);
}

struct lm_scratch *lm_scratch_new(void) {
    struct lm_scratch *s = xcalloc(1, sizeof *s);
    s->work = tokenizer_work_new();
    return s;
}

void lm_scratch_free(struct lm_scratch *s) {
    if (!s) return;
    tokenizer_work_free(s->work);
    free(s->tokens.items);
    free(s);
}

int lm_encode_more(const struct lm *lm, struct lm_scratch *s, const char *text,
                   size_t n_bytes, bool special, const int32_t **tokens,
                   struct error *err) {
    return lm->backend->encode_more(lm, s, text, n_bytes, special, tokens, err);
}

const char *lm_token_bytes(const struct lm *lm, int32_t token,
                           size_t *n_bytes) {
    if (token >= 0 && token < lm->facts.n_vocab)
        return lm->backend->token_bytes(lm, token, n_bytes);
    *n_bytes = 0;
    return "";
}

bool lm_token_is_end(const struct lm *lm, int32_t token) {
    return lm->backend->is_end(lm, token);
}

bool lm_token_is_control(const struct lm *lm, int32_t token) {
    return lm->backend->is_control(lm, token);
}

bool lm_token_is_ordinary(const struct lm *lm, int32_t token) {
    return lm->backend->is_ordinary(lm, token);
}

// ---- sequences ------------------------------------------------------------

static int seq_init_rows(struct lm_seq *s, int n_rows, struct error *err) {
    size_t n = (size_t)n_rows;
    size_t row_bytes = (size_t)s->lm->facts.n_vocab * sizeof(float);
    const char *what = "logits rows";
    s->row_data = alloc_try(n, row_bytes, what, err);
    s->row_pos = alloc_try(n, sizeof *s->row_pos, what, err);
    s->missing = alloc_try(n, sizeof *s->missing, what, err);
    s->missing_rows = alloc_try(n, sizeof *s->missing_rows, what, err);
    if (!s->row_data || !s->row_pos || !s->missing || !s->missing_rows)
        return -1;
    s->n_rows = n_rows;
    return 0;
}

int lm_seq_init(struct lm_seq *s, struct lm *lm, int n_rows,
                struct error *err) {
    assert(lm->facts.n_ctx > 0 && lm->facts.n_vocab > 0 && n_rows >= 0);
    s->lm = lm;
    s->tokens = alloc_try((size_t)lm->facts.n_ctx, sizeof *s->tokens,
                          "tokens of a transcript", err);
    if (s->tokens && (n_rows == 0 || seq_init_rows(s, n_rows, err) == 0))
        return 0;
    lm_seq_release(s);
    return -1;
}

void lm_seq_release(struct lm_seq *s) {
    free(s->tokens);
    free(s->row_data);
    free(s->row_pos);
    free(s->missing);
    free(s->missing_rows);
    *s = (struct lm_seq){.lm = s->lm};
}

struct lm_seq *lm_seq_new(struct lm *lm, struct error *err) {
    if (lm->n_rows >= 1 && lm->n_rows <= LM_ROWS_MAX)
        return lm->backend->seq_new(lm, lm->n_rows, err);
    error_set(err, ERR_USAGE,
              "%d logits rows per sequence: 1 to %d are possible", lm->n_rows,
              LM_ROWS_MAX);
    return NULL;
}

struct lm_seq *lm_seq_new_past(struct lm *lm, struct error *err) {
    return lm->backend->seq_new(lm, 0, err);
}

void lm_seq_free(struct lm_seq *s) {
    if (s) s->lm->backend->seq_free(s);
}

struct lm *lm_seq_lm(const struct lm_seq *s) {
    return s->lm;
}
int lm_n_tokens(const struct lm_seq *s) {
    return s->n_tokens;
}
const int32_t *lm_tokens(const struct lm_seq *s) {
    return s->tokens;
}
struct lm_work lm_work(const struct lm_seq *s) {
    return s->work;
}

int lm_n_free(const struct lm_seq *s) {
    return s->lm->facts.n_ctx - s->n_tokens;
}

int lm_push(struct lm_seq *s, const int32_t *tokens, int n, struct error *err) {
    int n_vocab = s->lm->facts.n_vocab;
    if (n < 0 || n > lm_n_free(s))
        return error_set(err, ERR_INPUT,
                         "%d tokens after %d do not fit the context of %d", n,
                         s->n_tokens, s->lm->facts.n_ctx);
    for (int i = 0; i < n; i++) {
        if (tokens[i] < 0 || tokens[i] >= n_vocab)
            return error_set(err, ERR_INPUT,
                             "token %d is not in the vocabulary of %d",
                             (int)tokens[i], n_vocab);
    }
    if (n) memcpy(s->tokens + s->n_tokens, tokens, (size_t)n * sizeof *tokens);
    s->n_tokens += n;
    return 0;
}

void lm_truncate(struct lm_seq *s, int n) {
    assert(n >= 0 && n <= s->n_tokens);
    s->n_tokens = n;
    if (s->n_high > n) s->n_high = n;
    if (s->n_evaluated > n) {
        s->n_evaluated = n;
        s->lm->backend->seq_cut(s, n);
    }
    for (int i = 0; i < s->n_rows; i++) {
        if (s->row_pos[i] > n) s->row_pos[i] = 0;
    }
}

// ---- rows -----------------------------------------------------------------

static float *row_at(const struct lm_seq *s, int slot) {
    return s->row_data + (size_t)slot * (size_t)s->lm->facts.n_vocab;
}

static int row_find(const struct lm_seq *s, int position) {
    for (int i = 0; i < s->n_rows; i++) {
        if (s->row_pos[i] == position) return i;
    }
    return -1;
}

static bool is_wanted(const int *positions, int n, int position) {
    for (int i = 0; i < n; i++) {
        if (positions[i] == position) return true;
    }
    return false;
}

// A slot for a new row: a free one, else that of the lowest position which the
// call at hand does not want itself. There is one, as n <= n_rows.
static int row_slot(const struct lm_seq *s, const int *positions, int n) {
    int best = -1;
    for (int i = 0; i < s->n_rows; i++) {
        if (s->row_pos[i] == 0) return i;
        if (is_wanted(positions, n, s->row_pos[i])) continue;
        if (best < 0 || s->row_pos[i] < s->row_pos[best]) best = i;
    }
    assert(best >= 0);
    return best;
}

static void count_evaluated(struct lm_seq *s, int end) {
    int again = (s->n_high < end ? s->n_high : end) - s->n_evaluated;
    s->work.n_calls++;
    s->work.n_tokens += end - s->n_evaluated;
    if (again > 0) s->work.n_repeated += again;
    s->n_evaluated = end;
    if (s->n_high < end) s->n_high = end;
}

static int check_positions(const struct lm_seq *s, const int *positions, int n,
                           struct error *err) {
    if (n && !(s->lm->caps & LM_CAP_LOGITS))
        return error_set(err, ERR_UNSUPPORTED, "backend %s gives no logits",
                         s->lm->facts.backend);
    if (n < 0 || n > s->n_rows)
        return error_set(err, ERR_INTERNAL,
                         "%d logits rows asked at once, %d are kept", n,
                         s->n_rows);
    for (int i = 0; i < n; i++) {
        bool ascends = positions[i] > (i ? positions[i - 1] : 0);
        if (!ascends || positions[i] > s->n_tokens)
            return error_set(err, ERR_INTERNAL,
                             "logits asked at position %d of %d tokens",
                             positions[i], s->n_tokens);
    }
    return 0;
}

static int check_ask(const struct lm_ask *ask, const struct lm *lm,
                     struct error *err) {
    if (ask->seq->lm != lm || ask->seq->is_asked)
        return error_set(err, ERR_INTERNAL,
                         "a batch needs different sequences of one model");
    return check_positions(ask->seq, ask->positions, ask->n_rows, err);
}

static int check_asks(const struct lm_ask *asks, int n, struct error *err) {
    int status = 0, i = 0;
    if (n < 1 || n > LM_SHARED_MAX)
        return error_set(err, ERR_INTERNAL,
                         "%d sequences in one batch, expected 1 to %d", n,
                         LM_SHARED_MAX);
    for (; i < n && !status; i++) {
        status = check_ask(&asks[i], asks[0].seq->lm, err);
        asks[i].seq->is_asked = true;
    }
    while (i > 0)
        asks[--i].seq->is_asked = false;
    return status;
}

// What is to be evaluated so that the ask has its rows, with slots for those
// that are missing. Returns 0 if that is nothing, else 1.
static int plan_ask(const struct lm_ask *ask, struct lm_eval *eval) {
    struct lm_seq *s = ask->seq;
    int n = 0;
    for (int i = 0; i < ask->n_rows; i++) {
        if (row_find(s, ask->positions[i]) < 0)
            s->missing[n++] = ask->positions[i];
    }
    if (n && s->missing[0] <= s->n_evaluated) {
        s->n_evaluated = s->missing[0] - 1;
        s->lm->backend->seq_cut(s, s->n_evaluated);
    }
    for (int i = 0; i < n; i++) {
        int slot = row_slot(s, ask->positions, ask->n_rows);
        s->row_pos[slot] = s->missing[i];
        s->missing_rows[i] = row_at(s, slot);
    }
    *eval = (struct lm_eval){.seq = s,
                             .end = n ? s->missing[n - 1] : s->n_tokens,
                             .positions = s->missing,
                             .n_rows = n,
                             .rows = s->missing_rows};
    return n || (ask->n_rows == 0 && s->n_evaluated < s->n_tokens);
}

// Nothing of this was evaluated after all.
static void drop_eval(const struct lm_eval *eval) {
    struct lm_seq *s = eval->seq;
    for (int i = 0; i < eval->n_rows; i++)
        s->row_pos[row_find(s, eval->positions[i])] = 0;
    s->lm->backend->seq_cut(s, s->n_evaluated);
}

static int evaluate(const struct lm_eval *evals, int n, struct error *err) {
    if (n == 0) return 0;
    int status = evals[0].seq->lm->backend->eval(evals, n, err);
    for (int i = 0; i < n; i++) {
        if (status)
            drop_eval(&evals[i]);
        else
            count_evaluated(evals[i].seq, evals[i].end);
    }
    return status;
}

int lm_rows_batch(const struct lm_ask *asks, int n, struct error *err) {
    struct lm_eval evals[LM_SHARED_MAX];
    int n_evals = 0;
    if (check_asks(asks, n, err)) return -1;
    for (int i = 0; i < n; i++)
        n_evals += plan_ask(&asks[i], &evals[n_evals]);
    if (evaluate(evals, n_evals, err)) return -1;
    for (int i = 0; i < n; i++) {
        struct lm_seq *s = asks[i].seq;
        for (int r = 0; r < asks[i].n_rows; r++)
            asks[i].rows[r] = row_at(s, row_find(s, asks[i].positions[r]));
    }
    return 0;
}

int lm_rows(struct lm_seq *s, const int *positions, int n, const float **rows,
            struct error *err) {
    if (n == 0) return 0;
    return lm_rows_batch(&(struct lm_ask){s, positions, n, rows}, 1, err);
}

int lm_rows_shared(struct lm_seq *const *seqs, int n, const float **rows,
                   struct error *err) {
    struct lm_ask asks[LM_SHARED_MAX];
    for (int i = 0; i < n && i < LM_SHARED_MAX; i++)
        asks[i] = (struct lm_ask){seqs[i], &seqs[i]->n_tokens, 1, &rows[i]};
    return lm_rows_batch(asks, n, err);
}

int lm_prefill(struct lm_seq *s, struct error *err) {
    return lm_rows_batch(&(struct lm_ask){.seq = s}, 1, err);
}

// ---- copies -----------------------------------------------------------------

// The row that continues the transcript is what a copy is made for.
static void copy_row(struct lm_seq *to, const struct lm_seq *from, int n) {
    memset(to->row_pos, 0, (size_t)to->n_rows * sizeof *to->row_pos);
    int slot = n ? row_find(from, n) : -1;
    if (slot < 0) return;
    memcpy(row_at(to, 0), row_at(from, slot),
           (size_t)from->lm->facts.n_vocab * sizeof(float));
    to->row_pos[0] = n;
}

void lm_seq_copy(struct lm_seq *to, struct lm_seq *from, int n) {
    assert(to != from && to->lm == from->lm && n >= 0 && n <= from->n_tokens);
    assert(from->lm->caps & LM_CAP_FORK);
    int n_shared = from->n_evaluated < n ? from->n_evaluated : n;
    from->lm->backend->seq_share(to, from, n_shared);
    if (n) memcpy(to->tokens, from->tokens, (size_t)n * sizeof *to->tokens);
    to->n_tokens = n;
    to->n_evaluated = to->n_high = n_shared;
    if (to->n_rows) copy_row(to, from, n);
}

struct lm_seq *lm_seq_fork(struct lm_seq *s, struct error *err) {
    if (!(s->lm->caps & LM_CAP_FORK)) {
        error_set(err, ERR_UNSUPPORTED, "backend %s cannot fork a transcript",
                  s->lm->facts.backend);
        return NULL;
    }
    struct lm_seq *to = lm_seq_new(s->lm, err);
    if (to) lm_seq_copy(to, s, s->n_tokens);
    return to;
}
