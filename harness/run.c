#include "harness/run.h"

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/grader.h"
#include "harness/progress.h"
#include "harness/prompt_group.h"
#include "harness/sample_record.h"
#include "harness/schedule.h"
#include "harness/store.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A worker keeps one workspace per prompt group (prompt_group.h) alive, so that
// inside a block the methods alternate without loading anything.

struct shared {
    struct run *run;
    struct schedule schedule;
    struct clock clock;
    struct prompt_groups groups;
    struct trace_size trace_size; // the most of all cells
    pthread_mutex_t mutex; // guards what follows, the store, the progress
    int64_t next_block;
    bool failed;
    struct error error; // the first fatal one
};

struct worker {
    struct shared *shared;
    struct workspace **workspaces; // [n_groups]
    int64_t *loaded;               // [n_groups] problem held, -1: none
    struct error *load_error;      // [n_groups] kind NONE: it is loaded
    struct trace trace;
    struct buf line;
    int *order, *cells; // [n_cells]
    pthread_t thread;
};

void run_key(const struct sweep *s, const struct cell *c, int problem,
             int sample, char key[HASH_HEX_SIZE]) {
    sample_key(c->id, s->sets[c->dataset].problems[problem].hash, sample, key);
}

int64_t run_count_stored(const struct sweep *s, const struct store *store) {
    int64_t n = 0;
    char key[HASH_HEX_SIZE];
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        for (int p = 0; p < s->sets[c->dataset].n; p++) {
            for (int k = 0; k < s->config->top.samples; k++) {
                run_key(s, c, p, k, key);
                n += store_has(store, key);
            }
        }
    }
    return n;
}

static void find_limits(struct shared *sh) {
    const struct sweep *s = sh->run->sweep;
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        struct trace_size n = method_trace_size(c->method, &c->settings);
        struct trace_size *most = &sh->trace_size;
        if (n.n_steps > most->n_steps) most->n_steps = n.n_steps;
        if (n.n_tokens > most->n_tokens) most->n_tokens = n.n_tokens;
        if (n.n_written > most->n_written) most->n_written = n.n_written;
    }
}

// ---- one sample -----------------------------------------------------------

// Bring the problem into the group's workspace. A problem that does not fit is
// the error of each of its samples.
static const struct error *load(struct worker *w, int group,
                                const struct block *b) {
    struct shared *sh = w->shared;
    int64_t wanted = ((int64_t)b->dataset << 32) | b->problem;
    struct error *err = &w->load_error[group];
    if (w->loaded[group] != wanted) {
        w->loaded[group] = wanted;
        *err = (struct error){0};
        const struct problem *p =
            &sh->run->sweep->sets[b->dataset].problems[b->problem];
        if (!workspace_load(w->workspaces[group], p->text, p->question,
                            &sh->groups.items[group].first->settings,
                            &sh->clock, err)) {
            err->kind = ERR_NONE;
        }
    }
    return err->kind == ERR_NONE ? NULL : err;
}

void run_describe(const struct sweep *sweep, const struct cell *c, int problem,
                  int sample, struct sample *s) {
    *s = (struct sample){
        .cell = c->id,
        .base = cell_base_name(sweep, c),
        .draft = cell_draft_name(sweep, c),
        .prm = cell_prm_name(sweep, c),
        .dataset = cell_dataset_name(sweep, c),
        .method = c->method->name,
        .label = c->label,
        .threshold = cell_has_threshold(c) ? c->settings.threshold : NAN,
        .problem = sweep->sets[c->dataset].problems[problem].id,
        .index = sample,
        .seed = sweep->config->top.seed,
        .mode = (enum run_mode)sweep->config->top.mode,
        .verdict = VERDICT_UNGRADED,
        .answer = "",
        .reason = "",
        .stop = STOP_ERROR,
    };
    run_key(sweep, c, problem, sample, s->key);
}

