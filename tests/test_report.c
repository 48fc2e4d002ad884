#include "harness/report.h"

#include "engine/base/error.h"
#include "harness/report_output.h"
#include "harness/table.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void open_ok(struct report *r, const char *dir, bool partial) {
    struct error err = {0};
    cr_assert_eq(report_open(r, dir, partial, &err), 0, "%s", err.text);
}

Test(report, arranges_samples_by_cell) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_cells, 3);
    cr_assert_eq(r.n_missing + r.n_failed + r.n_foreign, 0);
    cr_assert_str_eq(r.cells[1].cell->label, "specreason");
    cr_assert_eq(r.cells[1].baseline, &r.cells[0]);
    cr_assert_null(r.cells[0].baseline);
    cr_assert_null(r.cells[1].versus); // older folders name none
    double means[3];
    report_problem_means(&r.cells[1], report_ms, means);
    cr_assert_eq(means[0], 5);
    cr_assert_eq(means[2], 20);
    report_problem_means(&r.cells[1], report_correct, means);
    cr_assert_eq(means[2], 0.5);
    report_release(&r);
    helper_dir_free(dir);
}

// Drop the line that holds this text.
static void remove_line(const char *dir, const char *with, const char *and) {
    char *path = helper_path(dir, "samples.jsonl");
    char *text = helper_read(path);
    helper_write(path, "");
    int n_removed = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!n_removed && strstr(line, with) && strstr(line, and)) {
            n_removed++;
            continue;
        }
        helper_append(path, line);
        helper_append(path, "\n");
    }
    cr_assert_eq(n_removed, 1);
    free(text);
    free(path);
}

Test(report, missing_samples_are_no_smaller_denominator) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    remove_line(dir, "\"cell\":\"bbbbbbbbbb\"", "\"problem\":\"p1\"");
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_missing, 1);
    cr_assert_eq(r.cells[1].n_missing, 1);
    cr_assert_not(r.cells[1].usable);
    cr_assert(r.cells[0].usable);
    report_release(&r);
    open_ok(&r, dir, true);
    cr_assert(r.cells[1].usable);
    report_release(&r);
    helper_dir_free(dir);
}

Test(report, a_solved_sample_replaces_a_failed_one) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    remove_line(dir, "\"cell\":\"bbbbbbbbbb\"", "\"problem\":\"p1\"");
    struct sample s = helper_sample(&h, 1, 1, 0, 1, 10, false);
    s.error = "does not fit";
    s.verdict = VERDICT_UNGRADED;
    helper_add(dir, &s);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_missing, 0);
    cr_assert_eq(r.n_failed, 1);
    cr_assert(isnan(report_ms(&r.cells[1].samples[2])));
    report_release(&r);
    s = helper_sample(&h, 1, 1, 0, 3, 10, true);
    helper_add(dir, &s);
    s = helper_sample(&h, 1, 1, 0, 77, 10, true); // the first solved one stays
    helper_add(dir, &s);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_failed, 0);
    cr_assert_eq(report_ms(&r.cells[1].samples[2]), 3);
    report_release(&r);
    helper_dir_free(dir);
}

Test(report, counts_samples_of_no_cell) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    struct sample s = helper_sample(&h, 0, 0, 5, 1, 1, true);
    helper_add(dir, &s);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_foreign, 1);
    report_release(&r);
    helper_dir_free(dir);
}

Test(report, counts_samples_that_contradict_the_first) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    struct sample s = helper_sample(&h, 0, 0, 0, 99, 1, true);
    helper_add(dir, &s); // as the first, but for its time
    s = helper_sample(&h, 0, 0, 1, 1, 1, false);
    helper_add(dir, &s);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_contradictory, 1);
    cr_assert_eq(r.cells[0].samples[1].verdict, VERDICT_CORRECT);
    report_release(&r);
    helper_dir_free(dir);
}

// Else a curve over time would count a sample without one as never solved.
Test(report, wants_times_of_all_samples_or_of_none) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.k = 1;
    for (int n_timed = 0; n_timed < 3; n_timed++) {
        cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0, "%s", err.text);
        for (int i = 0; i < 2; i++) {
            struct sample s = helper_sample(&h, 0, i, 0, 5, 1, true);
            if (i >= n_timed) s.total_ns = SAMPLE_NO_TIME;
            helper_add(dir, &s);
        }
        bool mixed = n_timed == 1;
        cr_assert_eq(report_open(&r, dir, false, &err), mixed ? -1 : 0, "%d",
                     n_timed);
        if (mixed) {
            cr_assert_eq(err.kind, ERR_INPUT);
            cr_assert(strstr(err.text, "1 solved samples have a time"), "%s",
                      err.text);
        }
        report_release(&r);
        char *path = helper_path(dir, "samples.jsonl");
        helper_write(path, "");
        free(path);
    }
    helper_dir_free(dir);
}

