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

int lm_seq_init(struct lm_seq *s, struct lm *lm, struct error *err) {
    assert(lm->facts.n_ctx > 0 && lm->facts.n_vocab > 0);
    if (lm->n_rows < 1 || lm->n_rows > LM_ROWS_MAX)
        return error_set(err, ERR_USAGE,
                         "%d logits rows per sequence: 1 to %d are possible",
                         lm->n_rows, LM_ROWS_MAX);
    s->lm = lm;
    size_t n_rows = (size_t)lm->n_rows;
    size_t row_bytes = (size_t)lm->facts.n_vocab * sizeof(float);
    s->tokens = alloc_try((size_t)lm->facts.n_ctx, sizeof *s->tokens,
                          "tokens of a transcript", err);
    s->row_data = alloc_try(n_rows, row_bytes, "logits rows", err);
    s->row_pos = alloc_try(n_rows, sizeof *s->row_pos, "logits rows", err);
    if (s->tokens && s->row_data && s->row_pos) return 0;
    lm_seq_release(s);
    return -1;
}

void lm_seq_release(struct lm_seq *s) {
    free(s->tokens);
    free(s->row_data);
    free(s->row_pos);
    s->tokens = NULL;
    s->row_data = NULL;
    s->row_pos = NULL;
}

struct lm_seq *lm_seq_new(struct lm *lm, struct error *err) {
    return lm->backend->seq_new(lm, err);
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
    for (int i = 0; i < s->lm->n_rows; i++) {
        if (s->row_pos[i] > n) s->row_pos[i] = 0;
    }
}

// ---- rows -----------------------------------------------------------------

static float *row_at(const struct lm_seq *s, int slot) {
    return s->row_data + (size_t)slot * (size_t)s->lm->facts.n_vocab;
}

