#include "harness/gate/gate.h"

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/file_write.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A run's folder without what is of one machine or one moment: the report
// opens it, and a repository can keep it.

static int check_complete(const struct report *r, struct error *err) {
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        if (c->usable && !c->n_failed) continue;
        return error_set(err, ERR_INCOMPARABLE,
                         "%s: cell %.8s (%.100s) lacks %d samples and has %d "
                         "failed ones; a baseline needs them all",
                         r->dir, c->cell->id, c->cell->label, c->n_missing,
                         c->n_failed);
    }
    if (r->n_cells) return 0;
    return error_set(err, ERR_INCOMPARABLE, "%s: no cells", r->dir);
}

// A folder that a run has written has a lock.
static int check_folder(const char *dir, struct error *err) {
    char *lock = xasprintf("%s/lock", dir);
    bool is_run = !access(lock, F_OK);
    free(lock);
    if (!is_run) return 0;
    return error_set(err, ERR_USAGE,
                     "%s holds a run; a baseline needs a folder of its own",
                     dir);
}

static struct sample bare_sample(const struct report *r,
                                 const struct report_cell *c, int problem,
                                 int index) {
    const struct manifest_problem *p = &c->dataset->problems[problem];
    const struct report_sample *from =
        &c->samples[(size_t)problem * (size_t)c->k + (size_t)index];
    struct sample s = {
        .cell = c->cell->id,
        .base = c->cell->base,
        .draft = c->cell->draft,
        .prm = c->cell->prm,
        .dataset = c->dataset->name,
        .method = c->cell->method,
        .label = c->cell->label,
        .threshold = c->cell->threshold,
        .problem = p->id,
        .index = index,
        .seed = r->manifest.seed,
        .mode = r->manifest.mode,
        .verdict = from->verdict,
        .answer = "",
        .reason = "",
        .stop = from->stop,
        .answer_forced = from->answer_forced,
        .text_full = true,
        .count = from->count,
        .total_ns = SAMPLE_NO_TIME,
        .other_ns = SAMPLE_NO_TIME,
    };
    for (int i = 0; i < PHASE_N; i++)
        s.phase_ns[i] = SAMPLE_NO_TIME;
    sample_key(c->cell->id, p->hash, index, s.key);
    snprintf(s.token_hash, sizeof s.token_hash, "%s", from->token_hash);
    return s;
}

static int write_samples(const struct report *r, const char *dir,
                         struct error *err) {
    struct buf lines;
    buf_init(&lines);
    for (int i = 0; i < r->n_cells; i++) {
        const struct report_cell *c = &r->cells[i];
        for (int j = 0; j < c->n_problems * c->k; j++) {
            struct sample s = bare_sample(r, c, j / c->k, j % c->k);
            sample_print(&s, &lines);
            buf_addc(&lines, '\n');
        }
    }
    char *path = xasprintf("%s/samples.jsonl", dir);
    int rc = file_write_atomic(path, lines.text, lines.n_bytes, err);
    free(path);
    buf_release(&lines);
    return rc;
}

// Without problem texts and sessions; the program's version says nothing that
// the sample version does not.
static int write_manifest(const struct report *r, const char *dir,
                          struct error *err) {
    struct manifest m = r->manifest;
    struct manifest_dataset *sets =
        xcalloc((size_t)m.n_datasets + 1, sizeof *sets);
    struct arena arena = {0};
    for (int i = 0; i < m.n_datasets; i++) {
        const struct manifest_dataset *from = &m.datasets[i];
        size_t n = (size_t)from->n_problems;
        sets[i] = *from;
        sets[i].steps = NULL;
        sets[i].problems = arena_alloc(&arena, n * sizeof *from->problems);
        for (size_t j = 0; j < n; j++) {
            sets[i].problems[j] = from->problems[j];
            sets[i].problems[j].text = NULL;
        }
    }
    m.datasets = sets;
    m.n_sessions = 0;
    int rc = manifest_save(&m, dir, err);
    arena_release(&arena);
    free(sets);
    return rc;
}

int gate_write_baseline(const struct report *r, const char *dir,
                        struct error *err) {
    if (check_complete(r, err) || check_folder(dir, err) ||
        dir_create(dir, err))
        return -1;
    return write_manifest(r, dir, err) || write_samples(r, dir, err) ? -1 : 0;
}
