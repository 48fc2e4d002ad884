#include "harness/gate/gate_rules.h"

#include "harness/compare/cell_pair.h"

#include <math.h>
#include <string.h>

// The ratio of two methods that ran sample by sample beside each other: it
// holds on a machine that others use too, as a CI job's.

static bool answers_to(const struct report_cell *c, const char *label) {
    return !strcmp(c->cell->label, label) || !strcmp(c->cell->method, label);
}

static const struct gate_speedup *wanted(const struct report_cell *c,
                                         const struct gate_options *o) {
    for (int i = 0; i < o->n_speedups; i++) {
        if (answers_to(c, o->speedups[i].label)) return &o->speedups[i];
    }
    return NULL;
}

const struct gate_speedup *gate_speedup_unknown(const struct report *rb,
                                                const struct gate_options *o) {
    for (int i = 0; i < o->n_speedups; i++) {
        bool found = false;
        for (int j = 0; j < rb->n_cells && !found; j++)
            found = answers_to(&rb->cells[j], o->speedups[i].label);
        if (!found) return &o->speedups[i];
    }
    return NULL;
}

void gate_speedup_judge(struct gate_finding *f, const struct report *rb,
                        const struct report_cell *b,
                        const struct gate_options *o) {
    const struct gate_speedup *least = wanted(b, o);
    struct cell_pair pair;
    gate_finding_set(f, GATE_NOT_JUDGED, "%s", "");
    if (!least) return;
    f->limit = least->least;
    if (cell_pair_fill(&pair, rb, b, b->baseline)) {
        gate_finding_set(f, GATE_CANNOT_JUDGE,
                         "no complete cell of %.60s in the same run",
                         rb->manifest.baseline);
        return;
    }
    f->value = pair.time;
    if (isnan(pair.time.high)) {
        gate_finding_set(f, GATE_CANNOT_JUDGE, "%s",
                         isnan(pair.time.value) ? "the candidate has no times"
                                                : gate_no_interval(&pair.time));
        return;
    }
    bool reached = pair.time.high >= least->least;
    gate_finding_set(f, reached ? GATE_PASS : GATE_REGRESSION,
                     "%.2f times as fast as %.60s [%.2f, %.2f] (at least %g)",
                     pair.time.value, rb->manifest.baseline, pair.time.low,
                     pair.time.high, least->least);
}
