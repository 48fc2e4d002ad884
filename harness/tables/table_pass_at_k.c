#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/stats/stats_pass_k.h"
#include "harness/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// pass@k' and maj@k' for k' = 1, 2, 4, .. and k itself, of k samples per
// problem: a row for each cell and k'. The unit is the problem, as in the table
// of accuracy, which the row of k' = 1 repeats.
//
// Votes are for the stored text of an answer, what the grader compared. Two
// texts of one value are two answers, so they share their votes.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, false}, {"k", 0, false}, {"pass_at_k", 4, false},
    {"se", 4, false}, {"ci_low", 4, false}, {"ci_high", 4, false},
    {"maj_at_k", 4, false}, {"maj_se", 4, false},
    {"maj_ci_low", 4, false}, {"maj_ci_high", 4, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"k", "$k$", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"pass_at_k", "pass@$k$", PAPER_PERCENT, BEST_NONE, "ci_low", "ci_high"},
    {"maj_at_k", "maj@$k$", PAPER_PERCENT, BEST_NONE, "maj_ci_low",
     "maj_ci_high"},
    REPORT_LAST_PAPER,
};
// clang-format on

// Of one problem; NAN where fewer than `of` of its samples are there.
typedef double (*problem_fn)(const struct report_sample *samples, int k,
                             int of);

static double pass_of(const struct report_sample *samples, int k, int of) {
    int n = 0, n_correct = 0;
    for (int i = 0; i < k; i++) {
        if (!samples[i].present) continue;
        n++;
        n_correct += samples[i].verdict == VERDICT_CORRECT;
    }
    return stats_pass_at_k(n, n_correct, of);
}

static int compare_answers(const void *x, const void *y) {
    const struct report_sample *a = *(const struct report_sample *const *)x;
    const struct report_sample *b = *(const struct report_sample *const *)y;
    int c = strcmp(a->answer, b->answer);
    return c ? c
             : (a->verdict == VERDICT_CORRECT) -
                   (b->verdict == VERDICT_CORRECT);
}

// Without a text nobody can have given the same answer.
static bool same_answer(const struct report_sample *a,
                        const struct report_sample *b) {
    return *a->answer && compare_answers(&a, &b) == 0;
}

static double maj_of(const struct report_sample *samples, int k, int of) {
    const struct report_sample *given[STATS_MAJ_SAMPLES_MAX];
    int count[STATS_MAJ_SAMPLES_MAX] = {0}, n = 0, n_answers = 0;
    bool correct[STATS_MAJ_SAMPLES_MAX];
    for (int i = 0; i < k; i++) {
        if (!samples[i].present) continue;
        if (n == STATS_MAJ_SAMPLES_MAX) return NAN;
        given[n++] = &samples[i];
    }
    if (n) qsort(given, (size_t)n, sizeof *given, compare_answers);
    for (int i = 0; i < n; i++) {
        bool again = i && same_answer(given[i - 1], given[i]);
        if (!again) n_answers++;
        count[n_answers - 1]++;
        correct[n_answers - 1] = given[i]->verdict == VERDICT_CORRECT;
        // Programs have no text to vote for.
        if (correct[n_answers - 1] && !*given[i]->answer) return NAN;
    }
    return stats_maj_at_k(count, correct, n_answers, of);
}

static struct estimate estimate(const struct report *r,
                                const struct report_cell *c, problem_fn fn,
                                int of) {
    double *values = xcalloc((size_t)c->n_problems + 1, sizeof *values);
    for (int p = 0; p < c->n_problems; p++)
        values[p] = fn(c->samples + (size_t)p * (size_t)c->k, c->k, of);
    struct estimate e = report_interval(r, c, values);
    free(values);
    return e;
}

// The interval of a share ends at 0 and 1.
static void set_share(struct table *t, const char *const *names,
                      const struct estimate *e) {
    table_set_number(t, names[0], e->value);
    table_set_number(t, names[1], e->se);
    table_set_number(t, names[2], isnan(e->low) ? NAN : fmax(0, e->low));
    table_set_number(t, names[3], isnan(e->high) ? NAN : fmin(1, e->high));
}

static void fill_row(const struct report *r, const struct report_cell *c,
                     int of, struct table *t) {
    report_begin_row(t, c);
    table_set_number(t, "k", of);
    if (c->usable) {
        static const char *const pass[] = {"pass_at_k", "se", "ci_low",
                                           "ci_high"};
        static const char *const maj[] = {"maj_at_k", "maj_se", "maj_ci_low",
                                          "maj_ci_high"};
        struct estimate e = estimate(r, c, pass_of, of);
        table_set_number(t, "n_problems", e.n);
        set_share(t, pass, &e);
        e = estimate(r, c, maj_of, of);
        set_share(t, maj, &e);
    }
    report_end_row(t, c);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        if (c->k < 2) continue;
        for (int of = 1; of < c->k; of *= 2)
            fill_row(r, c, of, t);
        fill_row(r, c, c->k, t);
    }
}

const struct report_table table_pass_at_k = {
    .name = "pass_at_k",
    .title = "pass@k",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .printed = false,
    .optional = true,
};
