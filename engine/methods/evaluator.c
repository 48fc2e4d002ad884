#include "engine/methods/evaluator.h"

#include "engine/base/error.h"
#include "engine/methods/judge.h"

#include <assert.h>
#include <math.h>

// An evaluator that asks a model pushes its suffix behind every step, has all
// of them evaluated in one batch with whatever is pending of the paths, reads
// its verdict in the rows at the ends, and truncates the suffixes away.

const struct evaluator evaluators[] = {
    [EVALUATOR_PRM] = {.role = ROLE_PRM},
    [EVALUATOR_JUDGE] = {.role = ROLE_BASE},
    [EVALUATOR_LIKELIHOOD] = {.role = -1, .reads = true},
    [EVALUATOR_RANDOM] = {.role = -1},
    [EVALUATOR_NONE] = {.role = -1},
};

static const int32_t *suffix_of(enum evaluator_kind kind,
                                const struct workspace *w, int *n) {
    bool prm = kind == EVALUATOR_PRM, judge = kind == EVALUATOR_JUDGE;
    *n = prm ? w->prm.n_tag : judge ? w->n_suffix : 0;
    return prm ? w->prm.tag : w->suffix;
}

int evaluator_n_suffix(enum evaluator_kind kind, const struct workspace *w) {
    int n;
    suffix_of(kind, w, &n);
    return n;
}

// The score in the row after the suffix; NAN when it holds no numbers.
static double read_score(enum evaluator_kind kind, const struct workspace *w,
                         const struct settings *s, const float *row) {
    if (kind == EVALUATOR_PRM) return prm_score(&w->prm, row);
    for (int d = 0; d < 10; d++) {
        if (isnan(row[w->digits[d]])) return NAN;
    }
    const struct sampler *sampler = &w->sampler[ROLE_BASE];
    double digit = s->score == SCORE_AVERAGE
                       ? judge_score_average(row, w->digits, sampler->kernels)
                       : judge_score_greedy(row, sampler->n_vocab, w->digits);
    return digit / 9;
}

static void cut(const struct claim *claims, const int *n_before, int n) {
    for (int i = 0; i < n; i++)
        lm_truncate(claims[i].seq, n_before[i]);
}

static int ask(enum evaluator_kind kind, const struct workspace *w,
               const struct settings *s, struct claim *claims, int n,
               evaluator_rows_fn rows, void *ctx, struct error *err) {
    struct lm_ask asks[LM_SHARED_MAX] = {0};
    const float *row[LM_SHARED_MAX];
    int at[LM_SHARED_MAX], n_before[LM_SHARED_MAX], n_suffix;
    const int32_t *suffix = suffix_of(kind, w, &n_suffix);
    for (int i = 0; i < n; i++) {
        n_before[i] = lm_n_tokens(claims[i].seq);
        at[i] = n_before[i] + n_suffix;
        asks[i] = (struct lm_ask){claims[i].seq, &at[i], 1, &row[i]};
        if (lm_push(claims[i].seq, suffix, n_suffix, err)) {
            cut(claims, n_before, i);
            return -1;
        }
    }
    int rc = rows(ctx, asks, n, err);
    for (int i = 0; i < n && !rc; i++)
        claims[i].score = read_score(kind, w, s, row[i]);
    cut(claims, n_before, n);
    return rc;
}

int evaluator_score(enum evaluator_kind kind, struct workspace *w,
                    const struct settings *s, const struct rng *rng,
                    struct trace *t, struct claim *claims, int n,
                    evaluator_rows_fn rows, void *ctx, struct error *err) {
    int role = evaluators[kind].role;
    assert(kind != EVALUATOR_NONE && n >= 0 && n <= LM_SHARED_MAX);
    if (n == 0) return 0;
    t->count.judge_calls += n;
    for (int i = 0; i < n; i++)
        claims[i].score = kind == EVALUATOR_RANDOM
                              ? rng_u01(rng, RNG_JUDGE, claims[i].draw)
                              : claims[i].likelihood;
    if (role >= 0 && ask(kind, w, s, claims, n, rows, ctx, err)) return -1;
    t->count.judge_tokens += (int64_t)n * evaluator_n_suffix(kind, w);
    for (int i = 0; i < n; i++) {
        if (!isnan(claims[i].score)) continue;
        if (role >= 0)
            return error_set(err, ERR_INPUT, "the %s's logits are not numbers",
                             role_name[role]);
        return error_set(err, ERR_INPUT,
                         "a step's probabilities are not numbers");
    }
    return 0;
}
