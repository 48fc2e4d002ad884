#include "harness/compare/compare_table.h"

#include "engine/base/buf.h"
#include "harness/compare/cell_name.h"
#include "harness/compare/comparison.h"
#include "harness/table.h"

#include <stdio.h>
#include <string.h>

// clang-format off
static const struct table_column columns[] = {
    {"base", COLUMN_TEXT, false}, {"draft", COLUMN_TEXT, false},
    {"dataset", COLUMN_TEXT, false}, {"method", COLUMN_TEXT, false},
    {"threshold", 1, false}, {"variant", COLUMN_TEXT, false},
    {"against", COLUMN_TEXT, false},
    {"accuracy_a", 4, false}, {"accuracy_b", 4, false},
    {"accuracy_diff", 4, false}, {"diff_ci_low", 4, true},
    {"diff_ci_high", 4, true}, {"diff_p_t", 4, true}, {"diff_p", 4, true},
    {"diff_p_holm", 4, true}, {"diff_p_bh", 4, false},
    {"correlation", 3, true}, {"min_detectable_diff", 4, false},
    {"accuracy_verdict", COLUMN_TEXT, false},
    {"speedup", 3, false}, {"speedup_ci_low", 3, true},
    {"speedup_ci_high", 3, true}, {"time_p", 4, true},
    {"time_p_holm", 4, true}, {"time_p_bh", 4, true},
    {"ratio_of_means", 3, true}, {"per_token_geomean", 3, false},
    {"per_token_ci_low", 3, true}, {"per_token_ci_high", 3, true},
    {"tokens_ratio", 3, false}, {"speed_verdict", COLUMN_TEXT, false},
    {"n_problems", 0, false}, {"n_timed", 0, true}, {"k", 0, true},
    {"differs", COLUMN_TEXT, false},
    {"cell_a", COLUMN_TEXT, true}, {"cell_b", COLUMN_TEXT, true},
    {NULL, 0, false},
};
static const struct paper_column paper[] = {
    REPORT_FIRST_PAPER,
    {"against", "Against", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"accuracy_a", "pass@1|of A", PAPER_PERCENT, BEST_NONE, NULL, NULL},
    {"accuracy_b", "pass@1|of B", PAPER_PERCENT, BEST_NONE, NULL, NULL},
    {"accuracy_diff", "pass@1,|difference", PAPER_POINTS, BEST_NONE,
     "diff_ci_low", "diff_ci_high"},
    {"diff_p_bh", "$p$ (BH)", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"min_detectable_diff", "Detectable", PAPER_POINTS, BEST_NONE, NULL, NULL},
    {"speedup", "Speedup", PAPER_RATIO, BEST_NONE, "speedup_ci_low",
     "speedup_ci_high"},
    {"per_token_geomean", "Speedup|per token", PAPER_RATIO, BEST_NONE,
     "per_token_ci_low", "per_token_ci_high"},
    REPORT_LAST_PAPER,
};
// clang-format on

// ---- which cells ----------------------------------------------------------

static void set_id(struct table *t, const char *column,
                   const struct report_cell *c) {
    char id[9];
    snprintf(id, sizeof id, "%.8s", c->cell->id);
    table_set_text(t, column, id);
}

static void set_against(const struct cell_match *m, struct table *t) {
    struct buf a, b;
    buf_init(&a);
    buf_init(&b);
    cell_name_print(m->a, &a);
    cell_name_print(m->b, &b);
    if (strcmp(a.text, b.text)) table_set_text(t, "against", a.text);
    buf_release(&a);
    buf_release(&b);
}

static void set_names(const struct cell_match *m, struct table *t) {
    const struct manifest_cell *b = m->b->cell;
    table_set_text(t, "base", b->base);
    table_set_text(t, "draft", b->draft);
    table_set_text(t, "dataset", m->b->dataset->name);
    table_set_text(t, "method", b->label);
    table_set_setting(t, "threshold", b->threshold);
    table_set_text(t, "variant", b->variant);
    set_against(m, t);
    set_id(t, "cell_a", m->a);
    set_id(t, "cell_b", m->b);
}

static void set_differs(unsigned differs, struct table *t) {
    struct buf names;
    buf_init(&names);
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        if (differs & 1u << i)
            buf_addf(&names, "%s%s", names.n_bytes ? " " : "",
                     identity_part_name[i]);
    }
    table_set_text(t, "differs", names.text);
    buf_release(&names);
}

// ---- numbers --------------------------------------------------------------

static void set_accuracy(const struct comparison *c, int i, struct table *t) {
    const struct compared *x = &c->cells[i];
    const struct cell_pair *p = &x->pair;
    table_set_number(t, "accuracy_a", report_mean(x->match.a, report_correct));
    table_set_number(t, "accuracy_b", report_mean(x->match.b, report_correct));
    report_set_estimate(t, "accuracy_diff", "diff_ci_low", "diff_ci_high",
                        &p->accuracy);
    table_set_number(t, "diff_p_t", p->p_t);
    table_set_number(t, "diff_p", c->accuracy.raw[i]);
    table_set_number(t, "diff_p_holm", c->accuracy.holm[i]);
    table_set_number(t, "diff_p_bh", c->accuracy.bh[i]);
    table_set_number(t, "correlation", p->correlation);
    table_set_number(t, "min_detectable_diff", p->min_detectable);
    table_set_text(t, "accuracy_verdict", verdict_accuracy_name[x->accuracy]);
    if (x->accuracy == ACCURACY_UNRESOLVED)
        table_set_mark(t, "accuracy_diff", "~");
    table_set_number(t, "n_problems", p->accuracy.n);
}

static void set_speed(const struct comparison *c, int i, struct table *t) {
    const struct compared *x = &c->cells[i];
    const struct cell_pair *p = &x->pair;
    report_set_estimate(t, "speedup", "speedup_ci_low", "speedup_ci_high",
                        &p->time);
    table_set_number(t, "time_p", c->time.raw[i]);
    table_set_number(t, "time_p_holm", c->time.holm[i]);
    table_set_number(t, "time_p_bh", c->time.bh[i]);
    table_set_number(t, "ratio_of_means", p->ratio_of_means);
    report_set_estimate(t, "per_token_geomean", "per_token_ci_low",
                        "per_token_ci_high", &p->per_token);
    table_set_number(t, "tokens_ratio", p->tokens_ratio);
    table_set_text(t, "speed_verdict", verdict_speed_name[x->speed]);
    if (x->speed == SPEED_UNRESOLVED) table_set_mark(t, "speedup", "~");
    report_mark_unresolved(t, "per_token_geomean", &p->per_token, 1);
    table_set_number(t, "n_timed", p->time.n);
}

void compare_table_make(const struct comparison *c, struct table *t) {
    table_init(t, "compare", "B against A", columns);
    t->paper = paper;
    t->source = c->b->report.manifest.name;
    for (int i = 0; i < c->n; i++) {
        table_add_row(t);
        set_names(&c->cells[i].match, t);
        set_accuracy(c, i, t);
        set_speed(c, i, t);
        table_set_number(t, "k", c->cells[i].match.a->k);
        set_differs(c->cells[i].match.differs, t);
    }
}
