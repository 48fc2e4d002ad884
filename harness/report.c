#include "harness/report.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "harness/problem_cluster.h"
#include "harness/stats/stats_cluster.h"
#include "harness/store.h"
#include "harness/table.h"
#include "harness/validity.h"

#include <jansson.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The manifest gives the key of every sample that should be there (cell id,
// problem hash, index); sorted keys with their places turn a stored line into
// one cell of a grid. Lines are read one at a time, their texts dropped but for
// those of trees.

const struct report_table *const report_tables[] = {
    &table_main,       &table_accuracy,       &table_latency,
    &table_speedup,    &table_pareto,         &table_deadline,
    &table_search,     &table_steps,          &table_depths,
    &table_evaluators, &table_evaluator_bins, &table_pass_at_k,
    &table_validity,   &table_samples,        NULL,
};

struct place_of_key {
    char key[HASH_HEX_SIZE];
    struct report_sample *sample;
};

struct loader {
    struct report *report;
    struct hash_state *hash;     // of the lines read
    struct place_of_key *places; // sorted by key
    size_t n_places;
};

// ---- cells ----------------------------------------------------------------

// First by models, data set and method as a reader looks for them, then by the
// order of the config.
static int compare_cells(const void *x, const void *y) {
    const struct manifest_cell *a = ((const struct report_cell *)x)->cell;
    const struct manifest_cell *b = ((const struct report_cell *)y)->cell;
    int c = strcmp(a->base, b->base);
    if (!c) c = a->dataset - b->dataset;
    return c ? c : a < b ? -1 : a > b;
}

static const char *find_setting(const struct manifest_cell *c,
                                const char *name) {
    for (int i = 0; i < c->n_settings; i++) {
        if (!strcmp(c->settings[i].name, name)) return c->settings[i].value;
    }
    return NULL;
}

// Do both cells have the same values of what all methods know?
static bool same_shared(const struct manifest_cell *a,
                        const struct manifest_cell *b) {
    for (int i = 0; i < a->n_settings; i++) {
        const struct manifest_setting *s = &a->settings[i];
        const char *value = find_setting(b, s->name);
        if (s->shared && (!value || strcmp(value, s->value))) return false;
    }
    return true;
}

// The cell of this label with the same base and data set; with the same shared
// settings if there are several, and then the same draft if there is one. NULL
// when there is none, or no way to choose, or it is the cell itself.
static const struct report_cell *labelled_cell(const struct report *r,
                                               const struct report_cell *of,
                                               const char *label) {
    const struct report_cell *found = NULL, *same = NULL;
    int n_found = 0;
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        if (strcmp(c->cell->label, label) ||
            strcmp(c->cell->base, of->cell->base) ||
            c->cell->dataset != of->cell->dataset) {
            continue;
        }
        if (c == of) return NULL;
        found = c;
        n_found++;
        if (!same_shared(of->cell, c->cell)) continue;
        if (!strcmp(c->cell->draft, of->cell->draft)) return c;
        if (!same) same = c;
    }
    return same ? same : n_found == 1 ? found : NULL;
}

// Clusters of the problems of a data set: how many, and *cluster, NULL where no
// problem names one.
static int take_clusters(struct report *r, const struct manifest_dataset *d,
                         const int **cluster) {
    size_t n = (size_t)d->n_problems;
    const char **names = xcalloc(n + 1, sizeof *names);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        names[i] = d->problems[i].cluster;
        any |= names[i] != NULL;
    }
    int *numbers = any ? arena_alloc(&r->arena, n * sizeof *numbers) : NULL;
    int n_clusters =
        any ? problem_clusters_number(names, d->n_problems, numbers) : 0;
    *cluster = numbers;
    free(names);
    return n_clusters;
}

static void make_cells(struct report *r) {
    const struct manifest *m = &r->manifest;
    r->n_cells = m->n_cells;
    r->cells = arena_alloc(&r->arena, (size_t)m->n_cells * sizeof *r->cells);
    for (int i = 0; i < m->n_cells; i++) {
        struct report_cell *c = &r->cells[i];
        c->cell = &m->cells[i];
        c->dataset = &m->datasets[c->cell->dataset];
        c->n_problems = c->dataset->n_problems;
        c->k = m->k;
        // The cells of a data set share its clusters.
        const struct report_cell *same = NULL;
        for (int j = 0; j < i && !same; j++) {
            if (r->cells[j].dataset == c->dataset) same = &r->cells[j];
        }
        c->cluster = same ? same->cluster : NULL;
        c->n_clusters =
            same ? same->n_clusters : take_clusters(r, c->dataset, &c->cluster);
    }
    if (r->n_cells) {
        qsort(r->cells, (size_t)r->n_cells, sizeof *r->cells, compare_cells);
    }
    for (int i = 0; i < r->n_cells; i++) {
        struct report_cell *c = &r->cells[i];
        c->baseline = labelled_cell(r, c, m->baseline);
        c->versus = labelled_cell(r, c, m->versus);
    }
}

