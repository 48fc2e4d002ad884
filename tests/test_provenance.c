#include "harness/provenance.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/report.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <string.h>

// The line of a folder; malloc'ed.
static char *line_of(const char *dir) {
    struct report r;
    struct error err = {0};
    struct buf out;
    buf_init(&out);
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    provenance_print(&r, &out);
    report_release(&r);
    return buf_detach(&out);
}

Test(provenance, says_what_made_the_numbers) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    char *first = line_of(dir), *second = line_of(dir);
    static const char start[] =
        "config hand, n = 3 problems, k = 2, seed 1, 95 % intervals, model "
        "big.gguf (m), specsweep 0 (sample version 1), ref, results ";
    cr_assert_eq(strncmp(first, start, strlen(start)), 0, "%s", first);
    cr_assert_eq(strlen(first), strlen(start) + 8, "%s", first);
    cr_assert_str_eq(first, second);
    free(first);
    free(second);
    // Another sample is another hash, and gaps are said.
    char *before = line_of(dir);
    struct sample s = helper_sample(&h, 0, 0, 5, 1, 1, true);
    helper_add(dir, &s);
    char *after = line_of(dir);
    cr_assert_str_neq(before, after);
    free(before);
    free(after);
    helper_dir_free(dir);
}

Test(provenance, names_models_files_and_data_sets_that_differ) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    struct manifest_dataset sets[2] = {h.dataset, h.dataset};
    sets[1].name = "other";
    sets[1].n_problems = 1;
    struct manifest_model models[3] = {h.model, h.model, h.model};
    models[1].path = "/a/b/bigger.gguf"; // a file of another name
    models[1].hash = "0123456789";
    models[2].path = "scripted:big";
    h.manifest.datasets = sets;
    h.manifest.n_datasets = 2;
    h.manifest.models = models;
    h.manifest.n_models = 3;
    h.manifest.name = "two\nlines";
    h.manifest.virtual_time = true;
    helper_fill(&h, dir);
    char *line = line_of(dir);
    cr_assert(strstr(line, "config two lines, n = 3 (set), 1 (other) problems, "
                           "k = 2"),
              "%s", line);
    cr_assert(strstr(line, "models big.gguf (m), big bigger.gguf (01234567), "
                           "big scripted:big (m), specsweep"),
              "%s", line);
    cr_assert(strstr(line, ", ref, virtual time, results "), "%s", line);
    free(line);
    helper_dir_free(dir);
}

Test(provenance, says_what_intervals_rest_on) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    for (int i = 0; i < HELPER_PROBLEMS; i++)
        h.problems[i].cluster = i ? "a" : "b";
    helper_fill(&h, dir);
    char *line = line_of(dir);
    cr_assert(strstr(line, ", 95 % intervals over clusters, model "), "%s",
              line);
    free(line);
    helper_dir_free(dir);
}

// Versions, kernels and machines are those of samples that are there.
Test(provenance, names_the_sessions_that_are_used) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    struct manifest_session sessions[3] = {h.session, h.session, h.session};
    sessions[1].kernels = "unused";
    sessions[2].kernels = "avx512";
    sessions[2].machine = "m2";
    h.manifest.sessions = sessions;
    h.manifest.n_sessions = 3;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct sample s = helper_sample(&h, i, 0, 0, 3, 10, true);
        s.session = i == 1 ? 2 : 0;
        if (i == 2) s.error = "does not fit";
        helper_add(dir, &s);
    }
    char *line = line_of(dir);
    cr_assert(strstr(line, ", ref+avx512, results "), "%s", line);
    cr_assert(strstr(line, ", 15 of 18 samples missing, 1 of 18 samples "
                           "failed, "
                           "times of 2 machines"),
              "%s", line);
    free(line);
    helper_dir_free(dir);
}
