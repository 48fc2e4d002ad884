#include "harness/commands.h"

#include "harness/report.h"
#include "tests/helper_dir.h"
#include "tests/helper_cli.h"
#include "tests/helper_sweep.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *report(const struct sweep_place *p, const char *a, const char *b,
                    int expected_rc, char **log) {
    const char *args[] = {"report", p->folder, a, b, NULL};
    char *out, *logged;
    int rc = helper_main(args, &out, &logged);
    cr_assert_eq(rc, expected_rc, "exit code %d: %s", rc, logged);
    if (log) *log = logged;
    if (!log) free(logged);
    return out;
}

Test(cmd_report, prints_the_same_bytes_twice) {
    struct sweep_place p;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *first = report(&p, NULL, NULL, 0, NULL);
    char *second = report(&p, NULL, NULL, 0, NULL);
    cr_assert_str_eq(first, second);
    cr_assert(strstr(first, "### Accuracy"));
    cr_assert(strstr(first, "### Speed-up over the baseline"));
    free(first);
    free(second);
    helper_sweep_release(&p);
}

// Models and problems are not needed.
Test(cmd_report, needs_the_folder_alone) {
    struct sweep_place p;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *set = helper_path(p.dir, "toy.jsonl");
    cr_assert_eq(unlink(set), 0);
    cr_assert_eq(unlink(p.config), 0);
    char *out = report(&p, "--format=csv", "--table=steps", 0, NULL);
    cr_assert_eq(strncmp(out, "base,draft,dataset,method,threshold,steps,", 42),
                 0);
    free(out);
    free(set);
    helper_sweep_release(&p);
}

Test(cmd_report, incomplete_runs_exit_with_5) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *path = helper_path(p.folder, "samples.jsonl");
    char *text = helper_read(path);
    strrchr(text, '{')[0] = '\0'; // damages the last line only
    char *end = strrchr(text, '\n');
    end[1] = '\0';
    helper_write(path, text);
    char *out = report(&p, "--table=accuracy", NULL, 5, &log);
    cr_assert(strstr(log, "1 of 6 samples missing"), "%s", log);
    free(out);
    free(log);
    free(text);
    free(path);
    helper_sweep_release(&p);
}

Test(cmd_report, refuses_unknown_formats_and_folders) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    free(report(&p, NULL, NULL, 2, &log));
    cr_assert(strstr(log, "manifest.json: not found"), "%s", log);
    free(log);
    free(report(&p, "--format=xml", NULL, 2, &log));
    cr_assert(strstr(log, "expected one of md, csv, latex, json"), "%s", log);
    free(log);
    helper_sweep_release(&p);
}

Test(cmd_report, latex_is_saved_beside_the_csv) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *out = report(&p, "--format=latex", "--no-save", 0, NULL);
    char *path = helper_path(p.folder, "main.tex");
    cr_assert_neq(access(path, F_OK), 0);
    free(report(&p, "--format=latex", NULL, 0, NULL));
    char *saved = helper_read(path);
    cr_assert_eq(strncmp(out, saved, strlen(saved)), 0, "%s", out);
    cr_assert(strstr(out, "-accuracy}\n"), "%s", out);
    free(saved);
    free(out);
    free(path);
    path = helper_path(p.folder, "samples.tex");
    cr_assert_neq(access(path, F_OK), 0);
    out = report(&p, "--format=latex", "--table=samples", 2, &log);
    cr_assert(strstr(log, "--table samples: has no latex form; expected one of "
                          "main, accuracy,"),
              "%s", log);
    cr_assert_null(strstr(strstr(log, "expected"), "samples"));
    free(log);
    free(out);
    free(path);
    helper_sweep_release(&p);
}

// A folder in the place of a table: root can write to all others.
Test(cmd_report, prints_what_it_cannot_save) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *path = helper_path(p.folder, "accuracy.csv");
    unlink(path);
    cr_assert_eq(mkdir(path, 0700), 0);
    char *out = report(&p, NULL, NULL, 74, &log);
    cr_assert(strstr(out, "### Accuracy"), "%s", out);
    cr_assert(strstr(log, "accuracy.csv: Is a directory (--no-save: only"),
              "%s", log);
    free(out);
    free(log);
    free(report(&p, "--no-save", NULL, 0, NULL));
    free(path);
    helper_sweep_release(&p);
}

// Nor does a usage error write anything.
Test(cmd_report, unknown_tables_are_refused_before_anything_is_saved) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *path = helper_path(p.folder, "accuracy.csv");
    unlink(path);
    free(report(&p, "--table=pie", NULL, 2, &log));
    cr_assert(strstr(log, "expected one of main, accuracy"), "%s", log);
    cr_assert_neq(access(path, F_OK), 0);
    free(log);
    free(path);
    helper_sweep_release(&p);
}

Test(cmd_report, help_names_all_tables) {
    const struct cli_option *o = cmd_report.options;
    while (strcmp(o->name, "table"))
        o++;
    for (int i = 0; report_tables[i]; i++)
        cr_assert(strstr(o->help, report_tables[i]->name), "%s",
                  report_tables[i]->name);
}
