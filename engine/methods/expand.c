#include "engine/methods/expand.h"

#include "engine/methods/scoring.h"
#include "engine/methods/thoughts.h"
#include "engine/methods/transcript.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// A layer of SpecSearch is two writings, each of all parents in shared
// batches: the draft's, and the base's for the places that the draft did not
// fill. What counts as a layer for the threshold is one call of expand().

enum { PARENTS_MAX = 64 }; // settings.beam_width

struct layer {
    struct search *x;
    const int *parents; // [n_parents]
    int n_parents;
    struct wish wishes[PARENTS_MAX];
    int places[PARENTS_MAX]; // not filled yet
    // Thoughts that the last writing for the parent brought.
    int n_written[PARENTS_MAX];
    int first_draft, n_drafts; // nodes
    int first_base, n_base;
};

static bool is_specsearch(const struct search *x) {
    return x->method->bit == BIT_SPECSEARCH;
}

static bool speculates(const struct search *x) {
    return x->method->bit == BIT_SEARCH_SPS ||
           (is_specsearch(x) && x->s->rewrite == REWRITE_SPS);
}

// What thoughts are measured with now; NAN: nothing.
static double threshold_now(const struct search *x) {
    if (!is_specsearch(x) || x->s->rejection == REJECT_RANDOM) return NAN;
    return x->s->rejection == REJECT_FIXED ? x->s->fixed_threshold
                                           : x->threshold.value;
}

// ---- writing --------------------------------------------------------------

static void count_written(struct layer *l, int first, int n) {
    for (int i = 0; i < l->n_parents; i++) {
        if (l->wishes[i].n == 0) continue;
        l->n_written[i] = 0;
        for (int node = first; node < first + n; node++)
            l->n_written[i] +=
                l->x->tree.nodes[node].parent == l->wishes[i].parent;
    }
}

// Write and score what is wished for; nodes [*first, *first + *n).
static int write_wishes(struct layer *l, enum author author, int *first, int *n,
                        struct error *err) {
    struct search *x = l->x;
    bool speculate = author == AUTHOR_BASE && speculates(x);
    if (thoughts_write(x, author, speculate, l->wishes, l->n_parents, first, n,
                       err) ||
        (*n > 0 && scoring_run(x, *first, *n, err)))
        return -1;
    double threshold = threshold_now(x);
    for (int i = *first; i < *first + *n; i++)
        x->tree.nodes[i].threshold = threshold;
    count_written(l, *first, *n);
    return 0;
}

static void wish_all(struct layer *l, int n) {
    for (int i = 0; i < l->n_parents; i++)
        l->wishes[i] = (struct wish){l->parents[i], n};
}

static void drop(struct search *x, int node, enum decision decision) {
    x->tree.nodes[node].decision = decision;
    transcript_drop(x, node);
}

// ---- drafts ---------------------------------------------------------------

static bool is_rejected(const struct search *x, const struct node *n) {
    if (x->s->rejection == REJECT_RANDOM)
        return rng_u01(x->rng, RNG_SEARCH, n->drawn) < x->s->reject_rate;
    return n->score < n->threshold;
}

// Drafts of the parent that are not rejected, best first, into x->scratch.
static int survivors(struct layer *l, int parent) {
    struct search *x = l->x;
    const struct tree *t = &x->tree;
    int n = 0, best = -1; // of the rejected ones
    for (int i = l->first_draft; i < l->first_draft + l->n_drafts; i++) {
        if (t->nodes[i].parent != parent) continue;
        if (!is_rejected(x, &t->nodes[i])) {
            x->scratch[n++] = i;
        } else if (best < 0 || t->nodes[i].score > t->nodes[best].score) {
            if (best >= 0) drop(x, best, DECISION_REJECTED);
            best = i;
        } else {
            drop(x, i, DECISION_REJECTED);
        }
    }
    if (best >= 0 && n == 0 && x->s->rewrite == REWRITE_BEST)
        x->scratch[n++] = best;
    else if (best >= 0)
        drop(x, best, DECISION_REJECTED);
    tree_best_first(t, x->scratch, n, n);
    return n;
}

static void fill_places(struct layer *l, int i) {
    struct search *x = l->x;
    int n = survivors(l, l->parents[i]), *places = &l->places[i];
    *places = x->s->tree_width;
    for (int j = 0; j < n; j++) {
        int n_copies = x->tree.nodes[x->scratch[j]].n_copies;
        if (*places == 0) drop(x, x->scratch[j], DECISION_SURPLUS);
        *places -= n_copies < *places ? n_copies : *places;
    }
}

