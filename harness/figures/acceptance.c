#include "harness/figures/figure.h"

#include "engine/base/alloc.h"
#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/stats/stats_ratio.h"
#include "harness/table.h"
#include "harness/tables/tree_stats.h"

#include <math.h>
#include <stdlib.h>

// Who wrote what was kept, in tokens: the draft in whole steps, the draft token
// by token in what the base took over when it verified, the base. A row is a
// part of a bar, or one of two marks: of what the draft wrote, the share that
// was accepted. Verification does not say which of its tokens are on the path
// that a search chose, so the base's kept tokens are divided as all were that
// verification gave; on one path this is the same but for the last pass.

// clang-format off
static const struct table_column columns[] = {
    SCENE_BAR_COLUMNS,
    {"pct", 2, false}, {"low", 2, false}, {"high", 2, false},
    {"from_pct", 2, false}, {"to_pct", 2, false},
    {"n_problems", 0, false}, {"cell", COLUMN_TEXT, false},
    {NULL, 0, false},
};
// clang-format on

enum { IN_STEPS, BY_TOKEN, BY_BASE, STEPS_OK, TOKENS_OK, N_SERIES };
enum { N_PARTS = STEPS_OK };
static const char *const series_names[N_SERIES] = {
    "by draft in steps", "by draft in tokens", "by base", "steps accepted",
    "tokens accepted"};

// Sums by problem: each series is a share x / y.
struct sums {
    double *x[N_SERIES], *y[N_SERIES]; // [n_problems]
};

static void sums_init(struct sums *s, int n_problems) {
    for (int i = 0; i < N_SERIES; i++) {
        s->x[i] = xcalloc((size_t)n_problems, sizeof *s->x[i]);
        s->y[i] = xcalloc((size_t)n_problems, sizeof *s->y[i]);
    }
}

static void sums_release(struct sums *s) {
    for (int i = 0; i < N_SERIES; i++) {
        free(s->x[i]);
        free(s->y[i]);
    }
}

// Steps that no judge rejected; of a tree most of these are not kept.
static void add_steps(struct sums *to, const struct report_cell *c, int p) {
    struct tree_stats trees;
    tree_stats_fill_problem(&trees, c, p);
    to->y[STEPS_OK][p] = trees.all.n[AUTHOR_DRAFT];
    to->x[STEPS_OK][p] = trees.all.n[AUTHOR_DRAFT] - trees.all.n_rejected;
    tree_stats_release(&trees);
    for (int i = 0; i < c->k; i++) {
        const struct report_sample *s = &c->samples[p * c->k + i];
        if (!s->present || s->failed || s->n_steps) continue;
        to->y[STEPS_OK][p] += s->n_drafted;
        to->x[STEPS_OK][p] += s->n_kept_draft;
    }
}

static void add_problem(struct sums *to, const struct report_cell *c, int p) {
    double kept = 0, in_steps = 0, drafted = 0, accepted = 0, passes = 0;
    for (int i = 0; i < c->k; i++) {
        const struct report_sample *s = &c->samples[p * c->k + i];
        if (!s->present || s->failed) continue;
        kept += (double)s->count.kept_tokens;
        in_steps += (double)s->count.kept_from_draft;
        drafted += (double)s->count.spec_drafted;
        accepted += (double)s->count.spec_accepted;
        passes += (double)s->count.spec_passes;
    }
    double share = passes > 0 ? accepted / (accepted + passes) : 0;
    to->x[IN_STEPS][p] = in_steps;
    to->x[BY_TOKEN][p] = (kept - in_steps) * share;
    to->x[BY_BASE][p] = (kept - in_steps) * (1 - share);
    for (int i = 0; i < N_PARTS; i++)
        to->y[i][p] = kept;
    to->x[TOKENS_OK][p] = accepted;
    to->y[TOKENS_OK][p] = drafted;
}

static bool any(const double *x, int n) {
    for (int i = 0; i < n; i++) {
        if (x[i] > 0) return true;
    }
    return false;
}

static void add_row(struct scene *s, const struct report_cell *c, int series,
                    const struct estimate *e, double from, struct table *t) {
    scene_add_bar(s, c, c, series + 1, series_names[series], t);
    table_set_number(t, "pct", 100 * e->value);
    table_set_number(t, "low", 100 * e->low);
    table_set_number(t, "high", 100 * e->high);
    table_set_number(t, "from_pct", 100 * from);
    table_set_number(t, "to_pct", 100 * (from + e->value));
    table_set_number(t, "n_problems", e->n);
    report_set_cell(t, c);
}

// A cell whose draft wrote nothing has no rows.
static void add_cell(struct scene *s, const struct report_cell *c,
                     struct table *t) {
    int n = c->n_problems;
    double level = s->report->manifest.confidence, from = 0;
    struct sums sums;
    sums_init(&sums, n);
    for (int p = 0; p < n; p++) {
        add_problem(&sums, c, p);
        add_steps(&sums, c, p);
    }
    bool drafts = any(sums.y[STEPS_OK], n) || any(sums.y[TOKENS_OK], n);
    for (int i = 0; i < N_SERIES && drafts; i++) {
        bool is_part = i < N_PARTS;
        if (!any(is_part ? sums.x[i] : sums.y[i], n)) continue;
        struct estimate e = stats_share(sums.x[i], sums.y[i], n, level);
        add_row(s, c, i, &e, is_part ? from : NAN, t);
        from += e.value;
    }
    sums_release(&sums);
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    scene_init(&s, r, NULL);
    scene_each_cell(&s, add_cell, t);
    scene_release(&s);
}

const struct figure figure_acceptance = {
    .name = "acceptance",
    .title = "Who wrote the kept steps",
    .note = "Bars: authors of the kept tokens; pale, tokens of the draft "
            "that the base took over when it verified them. Marks: of the "
            "steps and tokens that the draft wrote, the share that was "
            "accepted, with intervals.",
    .needs = "a method with a draft (specdecode, specreason, specsearch)",
    .columns = columns,
    .fill = fill,
};
