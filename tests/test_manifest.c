#include "harness/manifest.h"

#include "engine/base/error.h"
#include "tests/helper_cases.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Test(manifest, reads_back_what_was_saved) {
    struct helper_store h;
    struct manifest m;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.model.kv = "f16";
    h.model.kv_bytes = 77;
    h.manifest.question = "does \"it\" pay?\n\xff";
    h.manifest.versus = "specreason";
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0, "%s", err.text);
    cr_assert_eq(manifest_load(&m, dir, &err), 0, "%s", err.text);
    cr_assert_str_eq(m.question, "does \"it\" pay?\n\xef\xbf\xbd");
    cr_assert_eq(m.k, HELPER_K);
    cr_assert_str_eq(m.versus, "specreason");
    cr_assert_eq(m.n_cells, 3);
    cr_assert(isnan(m.cells[0].threshold));
    cr_assert_eq(m.cells[1].threshold, 7);
    cr_assert_str_eq(m.cells[1].settings[1].value, "7");
    cr_assert_not(m.cells[1].settings[1].shared);
    cr_assert_str_eq(m.datasets[0].problems[2].hash, "h2");
    cr_assert_eq(m.models[0].n_params, 5);
    cr_assert_str_eq(m.models[0].kv, "f16");
    cr_assert_eq(m.models[0].kv_bytes, 77);
    cr_assert_null(m.sessions[0].ended);
    cr_assert(isnan(m.sessions[0].wall_s));
    cr_assert_eq(manifest_n_samples(&m), 18);
    manifest_release(&m);
    helper_dir_free(dir);
}

// The PRM of a cell, and folders that know none.
Test(manifest, keeps_prms) {
    struct helper_store h;
    struct manifest m;
    struct error err = {0};
    char *dir = helper_dir_new(), *path = helper_path(dir, "manifest.json");
    helper_store_init(&h);
    for (int i = 0; i < HELPER_CELLS; i++)
        h.cells[i].prm = i == 1 ? "scorer" : "";
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0, "%s", err.text);
    cr_assert_eq(manifest_load(&m, dir, &err), 0, "%s", err.text);
    cr_assert_str_eq(m.cells[0].prm, "");
    cr_assert_str_eq(m.cells[1].prm, "scorer");
    manifest_release(&m);
    char *text = helper_read(path);
    char *older = helper_replace(text, ",\"prm\":\"scorer\"", "");
    cr_assert_str_neq(older, text);
    helper_write(path, older);
    cr_assert_eq(manifest_load(&m, dir, &err), 0, "%s", err.text);
    cr_assert_str_eq(m.cells[1].prm, "");
    manifest_release(&m);
    free(older);
    free(text);
    free(path);
    helper_dir_free(dir);
}

Test(manifest, absent_is_not_an_error) {
    struct manifest m;
    struct error err = {0};
    char *dir = helper_dir_new();
    cr_assert_eq(manifest_load(&m, dir, &err), 1);
    manifest_release(&m);
    helper_dir_free(dir);
}

// Problem texts are stored where steps can be checked.
Test(manifest, keeps_what_steps_are_checked_against) {
    struct helper_store h;
    struct manifest m;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    cr_assert_eq(manifest_load(&m, dir, &err), 0, "%s", err.text);
    cr_assert_null(m.datasets[0].steps);
    cr_assert_null(m.datasets[0].problems[0].text);
    manifest_release(&m);
    h.dataset.steps = "chain";
    h.problems[1].text = "1 a+2?";
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    cr_assert_eq(manifest_load(&m, dir, &err), 0, "%s", err.text);
    cr_assert_str_eq(m.datasets[0].steps, "chain");
    cr_assert_str_eq(m.datasets[0].problems[1].text, "1 a+2?");
    manifest_release(&m);
    helper_dir_free(dir);
}

// Older folders name no clusters.
Test(manifest, keeps_clusters) {
    struct helper_store h;
    struct manifest m;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.problems[1].cluster = "doc \"a\"";
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    cr_assert_eq(manifest_load(&m, dir, &err), 0, "%s", err.text);
    cr_expect_null(m.datasets[0].problems[0].cluster);
    cr_expect_str_eq(m.datasets[0].problems[1].cluster, "doc \"a\"");
    manifest_release(&m);
    helper_dir_free(dir);
}