// ---- samples --------------------------------------------------------------

static int compare_keys(const void *a, const void *b) {
    return strcmp(((const struct place_of_key *)a)->key,
                  ((const struct place_of_key *)b)->key);
}

static int make_places(struct loader *l, struct error *err) {
    struct report *r = l->report;
    size_t n = (size_t)manifest_n_samples(&r->manifest);
    if (!n) n = 1;
    l->places = alloc_try(n, sizeof *l->places, "sample index", err);
    r->samples = alloc_try(n, sizeof *r->samples, "samples", err);
    if (!l->places || !r->samples) return -1;
    for (int i = 0; i < r->n_cells; i++) {
        struct report_cell *c = &r->cells[i];
        size_t n_samples = (size_t)c->n_problems * (size_t)c->k;
        c->samples = r->samples + l->n_places;
        for (size_t j = 0; j < n_samples; j++) {
            struct place_of_key *at = &l->places[l->n_places++];
            int problem = (int)(j / (size_t)c->k);
            sample_key(c->cell->id, c->dataset->problems[problem].hash,
                       (int)(j % (size_t)c->k), at->key);
            at->sample = &c->samples[j];
        }
    }
    qsort(l->places, l->n_places, sizeof *l->places, compare_keys);
    return 0;
}

static void count_steps(struct report_sample *to, const struct sample *from) {
    for (int i = 0; i < from->n_steps; i++) {
        const struct sample_step *step = &from->steps[i];
        bool drafted = step->author == AUTHOR_DRAFT;
        to->n_kept += step->kept;
        to->n_kept_draft += step->kept && drafted;
        to->n_drafted += drafted;
        if (!step->judged || isnan(step->score)) continue;
        to->n_judged++;
        to->score_sum += step->score;
    }
}

static void take_tree(struct report_sample *to, const struct sample *from,
                      struct arena *a) {
    if (!from->tree) return;
    to->n_steps = from->n_steps;
    to->steps = arena_alloc(a, (size_t)from->n_steps * sizeof *to->steps);
    for (int i = 0; i < from->n_steps; i++) {
        const struct sample_step *s = &from->steps[i];
        to->steps[i] = (struct report_step){
            .author = s->author,
            .decision = s->decision,
            .kept = s->kept,
            .judged = s->judged,
            .depth = s->parent < 0 ? 1 : to->steps[s->parent].depth + 1,
            .parent = s->parent,
            .n_copies = s->n_copies,
            .n_tokens = s->n_tokens,
            .score = s->score,
            .second = s->second,
            .threshold = s->threshold,
            .time_ns = s->time_ns,
            .text = arena_strndup(a, s->text, s->n_bytes),
            .n_bytes = s->n_bytes,
        };
    }
}

static void take_sample(struct report *r, struct report_sample *to,
                        const struct sample *from) {
    struct arena *a = &r->arena;
    *to = (struct report_sample){
        .present = true,
        .failed = from->error != NULL,
        .verdict = from->verdict,
        .stop = from->stop,
        .answer_forced = from->answer_forced,
        .session = from->session,
        .count = from->count,
        .total_ns = from->total_ns,
        .other_ns = from->other_ns,
        .token_hash = arena_strdup(a, from->token_hash),
        .answer = arena_strdup(a, from->answer),
        .reason = arena_strdup(a, from->reason),
        .error = from->error ? arena_strdup(a, from->error) : NULL,
    };
    memcpy(to->phase_ns, from->phase_ns, sizeof to->phase_ns);
    count_steps(to, from);
    take_tree(to, from, a);
}

static bool contradicts(const struct report_sample *first,
                        const struct sample *s) {
    return !first->failed && !s->error &&
           (first->verdict != s->verdict ||
            strcmp(first->token_hash, s->token_hash));
}

