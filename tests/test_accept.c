#include "engine/methods/accept.h"

#include "engine/base/rng.h"
#include "engine/methods/sampler.h"

#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

// The acceptance rules on small vocabularies, where every probability is
// known. A world is a target and a draft, each a table of distributions over
// the next token given the last one. Sequences of three tokens are written by
// rounds of two drafted tokens and compared with the target's own
// distribution of such sequences by a chi-square test. Four planted bugs must
// make the same test fail.

enum { MAX_VOCAB = 10, LENGTH = 3, N_DRAFT = 2, N_SAMPLES = 25000 };

struct world {
    int n;
    float p[MAX_VOCAB][MAX_VOCAB], q[MAX_VOCAB][MAX_VOCAB];
    float q_flat[MAX_VOCAB][MAX_VOCAB]; // q at twice the temperature
};

static void random_row(float *row, int n, struct rng rng, uint64_t index) {
    for (int t = 0; t < n; t++) {
        double u = rng_u01(&rng, RNG_ORDER, index * 100 + (uint64_t)t);
        row[t] = (float)exp(3 * u); // weights, not normalised
    }
}

static void world_init(struct world *w, int n, uint64_t seed) {
    struct rng p = rng_make(seed, "p", 0), q = rng_make(seed, "q", 0);
    w->n = n;
    for (int c = 0; c < n; c++) {
        random_row(w->p[c], n, p, (uint64_t)c);
        random_row(w->q[c], n, q, (uint64_t)c);
    }
    // Supports differ: a token that only one of the two knows.
    w->p[0][1] = 0;
    w->q[0][2] = 0;
    for (int i = 0; i < n * n; i++)
        w->q_flat[i / n][i % n] = sqrtf(w->q[i / n][i % n]);
}

typedef int (*accept_fn)(const struct accept_round *r, int32_t *next);

// What a test changes about the drafting.
struct drafting {
    bool argmax; // the likeliest token instead of a draw
    bool flat_q; // hand over another temperature's q: not the one drawn
    accept_fn accept;
};

struct draws {
    struct rng rng;
    uint64_t n;
};

static double draw(struct draws *d) {
    return rng_u01(&d->rng, RNG_TARGET, d->n++);
}

static int argmax(const float *row, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
        if (row[i] > row[best]) best = i;
    }
    return best;
}

// One round after token `last`; returns the number of tokens in out.
static int play_round(const struct world *w, const struct drafting *how,
                      struct draws *d, int last, int32_t *out, bool *hit) {
    float p[(N_DRAFT + 1) * MAX_VOCAB], q[N_DRAFT * MAX_VOCAB];
    double p_total[N_DRAFT + 1], q_total[N_DRAFT];
    double u_target[N_DRAFT + 1], u_accept[N_DRAFT], u_residual[N_DRAFT];
    int n = w->n, context = last;
    for (int i = 0; i <= N_DRAFT; i++) {
        memcpy(p + i * n, w->p[context], (size_t)n * sizeof *p);
        p_total[i] = sample_total(w->p[context], n);
        u_target[i] = draw(d);
        if (i == N_DRAFT) break;
        double total = sample_total(w->q[context], n);
        int t = sample_pick(w->q[context], n, total, draw(d));
        out[i] = how->argmax ? argmax(w->q[context], n) : t;
        const float *used = how->flat_q ? w->q_flat[context] : w->q[context];
        memcpy(q + i * n, used, (size_t)n * sizeof *q);
        q_total[i] = sample_total(q + i * n, n);
        u_accept[i] = draw(d);
        u_residual[i] = draw(d);
        context = out[i];
    }
    struct accept_round r = {.n_vocab = n,
                             .n_draft = N_DRAFT,
                             .draft = out,
                             .p = p,
                             .p_total = p_total,
                             .q = q,
                             .q_total = q_total,
                             .u_target = u_target,
                             .u_accept = u_accept,
                             .u_residual = u_residual};
    int32_t next;
    int n_accepted = how->accept(&r, &next);
    *hit = n_accepted > 0;
    out[n_accepted] = next;
    return n_accepted + 1;
}

// Index of a sequence of LENGTH tokens that follows token 0.
static int play(const struct world *w, const struct drafting *how,
                struct draws *d, bool *first_hit) {
    int32_t tokens[LENGTH + N_DRAFT + 1];
    int n = 0, index = 0;
    while (n < LENGTH) {
        bool hit;
        int last = n ? tokens[n - 1] : 0;
        bool first = n == 0;
        n += play_round(w, how, d, last, tokens + n, &hit);
        if (first) *first_hit = hit;
    }
    for (int i = 0; i < LENGTH; i++)
        index = index * w->n + tokens[i];
    return index;
}

