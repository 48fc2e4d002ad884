#include "harness/report.h"
#include "harness/stats/stats.h"
#include "harness/table.h"
#include "harness/compare/cell_pair.h"
#include "harness/tables/tree_stats.h"

#include <math.h>

// The table of the paper on SpecSearch: accuracy, latency, and how many times
// faster than the same search by the large model alone (report.baseline) and
// with a drafter (report.versus), beside what the search did. All cells stand
// in it as soon as one of them searches; the Markdown form shows what the paper
// has, the rest is of detail.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"n_problems", 0, true}, {"k", 0, true}, {"pass_at_1", 4, false},
    {"pass_ci_low", 4, true}, {"pass_ci_high", 4, true},
    {"mean_ms", 3, false}, {"ms_ci_low", 3, true}, {"ms_ci_high", 3, true},
    {"speedup", 3, false}, {"speedup_ci_low", 3, true},
    {"speedup_ci_high", 3, true}, {"speedup_of_means", 3, true},
    {"versus", 3, false}, {"versus_ci_low", 3, true},
    {"versus_ci_high", 3, true}, {"versus_of_means", 3, true},
    {"accuracy_diff", 4, false}, {"diff_ci_low", 4, true},
    {"diff_ci_high", 4, true}, {"thoughts_base", 2, true},
    {"thoughts_draft", 2, true}, {"thoughts_per_layer", 2, true},
    {"layers", 2, true}, {"distinct_pct", 1, false},
    {"rejected_pct", 1, false}, {"rewritten", 2, true},
    {"base_calls", 1, true}, {"draft_calls", 1, true}, {"prm_calls", 1, true},
    {"base_batch", 2, true}, {"draft_batch", 2, true}, {"prm_batch", 2, true},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"pass_at_1", "pass@1", PAPER_PERCENT, BEST_HIGH, "pass_ci_low",
     "pass_ci_high"},
    {"mean_ms", "Latency", PAPER_TIME, BEST_LOW, "ms_ci_low", "ms_ci_high"},
    {"speedup", "Speedup", PAPER_RATIO, BEST_HIGH, "speedup_ci_low",
     "speedup_ci_high"},
    {"versus", "Speedup over|second method", PAPER_RATIO, BEST_HIGH,
     "versus_ci_low", "versus_ci_high"},
    {"rejected_pct", "Rejected|(\\%)", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

static void cut(struct estimate *e, double min, double max) {
    if (e->low < min) e->low = min;
    if (e->high > max) e->high = max;
}

static void fill_estimates(const struct report *r, const struct report_cell *c,
                           struct table *t) {
    struct estimate pass = report_estimate(r, c, report_correct);
    struct estimate ms = report_estimate(r, c, report_ms);
    cut(&pass, 0, 1);
    cut(&ms, 0, INFINITY);
    table_set_number(t, "n_problems", pass.n);
    table_set_number(t, "k", c->k);
    report_set_estimate(t, "pass_at_1", "pass_ci_low", "pass_ci_high", &pass);
    table_set_number(t, "mean_ms", ms.value);
    table_set_number(t, "ms_ci_low", ms.low);
    table_set_number(t, "ms_ci_high", ms.high);
}

static void fill_pairs(const struct report *r, const struct report_cell *c,
                       struct table *t) {
    struct cell_pair pair;
    if (!cell_pair_fill(&pair, r, c, c->baseline)) {
        report_set_estimate(t, "speedup", "speedup_ci_low", "speedup_ci_high",
                            &pair.time);
        report_mark_unresolved(t, "speedup", &pair.time, 1);
        table_set_number(t, "speedup_of_means", pair.ratio_of_means);
        report_set_estimate(t, "accuracy_diff", "diff_ci_low", "diff_ci_high",
                            &pair.accuracy);
        report_mark_unresolved(t, "accuracy_diff", &pair.accuracy, 0);
    }
    if (cell_pair_fill(&pair, r, c, c->versus)) return;
    report_set_estimate(t, "versus", "versus_ci_low", "versus_ci_high",
                        &pair.time);
    report_mark_unresolved(t, "versus", &pair.time, 1);
    table_set_number(t, "versus_of_means", pair.ratio_of_means);
}

static void fill_thoughts(const struct report_cell *c, struct table *t) {
    struct tree_stats s;
    tree_stats_fill(&s, c);
    double n_base = s.all.n[AUTHOR_BASE], n_draft = s.all.n[AUTHOR_DRAFT];
    table_set_number(t, "thoughts_base", stats_quotient(n_base, s.n_samples));
    table_set_number(t, "thoughts_per_layer",
                     stats_quotient(n_base + n_draft, s.n_layers));
    table_set_number(t, "layers", stats_quotient(s.n_layers, s.n_samples));
    table_set_number(t, "distinct_pct",
                     100 * stats_quotient(s.n_nodes, n_base + n_draft));
    if (n_draft > 0) {
        table_set_number(t, "thoughts_draft",
                         stats_quotient(n_draft, s.n_samples));
        table_set_number(t, "rejected_pct",
                         100 * stats_quotient(s.all.n_rejected, n_draft));
        table_set_number(t, "rewritten",
                         stats_quotient(s.all.n_rewritten, s.n_samples));
    }
    tree_stats_release(&s);
}

// Calls of a model per sample, and the tokens that one evaluates.
static void fill_calls(const struct report_cell *c, enum model_role role,
                       const char *calls, const char *batch, struct table *t) {
    double n = 0, n_calls = 0, n_tokens = 0;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        const struct report_sample *s = &c->samples[i];
        if (!s->present || s->failed) continue;
        n++;
        n_calls += (double)s->count.calls[role];
        n_tokens += (double)s->count.evaluated[role];
    }
    if (!(n_calls > 0)) return;
    table_set_number(t, calls, stats_quotient(n_calls, n));
    table_set_number(t, batch, stats_quotient(n_tokens, n_calls));
}

static void fill_row(const struct report *r, const struct report_cell *c,
                     struct table *t) {
    fill_estimates(r, c, t);
    fill_pairs(r, c, t);
    fill_thoughts(c, t);
    fill_calls(c, ROLE_BASE, "base_calls", "base_batch", t);
    fill_calls(c, ROLE_DRAFT, "draft_calls", "draft_batch", t);
    fill_calls(c, ROLE_PRM, "prm_calls", "prm_batch", t);
}

static bool any_searches(const struct report *r) {
    for (int i = 0; i < r->n_cells; i++) {
        if (report_searches(&r->cells[i])) return true;
    }
    return false;
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells && any_searches(r); i++) {
        const struct report_cell *c = &r->cells[i];
        report_begin_row(t, c);
        if (c->usable) fill_row(r, c, t);
        report_end_row(t, c);
    }
}

const struct report_table table_search = {
    .name = "search",
    .title = "Search over thoughts",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .printed = true,
    .optional = true,
};
