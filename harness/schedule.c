#include "harness/schedule.h"

#include "engine/base/alloc.h"
#include "engine/base/rng.h"
#include "harness/sweep.h"

#include <assert.h>
#include <stdlib.h>

void schedule_init(struct schedule *s, const struct sweep *sweep, int k) {
    *s = (struct schedule){.sweep = sweep, .k = k};
    for (int i = 0; i < sweep->config->n_datasets; i++) {
        s->n_blocks += (int64_t)sweep->sets[i].n * k;
    }
}

struct block schedule_block(const struct schedule *s, int64_t i) {
    assert(i >= 0 && i < s->n_blocks);
    for (int d = 0;; d++) {
        int64_t n = (int64_t)s->sweep->sets[d].n * s->k;
        if (i < n) return (struct block){d, (int)(i / s->k), (int)(i % s->k)};
        i -= n;
    }
}

// Fisher-Yates. The name keeps its draws apart from those that shuffle the
// options of the same problem.
void schedule_order(uint64_t seed, const char *problem_id, int sample,
                    int *order, int n) {
    char *name = xasprintf("schedule/%s", problem_id);
    struct rng rng = rng_make(seed, name, (uint64_t)sample);
    free(name);
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, RNG_ORDER, (uint64_t)i, (uint64_t)i + 1);
        int swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