static void expect_broken(const char *name, const char *content,
                          const char *expected) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    char *path = helper_path(dir, name);
    helper_write(path, content);
    cr_assert_eq(report_open(&r, dir, false, &err), -1, "%s", content);
    cr_assert_eq(err.kind, ERR_INPUT);
    cr_assert(strstr(err.text, expected), "%s", err.text);
    free(path);
    helper_dir_free(dir);
}

Test(report, names_what_is_broken) {
    expect_broken("samples.jsonl", "{}\n", "samples.jsonl:1: \"key\"");
    expect_broken("samples.jsonl", "x\n", "samples.jsonl:1: not JSON");
    expect_broken("manifest.json", "", "manifest.json: not JSON");
    expect_broken("manifest.json", "[]", "manifest.json: \"schema\"");
    expect_broken("manifest.json", "{\"schema\":99}", "\"schema\": 99");
    expect_broken("manifest.json", "{\"schema\":1}", "\"version\"");
}

Test(report, a_folder_without_manifest_is_named) {
    struct report r;
    struct error err = {0};
    cr_assert_eq(report_open(&r, "/nonexistent-results", false, &err), -1);
    cr_assert_eq(err.kind, ERR_INPUT);
    cr_assert(strstr(err.text, "/nonexistent-results/manifest.json"));
}

static char *save_and_read(const char *dir, const char *name) {
    struct report r;
    struct error err = {0};
    open_ok(&r, dir, false);
    cr_assert_eq(report_save(&r, dir, &err), 0, "%s", err.text);
    report_release(&r);
    char *path = helper_path(dir, name);
    char *text = helper_read(path);
    free(path);
    return text;
}

Test(report, tables_are_the_same_bytes_twice) {
    static const char *const names[] = {"accuracy.csv", "latency.csv",
                                        "speedup.csv", "steps.csv",
                                        "samples.csv"};
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    for (int i = 0; i < 5; i++) {
        char *first = save_and_read(dir, names[i]);
        char *second = save_and_read(dir, names[i]);
        cr_assert(strlen(first) > 50);
        cr_assert_str_eq(first, second);
        free(first);
        free(second);
    }
    helper_dir_free(dir);
}

Test(report, prints_the_table_asked_for) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    char *dir = helper_dir_new(), text[4000] = "";
    helper_store_init(&h);
    helper_fill(&h, dir);
    open_ok(&r, dir, false);
    FILE *out = fmemopen(text, sizeof text, "w");
    cr_assert_eq(report_print(&r, &writer_csv, "accuracy", out, &err), 0);
    fclose(out);
    cr_assert_eq(strncmp(text,
                         "base,draft,dataset,method,threshold,"
                         "n_problems,k,pass_at_1,",
                         59),
                 0);
    memset(text, 0, sizeof text);
    out = fmemopen(text, sizeof text, "w");
    cr_assert_eq(report_print(&r, &writer_csv, "depths", out, &err), 0);
    fclose(out);
    cr_assert(strchr(text, '\n') == text + strlen(text) - 1, "%s", text);
    cr_assert_eq(report_print(&r, &writer_csv, "nope", stdout, &err), -1);
    cr_assert(strstr(err.text,
                     "main, accuracy, latency, speedup, pareto, deadline, "
                     "search, steps, depths, evaluators, evaluator_bins, "
                     "pass_at_k, validity, samples"));
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        cr_assert_eq(report_print(&r, &writer_csv, NULL, full, &err), -1);
        cr_assert_eq(err.kind, ERR_IO);
        fclose(full);
    }
    report_release(&r);
    helper_dir_free(dir);
}

Test(report, notices_name_incomplete_cells) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new(), text[4000] = "";
    helper_store_init(&h);
    helper_fill(&h, dir);
    remove_line(dir, "\"cell\":\"bbbbbbbbbb\"", "\"problem\":\"p1\"");
    open_ok(&r, dir, false);
    FILE *log = fmemopen(text, sizeof text, "w");
    report_print_notices(&r, log);
    fclose(log);
    cr_assert(strstr(text, "cell bbbbbbbb (specreason threshold 7, base big, "
                           "set): 1 of 6 samples missing"),
              "%s", text);
    cr_assert_null(strstr(text, "vanilla"));
    report_release(&r);
    helper_dir_free(dir);
}

Test(report, counts_machines_that_samples_come_from) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    struct manifest_session sessions[3] = {h.session, h.session, h.session};
    sessions[1].machine = "m1"; // added nothing
    sessions[2].machine = "m2";
    h.manifest.sessions = sessions;
    h.manifest.n_sessions = 3;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_machines, 1);
    report_release(&r);
    remove_line(dir, "\"cell\":\"bbbbbbbbbb\"", "\"problem\":\"p1\"");
    struct sample s = helper_sample(&h, 1, 1, 0, 3, 10, true);
    s.session = 2;
    helper_add(dir, &s);
    open_ok(&r, dir, false);
    cr_assert_eq(r.n_machines, 2);
    report_release(&r);
    helper_dir_free(dir);
}

