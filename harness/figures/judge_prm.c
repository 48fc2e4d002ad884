#include "harness/figures/figure.h"

#include "engine/base/alloc.h"
#include "harness/figures/scene.h"
#include "harness/report.h"
#include "harness/stats/stats_rank.h"
#include "harness/stats/stats_ratio.h"
#include "harness/table.h"
#include "harness/tables/evaluations.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Evaluators of thoughts by ten bins of their score. Where two scored the same
// thoughts (second_evaluator): do they agree, the mean of the second by the
// score of the first? Where steps can be checked: which share of the thoughts
// with a score is right, for both on the same thoughts, for others on those of
// their cells? Points stand at the mean score of a bin, intervals are over
// problems. A row without a bin is the number that sums a curve up: Spearman's
// correlation, or the area under the ROC curve.

// clang-format off
static const struct table_column columns[] = {
    SCENE_COLUMNS,
    {"x_axis", COLUMN_TEXT, false}, {"y_axis", COLUMN_TEXT, false},
    {"bin_low", 1, false}, {"x", 4, false}, {"y", 4, false},
    {"low", 4, false}, {"high", 4, false}, {"statistic", COLUMN_TEXT, false},
    {"n_thoughts", 0, false}, {"n_problems", 0, false},
    {"cell", COLUMN_TEXT, false},
    {NULL, 0, false},
};
// clang-format on

// A curve: y of thoughts by their score.
struct curve {
    const struct report_cell *cell;
    const char *panel, *label, *x_axis, *y_axis;
    const double *score, *y; // [n] y NAN: not known
    const int *problem;      // [n]
    int n;
};

static void begin_row(struct scene *s, const struct curve *k,
                      const struct estimate *e, int n, struct table *t) {
    scene_add_named(s, k->panel, k->label, t);
    table_set_text(t, "x_axis", k->x_axis);
    table_set_text(t, "y_axis", k->y_axis);
    table_set_number(t, "y", e->value);
    table_set_number(t, "low", e->low);
    table_set_number(t, "high", e->high);
    table_set_number(t, "n_thoughts", n);
    report_set_cell(t, k->cell);
}

static void add_bin(struct scene *s, const struct curve *k, int bin,
                    struct table *t) {
    int n_problems = k->cell->n_problems, n = 0;
    double *x = xcalloc((size_t)n_problems, sizeof *x);
    double *y = xcalloc((size_t)n_problems, sizeof *y), score = 0;
    for (int i = 0; i < k->n; i++) {
        if (isnan(k->y[i]) || evaluation_bin(k->score[i]) != bin) continue;
        x[k->problem[i]] += k->y[i];
        y[k->problem[i]]++;
        score += k->score[i];
        n++;
    }
    struct estimate e =
        stats_share(x, y, n_problems, s->report->manifest.confidence);
    if (n) {
        begin_row(s, k, &e, n, t);
        table_set_number(t, "bin_low", (double)bin / EVALUATION_BINS);
        table_set_number(t, "x", score / n);
        table_set_number(t, "n_problems", e.n);
    }
    free(x);
    free(y);
}

typedef struct estimate (*rank_fn)(const struct rank_values *v, double level,
                                   uint64_t seed);

static void add_curve(struct scene *s, const struct curve *k, rank_fn rank,
                      const char *statistic, struct table *t) {
    const struct manifest *m = &s->report->manifest;
    for (int bin = 0; bin < EVALUATION_BINS; bin++)
        add_bin(s, k, bin, t);
    struct rank_values v = {k->score, k->y, k->problem, k->n,
                            k->cell->n_problems};
    struct estimate e = rank(&v, m->confidence, (uint64_t)m->seed);
    if (isnan(e.value)) return;
    begin_row(s, k, &e, k->n, t);
    table_set_text(t, "statistic", statistic);
}

// ---- which cells, under which names ----------------------------------------

// What was said of the thoughts of each cell.
struct judged {
    struct scene *scene;
    struct evaluations *of; // [n_cells]
    bool *has_second, *has_right;
};

static bool any_known(const double *x, int n) {
    for (int i = 0; i < n; i++) {
        if (!isnan(x[i])) return true;
    }
    return false;
}

static void judged_init(struct judged *j, struct scene *s) {
    const struct report *r = s->report;
    size_t n = (size_t)r->n_cells;
    *j = (struct judged){.scene = s,
                         .of = xcalloc(n, sizeof *j->of),
                         .has_second = xcalloc(n, sizeof *j->has_second),
                         .has_right = xcalloc(n, sizeof *j->has_right)};
    for (int i = 0; i < r->n_cells; i++) {
        struct evaluations *e = &j->of[i];
        if (!r->cells[i].usable) continue;
        evaluations_fill(e, &r->cells[i]);
        j->has_second[i] = any_known(e->second, e->n);
        j->has_right[i] = any_known(e->right, e->n);
    }
}

static void judged_release(struct judged *j) {
    for (int i = 0; i < j->scene->report->n_cells; i++)
        evaluations_release(&j->of[i]);
    free(j->of);
    free(j->has_second);
    free(j->has_right);
}

