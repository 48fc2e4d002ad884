#include "harness/compare/comparison.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"

#include <math.h>
#include <stdlib.h>

const char *const verdict_accuracy_name[] = {"~", "better", "worse"};
const char *const verdict_speed_name[] = {"~", "faster", "slower",
                                          "not comparable"};

// Times that cannot be compared have no estimates, lest somebody does.
static void drop_times(struct cell_pair *p) {
    static const struct estimate none = {NAN, NAN, NAN, NAN, 0};
    p->time = p->per_token = none;
    p->time_p = p->ratio_of_means = NAN;
}

static void compare_cells(struct compared *x, const struct report *ra,
                          const struct report *rb) {
    const struct cell_match *m = &x->match;
    cell_pair_fill(&x->pair, ra, m->b, m->a);
    x->times = cell_times_compare(ra, m->a, rb, m->b);
    if (x->times.obstacle != TIMES_COMPARABLE) drop_times(&x->pair);
}

static void adjust(struct comparison *c) {
    size_t n = (size_t)c->n;
    struct cell_pair *pairs = xcalloc(n + 1, sizeof *pairs);
    bool *has = xcalloc(n + 1, sizeof *has);
    for (int i = 0; i < c->n; i++) {
        pairs[i] = c->cells[i].pair;
        has[i] = true;
    }
    c->accuracy = cell_pair_adjust(pairs, has, c->n, PAIR_ACCURACY);
    c->time = cell_pair_adjust(pairs, has, c->n, PAIR_TIME);
    free(pairs);
    free(has);
}

static void conclude(struct comparison *c, int i) {
    struct compared *x = &c->cells[i];
    double alpha = 1 - c->confidence;
    if (c->accuracy.bh[i] < alpha)
        x->accuracy =
            x->pair.accuracy.value > 0 ? ACCURACY_BETTER : ACCURACY_WORSE;
    if (x->times.obstacle != TIMES_COMPARABLE)
        x->speed = SPEED_NOT_COMPARABLE;
    else if (c->time.bh[i] < alpha)
        x->speed = x->pair.time.value > 1 ? SPEED_FASTER : SPEED_SLOWER;
}

int comparison_make(struct comparison *c, struct side *a, struct side *b,
                    double confidence, struct error *err) {
    struct cell_match *matches;
    *c = (struct comparison){.a = a, .b = b, .confidence = confidence};
    c->unmatched = xmalloc(sizeof *c->unmatched);
    buf_init(c->unmatched);
    if (side_match(a, b, &matches, &c->n, c->unmatched, err)) {
        comparison_release(c);
        return -1;
    }
    a->report.manifest.confidence = confidence;
    b->report.manifest.confidence = confidence;
    c->cells = xcalloc((size_t)c->n, sizeof *c->cells);
    for (int i = 0; i < c->n; i++) {
        c->cells[i].match = matches[i];
        compare_cells(&c->cells[i], &a->report, &b->report);
    }
    free(matches);
    adjust(c);
    for (int i = 0; i < c->n; i++)
        conclude(c, i);
    return 0;
}

void comparison_release(struct comparison *c) {
    cell_pair_family_release(&c->accuracy);
    cell_pair_family_release(&c->time);
    if (c->unmatched) buf_release(c->unmatched);
    free(c->unmatched);
    free(c->cells);
    *c = (struct comparison){0};
}
