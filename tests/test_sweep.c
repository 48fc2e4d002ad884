#include "harness/sweep.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/manifest.h"
#include "harness/sweep_models.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char rest[] =
    "models: {base: {scripted: toy-base}, draft: {scripted: toy-draft}, "
    "prm: {scripted: toy-prm}}\n"
    "datasets: [{name: toy, path: tests/cases/toy.jsonl, grader: number}]\n"
    "base: base\n"
    "draft: draft\n";

struct scene {
    char *dir, *path;
    struct config config;
    struct sweep sweep;
    struct error err;
};

static int open_sweep(struct scene *s, const char *text) {
    *s = (struct scene){.dir = helper_dir_new()};
    s->path = helper_path(s->dir, "x.yaml");
    char *full = xasprintf("%s\n%s", text, rest);
    helper_write(s->path, full);
    free(full);
    cr_assert_eq(config_load(&s->config, s->path, NULL, 0, &s->err), 0, "%s",
                 s->err.text);
    return sweep_open(&s->sweep, &s->config, &s->err);
}

static void leave(struct scene *s) {
    sweep_release(&s->sweep);
    config_release(&s->config);
    helper_dir_free(s->dir);
    free(s->path);
}

// One line per cell: names, threshold, and the settings in `show`.
static char *list_cells(const struct sweep *s) {
    struct buf b;
    buf_init(&b);
    for (int i = 0; i < s->n_cells; i++) {
        const struct cell *c = &s->cells[i];
        cr_expect_eq(c->index, i);
        buf_addf(&b, "%s/%s/%s/%s", cell_base_name(s, c), cell_draft_name(s, c),
                 cell_dataset_name(s, c), c->label);
        if (*c->variant) buf_addf(&b, "/%s", c->variant);
        if (cell_has_threshold(c)) buf_addf(&b, ">=%g", c->settings.threshold);
        buf_addc(&b, '\n');
    }
    return b.text;
}

static void expect_cells(const char *text, const char *expected) {
    struct scene s;
    cr_assert_eq(open_sweep(&s, text), 0, "%s", s.err.text);
    char *got = list_cells(&s.sweep);
    cr_expect_str_eq(got, expected);
    free(got);
    leave(&s);
}

Test(sweep, lists_expand_in_a_fixed_order) {
    expect_cells("methods:\n  - vanilla\n"
                 "  - {method: specdecode, draft_tokens: [3, 5], accept: "
                 "[exact, rejection]}\n"
                 "  - {method: specreason, threshold: [7, 3], draft: "
                 "[draft, base]}\n",
                 "base//toy/vanilla\n"
                 "base/draft/toy/specdecode draft_tokens=3 accept=exact\n"
                 "base/draft/toy/specdecode draft_tokens=3 accept=rejection\n"
                 "base/draft/toy/specdecode draft_tokens=5 accept=exact\n"
                 "base/draft/toy/specdecode draft_tokens=5 accept=rejection\n"
                 "base/draft/toy/specreason>=7\n"
                 "base/draft/toy/specreason>=3\n"
                 "base/base/toy/specreason>=7\n"
                 "base/base/toy/specreason>=3\n");
}

Test(sweep, axes_of_settings_are_variants) {
    expect_cells("settings: {temperature: [0, 0.6]}\n"
                 "methods:\n  - vanilla\n"
                 "  - {method: vanilla, base: draft, temperature: 1}\n",
                 "base//toy/vanilla/temperature=0\n"
                 "base//toy/vanilla/temperature=0.6\n"
                 "draft//toy/vanilla\n");
}

Test(sweep, random_judge_has_no_threshold) {
    expect_cells("methods:\n  - vanilla\n"
                 "  - {method: specreason, judge: random, label: r}\n",
                 "base//toy/vanilla\nbase/draft/toy/r\n");
}

Test(sweep, prms_stand_only_where_they_score) {
    struct scene s;
    cr_assert_eq(open_sweep(&s, "prm: [prm, base]\n"
                                "methods:\n  - vanilla\n"
                                "  - {method: specreason, threshold: 0.5,"
                                " judge: [digit, prm]}\n"),
                 0, "%s", s.err.text);
    char *got = list_cells(&s.sweep);
    cr_expect_str_eq(got,
                     "base//toy/vanilla\n"
                     "base/draft/toy/specreason judge=digit>=0.5\n"
                     "base/draft/toy/specreason prm=prm judge=prm>=0.5\n"
                     "base/draft/toy/specreason prm=base judge=prm>=0.5\n");
    free(got);
    cr_expect_str_eq(cell_prm_name(&s.sweep, &s.sweep.cells[1]), "");
    cr_expect_str_eq(cell_prm_name(&s.sweep, &s.sweep.cells[2]), "prm");
    cr_expect_eq(cell_model(&s.sweep.cells[2], ROLE_PRM), 2);
    cr_expect_eq(cell_model(&s.sweep.cells[2], ROLE_DRAFT), 1);
    cr_expect_eq(cell_model(&s.sweep.cells[0], ROLE_PRM), -1);
    cr_expect(sweep_uses_model(&s.sweep, 2));
    leave(&s);
}

