#include "harness/compare/cell_times.h"

#include "harness/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// Where and how a cell's times were taken.
struct clock_place {
    const char *machine; // "": unknown
    int threads, workers;
    bool timed;
    bool several_machines, several_threads; // not all of them in one way
};

static void add_session(struct clock_place *p,
                        const struct manifest_session *s) {
    if (p->timed && strcmp(p->machine, s->machine)) p->several_machines = true;
    if (p->timed && (p->threads != s->threads || p->workers != s->workers))
        p->several_threads = true;
    p->machine = s->machine;
    p->threads = s->threads;
    p->workers = s->workers;
}

static struct clock_place place_of(const struct report *r,
                                   const struct report_cell *c) {
    struct clock_place p = {.machine = ""};
    for (int i = 0; i < c->n_problems * c->k; i++) {
        const struct report_sample *s = &c->samples[i];
        if (!s->present || isnan(report_ms(s))) continue;
        if (s->session < r->manifest.n_sessions)
            add_session(&p, &r->manifest.sessions[s->session]);
        p.timed = true;
    }
    return p;
}

static enum times_obstacle find_obstacle(const struct report *ra,
                                         const struct clock_place *a,
                                         const struct report *rb,
                                         const struct clock_place *b) {
    if (!a->timed || !b->timed) return TIMES_NONE;
    bool clock_a = ra->manifest.virtual_time,
         clock_b = rb->manifest.virtual_time;
    if (clock_a != clock_b) return TIMES_CLOCKS;
    if (clock_a) return TIMES_COMPARABLE;
    if (a->several_machines || b->several_machines || !*a->machine ||
        strcmp(a->machine, b->machine))
        return TIMES_MACHINES;
    if (a->several_threads || b->several_threads || a->threads != b->threads ||
        a->workers != b->workers)
        return TIMES_THREADS;
    return TIMES_COMPARABLE;
}

// A virtual clock, or the same samples.jsonl and sample by sample the same
// session.
static bool interleaved(const struct report *ra, const struct report_cell *a,
                        const struct report *rb, const struct report_cell *b) {
    if (ra->manifest.virtual_time && rb->manifest.virtual_time) return true;
    if (strcmp(ra->hash, rb->hash) || a->dataset->n_problems != b->n_problems ||
        a->k != b->k)
        return false;
    for (int i = 0; i < a->n_problems * a->k; i++) {
        int at = i / a->k;
        if (strcmp(a->dataset->problems[at].hash,
                   b->dataset->problems[at].hash))
            return false;
        if (a->samples[i].session != b->samples[i].session) return false;
    }
    return true;
}

static void say(struct times_comparison *t, const struct clock_place *a,
                const struct clock_place *b) {
    static const char *const texts[] = {
        [TIMES_COMPARABLE] = "",
        [TIMES_NONE] = "",
        [TIMES_CLOCKS] = "times of a virtual clock against real ones",
        [TIMES_MACHINES] = "times of different machines",
        [TIMES_THREADS] = "times with different numbers of threads",
    };
    const char *what = texts[t->obstacle];
    if (t->obstacle == TIMES_NONE)
        what = a->timed   ? "B has no times"
               : b->timed ? "A has no times"
                          : "neither side has times";
    bool one_number = !a->several_threads && !b->several_threads;
    if (t->obstacle == TIMES_THREADS && one_number && a->threads != b->threads)
        snprintf(t->text, sizeof t->text, "times with %d and %d threads",
                 a->threads, b->threads);
    else if (t->obstacle == TIMES_THREADS && one_number)
        snprintf(t->text, sizeof t->text, "times with %d and %d workers",
                 a->workers, b->workers);
    else
        snprintf(t->text, sizeof t->text, "%s", what);
}

struct times_comparison cell_times_compare(const struct report *ra,
                                           const struct report_cell *a,
                                           const struct report *rb,
                                           const struct report_cell *b) {
    struct clock_place x = place_of(ra, a), y = place_of(rb, b);
    struct times_comparison t = {.obstacle = find_obstacle(ra, &x, rb, &y),
                                 .timed_a = x.timed,
                                 .timed_b = y.timed,
                                 .interleaved = interleaved(ra, a, rb, b)};
    say(&t, &x, &y);
    return t;
}