// A sample that was solved replaces one that had failed; else the first of two
// with the same key counts.
static int take_line(void *ctx, const char *line, size_t n_bytes,
                     size_t line_number, struct error *err) {
    struct loader *l = ctx;
    struct arena arena = {0};
    struct sample s;
    hash_add_field(l->hash, line, n_bytes);
    int rc = sample_parse(&s, line, n_bytes, &arena, err);
    if (!rc) {
        struct place_of_key wanted = {.sample = NULL};
        memcpy(wanted.key, s.key, sizeof wanted.key);
        struct place_of_key *at = bsearch(&wanted, l->places, l->n_places,
                                          sizeof *l->places, compare_keys);
        if (!at) {
            l->report->n_foreign++;
        } else if (!at->sample->present || (at->sample->failed && !s.error)) {
            take_sample(l->report, at->sample, &s);
            at->sample->order = (int64_t)line_number;
        } else {
            l->report->n_contradictory += contradicts(at->sample, &s);
        }
    }
    arena_release(&arena);
    return rc;
}

static void count_gaps(struct report *r, bool partial) {
    for (int i = 0; i < r->n_cells; i++) {
        struct report_cell *c = &r->cells[i];
        int n = c->n_problems * c->k;
        for (int j = 0; j < n; j++) {
            c->n_missing += !c->samples[j].present;
            c->n_failed += c->samples[j].failed;
        }
        c->usable = n > 0 && (partial ? c->n_missing < n : !c->n_missing);
        r->n_missing += c->n_missing;
        r->n_failed += c->n_failed;
    }
}

bool *report_used_sessions(const struct report *r) {
    int n = r->manifest.n_sessions;
    bool *used = xcalloc((size_t)n + 1, sizeof *used);
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        for (int j = 0; j < c->n_problems * c->k; j++) {
            const struct report_sample *s = &c->samples[j];
            if (s->present && s->session < n) used[s->session] = true;
        }
    }
    return used;
}

int report_machines(const struct report *r, const bool *used) {
    const struct manifest *m = &r->manifest;
    int n = 0;
    for (int i = 0; i < m->n_sessions; i++) {
        bool seen = !used[i];
        for (int j = 0; j < i && !seen; j++) {
            seen = used[j] &&
                   !strcmp(m->sessions[i].machine, m->sessions[j].machine);
        }
        n += !seen;
    }
    return n;
}

static void count_machines(struct report *r) {
    bool *used = report_used_sessions(r);
    r->n_machines = report_machines(r, used);
    free(used);
}

// A folder is of one mode, so either all solved samples have a time or none.
static int check_times(const struct report *r, struct error *err) {
    int64_t n[2] = {0}; // without, with
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        for (int j = 0; j < c->n_problems * c->k; j++) {
            const struct report_sample *s = &c->samples[j];
            if (s->present && !s->failed) n[!isnan(report_ms(s))]++;
        }
    }
    if (!n[0] || !n[1]) return 0;
    return error_set(err, ERR_INPUT,
                     "%s/samples.jsonl: %lld solved samples have a time "
                     "(\"total_ms\"), %lld have none; expected all or none",
                     r->dir, (long long)n[1], (long long)n[0]);
}

// Once for all who ask: of a million samples it takes seconds.
static void judge_cells(struct report *r) {
    struct validity_report *all =
        arena_alloc(&r->arena, (size_t)r->n_cells * sizeof *all);
    for (int i = 0; i < r->n_cells; i++) {
        validity_judge(&all[i], r, &r->cells[i]);
        r->cells[i].validity = &all[i];
    }
}

int report_open(struct report *r, const char *dir, bool partial,
                struct error *err) {
    *r = (struct report){0};
    struct loader l = {.report = r, .hash = hash_new()};
    int rc = manifest_load(&r->manifest, dir, err);
    if (rc > 0) {
        rc = error_set(err, ERR_INPUT,
                       "%s/manifest.json: not found; expected a folder that "
                       "`specsweep run` has written",
                       dir);
    }
    r->dir = arena_strdup(&r->arena, dir);
    if (!rc) {
        make_cells(r);
        rc = make_places(&l, err);
    }
    if (!rc) rc = store_read(dir, take_line, &l, err);
    if (!rc) rc = check_times(r, err);
    hash_hex(l.hash, r->hash);
    hash_free(l.hash);
    free(l.places);
    if (rc) {
        report_release(r);
        return -1;
    }
    count_gaps(r, partial);
    count_machines(r);
    judge_cells(r);
    return 0;
}