// Cutting the file anywhere must give one clear line.
Test(manifest, refuses_every_truncation) {
    struct helper_store h;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    char *path = helper_path(dir, "manifest.json");
    char *text = helper_read(path);
    for (size_t n = strlen(text) - 2; n > 0; n -= n > 40 ? 37 : 1) {
        struct manifest m;
        text[n] = '\0';
        helper_write(path, text);
        cr_assert_eq(manifest_load(&m, dir, &err), -1, "%zu bytes", n);
        cr_assert_eq(err.kind, ERR_INPUT);
        cr_assert(strstr(err.text, "manifest.json"));
    }
    free(text);
    free(path);
    helper_dir_free(dir);
}

static void expect_extends(const struct helper_store *wanted, bool may,
                           const char *expected) {
    struct helper_store stored;
    struct error err = {0};
    helper_store_init(&stored);
    int rc = manifest_extends(&wanted->manifest, &stored.manifest, &err);
    cr_assert_eq(rc, may ? 0 : -1, "%s", err.text);
    if (!may) cr_assert_eq(err.kind, ERR_USAGE);
    if (!may) cr_assert(strstr(err.text, expected), "%s", err.text);
}

// What only adds, or changes how results are shown, is allowed.
Test(manifest, may_be_extended) {
    struct helper_store h;
    helper_store_init(&h);
    expect_extends(&h, true, "");
    h.manifest.k = 3;
    h.manifest.baseline = "specdecode";
    h.manifest.versus = "specreason";
    h.manifest.confidence = 0.9;
    h.model.path = "elsewhere.gguf";
    expect_extends(&h, true, "");

    struct manifest_cell more[4];
    memcpy(more, h.cells, sizeof h.cells);
    more[3] = more[0];
    more[3].id = "dddd";
    h.manifest.cells = more;
    h.manifest.n_cells = 4;
    expect_extends(&h, true, "");

    struct manifest_problem problems[4] = {{.id = "new", .hash = "hn"},
                                           {.id = "p2", .hash = "h2"},
                                           {.id = "p1", .hash = "h1"},
                                           {.id = "p0", .hash = "h0"}};
    h.dataset.problems = problems;
    h.dataset.n_problems = 4;
    expect_extends(&h, true, "");
}

Test(manifest, names_the_first_difference) {
    struct helper_store h;
    helper_store_init(&h);
    h.manifest.seed = 2;
    expect_extends(&h, false, "seed was 1, is now 2");
    helper_store_init(&h);
    h.manifest.k = 1;
    expect_extends(&h, false, "samples was 2, is now 1");
    helper_store_init(&h);
    h.manifest.mode = MODE_THROUGHPUT;
    expect_extends(&h, false, "mode was latency, is now throughput");
    helper_store_init(&h);
    h.manifest.sample_version = 9;
    expect_extends(&h, false, "version");
    helper_store_init(&h);
    h.model.hash = "other";
    expect_extends(&h, false, "model big was m, is now other");
    helper_store_init(&h);
    h.dataset.grader = "choice";
    expect_extends(&h, false, "grader of dataset set was number");
    helper_store_init(&h);
    h.problems[1].hash = "changed";
    expect_extends(&h, false, "problem p1 of dataset set was h1");
    helper_store_init(&h);
    h.dataset.n_problems = 2;
    expect_extends(&h, false, "problem p2 of dataset set was h2, is now not");
    helper_store_init(&h);
    h.manifest.n_cells = 2;
    expect_extends(&h, false, "cell cccccccc (specdecode on set)");
    helper_store_init(&h);
    struct manifest_setting changed = {"temperature", "1", true};
    h.cells[0].id = "other";
    h.cells[0].settings = &changed;
    expect_extends(&h, false, "temperature of vanilla was 0.6, is now 1");
}

Test(manifest, too_many_samples_are_refused) {
    struct helper_store h;
    struct manifest m;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.k = INT32_MAX;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    cr_assert_eq(manifest_load(&m, dir, &err), -1);
    cr_assert_eq(err.kind, ERR_INPUT);
    helper_dir_free(dir);
}
