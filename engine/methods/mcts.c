#include "engine/methods/mcts.h"

#include "engine/methods/expand.h"
#include "engine/methods/transcript.h"

#include <math.h>

// Q + U of each child in turn; see mcts.h. A node that turned out to be a dead
// end keeps its place and its visits, so that the rule goes elsewhere in time.

static double puct(const struct node *c, int n_visits,
                   const struct settings *s) {
    const double base = 19652;
    double q = c->n_visits > 0 ? c->value_sum / c->n_visits : c->score;
    double factor = log((n_visits + base + 1) / base) + s->exploration;
    return q + c->prior * sqrt(n_visits) / (1 + c->n_visits) * factor;
}

static double uct(const struct node *c, int n_visits,
                  const struct settings *s) {
    if (c->n_visits == 0) return INFINITY;
    return c->value_sum / c->n_visits +
           s->exploration * sqrt(log(n_visits) / c->n_visits);
}

int mcts_select(const struct tree *t, int node, int n_visits,
                const struct settings *s) {
    int best = -1;
    double most = 0;
    for (int c = tree_first_child(t, node); c >= 0;
         c = t->nodes[c].next_sibling) {
        double value = s->selection == SELECT_PUCT
                           ? puct(&t->nodes[c], n_visits, s)
                           : uct(&t->nodes[c], n_visits, s);
        if (best >= 0 && value <= most) continue;
        best = c;
        most = value;
    }
    return best;
}

// Weight of a thought among its siblings, not normalised.
static double weight(const struct tree *t, int node) {
    double p = tree_likelihood(t, node);
    return p > 0 ? p * t->nodes[node].n_copies : 0;
}

static void set_priors(struct tree *t, int node) {
    double total = 0;
    int n = 0;
    for (int c = tree_first_child(t, node); c >= 0;
         c = t->nodes[c].next_sibling) {
        total += weight(t, c);
        n++;
    }
    for (int c = tree_first_child(t, node); c >= 0;
         c = t->nodes[c].next_sibling)
        t->nodes[c].prior = total > 0 ? weight(t, c) / total : 1.0 / n;
}

static int best_child(const struct tree *t, int node) {
    int best = tree_first_child(t, node);
    for (int c = best; c >= 0; c = t->nodes[c].next_sibling)
        if (t->nodes[c].score > t->nodes[best].score) best = c;
    return best;
}

static void back_up(struct tree *t, int node, double value) {
    for (; node != TREE_ROOT; node = t->nodes[node].parent) {
        t->nodes[node].n_visits++;
        t->nodes[node].value_sum += value;
    }
}

static bool goes_on(const struct tree *t, int node) {
    return node == TREE_ROOT || t->nodes[node].end == STOP_NONE;
}

// From the prompt to the first node that has no children.
static int descend(const struct search *x, int iteration) {
    int node = TREE_ROOT, n_visits = iteration;
    while (tree_first_child(&x->tree, node) >= 0) {
        node = mcts_select(&x->tree, node, n_visits, x->s);
        n_visits = x->tree.nodes[node].n_visits;
    }
    return node;
}

// Where pasts run short those off the path at hand go: to read that path again
// later costs less than to read this one for each of its thoughts.
static void save_pasts(struct search *x, int node) {
    for (int r = 0; r < ROLE_N; r++) {
        const struct seq_pool *pasts = &x->pasts[r];
        bool used = pasts->n_free < pasts->n;
        if (!used || pasts->n_free >= x->n_layer) continue;
        transcript_drop_others(x, &node, 1);
        return;
    }
}

// From there to the end of a path, or to where nothing survives.
static int roll_out(struct search *x, int *node, struct error *err) {
    while (goes_on(&x->tree, *node)) {
        save_pasts(x, *node);
        if (expand(x, node, 1, err)) return -1;
        int child = best_child(&x->tree, *node);
        if (child < 0) return 0;
        set_priors(&x->tree, *node);
        *node = child;
    }
    return 0;
}

int mcts_search(struct search *x, struct error *err) {
    struct tree *t = &x->tree;
    x->n_finished = x->n_frontier = 0;
    for (int i = 0; i < x->s->iterations; i++) {
        int node = descend(x, i);
        if (roll_out(x, &node, err)) return -1;
        if (node == TREE_ROOT) return 0; // not even a first thought
        bool dead = t->nodes[node].end == STOP_NO_THOUGHT;
        back_up(t, node, dead ? 0 : t->nodes[node].score);
        if (dead)
            x->frontier[x->n_frontier++] = node;
        else
            x->finished[x->n_finished++] = node;
    }
    return 0;
}
