#include "engine/base/buf.h"
#include "harness/report.h"
#include "harness/stats/stats.h"
#include "harness/table.h"
#include "harness/compare/cell_pair.h"
#include "harness/tables/tree_stats.h"

#include <math.h>
#include <string.h>

// Which model wrote what, and the measured terms of the cost model of
// step-level speculation: with c = time per token draft / base, L = tokens of a
// drafted step, v = time of a judgement in base tokens and a = share of drafted
// steps that are kept,
//
//     speedup = 1 / (c + v / L + (1 - a) / s)
//
// where s is the speed-up of token-level speculation for what the base writes
// (1 without it). It ignores that methods write different lengths; the measured
// column beside it is per kept token.

// clang-format off
static const struct table_column columns[] = {
    REPORT_FIRST_COLUMNS,
    {"steps", 2, false}, {"kept_from_draft_pct", 1, false},
    {"mean_score", 2, false}, {"tokens_accepted_pct", 1, false},
    {"draft_tokens", 1, false}, {"discarded_tokens", 1, false},
    {"judge_calls", 2, false}, {"drafted_steps", 2, true},
    {"accepted_steps_pct", 1, true}, {"judge_tokens", 1, true},
    {"tokens_per_pass", 2, false}, {"base_calls", 1, true},
    {"draft_calls", 1, true}, {"repeated_tokens", 1, true},
    {"cost_c", 4, false}, {"cost_L", 2, false}, {"cost_v", 3, false},
    {"cost_a", 4, false}, {"predicted_speedup", 3, false},
    {"measured_speedup", 3, false}, {"score_by_depth", COLUMN_TEXT, true},
    {"threshold_by_depth", COLUMN_TEXT, true},
    REPORT_LAST_COLUMNS,
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"steps", "Steps", PAPER_RATIO, BEST_NONE, NULL, NULL},
    {"kept_from_draft_pct", "By draft|(\\%)", PAPER_AS_IS, BEST_NONE, NULL,
     NULL},
    {"mean_score", "Mean|score", PAPER_RATIO, BEST_NONE, NULL, NULL},
    {"tokens_accepted_pct", "Accepted|(\\%)", PAPER_AS_IS, BEST_NONE, NULL,
     NULL},
    {"cost_c", "$c$", PAPER_RATIO, BEST_NONE, NULL, NULL},
    {"cost_L", "$L$", PAPER_COUNT, BEST_NONE, NULL, NULL},
    {"cost_v", "$v$", PAPER_RATIO, BEST_NONE, NULL, NULL},
    {"cost_a", "$a$", PAPER_RATIO, BEST_NONE, NULL, NULL},
    {"predicted_speedup", "Predicted|speedup", PAPER_RATIO, BEST_NONE, NULL,
     NULL},
    {"measured_speedup", "Measured|speedup", PAPER_RATIO, BEST_HIGH, NULL,
     NULL},
    REPORT_LAST_PAPER,
};
// clang-format on

// Sums over the samples of a cell; times over those that have one, with the
// counts that belong to them.
struct sums {
    double n, n_timed, n_trees;
    double kept, kept_draft, drafted, judged, score;
    struct counters count;
    double timed_kept, timed_drafted_tokens, timed_judge_calls;
    double base_ns, draft_ns, judge_ns;
};

static void add_counters(struct counters *to, const struct counters *from) {
    to->kept_tokens += from->kept_tokens;
    to->step_tokens_drafted += from->step_tokens_drafted;
    to->step_tokens_discarded += from->step_tokens_discarded;
    to->spec_drafted += from->spec_drafted;
    to->spec_accepted += from->spec_accepted;
    to->spec_passes += from->spec_passes;
    to->judge_calls += from->judge_calls;
    to->judge_tokens += from->judge_tokens;
    for (int i = 0; i < ROLE_N; i++) {
        to->calls[i] += from->calls[i];
        to->repeated[i] += from->repeated[i];
    }
}