Test(sweep, every_judge_but_chance_has_a_threshold) {
    expect_cells("prm: prm\nmethods:\n  - vanilla\n"
                 "  - {method: specreason, threshold: 0.5,"
                 " judge: [prm, likelihood, random]}\n",
                 "base//toy/vanilla\n"
                 "base/draft/toy/specreason judge=prm>=0.5\n"
                 "base/draft/toy/specreason judge=likelihood>=0.5\n"
                 "base/draft/toy/specreason judge=random\n");
}

static void refuse(const char *text, const char *what) {
    struct scene s;
    cr_expect_eq(open_sweep(&s, text), -1);
    cr_expect(strstr(s.err.text, what), "%s", s.err.text);
    cr_expect_null(s.sweep.cells);
    leave(&s);
}

Test(sweep, steps_are_checked_of_problems_that_allow_it) {
    struct scene s;
    static const char *const sets[] = {"datasets.0.steps=chain"};
    cr_assert_eq(open_sweep(&s, "methods: [vanilla]\n"), 0);
    cr_assert_null(s.config.datasets[0].steps);
    sweep_release(&s.sweep);
    config_release(&s.config);
    cr_assert_eq(config_load(&s.config, s.path, sets, 1, &s.err), 0, "%s",
                 s.err.text);
    cr_expect_eq(sweep_open(&s.sweep, &s.config, &s.err), -1);
    cr_expect(strstr(s.err.text, "toy.jsonl:1: '4-84+10*3-75?' is no chain"),
              "%s", s.err.text);
    leave(&s);
}

Test(sweep, refuses_cells_that_cannot_be_told_apart) {
    refuse("methods: [vanilla, vanilla]\n",
           "x.yaml:1:20: method 'vanilla' gives a cell that the entry in line "
           "1 gives already");
    refuse("methods:\n  - {method: specdecode, draft_tokens: 3}\n"
           "  - {method: specdecode, draft_tokens: 4}\n",
           "x.yaml:3:5: method 'specdecode' has the name of another cell "
           "(line 2)");
    refuse("methods:\n  - {method: specdecode, draft_tokens: [3, 4]}\n",
           "baseline 'specdecode' has an axis of its own");
    refuse("methods:\n  - vanilla\n"
           "  - {method: specreason, threshold: [3, 7]}\n"
           "report: {versus: specreason}\n",
           "versus 'specreason' has thresholds 3 and 7");
    // Tables do not say which PRM scored.
    refuse("methods:\n  - {method: specreason, judge: prm, prm: prm}\n"
           "  - {method: specreason, judge: prm, prm: base}\n",
           "x.yaml:3:5: method 'specreason' has the name of another cell "
           "(line 2)");
}

Test(sweep, refuses_too_many_cells) {
    struct buf b;
    buf_init(&b);
    buf_adds(&b, "methods:\n  - {method: specdecode, draft_tokens: [1");
    for (int i = 2; i <= 64; i++)
        buf_addf(&b, ", %d", i);
    buf_adds(&b, "], max_steps: [1");
    for (int i = 2; i <= 200; i++)
        buf_addf(&b, ", %d", i);
    buf_adds(&b, "]}\n");
    refuse(b.text, "more than 10000 cells");
    buf_release(&b);
}

// ---- identity -------------------------------------------------------------

static void cell_id(const char *text, int cell, char id[HASH_HEX_SIZE]) {
    struct scene s;
    cr_assert_eq(open_sweep(&s, text), 0, "%s", s.err.text);
    memcpy(id, s.sweep.cells[cell].id, HASH_HEX_SIZE);
    leave(&s);
}

static void expect_same(const char *a, const char *b, bool same) {
    char id_a[HASH_HEX_SIZE], id_b[HASH_HEX_SIZE];
    cell_id(a, 0, id_a);
    cell_id(b, 0, id_b);
    cr_expect_eq(strcmp(id_a, id_b) == 0, same, "%s| %s", a, b);
}

Test(sweep, ids_name_what_can_change_a_sample) {
    static const char plain[] = "methods: [vanilla]\n";
    expect_same(plain, "seed: 2\nmethods: [vanilla]\n", false);
    expect_same(plain, "settings: {top_k: 5}\nmethods: [vanilla]\n", false);
    expect_same(plain, "engine: {prefill: blas}\nmethods: [vanilla]\n", false);
    expect_same(plain, "engine: {kv: f16}\nmethods: [vanilla]\n", false);
    expect_same(plain, "methods: [{method: vanilla, base: draft}]\n", false);
    expect_same(plain, "methods: [specdecode]\n", false);
    expect_same("prm: prm\nmethods: [{method: specreason, judge: prm}]\n",
                "prm: base\nmethods: [{method: specreason, judge: prm}]\n",
                false);
}