static int row_find(const struct lm_seq *s, int position) {
    for (int i = 0; i < s->lm->n_rows; i++) {
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
    for (int i = 0; i < s->lm->n_rows; i++) {
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

// Evaluate up to `end`; rows of missing[0..n) go to slots[0..n).
static int evaluate(struct lm_seq *s, int end, const int *missing,
                    const int *slots, int n, struct error *err) {
    float *rows[LM_ROWS_MAX];
    for (int i = 0; i < n; i++)
        rows[i] = row_at(s, slots[i]);
    if (s->lm->backend->eval(s, end, missing, n, rows, err)) {
        s->lm->backend->seq_cut(s, s->n_evaluated);
        return -1;
    }
    count_evaluated(s, end);
    return 0;
}

static int check_positions(const struct lm_seq *s, const int *positions, int n,
                           struct error *err) {
    if (!(s->lm->caps & LM_CAP_LOGITS))
        return error_set(err, ERR_UNSUPPORTED, "backend %s gives no logits",
                         s->lm->facts.backend);
    if (n > s->lm->n_rows)
        return error_set(err, ERR_INTERNAL,
                         "%d logits rows asked at once, %d are kept", n,
                         s->lm->n_rows);
    for (int i = 0; i < n; i++) {
        bool ascends = positions[i] > (i ? positions[i - 1] : 0);
        if (!ascends || positions[i] > s->n_tokens)
            return error_set(err, ERR_INTERNAL,
                             "logits asked at position %d of %d tokens",
                             positions[i], s->n_tokens);
    }
    return 0;
}

int lm_rows(struct lm_seq *s, const int *positions, int n, const float **rows,
            struct error *err) {
    int missing[LM_ROWS_MAX], slots[LM_ROWS_MAX], n_missing = 0;
    if (check_positions(s, positions, n, err)) return -1;
    for (int i = 0; i < n; i++) {
        if (row_find(s, positions[i]) < 0) missing[n_missing++] = positions[i];
    }
    if (n_missing && missing[0] <= s->n_evaluated) {
        s->n_evaluated = missing[0] - 1;
        s->lm->backend->seq_cut(s, s->n_evaluated);
    }
    for (int i = 0; i < n_missing; i++) {
        slots[i] = row_slot(s, positions, n);
        s->row_pos[slots[i]] = missing[i];
    }
    if (n_missing &&
        evaluate(s, missing[n_missing - 1], missing, slots, n_missing, err)) {
        for (int i = 0; i < n_missing; i++)
            s->row_pos[slots[i]] = 0;
        return -1;
    }
    for (int i = 0; i < n; i++)
        rows[i] = row_at(s, row_find(s, positions[i]));
    return 0;
}

// One batch for sequences that all have tokens pending.
static int evaluate_shared(struct lm_seq *const *seqs, int n,
                           struct error *err) {
    float *rows[LM_SHARED_MAX];
    int slots[LM_SHARED_MAX];
    for (int i = 0; i < n; i++) {
        slots[i] = row_slot(seqs[i], &seqs[i]->n_tokens, 1);
        seqs[i]->row_pos[slots[i]] = seqs[i]->n_tokens;
        rows[i] = row_at(seqs[i], slots[i]);
    }
    int status = seqs[0]->lm->backend->eval_shared(seqs, n, rows, err);
    for (int i = 0; i < n; i++) {
        if (status) {
            seqs[i]->row_pos[slots[i]] = 0;
            seqs[i]->lm->backend->seq_cut(seqs[i], seqs[i]->n_evaluated);
        } else {
            count_evaluated(seqs[i], seqs[i]->n_tokens);
        }
    }
    return status;
}

int lm_rows_shared(struct lm_seq *const *seqs, int n, const float **rows,
                   struct error *err) {
    struct lm_seq *pending[LM_SHARED_MAX];
    int n_pending = 0;
    if (n < 1 || n > LM_SHARED_MAX)
        return error_set(err, ERR_INTERNAL,
                         "%d sequences in one batch, expected 1 to %d", n,
                         LM_SHARED_MAX);
    for (int i = 0; i < n; i++) {
        assert(seqs[i]->lm == seqs[0]->lm);
        if (check_positions(seqs[i], &seqs[i]->n_tokens, 1, err)) return -1;
        if (seqs[i]->n_evaluated < seqs[i]->n_tokens)
            pending[n_pending++] = seqs[i];
    }
    if (n_pending && seqs[0]->lm->backend->eval_shared &&
        evaluate_shared(pending, n_pending, err))
        return -1;
    for (int i = 0; i < n; i++) {
        if (lm_rows(seqs[i], &seqs[i]->n_tokens, 1, &rows[i], err)) return -1;
    }
    return 0;
}

int lm_prefill(struct lm_seq *s, struct error *err) {
    if (s->n_evaluated == s->n_tokens) return 0;
    return evaluate(s, s->n_tokens, NULL, NULL, 0, err);
}

struct lm_seq *lm_seq_fork(struct lm_seq *s, struct error *err) {
    if (!(s->lm->caps & LM_CAP_FORK)) {
        error_set(err, ERR_UNSUPPORTED, "backend %s cannot fork a transcript",
                  s->lm->facts.backend);
        return NULL;
    }
    struct lm_seq *to = lm_seq_new(s->lm, err);
    if (!to) return NULL;
    if (s->lm->backend->seq_share(to, s, err)) {
        lm_seq_free(to);
        return NULL;
    }
    memcpy(to->tokens, s->tokens, (size_t)s->n_tokens * sizeof *s->tokens);
    to->n_tokens = s->n_tokens;
    to->n_evaluated = to->n_high = s->n_evaluated;
    // The row that continues the transcript is what a fork is made for.
    int slot = s->n_tokens ? row_find(s, s->n_tokens) : -1;
    if (slot >= 0) {
        memcpy(row_at(to, 0), row_at(s, slot),
               (size_t)s->lm->facts.n_vocab * sizeof(float));
        to->row_pos[0] = s->n_tokens;
    }
    return to;
}
