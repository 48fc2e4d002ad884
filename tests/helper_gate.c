#include "tests/helper_gate.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "tests/helper_cli.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const double speed[HELPER_CELLS] = {1, 0.5, 0.8};

void helper_gate_init(struct gate_folder *g) {
    static char ids[GATE_PROBLEMS][8], hashes[GATE_PROBLEMS][8];
    helper_store_init(&g->h);
    for (int i = 0; i < GATE_PROBLEMS; i++) {
        snprintf(ids[i], sizeof ids[i], "p%d", i);
        snprintf(hashes[i], sizeof hashes[i], "h%d", i);
        g->problems[i] =
            (struct manifest_problem){.id = ids[i], .hash = hashes[i]};
    }
    g->h.dataset.problems = g->problems;
    g->h.dataset.n_problems = GATE_PROBLEMS;
    g->h.manifest.datasets = &g->h.dataset;
    g->h.manifest.models = &g->h.model;
    g->h.manifest.cells = g->h.cells;
    g->h.manifest.sessions = &g->h.session;
    g->h.manifest.k = GATE_K;
}

void helper_gate_reseed(struct gate_folder *g) {
    static const char *const ids[] = {"a2a2a2a2a2", "b2b2b2b2b2", "c2c2c2c2c2"};
    for (int i = 0; i < HELPER_CELLS; i++)
        g->h.cells[i].id = ids[i];
    g->h.manifest.seed = 2;
}

struct sample helper_gate_sample(const struct gate_folder *g, int cell,
                                 int problem, int index) {
    bool correct = (problem * 7 + index * 3 + cell) % 5 != 0;
    double wobble = 1 + 0.01 * ((problem * 5 + index * 3) % 7 - 3);
    double ms = (10 + problem) * speed[cell] * wobble;
    struct sample s =
        helper_sample(&g->h, cell, 0, index, ms, 10 + problem, correct);
    s.problem = g->problems[problem].id;
    s.seed = g->h.manifest.seed;
    sample_key(s.cell, g->problems[problem].hash, index, s.key);
    return s;
}

char *helper_gate_write(const struct gate_folder *g, gate_change_fn change) {
    char *dir = helper_dir_new();
    struct error err = {0};
    cr_assert_eq(manifest_save(&g->h.manifest, dir, &err), 0, "%s", err.text);
    for (int c = 0; c < g->h.manifest.n_cells; c++) {
        for (int p = 0; p < g->h.dataset.n_problems; p++) {
            for (int i = 0; i < g->h.manifest.k; i++) {
                struct sample s = helper_gate_sample(g, c, p, i);
                if (change) change(&s, c, p, i);
                if (s.key[0]) helper_add(dir, &s);
            }
        }
    }
    return dir;
}

char *helper_gate_run(const char *arguments, int expected_rc) {
    char *out, *log;
    char *line = xasprintf("gate %s", arguments);
    int rc = helper_line(line, "", 0, &out, &log);
    cr_assert_eq(rc, expected_rc, "%s: exit code %d\n%s%s", line, rc, out, log);
    char *both = xasprintf("%s%s", out, log);
    free(line);
    free(out);
    free(log);
    return both;
}
