#include "engine/methods/judge.h"

#include "engine/kernels/kernels.h"

#include <math.h>

// SpecReason's judge (2504.07891, section 4): the base reads the step in a
// prefill-only pass and is asked for one digit. Greedy takes the most likely
// token of the whole vocabulary, and what is not a digit counts as 0. Average
// is the expectation over the ten digits alone, renormalised. Both read the
// logits as they are: sampling settings do not touch them.
//
// The random judge is a control with the same reading cost but the suffix:
// accuracy that it reaches too is not owed to judgement.

double judge_score_greedy(const float *row, int n_vocab,
                          const int32_t digits[10]) {
    int best = -1;
    for (int i = 0; i < n_vocab; i++) {
        if (!isnan(row[i]) && (best < 0 || row[i] > row[best])) best = i;
    }
    for (int d = 0; d < 10; d++) {
        if (digits[d] == best) return d;
    }
    return 0;
}

double judge_score_average(const float *row, const int32_t digits[10],
                           const struct kernels *k) {
    float w[10];
    double sum = 0, total = 0;
    for (int d = 0; d < 10; d++) {
        float v = row[digits[d]];
        w[d] = isnan(v) ? -INFINITY : v;
    }
    float max = k->max(w, 10);
    if (!isfinite(max)) return 0;
    for (int d = 0; d < 10; d++) {
        if (w[d] == -INFINITY) w[d] = max - 1e4f; // no weight
    }
    k->exp_sum(w, 10, max, 1);
    for (int d = 0; d < 10; d++) {
        total += w[d];
        sum += d * (double)w[d];
    }
    return sum / total;
}

// Evaluate everything pending; *last: the row at the end of the transcript.
static int read_rows(struct sample *m, int n_before, int n_after,
                     const float **last, struct error *err) {
    struct lm_seq *base = m->w->seq[ROLE_BASE];
    int positions[3], n = 0;
    const float *rows[3];
    if (n_before > m->w->n_prompt[ROLE_BASE]) positions[n++] = n_before;
    positions[n++] = n_after;
    if (lm_n_tokens(base) > n_after) positions[n++] = lm_n_tokens(base);
    if (lm_rows(base, positions, n, rows, err)) return -1;
    *last = rows[n - 1];
    return 0;
}

int judge_step(struct sample *m, int n_before, struct verdict *v,
               struct error *err) {
    const struct workspace *w = m->w;
    const struct settings *s = m->s;
    struct lm_seq *base = w->seq[ROLE_BASE];
    int n_after = lm_n_tokens(base);
    const float *row;
    m->t->count.judge_calls++;
    if (s->judge == JUDGE_RANDOM) {
        uint64_t index = (uint64_t)m->n_attempts;
        v->score = NAN;
        v->keep = rng_u01(m->rng, RNG_JUDGE, index) < s->accept_rate;
        return read_rows(m, n_before, n_after, &row, err);
    }
    if (lm_push(base, w->suffix, w->n_suffix, err) ||
        read_rows(m, n_before, n_after, &row, err))
        return -1;
    m->t->count.judge_tokens += w->n_suffix;
    int n_used = lm_facts(w->lm[ROLE_BASE])->n_used;
    v->score =
        s->score == SCORE_AVERAGE
            ? judge_score_average(row, w->digits, w->sampler[ROLE_BASE].kernels)
            : judge_score_greedy(row, n_used, w->digits);
    v->keep = v->score >= s->threshold;
    lm_truncate(base, n_after);
    return 0;
}