static bool has_evaluator(const struct judged *j, int cell, const char *name) {
    const struct report_cell *c = &j->scene->report->cells[cell];
    const char *second = report_setting(c, "second_evaluator");
    if (!strcmp(report_setting(c, "evaluator"), name)) return true;
    return j->has_second[cell] && !strcmp(second, name);
}

// Cells of the panel of `cell`, `cell` aside, that show this evaluator; of
// pairs alone if `pairs`.
static int count_others(const struct judged *j, int cell, const char *name,
                        bool pairs) {
    const struct report_cell *cells = j->scene->report->cells;
    int n = 0;
    for (int i = 0; i < j->scene->report->n_cells; i++) {
        bool shown = j->has_second[i] || (!pairs && j->has_right[i]);
        n += i != cell && shown && has_evaluator(j, i, name) &&
             scene_same_panel(j->scene, &cells[i], &cells[cell]);
    }
    return n;
}

// "prm", with the cell where others have it too. malloc'ed.
static char *label_of(const struct judged *j, int cell, const char *name,
                      bool pair) {
    const char *own = pair ? "" : " (own thoughts)";
    if (!count_others(j, cell, name, pair)) return xasprintf("%s%s", name, own);
    char *who = scene_cell_text(j->scene, &j->scene->report->cells[cell]);
    char *text = xasprintf("%s of %s", name, who);
    free(who);
    return text;
}

// ---- panels ---------------------------------------------------------------

static char *panel_of(const struct judged *j, int cell, const char *what) {
    char *where = scene_panel_text(j->scene, &j->scene->report->cells[cell]);
    char *text = xasprintf("%s / %s", where, what);
    free(where);
    return text;
}

static void add_agreement(const struct judged *j, int cell, struct table *t) {
    const struct report_cell *c = &j->scene->report->cells[cell];
    const struct evaluations *e = &j->of[cell];
    const char *first = report_setting(c, "evaluator");
    const char *second = report_setting(c, "second_evaluator");
    char *x_axis = xasprintf("Score of %s", first);
    char *y_axis = xasprintf("Mean score of %s", second);
    char *what = xasprintf("%s by %s", second, first);
    char *panel = panel_of(j, cell, "agreement");
    char *label = label_of(j, cell, what, true);
    struct curve k = {c,        panel,     label,      x_axis, y_axis,
                      e->score, e->second, e->problem, e->n};
    add_curve(j->scene, &k, stats_spearman, "Spearman", t);
    free(x_axis);
    free(y_axis);
    free(what);
    free(panel);
    free(label);
}

static void add_checked(const struct judged *j, int cell, const char *setting,
                        const double *score, struct table *t) {
    const struct report_cell *c = &j->scene->report->cells[cell];
    const struct evaluations *e = &j->of[cell];
    char *panel = panel_of(j, cell, "correctness");
    char *label =
        label_of(j, cell, report_setting(c, setting), j->has_second[cell]);
    struct curve k = {
        c,     panel,    label,      "Score", "Share of right thoughts",
        score, e->right, e->problem, e->n};
    add_curve(j->scene, &k, stats_auc, "AUC", t);
    free(panel);
    free(label);
}

static void add_pair(struct judged *j, int cell, struct table *t) {
    struct evaluations *e = &j->of[cell];
    evaluations_keep(e, true, false);
    add_agreement(j, cell, t);
    evaluations_keep(e, true, true);
    if (!e->n) return;
    add_checked(j, cell, "evaluator", e->score, t);
    add_checked(j, cell, "second_evaluator", e->second, t);
}

// Evaluators that stand in a pair are seen there, on the same thoughts.
static void add_single(struct judged *j, int cell, struct table *t) {
    const struct report_cell *c = &j->scene->report->cells[cell];
    if (!j->has_right[cell] ||
        count_others(j, cell, report_setting(c, "evaluator"), true))
        return;
    evaluations_keep(&j->of[cell], false, true);
    add_checked(j, cell, "evaluator", j->of[cell].score, t);
}

static void fill(const struct report *r, struct table *t) {
    struct scene s;
    struct judged j;
    scene_init(&s, r, NULL);
    judged_init(&j, &s);
    for (int i = 0; i < r->n_cells; i++) {
        if (j.has_second[i]) add_pair(&j, i, t);
    }
    for (int i = 0; i < r->n_cells; i++) {
        if (!j.has_second[i]) add_single(&j, i, t);
    }
    judged_release(&j);
    scene_release(&s);
}

const struct figure figure_judge_prm = {
    .name = "judge_prm",
    .title = "Evaluators of thoughts",
    .note = "Points: ten bins of the score, with intervals over problems. On "
            "the diagonal a score is the share of right thoughts. Curves of a "
            "panel are of the same thoughts unless they name a cell or say "
            "own.",
    .needs = "a search with second_evaluator:, or with steps: that are checked",
    .columns = columns,
    .fill = fill,
};
