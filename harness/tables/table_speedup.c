#include "harness/report.h"
#include "harness/table.h"
#include "harness/compare/cell_pair.h"

#include "engine/base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Each cell against the baseline of the same base model and data set. "~"
// stands before what the interval does not tell from no difference; the
// smallest difference that would have been seen stands beside. p values are
// adjusted over all comparisons of the table.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"geomean", 3, false}, {"ci_low", 3, false}, {"ci_high", 3, false},
    {"time_p", 4, true}, {"time_p_holm", 4, true}, {"time_p_bh", 4, true},
    {"ratio_of_means", 3, false}, {"accuracy_diff", 4, false},
    {"diff_ci_low", 4, false}, {"diff_ci_high", 4, false},
    {"diff_p_t", 4, true}, {"diff_p", 4, true}, {"diff_p_holm", 4, false},
    {"diff_p_bh", 4, true}, {"correlation", 3, true},
    {"min_detectable_diff", 4, false}, {"per_token_geomean", 3, false},
    {"per_token_ci_low", 3, true}, {"per_token_ci_high", 3, true},
    {"tokens_ratio", 3, false},
    {"n_problems", 0, false},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"geomean", "Speedup", PAPER_RATIO, BEST_HIGH, "ci_low", "ci_high"},
    {"ratio_of_means", "Ratio of|means", PAPER_RATIO, BEST_HIGH, NULL, NULL},
    {"per_token_geomean", "Speedup|per token", PAPER_RATIO, BEST_HIGH, NULL,
     NULL},
    {"accuracy_diff", "pass@1,|difference", PAPER_POINTS, BEST_NONE,
     "diff_ci_low", "diff_ci_high"},
    {"diff_p_holm", "$p$ (Holm)", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"min_detectable_diff", "Detectable", PAPER_POINTS, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static bool is_baseline(const struct report *r, const struct report_cell *c) {
    return !c->baseline && !strcmp(c->cell->label, r->manifest.baseline);
}

struct families {
    struct cell_pair_family accuracy, time;
};

static void fill_p(const struct families *f, size_t i, struct table *t) {
    table_set_number(t, "time_p", f->time.raw[i]);
    table_set_number(t, "time_p_holm", f->time.holm[i]);
    table_set_number(t, "time_p_bh", f->time.bh[i]);
    table_set_number(t, "diff_p", f->accuracy.raw[i]);
    table_set_number(t, "diff_p_holm", f->accuracy.holm[i]);
    table_set_number(t, "diff_p_bh", f->accuracy.bh[i]);
}

static void fill_pair(const struct cell_pair *s, struct table *t) {
    table_set_number(t, "geomean", s->time.value);
    table_set_number(t, "ci_low", s->time.low);
    table_set_number(t, "ci_high", s->time.high);
    report_mark_unresolved(t, "geomean", &s->time, 1);
    table_set_number(t, "ratio_of_means", s->ratio_of_means);
    table_set_number(t, "accuracy_diff", s->accuracy.value);
    table_set_number(t, "diff_ci_low", s->accuracy.low);
    table_set_number(t, "diff_ci_high", s->accuracy.high);
    report_mark_unresolved(t, "accuracy_diff", &s->accuracy, 0);
    table_set_number(t, "diff_p_t", s->p_t);
    table_set_number(t, "correlation", s->correlation);
    table_set_number(t, "min_detectable_diff", s->min_detectable);
    table_set_number(t, "per_token_geomean", s->per_token.value);
    table_set_number(t, "per_token_ci_low", s->per_token.low);
    table_set_number(t, "per_token_ci_high", s->per_token.high);
    report_mark_unresolved(t, "per_token_geomean", &s->per_token, 1);
    table_set_number(t, "tokens_ratio", s->tokens_ratio);
    table_set_number(t, "n_problems", s->accuracy.n);
}

static void fill(const struct report *r, struct table *t) {
    size_t n = (size_t)r->n_cells;
    struct cell_pair *pairs = xcalloc(n + 1, sizeof *pairs);
    bool *has = xcalloc(n + 1, sizeof *has);
    for (size_t i = 0; i < n; i++)
        has[i] =
            !cell_pair_fill(&pairs[i], r, &r->cells[i], r->cells[i].baseline);
    struct families f = {
        cell_pair_adjust(pairs, has, r->n_cells, PAIR_ACCURACY),
        cell_pair_adjust(pairs, has, r->n_cells, PAIR_TIME)};
    for (size_t i = 0; i < n; i++) {
        if (is_baseline(r, &r->cells[i])) continue;
        report_begin_row(t, &r->cells[i]);
        if (has[i]) fill_p(&f, i, t);
        if (has[i]) fill_pair(&pairs[i], t);
        report_end_row(t, &r->cells[i]);
    }
    cell_pair_family_release(&f.accuracy);
    cell_pair_family_release(&f.time);
    free(pairs);
    free(has);
}

const struct report_table table_speedup = {.name = "speedup",
                                           .title =
                                               "Speed-up over the baseline",
                                           .columns = columns,
                                           .paper = paper,
                                           .fill = fill,
                                           .printed = true};
