#include "harness/tables/tree_stats.h"

#include "engine/base/alloc.h"
#include "harness/report.h"

#include <math.h>
#include <stdlib.h>

static bool has_tree(const struct report_sample *s) {
    return s->present && !s->failed && s->n_steps > 0;
}

static int n_samples_of(const struct report_cell *c) {
    return c->n_problems * c->k;
}

static int depth_of(const struct report_sample *s) {
    int depth = 0;
    for (int i = 0; i < s->n_steps; i++) {
        if (s->steps[i].depth > depth) depth = s->steps[i].depth;
    }
    return depth;
}

// The deepest tree decides how many depths there are.
static void count_trees(struct tree_stats *s, const struct report_cell *c) {
    for (int i = 0; i < n_samples_of(c); i++) {
        if (!has_tree(&c->samples[i])) continue;
        int depth = depth_of(&c->samples[i]);
        if (depth > s->n_depths) s->n_depths = depth;
        s->n_layers += depth;
        s->n_samples++;
    }
}

static void add_step(struct depth_sums *d, const struct report_step *step,
                     bool beside_drafts) {
    bool drafted = step->author == AUTHOR_DRAFT;
    d->n[step->author]++;
    d->n_rejected += drafted && step->decision == DECISION_REJECTED;
    d->n_rewritten += !drafted && beside_drafts;
    if (!isnan(step->score)) {
        d->n_scored[step->author]++;
        d->score[step->author] += step->score;
    }
    if (!isnan(step->threshold)) {
        d->n_threshold++;
        d->threshold += step->threshold;
    }
}

static void add_tree(struct tree_stats *s, const struct report_sample *tree) {
    // By parent, the prompt first: has it drafted thoughts?
    bool *drafted = xcalloc((size_t)tree->n_steps + 1, sizeof *drafted);
    for (int i = 0; i < tree->n_steps; i++) {
        const struct report_step *step = &tree->steps[i];
        if (step->author == AUTHOR_DRAFT) drafted[step->parent + 1] = true;
    }
    for (int i = 0; i < tree->n_steps; i++) {
        const struct report_step *step = &tree->steps[i];
        bool beside = drafted[step->parent + 1];
        add_step(&s->at[step->depth - 1], step, beside);
        add_step(&s->all, step, beside);
    }
    for (int d = depth_of(tree); d > 0; d--)
        s->at[d - 1].n_samples++;
    free(drafted);
}

// Needs the base's means, so it comes after all sums.
static void count_above(struct tree_stats *s,
                        const struct report_sample *tree) {
    for (int i = 0; i < tree->n_steps; i++) {
        const struct report_step *step = &tree->steps[i];
        struct depth_sums *d = &s->at[step->depth - 1];
        bool above = step->author == AUTHOR_DRAFT &&
                     step->score > depth_author_score(d, AUTHOR_BASE);
        d->n_above += above;
        s->all.n_above += above;
    }
}

void tree_stats_fill(struct tree_stats *s, const struct report_cell *c) {
    *s = (struct tree_stats){0};
    count_trees(s, c);
    if (!s->n_depths) return;
    s->at = xcalloc((size_t)s->n_depths, sizeof *s->at);
    for (int i = 0; i < n_samples_of(c); i++) {
        if (has_tree(&c->samples[i])) add_tree(s, &c->samples[i]);
    }
    for (int i = 0; i < n_samples_of(c); i++) {
        if (has_tree(&c->samples[i])) count_above(s, &c->samples[i]);
    }
    s->all.n_samples = s->n_samples;
}

void tree_stats_release(struct tree_stats *s) {
    free(s->at);
    *s = (struct tree_stats){0};
}

static double quotient(double x, double y) {
    return y > 0 ? x / y : NAN;
}

double depth_score(const struct depth_sums *d) {
    return quotient(d->score[AUTHOR_BASE] + d->score[AUTHOR_DRAFT],
                    d->n_scored[AUTHOR_BASE] + d->n_scored[AUTHOR_DRAFT]);
}

double depth_author_score(const struct depth_sums *d, enum author author) {
    return quotient(d->score[author], d->n_scored[author]);
}

double depth_threshold(const struct depth_sums *d) {
    return quotient(d->threshold, d->n_threshold);
}
