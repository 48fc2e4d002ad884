#include "harness/validity.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "harness/compare/cell_name.h"
#include "harness/compare/pair_values.h"
#include "harness/report.h"
#include "harness/validity_times.h"

#include <math.h>
#include <stdlib.h>

const char *const validity_name[] = {"valid", "suspect", "invalid"};

const char *const validity_check_name[CHECK_N] = {
    "missing",  "failed", "ungraded", "truncated", "length",
    "machines", "warmup", "drift",    "outliers",
};

// Of what has few samples chance makes anything: an alarm that it raises in one
// cell of a thousand (of a hundred at the start, where there are fewer).
static const double CHANCE_LEVEL = 0.999, WARMUP_P = 0.01;

struct cell_facts {
    const struct report *report;
    const struct report_cell *cell;
    struct validity_times times;
};

struct measure {
    double value; // NAN: cannot be measured
    bool chance;  // could be by chance
};

// ---- samples --------------------------------------------------------------

typedef bool (*sample_fn)(const struct report_sample *s);

// Per cent of the samples that are there.
static struct measure share(const struct report_cell *c, sample_fn is) {
    double n = 0, n_present = 0;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        if (!c->samples[i].present) continue;
        n_present++;
        n += is(&c->samples[i]);
    }
    return (struct measure){100 * stats_quotient(n, n_present), false};
}

static bool is_failed(const struct report_sample *s) {
    return s->failed;
}

static bool is_truncated(const struct report_sample *s) {
    return !s->failed && report_truncated(s) > 0;
}

// What was cut off or failed has said so already.
static bool is_ungraded(const struct report_sample *s) {
    return !s->failed && !sample_is_cut_off(s->stop) &&
           s->verdict == VERDICT_UNGRADED;
}

static struct measure missing(const struct cell_facts *f) {
    double n = (double)f->cell->n_problems * f->cell->k;
    return (struct measure){100 * stats_quotient(f->cell->n_missing, n), false};
}

static struct measure failed(const struct cell_facts *f) {
    return share(f->cell, is_failed);
}

static struct measure ungraded(const struct cell_facts *f) {
    return share(f->cell, is_ungraded);
}

static struct measure truncated(const struct cell_facts *f) {
    return share(f->cell, is_truncated);
}

// Geometric mean over problems of kept tokens / the baseline's, less 1, in per
// cent.
static struct measure length(const struct cell_facts *f) {
    const struct report_cell *c = f->cell;
    if (!c->baseline) return (struct measure){NAN, true};
    struct pair_values v;
    double unused;
    pair_values_init(&v, c, c->baseline, report_kept_tokens);
    pair_values_log_ratio(&v);
    struct estimate e = stats_exp(
        stats_clustered_test(v.x, v.clusters, v.n, CHANCE_LEVEL, &unused));
    pair_values_release(&v);
    return (struct measure){100 * (e.value - 1), !(e.low > 1 || e.high < 1)};
}

// ---- times ----------------------------------------------------------------

static void mark_sessions(const struct report *r, const struct report_cell *c,
                          bool *used) {
    for (int i = 0; i < c->n_problems * c->k; i++) {
        const struct report_sample *s = &c->samples[i];
        if (s->present && !isnan(report_ms(s)) &&
            s->session < r->manifest.n_sessions) {
            used[s->session] = true;
        }
    }
}

// That the times of the cell and of its baseline come from. Those of a virtual
// clock come from none.
static struct measure machines(const struct cell_facts *f) {
    if (f->report->manifest.virtual_time) return (struct measure){NAN, false};
    size_t n_sessions = (size_t)f->report->manifest.n_sessions;
    bool *used = xcalloc(n_sessions + 1, sizeof *used);
    mark_sessions(f->report, f->cell, used);
    if (f->cell->baseline) mark_sessions(f->report, f->cell->baseline, used);
    int n = report_machines(f->report, used);
    free(used);
    return (struct measure){n ? n : NAN, false};
}

static struct measure warmup(const struct cell_facts *f) {
    const struct warmup *w = &f->times.warmup;
    return (struct measure){100 * (w->ratio - 1), !(w->p < WARMUP_P)};
}

static struct measure drift(const struct cell_facts *f) {
    const struct estimate *e = &f->times.drift;
    return (struct measure){100 * e->value, !(e->low > 0 || e->high < 0)};
}