static int write_drafts(struct layer *l, struct error *err) {
    const struct settings *s = l->x->s;
    wish_all(l, (int)ceil(s->draft_factor * s->tree_width));
    if (write_wishes(l, AUTHOR_DRAFT, &l->first_draft, &l->n_drafts, err))
        return -1;
    for (int i = 0; i < l->n_parents; i++)
        fill_places(l, i);
    return 0;
}

// ---- rewriting ------------------------------------------------------------

// The accepted draft with the text of a thought of the base; -1: none.
static int equal_draft(const struct layer *l, int node) {
    const struct tree *t = &l->x->tree;
    const struct node *n = &t->nodes[node];
    for (int i = l->first_draft; i < l->first_draft + l->n_drafts; i++) {
        const struct node *d = &t->nodes[i];
        if (d->decision == DECISION_PRUNED && d->parent == n->parent &&
            d->n_text == n->n_text &&
            memcmp(tree_text(t, i), tree_text(t, node), n->n_text) == 0)
            return i;
    }
    return -1;
}

static int rewrite(struct layer *l, struct error *err) {
    struct search *x = l->x;
    if (x->s->rewrite == REWRITE_NONE || x->s->rewrite == REWRITE_BEST)
        return 0;
    int n_wished = 0;
    for (int i = 0; i < l->n_parents; i++) {
        int n = l->places[i] + x->s->extra_thoughts;
        l->wishes[i] = (struct wish){l->parents[i], n};
        n_wished += n;
    }
    if (n_wished == 0) return 0;
    if (write_wishes(l, AUTHOR_BASE, &l->first_base, &l->n_base, err))
        return -1;
    for (int i = l->first_base; i < l->first_base + l->n_base; i++) {
        int equal = equal_draft(l, i);
        if (equal < 0) continue;
        x->tree.nodes[equal].n_copies += x->tree.nodes[i].n_copies;
        drop(x, i, DECISION_SURPLUS);
    }
    return 0;
}

// ---- layers ---------------------------------------------------------------

static void link_kept(struct search *x, int first, int n) {
    for (int i = first; i < first + n; i++)
        if (x->tree.nodes[i].decision == DECISION_PRUNED)
            tree_link(&x->tree, i);
}

static int add_scores(struct search *x, int first, int n, bool all, int at) {
    for (int i = first; i < first + n; i++)
        if (all || x->tree.nodes[i].linked)
            x->scores[at++] = x->tree.nodes[i].score;
    return at;
}

// A thought of the base counts where it was merged into a draft, too.
static void move_threshold(struct layer *l) {
    struct search *x = l->x;
    int n = add_scores(x, l->first_base, l->n_base, true, 0);
    if (x->s->quality_input == QUALITY_BASE_ACCEPTED)
        n = add_scores(x, l->first_draft, l->n_drafts, false, n);
    threshold_update(&x->threshold, x->scores, n, x->s);
}

static int expand_drafted(struct layer *l, struct error *err) {
    if (write_drafts(l, err) || rewrite(l, err)) return -1;
    link_kept(l->x, l->first_draft, l->n_drafts);
    link_kept(l->x, l->first_base, l->n_base);
    if (l->x->s->rejection == REJECT_ADAPTIVE) move_threshold(l);
    return 0;
}

// All thoughts by one author: the baselines, and the first layer.
static int expand_plain(struct layer *l, struct error *err) {
    struct search *x = l->x;
    bool drafted = is_specsearch(x) && x->s->first_layer == FIRST_DRAFT;
    int first, n;
    wish_all(l, x->s->tree_width);
    if (write_wishes(l, drafted ? AUTHOR_DRAFT : AUTHOR_BASE, &first, &n, err))
        return -1;
    link_kept(x, first, n);
    if (!is_specsearch(x) || x->s->rejection != REJECT_ADAPTIVE) return 0;
    threshold_update(&x->threshold, x->scores, add_scores(x, first, n, true, 0),
                     x->s);
    return 0;
}

// A parent without children is the end of its path.
static void end_parents(struct layer *l) {
    for (int i = 0; i < l->n_parents; i++) {
        int parent = l->parents[i];
        if (parent == TREE_ROOT || tree_first_child(&l->x->tree, parent) >= 0)
            continue;
        l->x->tree.nodes[parent].end =
            l->n_written[i] > 0 ? STOP_NO_THOUGHT : STOP_CONTEXT;
    }
}

int expand(struct search *x, const int *parents, int n_parents,
           struct error *err) {
    assert(n_parents >= 1 && n_parents <= PARENTS_MAX);
    struct layer l = {.x = x, .parents = parents, .n_parents = n_parents};
    bool plain = !is_specsearch(x) || parents[0] == TREE_ROOT;
    if (plain ? expand_plain(&l, err) : expand_drafted(&l, err)) return -1;
    end_parents(&l);
    return 0;
}