Test(sweep, ids_ignore_what_cannot) {
    static const char plain[] = "methods: [vanilla]\n";
    expect_same(plain, "prm: prm\nmethods: [vanilla]\n", true);
    expect_same("methods: [specreason]\n",
                "prm: prm\nmethods: [{method: specreason, judge: [digit, "
                "prm]}, vanilla]\n",
                true);
    expect_same(plain, "name: y\nmethods: [vanilla]\n", true);
    expect_same(plain, "samples: 9\nwarmup: 0\nmethods: [vanilla]\n", true);
    expect_same(plain, "methods: [{method: vanilla, label: v}]\n", true);
    expect_same(plain, "methods: [vanilla, specdecode]\n", true);
    expect_same(plain, "settings: {temperature: 0.60}\nmethods: [vanilla]\n",
                true);
    expect_same(plain, "methods: [{method: vanilla, temperature: 0.6}]\n",
                true);
    expect_same(plain, "mode: throughput\nmethods: [vanilla]\n", true);
    expect_same(plain, "engine: {threads: 2, isa: ref}\nmethods: [vanilla]\n",
                true);
    expect_same(plain, "report: {confidence: 0.9}\nmethods: [vanilla]\n", true);
}

Test(sweep, counts_samples_and_models) {
    struct scene s;
    cr_assert_eq(open_sweep(&s, "samples: 5\nmethods: [vanilla]\n"), 0);
    cr_expect_eq(sweep_n_samples(&s.sweep), 30);
    cr_expect(sweep_uses_model(&s.sweep, 0));
    cr_expect_not(sweep_uses_model(&s.sweep, 1));
    leave(&s);
}

// The manifest has the value of a problem's first such tag.
Test(sweep, problems_of_a_tag_are_clusters) {
    struct scene s = {.dir = helper_dir_new()};
    struct sweep_models models = {0};
    struct manifest m;
    s.path = helper_path(s.dir, "x.yaml");
    char *data = helper_path(s.dir, "p.jsonl");
    helper_write(data,
                 "{\"id\": \"a\", \"problem\": \"1?\", \"answer\": \"1\", "
                 "\"tags\": [\"hard\", \"doc:x\"]}\n"
                 "{\"id\": \"b\", \"problem\": \"2?\", \"answer\": \"2\"}\n");
    helper_write(s.path, "models: {b: {scripted: toy-base}}\nbase: b\n"
                         "methods: [vanilla]\nreport: {cluster_tag: doc}\n"
                         "datasets: [{path: p.jsonl, grader: number}]\n");
    cr_assert_eq(config_load(&s.config, s.path, NULL, 0, &s.err), 0);
    cr_assert_eq(sweep_open(&s.sweep, &s.config, &s.err), 0, "%s", s.err.text);
    cr_assert_eq(sweep_models_open(&models, &s.sweep, 1, NULL, &s.err), 0);
    manifest_from_sweep(&m, &s.sweep, &models);
    cr_expect_str_eq(m.datasets[0].problems[0].cluster, "x");
    cr_expect_null(m.datasets[0].problems[1].cluster);
    manifest_release(&m);
    strcpy(s.config.report.cluster_tag, "");
    manifest_from_sweep(&m, &s.sweep, &models);
    cr_expect_null(m.datasets[0].problems[0].cluster);
    manifest_release(&m);
    sweep_models_close(&models);
    sweep_release(&s.sweep);
    strcpy(s.config.report.cluster_tag, "year");
    cr_expect_eq(sweep_open(&s.sweep, &s.config, &s.err), -1);
    cr_expect_eq(s.err.kind, ERR_USAGE);
    cr_expect(strstr(s.err.text, "x.yaml: cluster_tag 'year': no problem has a "
                                 "tag that begins with 'year:'"),
              "%s", s.err.text);
    free(data);
    leave(&s);
}

Test(sweep, broken_problems_stop_it) {
    struct scene s = {.dir = helper_dir_new()};
    s.path = helper_path(s.dir, "x.yaml");
    char *data = helper_path(s.dir, "p.jsonl");
    helper_write(data, "{\"id\": \"a\"}\n");
    helper_write(s.path, "models: {b: {scripted: toy-base}}\nbase: b\n"
                         "methods: [vanilla]\n"
                         "datasets: [{path: p.jsonl, grader: number}]\n");
    cr_assert_eq(config_load(&s.config, s.path, NULL, 0, &s.err), 0);
    cr_expect_eq(sweep_open(&s.sweep, &s.config, &s.err), -1);
    cr_expect(strstr(s.err.text, "p.jsonl:1: the problem is empty"), "%s",
              s.err.text);
    free(data);
    leave(&s);
}