// Solve into the worker's trace. NULL, or why it failed.
static const struct error *solve(struct worker *w, const struct cell *c,
                                 const struct block *b, struct error *err) {
    struct shared *sh = w->shared;
    const struct sweep *sweep = sh->run->sweep;
    const struct problem *p = &sweep->sets[b->dataset].problems[b->problem];
    int group = sh->groups.of_cell[c->index];
    const struct error *unloaded = load(w, group, b);
    if (unloaded) {
        trace_reset(&w->trace);
        w->trace.stop = STOP_ERROR;
        return unloaded;
    }
    struct rng rng =
        rng_make((uint64_t)sweep->config->top.seed, p->id, (uint64_t)b->sample);
    *err = (struct error){0};
    if (method_solve(c->method, w->workspaces[group], &c->settings, &rng,
                     &w->trace, err)) {
        w->trace.stop = STOP_ERROR;
        return err;
    }
    if (!w->trace.overflow) return NULL;
    error_set(err, ERR_INTERNAL, "the trace of the sample did not fit");
    w->trace.stop = STOP_ERROR;
    return err;
}

static void count_sample(struct run *run, const struct sample *s) {
    run->n_samples++;
    run->n_errors += s->error != NULL;
    run->kept_tokens += s->count.kept_tokens;
    progress_sample(run->progress, s->verdict == VERDICT_CORRECT,
                    s->error != NULL);
}

static void store_sample(struct worker *w, const struct sample *s) {
    struct shared *sh = w->shared;
    buf_clear(&w->line);
    sample_print(s, &w->line);
    pthread_mutex_lock(&sh->mutex);
    if (!sh->failed) {
        struct error err;
        if (store_append(sh->run->store, s->key, w->line.text, w->line.n_bytes,
                         &err)) {
            sh->failed = true;
            sh->error = err;
        } else {
            count_sample(sh->run, s);
        }
    }
    pthread_mutex_unlock(&sh->mutex);
}

static void run_sample(struct worker *w, const struct cell *c,
                       const struct block *b) {
    const struct sweep *sweep = w->shared->run->sweep;
    struct arena arena = {0};
    struct sample s;
    struct error err;
    run_describe(sweep, c, b->problem, b->sample, &s);
    s.session = w->shared->run->session;
    const struct error *failed = solve(w, c, b, &err);
    sample_from_trace(&s, &w->trace, &arena);
    struct grade grade = {.verdict = VERDICT_UNGRADED};
    if (failed) {
        s.error = failed->text;
        s.reason = "failed";
    } else {
        struct response response = {w->trace.response, w->trace.n_response,
                                    sample_is_cut_off(w->trace.stop)};
        sweep->config->datasets[b->dataset].grader->grade(
            &sweep->sets[b->dataset].problems[b->problem], &response, &grade);
        s.answer = grade.answer;
        s.reason = grade.reason;
    }
    s.verdict = grade.verdict;
    store_sample(w, &s);
    arena_release(&arena);
}

// ---- blocks ---------------------------------------------------------------

static bool is_over(struct shared *sh) {
    pthread_mutex_lock(&sh->mutex);
    if (sh->run->stop && sh->run->stop()) sh->run->stopped = true;
    bool over = sh->failed || sh->run->stopped;
    pthread_mutex_unlock(&sh->mutex);
    return over;
}

static bool is_stored(struct shared *sh, const struct cell *c,
                      const struct block *b) {
    char key[HASH_HEX_SIZE];
    run_key(sh->run->sweep, c, b->problem, b->sample, key);
    pthread_mutex_lock(&sh->mutex);
    bool has = store_has(sh->run->store, key);
    pthread_mutex_unlock(&sh->mutex);
    return has;
}

static int cells_of_dataset(const struct sweep *s, int dataset, int *cells) {
    int n = 0;
    for (int i = 0; i < s->n_cells; i++) {
        if (s->cells[i].dataset == dataset) cells[n++] = i;
    }
    return n;
}

static void run_block(struct worker *w, const struct block *b) {
    struct shared *sh = w->shared;
    const struct sweep *s = sh->run->sweep;
    int n = cells_of_dataset(s, b->dataset, w->cells);
    schedule_order((uint64_t)s->config->top.seed,
                   s->sets[b->dataset].problems[b->problem].id, b->sample,
                   w->order, n);
    for (int i = 0; i < n; i++) {
        const struct cell *c = &s->cells[w->cells[w->order[i]]];
        if (is_stored(sh, c, b)) continue;
        if (is_over(sh)) return;
        run_sample(w, c, b);
    }
}

static bool next_block(struct shared *sh, struct block *b) {
    pthread_mutex_lock(&sh->mutex);
    bool more = sh->next_block < sh->schedule.n_blocks && !sh->failed &&
                !sh->run->stopped;
    if (more) *b = schedule_block(&sh->schedule, sh->next_block++);
    pthread_mutex_unlock(&sh->mutex);
    return more;
}