static void add_times(struct sums *to, const struct report_sample *s) {
    if (s->total_ns == SAMPLE_NO_TIME) return;
    to->n_timed++;
    to->timed_kept += (double)s->count.kept_tokens;
    to->timed_drafted_tokens +=
        (double)(s->count.step_tokens_drafted + s->count.spec_drafted);
    to->timed_judge_calls += (double)s->count.judge_calls;
    to->base_ns += (double)s->phase_ns[PHASE_BASE];
    to->draft_ns += (double)s->phase_ns[PHASE_DRAFT];
    to->judge_ns += (double)s->phase_ns[PHASE_JUDGE];
}

static struct sums sum_cell(const struct report_cell *c) {
    struct sums sums = {0};
    for (int i = 0; i < c->n_problems * c->k; i++) {
        const struct report_sample *s = &c->samples[i];
        if (!s->present || s->failed) continue;
        sums.n++;
        sums.n_trees += s->n_steps > 0;
        sums.kept += s->n_kept;
        sums.kept_draft += s->n_kept_draft;
        sums.drafted += s->n_drafted;
        sums.judged += s->n_judged;
        sums.score += s->score_sum;
        add_counters(&sums.count, &s->count);
        add_times(&sums, s);
    }
    return sums;
}

// Tokens of a drafted step: cut tokens that both models would write count too.
static double step_length(const struct sums *s) {
    return stats_quotient((double)s->count.step_tokens_drafted, s->drafted);
}

// Time of one token when the base decodes alone: the baseline's.
static double base_token_ns(const struct report_cell *c) {
    const struct report_cell *alone = c->baseline ? c->baseline : c;
    if (!alone->usable) return NAN;
    struct sums s = sum_cell(alone);
    if (s.count.step_tokens_drafted || s.count.spec_drafted || s.n_trees)
        return NAN;
    return stats_quotient(s.base_ns, s.timed_kept);
}

// Speed-up per token of token-level speculation alone with the same models.
static double token_speedup(const struct report *r,
                            const struct report_cell *c) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *other = &r->cells[i];
        struct cell_pair pair;
        if (strcmp(other->cell->method, "specdecode") ||
            strcmp(other->cell->base, c->cell->base) ||
            strcmp(other->cell->draft, c->cell->draft) ||
            other->cell->dataset != c->cell->dataset ||
            other->baseline != c->baseline ||
            cell_pair_fill(&pair, r, other, other->baseline)) {
            continue;
        }
        return pair.per_token.value;
    }
    return NAN;
}

static void fill_model(const struct report *r, const struct report_cell *c,
                       const struct sums *s, struct table *t) {
    struct cell_pair pair;
    if (!cell_pair_fill(&pair, r, c, c->baseline)) {
        table_set_number(t, "measured_speedup", pair.per_token.value);
    }
    double base_ns = base_token_ns(c);
    double cost_c = stats_quotient(
        stats_quotient(s->draft_ns, s->timed_drafted_tokens), base_ns);
    table_set_number(t, "cost_c", cost_c);
    // The model is of one path: what a tree writes besides is not in it.
    if (!(s->drafted > 0) || s->n_trees) return;
    double length = step_length(s);
    double v = stats_quotient(stats_quotient(s->judge_ns, s->timed_judge_calls),
                              base_ns);
    if (s->n_timed > 0 && s->timed_judge_calls <= 0) v = 0;
    double a = s->kept_draft / s->drafted;
    bool speculates = s->count.spec_passes > 0;
    double token_level = speculates ? token_speedup(r, c) : 1;
    table_set_number(t, "cost_L", length);
    table_set_number(t, "cost_v", v);
    table_set_number(t, "cost_a", a);
    table_set_number(t, "predicted_speedup",
                     1 / (cost_c + v / length + (1 - a) / token_level));
}

