#include "harness/gate/gate_rules.h"

#include "harness/compare/engine_facts.h"

#include <stdio.h>
#include <string.h>

// What a seed determines: everything of a sample but its times and texts.

// Problems are paired by hash: two runs may list them in another order.
static const struct report_sample *
samples_of(const struct report_cell *c, const struct manifest_problem *wanted,
           int place) {
    const struct manifest_problem *p = c->dataset->problems;
    for (int i = 0; i < c->n_problems; i++) {
        int at = (place + i) % c->n_problems;
        if (!strcmp(p[at].hash, wanted->hash))
            return c->samples + (size_t)at * (size_t)c->k;
    }
    return NULL;
}

static bool differ(const struct report_sample *a, const struct report_sample *b,
                   char *what, size_t size) {
    int64_t was, is;
    const char *counter =
        sample_counter_differs(&a->count, &b->count, &was, &is);
    if (a->failed != b->failed)
        snprintf(what, size, "%s", b->failed ? "it failed" : "it had failed");
    else if (strcmp(a->token_hash, b->token_hash) && !counter)
        snprintf(what, size, "token hash was %.8s, is %.8s", a->token_hash,
                 b->token_hash);
    else if (counter)
        snprintf(what, size, "%s was %lld, is %lld", counter, (long long)was,
                 (long long)is);
    else if (a->stop != b->stop)
        snprintf(what, size, "stop was %s, is %s", stop_reason_name[a->stop],
                 stop_reason_name[b->stop]);
    else if (a->answer_forced != b->answer_forced)
        snprintf(what, size, "answer_forced was %d, is %d", a->answer_forced,
                 b->answer_forced);
    else if (a->verdict != b->verdict)
        snprintf(what, size, "verdict was %s, is %s", verdict_name[a->verdict],
                 verdict_name[b->verdict]);
    else
        return false;
    return true;
}

// How many samples differ; the first is described in `first`.
static int count_differences(const struct gate_sides *s, char *first,
                             size_t size) {
    int n = 0;
    for (int p = 0; p < s->a->n_problems; p++) {
        const struct manifest_problem *problem = &s->a->dataset->problems[p];
        const struct report_sample *b = samples_of(s->b, problem, p);
        const struct report_sample *a =
            s->a->samples + (size_t)p * (size_t)s->a->k;
        for (int i = 0; i < s->a->k; i++) {
            char what[120] = "missing";
            if (b && !differ(&a[i], &b[i], what, sizeof what)) continue;
            if (!n++)
                snprintf(first, size, "%.60s sample %d, %s", problem->id, i,
                         what);
        }
    }
    return n;
}

// Why samples need not be equal; NULL: they must.
static const char *why_not(const struct gate_sides *s, char *text,
                           size_t size) {
    struct engine_facts facts;
    if (s->same) return NULL;
    if (strcmp(s->a->cell->id, s->b->cell->id)) return "not the same cell";
    engine_facts_read(&facts, &s->rb->manifest);
    snprintf(text, size, "tokens of prefill %s depend on the machine",
             facts.prefill);
    return text;
}

bool gate_exact_judge(struct gate_finding *f, const struct gate_sides *s) {
    char text[80];
    const char *why = why_not(s, text, sizeof text);
    if (why) {
        gate_finding_set(f, GATE_NOT_JUDGED, "%s", why);
        return false;
    }
    char first[220];
    int n_samples = s->a->n_problems * s->a->k;
    int n = count_differences(s, first, sizeof first);
    if (n)
        gate_finding_set(f, GATE_REGRESSION,
                         "%d of %d samples differ; first %s", n, n_samples,
                         first);
    else
        gate_finding_set(f, GATE_PASS, "%d samples identical", n_samples);
    return !n;
}