static void *work(void *ctx) {
    struct worker *w = ctx;
    struct batcher *batcher = w->shared->run->batcher;
    struct block b;
    batcher_enter(batcher);
    while (next_block(w->shared, &b))
        run_block(w, &b);
    batcher_leave(batcher);
    return NULL;
}

// ---- warm-up --------------------------------------------------------------

// Every cell solves its data set's first problem, with sample indices that no
// run uses, before the first sample that counts.
static void warm_up(struct worker *w) {
    const struct sweep *s = w->shared->run->sweep;
    for (int i = 0; i < s->config->top.warmup; i++) {
        for (int c = 0; c < s->n_cells; c++) {
            if (is_over(w->shared)) return;
            struct error err;
            struct block b = {s->cells[c].dataset, 0, INT32_MAX - i};
            solve(w, &s->cells[c], &b, &err);
        }
    }
}

// ---- workers --------------------------------------------------------------

static int worker_init(struct worker *w, struct shared *sh, struct error *err) {
    *w = (struct worker){.shared = sh};
    size_t n_cells = (size_t)sh->run->sweep->n_cells;
    size_t n_groups = (size_t)sh->groups.n;
    w->workspaces = xcalloc(n_groups, sizeof *w->workspaces);
    w->loaded = xcalloc(n_groups, sizeof *w->loaded);
    w->load_error = xcalloc(n_groups, sizeof *w->load_error);
    w->order = xcalloc(n_cells, sizeof *w->order);
    w->cells = xcalloc(n_cells, sizeof *w->cells);
    buf_init(&w->line);
    trace_init_size(&w->trace, &sh->clock, &sh->trace_size);
    for (int i = 0; i < sh->groups.n; i++) {
        const struct prompt_group *g = &sh->groups.items[i];
        struct models models = {{NULL}};
        for (int r = 0; r < ROLE_N; r++) {
            if (g->model[r] >= 0)
                models.lm[r] = sh->run->models->lms[g->model[r]];
        }
        w->loaded[i] = -1;
        w->workspaces[i] = workspace_new(&models, &g->first->settings, err);
        if (!w->workspaces[i]) return -1;
    }
    return 0;
}

static void worker_release(struct worker *w) {
    if (!w->shared) return;
    for (int i = 0; i < w->shared->groups.n; i++) {
        workspace_free(w->workspaces[i]);
    }
    free(w->workspaces);
    free(w->loaded);
    free(w->load_error);
    free(w->order);
    free(w->cells);
    buf_release(&w->line);
    trace_release(&w->trace);
}

// The first worker is the calling thread. A thread that cannot be made only
// costs speed.
static void work_together(struct worker *workers, int n) {
    int n_started = 1;
    while (n_started < n && !pthread_create(&workers[n_started].thread, NULL,
                                            work, &workers[n_started])) {
        n_started++;
    }
    work(&workers[0]);
    for (int i = 1; i < n_started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

int run_samples(struct run *run, struct error *err) {
    struct shared sh = {.run = run, .clock = sweep_clock(run->models)};
    int n = run->n_workers, rc = 0;
    struct worker *workers = xcalloc((size_t)n, sizeof *workers);
    schedule_init(&sh.schedule, run->sweep, run->sweep->config->top.samples);
    prompt_groups_init(&sh.groups, run->sweep);
    find_limits(&sh);
    pthread_mutex_init(&sh.mutex, NULL);
    for (int i = 0; i < n && !rc; i++) {
        rc = worker_init(&workers[i], &sh, err);
    }
    if (!rc) {
        if (run->sweep->config->top.mode == MODE_LATENCY) warm_up(workers);
        int64_t start_ns = clock_now_ns(NULL);
        work_together(workers, n);
        run->wall_s = (double)(clock_now_ns(NULL) - start_ns) / 1e9;
        if (sh.failed && err) *err = sh.error;
        rc = sh.failed ? -1 : 0;
    }
    for (int i = 0; i < n; i++)
        worker_release(&workers[i]);
    pthread_mutex_destroy(&sh.mutex);
    free(workers);
    prompt_groups_release(&sh.groups);
    return rc;
}