// Two cells of the label that differ by their draft: the one with the same
// draft. A cell is not compared with itself.
Test(report, the_second_method_has_the_same_draft) {
    struct helper_store h;
    struct report r;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.versus = "other";
    h.cells[0].label = h.cells[2].label = "other";
    h.cells[0].draft = "tiny";
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    open_ok(&r, dir, false);
    cr_assert_eq(r.cells[1].versus, &r.cells[2]);
    cr_assert_null(r.cells[0].versus);
    cr_assert_null(r.cells[2].versus);
    report_release(&r);
    h.cells[2].draft = "smaller"; // neither: the first
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    open_ok(&r, dir, false);
    cr_assert_eq(r.cells[1].versus, &r.cells[0]);
    report_release(&r);
    helper_dir_free(dir);
}

// Nodes of a tree, with their depths; of linear samples none.
Test(report, trees_keep_their_nodes) {
    struct helper_store h;
    struct report r;
    char *dir = helper_dir_new();
    struct sample_step steps[4];
    for (int i = 0; i < 4; i++) {
        steps[i] = (struct sample_step){.author = AUTHOR_DRAFT,
                                        .judged = true,
                                        .score = 0.25 * i,
                                        .second = i == 2 ? 0.5 : NAN,
                                        .threshold = NAN,
                                        .decision = DECISION_REJECTED,
                                        .parent = i == 3 ? 2 : i / 2 - 1,
                                        .n_copies = i + 1,
                                        .n_tokens = 10 + i,
                                        .time_ns = 5,
                                        .text = "abc\n\n",
                                        .n_bytes = 5};
    }
    steps[1].kept = true;
    steps[1].decision = DECISION_KEPT;
    helper_store_init(&h);
    helper_fill(&h, dir);
    remove_line(dir, "\"cell\":\"bbbbbbbbbb\"", "\"problem\":\"p1\"");
    struct sample s = helper_sample(&h, 1, 1, 0, 3, 10, true);
    s.tree = true;
    s.steps = steps;
    s.n_steps = 4;
    helper_add(dir, &s);
    open_ok(&r, dir, false);
    const struct report_sample *got = &r.cells[1].samples[2];
    static const int depths[] = {1, 1, 2, 3}, parents[] = {-1, -1, 0, 2};
    cr_assert_eq(got->n_steps, 4);
    for (int i = 0; i < 4; i++) {
        const struct report_step *step = &got->steps[i];
        cr_assert_eq(step->depth, depths[i], "%d", i);
        cr_assert_eq(step->parent, parents[i], "%d", i);
        cr_assert_eq(step->n_copies, i + 1);
        cr_assert_eq(step->n_tokens, 10 + i);
        cr_assert_eq(step->score, 0.25 * i);
        cr_assert_eq(isnan(step->second), i != 2);
        cr_assert_eq(step->kept, i == 1);
        cr_assert_eq(step->decision,
                     i == 1 ? DECISION_KEPT : DECISION_REJECTED);
        cr_assert_str_eq(step->text, "abc\n\n");
    }
    cr_assert_eq(got->n_kept, 1);
    cr_assert_eq(got->n_drafted, 4);
    cr_assert_eq(got->n_judged, 4);
    cr_assert_eq(r.cells[1].samples[0].n_steps, 0);
    cr_assert_null(r.cells[1].samples[0].steps);
    report_release(&r);
    helper_dir_free(dir);
}

// Tables of searches are for folders that have some.
Test(report, leaves_out_tables_that_need_searches) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    char *dir = helper_dir_new(), text[9000] = "";
    helper_store_init(&h);
    helper_fill(&h, dir);
    open_ok(&r, dir, false);
    FILE *out = fmemopen(text, sizeof text, "w");
    cr_assert_eq(report_print(&r, &writer_markdown, NULL, out, &err), 0);
    fclose(out);
    cr_assert(strstr(text, "### Accuracy"));
    cr_assert_null(strstr(text, "### Search"));
    cr_assert_eq(report_save(&r, dir, &err), 0);
    report_release(&r);
    static const char *const names[] = {"search.csv", "depths.csv",
                                        "evaluators.csv", "evaluator_bins.csv"};
    for (int i = 0; i < 4; i++) {
        char *path = helper_path(dir, names[i]);
        cr_assert_neq(access(path, F_OK), 0, "%s", path);
        free(path);
    }
    helper_dir_free(dir);
}