void report_release(struct report *r) {
    manifest_release(&r->manifest);
    arena_release(&r->arena);
    free(r->samples);
    *r = (struct report){0};
}

// ---- for tables -----------------------------------------------------------

double report_correct(const struct report_sample *s) {
    return s->verdict == VERDICT_CORRECT;
}

double report_ms(const struct report_sample *s) {
    if (s->failed || s->total_ns == SAMPLE_NO_TIME) return NAN;
    return (double)s->total_ns / 1e6;
}

double report_kept_tokens(const struct report_sample *s) {
    return s->failed ? NAN : (double)s->count.kept_tokens;
}

double report_truncated(const struct report_sample *s) {
    return s->stop == STOP_BUDGET || s->stop == STOP_STEPS ||
           s->stop == STOP_CONTEXT;
}

// Sum over samples [from, from + n) that are present and have the value.
static double sum_values(const struct report_sample *s, int n,
                         report_value_fn fn, int *n_values) {
    double sum = 0;
    *n_values = 0;
    for (int i = 0; i < n; i++) {
        double value = s[i].present ? fn(&s[i]) : NAN;
        if (isnan(value)) continue;
        sum += value;
        ++*n_values;
    }
    return sum;
}

void report_problem_means(const struct report_cell *c, report_value_fn fn,
                          double *values) {
    for (int p = 0; p < c->n_problems; p++) {
        int n;
        double sum =
            sum_values(c->samples + (size_t)p * (size_t)c->k, c->k, fn, &n);
        values[p] = n ? sum / n : NAN;
    }
}

double report_mean(const struct report_cell *c, report_value_fn fn) {
    int n;
    double sum = sum_values(c->samples, c->n_problems * c->k, fn, &n);
    return n ? sum / n : NAN;
}

struct estimate report_interval(const struct report *r,
                                const struct report_cell *c,
                                const double *values) {
    double level = r->manifest.confidence, *x;
    int *cluster, n = 0;
    x = xcalloc((size_t)c->n_problems + 1, sizeof *x);
    cluster = xcalloc((size_t)c->n_problems + 1, sizeof *cluster);
    for (int i = 0; i < c->n_problems; i++) {
        if (isnan(values[i])) continue;
        if (c->cluster) cluster[n] = c->cluster[i];
        x[n++] = values[i];
    }
    struct estimate e =
        c->cluster ? stats_clustered_mean(x, cluster, n, c->n_clusters, level)
                   : stats_mean_interval(x, n, level);
    free(cluster);
    free(x);
    return e;
}

struct estimate report_estimate(const struct report *r,
                                const struct report_cell *c,
                                report_value_fn fn) {
    double *means = xcalloc((size_t)c->n_problems, sizeof *means);
    report_problem_means(c, fn, means);
    struct estimate e = report_interval(r, c, means);
    free(means);
    return e;
}

bool report_searches(const struct report_cell *c) {
    const struct method *m = method_find(c->cell->method);
    return m && (m->needs & METHOD_SEARCHES);
}

const char *report_setting(const struct report_cell *c, const char *name) {
    return find_setting(c->cell, name);
}

void report_set_estimate(struct table *t, const char *column, const char *low,
                         const char *high, const struct estimate *e) {
    table_set_number(t, column, e->value);
    table_set_number(t, low, e->low);
    table_set_number(t, high, e->high);
    table_set_interval(t, column, e->low, e->high);
}

void report_mark_unresolved(struct table *t, const char *column,
                            const struct estimate *e, double null_value) {
    bool resolved = e->low > null_value || e->high < null_value;
    if (!resolved) table_set_mark(t, column, "~");
}

void report_begin_row(struct table *t, const struct report_cell *c) {
    table_add_row(t);
    table_set_text(t, "base", c->cell->base);
    table_set_text(t, "draft", c->cell->draft);
    table_set_text(t, "dataset", c->dataset->name);
    table_set_text(t, "method", c->cell->label);
    table_set_setting(t, "threshold", c->cell->threshold);
}

void report_set_cell(struct table *t, const struct report_cell *c) {
    char id[9];
    snprintf(id, sizeof id, "%.8s", c->cell->id);
    table_set_text(t, "cell", id);
}

void report_end_row(struct table *t, const struct report_cell *c) {
    table_set_number(t, "n_missing", c->n_missing ? c->n_missing : NAN);
    table_set_number(t, "n_failed", c->n_failed ? c->n_failed : NAN);
    table_set_text(t, "variant", c->cell->variant);
    report_set_cell(t, c);
}