static double chance(const struct world *w, int index) {
    int tokens[LENGTH], last = 0;
    double p = 1;
    for (int i = LENGTH - 1; i >= 0; i--) {
        tokens[i] = index % w->n;
        index /= w->n;
    }
    for (int i = 0; i < LENGTH; i++) {
        p *= w->p[last][tokens[i]] / sample_total(w->p[last], w->n);
        last = tokens[i];
    }
    return p;
}

// P-value of the counts; cells that are expected less than five times share
// one. 0 when something impossible was seen.
static double chi_square_p(const struct world *w, const int *count,
                           int n_cells) {
    double sum = 0, rest_expected = 0;
    int n_used = 0, rest = 0;
    for (int i = 0; i < n_cells; i++) {
        double expected = chance(w, i) * N_SAMPLES;
        if (expected == 0 && count[i] > 0) return 0;
        if (expected < 5) {
            rest_expected += expected;
            rest += count[i];
            continue;
        }
        sum += (count[i] - expected) * (count[i] - expected) / expected;
        n_used++;
    }
    if (rest_expected > 0) {
        sum += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
        n_used++;
    }
    return gsl_cdf_chisq_Q(sum, n_used - 1);
}

static double p_value_of(const struct world *w, uint64_t seed,
                         const struct drafting *how, double *first_rate) {
    static int count[MAX_VOCAB * MAX_VOCAB * MAX_VOCAB];
    int n_cells = w->n * w->n * w->n, n_first = 0;
    memset(count, 0, sizeof count);
    struct draws d = {.rng = rng_make(seed, "draws", 1)};
    for (int i = 0; i < N_SAMPLES; i++) {
        bool hit;
        count[play(w, how, &d, &hit)]++;
        n_first += hit;
    }
    if (first_rate) *first_rate = (double)n_first / N_SAMPLES;
    return chi_square_p(w, count, n_cells);
}

static double p_value(int n_vocab, uint64_t seed, const struct drafting *how,
                      double *first_rate) {
    struct world w;
    world_init(&w, n_vocab, seed);
    return p_value_of(&w, seed, how, first_rate);
}

static const struct drafting right = {.accept = accept_rejection};

Test(accept, rejection_gives_the_targets_distribution) {
    for (int n = 5; n <= MAX_VOCAB; n++) {
        double p = p_value(n, 100 + (uint64_t)n, &right, NULL);
        cr_expect(p > 1e-3, "vocabulary of %d: p = %g", n, p);
    }
}

// Rows are as long as the larger vocabulary; what the other model lacks has no
// weight in its rows.
static void forget_ids(float rows[MAX_VOCAB][MAX_VOCAB], int from, int n) {
    for (int c = 0; c < n; c++) {
        for (int t = from; t < n; t++)
            rows[c][t] = 0;
    }
}

Test(accept, unequal_vocabularies_leave_the_targets_distribution) {
    const accept_fn rules[] = {accept_rejection, accept_exact};
    for (uint64_t i = 0; i < 12; i++) {
        struct world w;
        struct drafting how = {.accept = rules[i % 2]};
        int n = 6 + (int)i / 2 % 3, n_smaller = n - 1 - (int)i % 3;
        world_init(&w, n, 300 + i);
        forget_ids(i < 6 ? w.p : w.q, n_smaller, n);
        double p = p_value_of(&w, i, &how, NULL);
        cr_expect(p > 1e-3, "%s has %d of %d: p = %g",
                  i < 6 ? "target" : "draft", n_smaller, n, p);
    }
}

Test(accept, rejection_accepts_as_often_as_it_can) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world w;
        double rate, best = 0;
        world_init(&w, 7, seed);
        for (int t = 0; t < 7; t++)
            best += fmin(w.p[0][t] / sample_total(w.p[0], 7),
                         w.q[0][t] / sample_total(w.q[0], 7));
        p_value(7, seed, &right, &rate);
        double se = sqrt(best * (1 - best) / N_SAMPLES);
        cr_expect(fabs(rate - best) < 4 * se, "%g, not %g +- %g", rate, best,
                  se);
    }
}

// ---- planted bugs ---------------------------------------------------------

static const float *row(const float *rows, int i,
                        const struct accept_round *r) {
    return rows + i * r->n_vocab;
}

