#include "harness/tables/tree_stats.h"

#include "engine/base/alloc.h"
#include "harness/report.h"
#include "harness/stats/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

// ---- one tree -------------------------------------------------------------

// A tree with what its nodes do not say themselves.
struct walk {
    const struct report_sample *tree;
    double *n_drawn; // [n_steps] how often the author wrote it
    bool *drafted;   // [n_steps + 1] by parent, the prompt first: has it
                     // drafted thoughts?
};

static bool same_thought(const struct report_step *a,
                         const struct report_step *b) {
    return a->parent == b->parent && a->n_bytes == b->n_bytes &&
           !memcmp(a->text, b->text, a->n_bytes);
}

// A thought of the base that a draft had already is surplus, and its copies
// were added to the draft's; they were drawn once.
static void take_back(struct walk *w, int surplus) {
    const struct report_step *steps = w->tree->steps;
    for (int i = surplus - 1; i >= 0; i--) {
        if (steps[i].author != AUTHOR_DRAFT ||
            !same_thought(&steps[i], &steps[surplus]))
            continue;
        w->n_drawn[i] -= steps[surplus].n_copies;
        return;
    }
}

static void walk_begin(struct walk *w, const struct report_sample *tree) {
    size_t n = (size_t)tree->n_steps;
    *w = (struct walk){.tree = tree,
                       .n_drawn = xcalloc(n, sizeof *w->n_drawn),
                       .drafted = xcalloc(n + 1, sizeof *w->drafted)};
    for (int i = 0; i < tree->n_steps; i++) {
        const struct report_step *step = &tree->steps[i];
        w->n_drawn[i] += step->n_copies;
        if (step->author == AUTHOR_DRAFT)
            w->drafted[step->parent + 1] = true;
        else if (step->decision == DECISION_SURPLUS)
            take_back(w, i);
    }
}

static void walk_end(struct walk *w) {
    free(w->n_drawn);
    free(w->drafted);
}

static void add_step(struct depth_sums *d, const struct walk *w, int i) {
    const struct report_step *step = &w->tree->steps[i];
    bool drafted = step->author == AUTHOR_DRAFT;
    double n = w->n_drawn[i];
    d->n[step->author] += n;
    if (drafted && step->decision == DECISION_REJECTED) d->n_rejected += n;
    if (!drafted && w->drafted[step->parent + 1]) d->n_rewritten += n;
    if (!isnan(step->score)) {
        d->n_scored[step->author] += n;
        d->score[step->author] += n * step->score;
        if (step->kept) {
            d->n_kept++;
            d->kept_score += step->score;
        }
    }
    if (!isnan(step->threshold)) {
        d->n_threshold += n;
        d->threshold += n * step->threshold;
    }
}

static void add_tree(struct tree_stats *s, const struct report_sample *tree) {
    struct walk w;
    walk_begin(&w, tree);
    for (int i = 0; i < tree->n_steps; i++) {
        add_step(&s->at[tree->steps[i].depth - 1], &w, i);
        add_step(&s->all, &w, i);
    }
    walk_end(&w);
    s->n_nodes += tree->n_steps;
    for (int d = depth_of(tree); d > 0; d--)
        s->at[d - 1].n_samples++;
}

// Needs the base's means, so it comes after all sums.
static void count_above(struct tree_stats *s,
                        const struct report_sample *tree) {
    struct walk w;
    walk_begin(&w, tree);
    for (int i = 0; i < tree->n_steps; i++) {
        const struct report_step *step = &tree->steps[i];
        struct depth_sums *d = &s->at[step->depth - 1];
        if (step->author != AUTHOR_DRAFT ||
            !(step->score > depth_author_score(d, AUTHOR_BASE)))
            continue;
        d->n_above += w.n_drawn[i];
        s->all.n_above += w.n_drawn[i];
    }
    walk_end(&w);
}

// ---- all of a cell --------------------------------------------------------

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

void tree_stats_fill_problem(struct tree_stats *s, const struct report_cell *c,
                             int problem) {
    struct report_cell alone = *c;
    alone.samples = c->samples + (size_t)problem * (size_t)c->k;
    alone.n_problems = 1;
    tree_stats_fill(s, &alone);
}

void tree_stats_release(struct tree_stats *s) {
    free(s->at);
    *s = (struct tree_stats){0};
}

double depth_score(const struct depth_sums *d) {
    return stats_quotient(d->score[AUTHOR_BASE] + d->score[AUTHOR_DRAFT],
                          d->n_scored[AUTHOR_BASE] + d->n_scored[AUTHOR_DRAFT]);
}

double depth_author_score(const struct depth_sums *d, enum author author) {
    return stats_quotient(d->score[author], d->n_scored[author]);
}

double depth_threshold(const struct depth_sums *d) {
    return stats_quotient(d->threshold, d->n_threshold);
}