static struct measure outliers(const struct cell_facts *f) {
    return (struct measure){100 * f->times.outlier_share, false};
}

// ---- limits ---------------------------------------------------------------

// The two limits are on the size of the value, whatever its sign; a cell that
// reaches neither is valid. Why these: docs/RESULTS.md.
struct check {
    const char *before, *after; // of the value, for people
    int decimals;
    bool sign;               // shown also of what is above 0
    double suspect, invalid; // above
    const char *unit;        // of the limits
    struct measure (*measure)(const struct cell_facts *f);
};

// clang-format off
static const struct check checks[CHECK_N] = {
    [CHECK_MISSING] = {"", " % missing", 1, false, 0, 5, " %", missing},
    [CHECK_FAILED] = {"", " % failed", 1, false, 0, 5, " %", failed},
    [CHECK_UNGRADED] = {"", " % ungraded", 1, false, 2, 20, " %", ungraded},
    [CHECK_TRUNCATED] = {"", " % truncated", 1, false, 5, 50, " %", truncated},
    [CHECK_LENGTH] = {"", " % kept tokens against the baseline", 1, true,
                      10, INFINITY, " %", length},
    [CHECK_MACHINES] = {"times of ", " machines", 0, false, 1, INFINITY, "",
                        machines},
    [CHECK_WARMUP] = {"first times ", " % off the rest", 1, true,
                      10, INFINITY, " %", warmup},
    [CHECK_DRIFT] = {"times drift by ", " %", 1, true, 5, 100, " %", drift},
    [CHECK_OUTLIERS] = {"outliers make ", " % of the time", 1, false,
                        5, 50, " %", outliers},
};
// clang-format on

static enum validity judge(const struct check *k, const struct measure *m) {
    double size = fabs(m->value);
    if (m->chance || !(size > k->suspect)) return VALIDITY_VALID;
    return size > k->invalid ? VALIDITY_INVALID : VALIDITY_SUSPECT;
}

void validity_judge(struct validity_report *v, const struct report *r,
                    const struct report_cell *c) {
    struct cell_facts f = {.report = r, .cell = c};
    validity_times_fill(&f.times, c, CHANCE_LEVEL);
    *v = (struct validity_report){.verdict = VALIDITY_VALID};
    for (int i = 0; i < CHECK_N; i++) {
        struct measure m = checks[i].measure(&f);
        struct validity_finding *found = &v->findings[i];
        *found = (struct validity_finding){judge(&checks[i], &m), m.value};
        if (found->verdict > v->verdict) v->verdict = found->verdict;
    }
}

// ---- for people -----------------------------------------------------------

static void print_finding(const struct validity_report *v, int i,
                          struct buf *out) {
    const struct check *k = &checks[i];
    const struct validity_finding *f = &v->findings[i];
    double limit = f->verdict == VALIDITY_INVALID ? k->invalid : k->suspect;
    buf_addf(out, k->sign ? "%s%+.*f%s" : "%s%.*f%s", k->before, k->decimals,
             f->value, k->after);
    buf_addf(out, " (limit %g%s)", limit, k->unit);
}

void validity_print(const struct validity_report *v, struct buf *out) {
    int n = 0;
    for (int of = VALIDITY_INVALID; of > VALIDITY_VALID; of--) {
        for (int i = 0; i < CHECK_N; i++) {
            if (v->findings[i].verdict != (enum validity)of) continue;
            buf_adds(out, n++ ? "; " : "");
            print_finding(v, i, out);
        }
    }
}

const char *validity_mark(const struct report_cell *c) {
    enum validity verdict = c->validity->verdict;
    return verdict == VALIDITY_VALID ? NULL : validity_name[verdict];
}

void validity_print_notices(const struct report *r, FILE *log) {
    struct buf line;
    buf_init(&line);
    for (int i = 0; i < r->n_cells; i++) {
        const struct validity_report *v = r->cells[i].validity;
        if (v->verdict == VALIDITY_VALID) continue;
        buf_addf(&line, "%s: cell %.8s, ", validity_name[v->verdict],
                 r->cells[i].cell->id);
        cell_name_print(&r->cells[i], &line);
        buf_adds(&line, ": ");
        validity_print(v, &line);
        buf_addc(&line, '\n');
    }
    fwrite(line.text, 1, line.n_bytes, log);
    buf_release(&line);
}