// The rule written once more, with room for bugs.
static int mutant(const struct accept_round *r, int32_t *next,
                  bool unnormalised, bool wrong_bonus) {
    int i = 0, n = r->n_vocab;
    for (; i < r->n_draft; i++) {
        double p = row(r->p, i, r)[r->draft[i]] / r->p_total[i];
        double q = row(r->q, i, r)[r->draft[i]] / r->q_total[i];
        if (!(r->u_accept[i] * q < p)) break;
    }
    if (i == r->n_draft) {
        int at = wrong_bonus ? i - 1 : i;
        *next =
            sample_pick(row(r->p, at, r), n, r->p_total[at], r->u_target[i]);
        return i;
    }
    double left[MAX_VOCAB], total = 0, sum = 0;
    for (int t = 0; t < n; t++) {
        left[t] = fmax(0, row(r->p, i, r)[t] / r->p_total[i] -
                              row(r->q, i, r)[t] / r->q_total[i]);
        total += left[t];
    }
    double limit = r->u_residual[i] * (unnormalised ? 1 : total);
    for (int t = 0; t < n; t++) {
        if (left[t] <= 0) continue;
        *next = t;
        sum += left[t];
        if (sum > limit) break;
    }
    return i;
}

static int no_bug(const struct accept_round *r, int32_t *next) {
    return mutant(r, next, false, false);
}
static int unnormalised_residual(const struct accept_round *r, int32_t *next) {
    return mutant(r, next, true, false);
}
static int wrong_bonus_row(const struct accept_round *r, int32_t *next) {
    return mutant(r, next, false, true);
}

static void check_fails(const struct drafting *how, const char *what) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double p = p_value(6, seed, how, NULL);
        cr_expect(p < 1e-6, "%s, world %d: p = %g", what, (int)seed, p);
    }
}

Test(accept, the_mutants_without_a_bug_pass) {
    struct drafting how = {.accept = no_bug};
    cr_expect(p_value(6, 1, &how, NULL) > 1e-3);
}

Test(accept, argmax_drafts_with_the_ratio_rule_fail) {
    check_fails(&(struct drafting){.argmax = true, .accept = accept_rejection},
                "argmax drafts");
}

Test(accept, a_q_that_was_not_sampled_from_fails) {
    check_fails(&(struct drafting){.flat_q = true, .accept = accept_rejection},
                "q of another temperature");
}

Test(accept, an_unnormalised_residual_fails) {
    check_fails(&(struct drafting){.accept = unnormalised_residual},
                "unnormalised residual");
}

Test(accept, a_bonus_from_the_wrong_row_fails) {
    check_fails(&(struct drafting){.accept = wrong_bonus_row},
                "bonus from the wrong row");
}

// ---- exact ----------------------------------------------------------------

Test(accept, exact_gives_the_targets_distribution_too) {
    struct drafting how = {.accept = accept_exact};
    for (int n = 5; n <= MAX_VOCAB; n++) {
        double p = p_value(n, 200 + (uint64_t)n, &how, NULL);
        cr_expect(p > 1e-3, "vocabulary of %d: p = %g", n, p);
    }
}

Test(accept, exact_keeps_what_the_target_picks_itself) {
    const float p[] = {1, 1, 2, /**/ 0, 3, 1, /**/ 5, 0, 0};
    const double p_total[] = {4, 4, 5}, u[] = {0.6, 0.8, 0.1};
    int32_t right_draft[] = {2, 2}, wrong_draft[] = {2, 1}, next;
    struct accept_round r = {.n_vocab = 3,
                             .n_draft = 2,
                             .draft = right_draft,
                             .p = p,
                             .p_total = p_total,
                             .u_target = u};
    cr_expect_eq(accept_exact(&r, &next), 2);
    cr_expect_eq(next, 0);
    r.draft = wrong_draft;
    cr_expect_eq(accept_exact(&r, &next), 1);
    cr_expect_eq(next, 2);
}

Test(accept, equal_one_hot_rows_accept_and_different_ones_correct) {
    const float p[] = {0, 1, 0, /**/ 0, 0, 1}, q[] = {0, 1, 0};
    const float other[] = {1, 0, 0};
    const double one[] = {1, 1}, u[] = {0.999, 0.999};
    int32_t draft[] = {1}, wrong[] = {0}, next;
    struct accept_round r = {.n_vocab = 3,
                             .n_draft = 1,
                             .draft = draft,
                             .p = p,
                             .p_total = one,
                             .q = q,
                             .q_total = one,
                             .u_target = u,
                             .u_accept = u,
                             .u_residual = u};
    cr_expect_eq(accept_rejection(&r, &next), 1);
    cr_expect_eq(next, 2);
    r.q = other;
    r.draft = wrong;
    cr_expect_eq(accept_rejection(&r, &next), 0);
    cr_expect_eq(next, 1);
}
