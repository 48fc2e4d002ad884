#include "engine/methods/choose.h"

#include "engine/methods/answer.h"

#include <string.h>

// Answers are compared by their hashes: texts of all paths side by side would
// need as many buffers.

static double last_score(const struct search *x, int node) {
    return x->tree.nodes[node].score;
}

static double rank(const struct search *x, int node) {
    const struct node *n = &x->tree.nodes[node];
    return x->s->choose == CHOOSE_MIN ? n->worst : n->score;
}

// The text of the path, in the workspace's; bytes.
static size_t path_text(struct search *x, int node) {
    const struct workspace *w = x->w;
    size_t n_text = 0;
    int depth = tree_path(&x->tree, node, x->scratch);
    for (int i = 0; i < depth; i++) {
        size_t n = x->tree.nodes[x->scratch[i]].n_text;
        if (n > w->text_bytes - n_text) n = w->text_bytes - n_text;
        if (n) memcpy(w->text + n_text, tree_text(&x->tree, x->scratch[i]), n);
        n_text += n;
    }
    return n_text;
}

// The answers of the finished paths; returns how many have one.
static int find_answers(struct search *x) {
    int n_found = 0;
    for (int i = 0; i < x->n_finished; i++) {
        struct vote *vote = &x->votes[i];
        size_t n, n_text = path_text(x, x->finished[i]);
        const char *answer = answer_find(x->w->text, n_text, &n);
        vote->answered = answer != NULL;
        if (!answer) continue;
        hash_bytes(answer, n, vote->answer);
        n_found++;
    }
    return n_found;
}

static bool same_answer(const struct search *x, int i, int j) {
    const struct vote *a = &x->votes[i], *b = &x->votes[j];
    return a->answered && b->answered && strcmp(a->answer, b->answer) == 0;
}

// The finished path whose answer wins; one with an answer exists.
static int vote(const struct search *x) {
    double most = 0, most_sum = 0;
    int winner = -1;
    for (int i = 0; i < x->n_finished; i++) {
        double count = 0, sum = 0;
        if (!x->votes[i].answered) continue;
        for (int j = 0; j < x->n_finished; j++) {
            if (!same_answer(x, i, j)) continue;
            count++;
            sum += last_score(x, x->finished[j]);
        }
        double weight = x->s->choose == CHOOSE_MAJORITY ? count : sum;
        if (winner >= 0 && weight < most) continue;
        if (winner >= 0 && weight == most && sum <= most_sum) continue;
        winner = i;
        most = weight;
        most_sum = sum;
    }
    return winner;
}

// The best path of the winning answer.
static int winning_path(const struct search *x) {
    int winner = vote(x), best = x->finished[winner];
    for (int i = 0; i < x->n_finished; i++) {
        int node = x->finished[i];
        bool better = last_score(x, node) > last_score(x, best);
        if (same_answer(x, i, winner) && better) best = node;
    }
    return best;
}

// `best` or `node`, whichever ranks higher; equal: `best`.
static int better(const struct search *x, int best, int node) {
    if (node == TREE_ROOT) return best;
    return best == TREE_ROOT || rank(x, node) > rank(x, best) ? node : best;
}

int choose_path(struct search *x) {
    int best = TREE_ROOT, n_answers = find_answers(x);
    bool votes = x->s->choose == CHOOSE_MAJORITY || x->s->choose == CHOOSE_VOTE;
    if (n_answers > 0 && votes) return winning_path(x);
    for (int i = 0; i < x->n_finished; i++)
        if (n_answers == 0 || x->votes[i].answered)
            best = better(x, best, x->finished[i]);
    for (int i = 0; n_answers == 0 && i < x->n_frontier; i++)
        best = better(x, best, x->frontier[i]);
    return best;
}