static void fill_counts(const struct sums *s, struct table *t) {
    const struct counters *k = &s->count;
    double drafted = (double)(k->step_tokens_drafted + k->spec_drafted);
    double discarded =
        (double)(k->step_tokens_discarded + k->spec_drafted - k->spec_accepted);
    bool drafts = drafted > 0 || s->drafted > 0;
    table_set_number(t, "steps", stats_quotient(s->kept, s->n));
    table_set_number(t, "base_calls",
                     stats_quotient((double)k->calls[ROLE_BASE], s->n));
    table_set_number(
        t, "repeated_tokens",
        stats_quotient(
            (double)(k->repeated[ROLE_BASE] + k->repeated[ROLE_DRAFT]), s->n));
    if (!drafts) return;
    table_set_number(t, "draft_calls",
                     stats_quotient((double)k->calls[ROLE_DRAFT], s->n));
    table_set_number(t, "draft_tokens", stats_quotient(drafted, s->n));
    table_set_number(t, "discarded_tokens", stats_quotient(discarded, s->n));
}

static void fill_step_level(const struct sums *s, struct table *t) {
    if (!(s->drafted > 0 || s->n_trees > 0)) return;
    const struct counters *k = &s->count;
    table_set_number(t, "mean_score", stats_quotient(s->score, s->judged));
    table_set_number(t, "judge_calls",
                     stats_quotient((double)k->judge_calls, s->n));
    table_set_number(t, "judge_tokens",
                     stats_quotient((double)k->judge_tokens, s->n));
    if (!(s->drafted > 0)) return;
    table_set_number(t, "kept_from_draft_pct",
                     100 * stats_quotient(s->kept_draft, s->kept));
    table_set_number(t, "drafted_steps", stats_quotient(s->drafted, s->n));
    // Of a tree most are not kept that no judge dropped.
    if (!s->n_trees)
        table_set_number(t, "accepted_steps_pct",
                         100 * stats_quotient(s->kept_draft, s->drafted));
}

static void fill_token_level(const struct sums *s, struct table *t) {
    const struct counters *k = &s->count;
    double drafted = (double)k->spec_drafted, passes = (double)k->spec_passes;
    table_set_number(t, "tokens_accepted_pct",
                     100 * stats_quotient((double)k->spec_accepted, drafted));
    // Each pass yields the accepted tokens and one of the base's own.
    table_set_number(t, "tokens_per_pass",
                     stats_quotient((double)k->spec_accepted + passes, passes));
}

static void add_value(struct buf *list, double value) {
    buf_adds(list, list->n_bytes ? " " : "");
    if (isnan(value))
        buf_adds(list, "-");
    else
        buf_addf(list, "%.3f", value);
}

// Means at each depth of the trees, from the first; "-" where there is none.
static void fill_depths(const struct report_cell *c, struct table *t) {
    struct tree_stats s;
    struct buf scores, thresholds;
    tree_stats_fill(&s, c);
    buf_init(&scores);
    buf_init(&thresholds);
    for (int d = 0; d < s.n_depths; d++) {
        add_value(&scores, depth_score(&s.at[d]));
        add_value(&thresholds, depth_threshold(&s.at[d]));
    }
    if (s.all.n_threshold > 0)
        table_set_text(t, "threshold_by_depth", thresholds.text);
    if (s.n_depths) table_set_text(t, "score_by_depth", scores.text);
    buf_release(&scores);
    buf_release(&thresholds);
    tree_stats_release(&s);
}

static void fill(const struct report *r, struct table *t) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        report_begin_row(t, c);
        if (c->usable) {
            struct sums s = sum_cell(c);
            fill_counts(&s, t);
            fill_step_level(&s, t);
            fill_token_level(&s, t);
            fill_model(r, c, &s, t);
            fill_depths(c, t);
        }
        report_end_row(t, c);
    }
}

const struct report_table table_steps = {
    .name = "steps",
    .title = "Steps, tokens and the cost model (per sample)",
    .columns = columns,
    .paper = paper,
    .fill = fill,
    .printed = true};
