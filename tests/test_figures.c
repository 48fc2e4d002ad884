#include "harness/figures/figure.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/figures/gnuplot.h"
#include "harness/report.h"
#include "harness/table.h"
#include "tests/helper_dir.h"
#include "tests/helper_figure.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- scenes ---------------------------------------------------------------

static void save(const struct helper_store *h, const char *dir) {
    struct error err;
    cr_assert_eq(manifest_save(&h->manifest, dir, &err), 0, "%s", err.text);
}

// The samples of helper_fill(), those of the third cell `slower` times as long.
static void fill(const struct helper_store *h, const char *dir, double slower) {
    save(h, dir);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K; i++) {
        int p = i / HELPER_K, k = i % HELPER_K;
        double ms = 10 << p;
        struct sample a = helper_sample(h, 0, p, k, ms, 10, true);
        struct sample b = helper_sample(h, 1, p, k, ms / 2, 10, p != 2 || !k);
        struct sample c = helper_sample(h, 2, p, k, ms * slower, 10, true);
        helper_add(dir, &a);
        helper_add(dir, &b);
        helper_add(dir, &c);
    }
}

#define ALL_RIGHT "1.0000,1.0000,1.0000"
#define FIVE_OF_SIX "0.8333,0.1162,1.0000"
#define MS_A "23.333,0.000,61.279"
#define MS_HALF "11.667,0.000,30.640"

// ---- rows -----------------------------------------------------------------

// A: 10, 20, 40 ms: mean 23.333, se 15.275 / sqrt(3) = 8.819, qt(.975, 2) =
// 4.3027: -+ 37.946, cut at 0. B half of it, means 1, 1, .5; C double, so A
// beats it.
Test(figures, accuracy_latency) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    fill(&h, dir, 2);
    helper_expect_figure(
        dir, &figure_accuracy_latency,
        "1,set / big,1,vanilla,,0," MS_A "," ALL_RIGHT ",1,3,aaaaaaaa\n"
        "1,set / big,2,specreason,7.0,0," MS_HALF "," FIVE_OF_SIX
        ",1,3,bbbbbbbb\n"
        "1,set / big,3,specdecode,,0,46.667,0.000,122.558," ALL_RIGHT
        ",0,3,cccccccc\n");
    helper_dir_free(dir);
}

// Thresholds of a series come by value, whatever the order in the config; the
// first and the last are marked.
Test(figures, thresholds_are_a_path) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.cells[2] = h.cells[1];
    h.cells[2].id = "cccccccccc";
    h.cells[2].threshold = 3;
    fill(&h, dir, 1);
    helper_expect_figure(
        dir, &figure_accuracy_latency,
        "1,set / big,1,vanilla,,0," MS_A "," ALL_RIGHT ",1,3,aaaaaaaa\n"
        "1,set / big,2,specreason,3.0,1," MS_A "," ALL_RIGHT ",1,3,cccccccc\n"
        "1,set / big,2,specreason,7.0,1," MS_HALF "," FIVE_OF_SIX
        ",1,3,bbbbbbbb\n");
    helper_expect_figure(
        dir, &figure_threshold,
        "1,set / big,1,vanilla,,1," ALL_RIGHT "," MS_A ",3,aaaaaaaa\n"
        "1,set / big,2,specreason,3.0,0," ALL_RIGHT "," MS_A ",3,cccccccc\n"
        "1,set / big,2,specreason,7.0,0," FIVE_OF_SIX "," MS_HALF
        ",3,bbbbbbbb\n");
    helper_dir_free(dir);
}

// The draft alone has no panel of its own.
Test(figures, draft_alone_is_shown_with_its_base) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.cells[2].base = "small";
    h.cells[2].draft = "";
    h.cells[2].method = "vanilla";
    h.cells[2].label = "draft alone";
    fill(&h, dir, .25);
    helper_expect_figure(
        dir, &figure_accuracy_latency,
        "1,set / big,1,vanilla,,0," MS_A "," ALL_RIGHT ",0,3,aaaaaaaa\n"
        "1,set / big,2,specreason,7.0,0," MS_HALF "," FIVE_OF_SIX
        ",0,3,bbbbbbbb\n"
        "1,set / big,3,draft alone,,0,5.833,0.000,15.320," ALL_RIGHT
        ",1,3,cccccccc\n");
    helper_dir_free(dir);
}

// What cannot be estimated is empty, not 0: one problem has no interval.
Test(figures, no_interval_of_one_problem) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.manifest.k = 1;
    h.dataset.n_problems = 1;
    save(&h, dir);
    struct sample s = helper_sample(&h, 0, 0, 0, 10, 10, true);
    helper_add(dir, &s);
    helper_expect_figure(
        dir, &figure_accuracy_latency,
        "1,set / big,1,vanilla,,0,10.000,,,1.0000,,,1,1,aaaaaaaa\n");
    char *csv = helper_figure_data(dir, &figure_deadline);
    cr_assert(strstr(csv, ",10.000,1.0000,,,1,aaaaaaaa\n"), "%s", csv);
    free(csv);
    helper_dir_free(dir);
}

// Thresholds of a digit and of a reward model are not on one scale.
Test(figures, judges_have_a_panel_each) {
    static struct manifest_setting digit[] = {{"judge", "digit", false}};
    static struct manifest_setting prm[] = {{"judge", "prm", false}};
    struct helper_store h;
    struct manifest_cell cells[4];
    char *dir = helper_dir_new();
    helper_store_init(&h);
    for (int i = 0; i < 4; i++) {
        static const char *const ids[] = {"aaaaaaaaaa", "bbbbbbbbbb",
                                          "cccccccccc", "dddddddddd"};
        cells[i] = h.cells[1];
        cells[i].id = ids[i];
        cells[i].label = i < 2 ? "specreason" : "rsd, by \"prm\"";
        cells[i].threshold = i < 2 ? 3 + 4 * i : 0.25 * i;
        cells[i].settings = i < 2 ? digit : prm;
        cells[i].n_settings = 1;
    }
    h.manifest.cells = cells;
    h.manifest.n_cells = 4;
    h.manifest.k = 1;
    h.dataset.n_problems = 1;
    save(&h, dir);
    for (int i = 0; i < 4; i++) {
        struct sample s = helper_sample(&h, 1, 0, 0, 10, 10, true);
        s.cell = cells[i].id;
        sample_key(s.cell, h.problems[0].hash, 0, s.key);
        helper_add(dir, &s);
    }
    helper_expect_figure(
        dir, &figure_threshold,
        "1,set / big / judge digit,1,specreason,3.0,0,1.0000,,,10.000"
        ",,,1,aaaaaaaa\n"
        "1,set / big / judge digit,1,specreason,7.0,0,1.0000,,,10.000"
        ",,,1,bbbbbbbb\n"
        "2,set / big / judge prm,2,rsd; by 'prm',0.5,0,1.0000,,,10.000"
        ",,,1,cccccccc\n"
        "2,set / big / judge prm,2,rsd; by 'prm',0.75,0,1.0000,,,"
        "10.000,,,1,dddddddd\n");
    helper_dir_free(dir);
}

// A setting of all methods is a variant; on the axis it parts nothing. C has
// one budget alone, so no line.
Test(figures, budget) {
    static struct manifest_setting small[] = {{"budget_tokens", "200", true}};
    static struct manifest_setting large[] = {{"budget_tokens", "400", true}};
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.cells[1] = h.cells[0];
    h.cells[1].id = "bbbbbbbbbb";
    for (int i = 0; i < 3; i++) {
        h.cells[i].settings = i ? small : large;
        h.cells[i].n_settings = 1;
        h.cells[i].variant = i ? "budget_tokens=200" : "budget_tokens=400";
    }
    fill(&h, dir, 1);
    helper_expect_figure(
        dir, &figure_budget,
        "1,set / big,1,vanilla,200,0," FIVE_OF_SIX "," MS_HALF ",3,bbbbbbbb\n"
        "1,set / big,1,vanilla,400,0," ALL_RIGHT "," MS_A ",3,aaaaaaaa\n");
    helper_dir_free(dir);
}

// The draft alone by budget stands where it drafts.
Test(figures, draft_alone_on_an_axis) {
    static struct manifest_setting small[] = {{"budget_tokens", "200", true}};
    static struct manifest_setting large[] = {{"budget_tokens", "400", true}};
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    for (int i = 0; i < 3; i++) {
        h.cells[i].settings = i ? small : large;
        h.cells[i].n_settings = 1;
        h.cells[i].variant = i ? "budget_tokens=200" : "budget_tokens=400";
        if (i == 1) continue;
        h.cells[i].base = "small";
        h.cells[i].draft = "";
        h.cells[i].label = "draft alone";
    }
    fill(&h, dir, .5);
    helper_expect_figure(
        dir, &figure_budget,
        "1,set / big,2,draft alone,200,0," ALL_RIGHT "," MS_HALF ",3,cccccccc\n"
        "1,set / big,2,draft alone,400,0," ALL_RIGHT "," MS_A ",3,aaaaaaaa\n");
    helper_dir_free(dir);
}

// An axis of the method's own is part of its label.
Test(figures, first_n) {
    static struct manifest_setting none[] = {{"first_n_base", "0", false}};
    static struct manifest_setting two[] = {{"first_n_base", "2", false}};
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.cells[2] = h.cells[1];
    h.cells[2].id = "cccccccccc";
    h.cells[1].label = "specreason first_n_base=2";
    h.cells[1].settings = two;
    h.cells[2].label = "specreason first_n_base=0";
    h.cells[2].settings = none;
    h.cells[1].n_settings = h.cells[2].n_settings = 1;
    fill(&h, dir, 1);
    helper_expect_figure(
        dir, &figure_first_n,
        "1,set / big,1,vanilla,,1," ALL_RIGHT "," MS_A ",3,aaaaaaaa\n"
        "1,set / big,2,specreason,0,0," ALL_RIGHT "," MS_A ",3,cccccccc\n"
        "1,set / big,2,specreason,2,0," FIVE_OF_SIX "," MS_HALF
        ",3,bbbbbbbb\n");
    helper_expect_figure(dir, &figure_threshold, "");
    helper_expect_figure(dir, &figure_budget, "");
    helper_dir_free(dir);
}

static void expect_line(const char *csv, const char *line) {
    cr_assert(strstr(csv, line), "no row %s in\n%s", line, csv);
}

// 95 % of A's and C's samples are over at 40 ms (type 7 of 10 10 20 20 40 40),
// of which a hundredth is .4. At 10 ms A has solved one problem of three, se
// 1/3, B two; B's last problem stays half solved.
Test(figures, deadline) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    fill(&h, dir, 1);
    char *csv = helper_figure_data(dir, &figure_deadline);
    expect_line(csv, "\n1,set / big,1,vanilla,,0.000,0.0000,0.0000,0.0000,3,"
                     "aaaaaaaa\n");
    expect_line(csv, "\n1,set / big,1,vanilla,,9.600,0.0000,");
    expect_line(csv, "\n1,set / big,1,vanilla,,10.000,0.3333,0.0000,1.0000,3,");
    expect_line(csv, ",7.0,10.000,0.6667,0.0000,1.0000,3,bbbbbbbb\n");
    expect_line(csv, ",7.0,40.000," FIVE_OF_SIX ",3,bbbbbbbb\n");
    expect_line(csv, ",vanilla,,40.000," ALL_RIGHT ",3,aaaaaaaa\n");
    int n_rows = 0;
    for (const char *c = csv; *c; c++)
        n_rows += *c == '\n';
    cr_assert_eq(n_rows, 1 + 3 * 101);
    free(csv);
    helper_dir_free(dir);
}

// Problems of one document are one observation, which has no interval.
Test(figures, deadline_of_clusters) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    for (int i = 0; i < HELPER_PROBLEMS; i++)
        h.problems[i].cluster = "d";
    fill(&h, dir, 1);
    char *csv = helper_figure_data(dir, &figure_deadline);
    expect_line(csv, "\n1,set / big,1,vanilla,,10.000,0.3333,,,3,");
    free(csv);
    helper_dir_free(dir);
}

Test(figures, incomplete_cells_are_not_shown) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    save(&h, dir);
    struct sample s = helper_sample(&h, 0, 0, 0, 10, 10, true);
    helper_add(dir, &s);
    for (int i = 0; figures[i]; i++)
        helper_expect_figure(dir, figures[i], "");
    helper_dir_free(dir);
}

// ---- the family -----------------------------------------------------------

static bool has_column(const struct figure *f, int i, const char *name) {
    return f->columns[i].name && !strcmp(f->columns[i].name, name);
}

// style.gp reads these of every figure.
Test(figures, have_what_scripts_and_readers_need) {
    for (int i = 0; figures[i]; i++) {
        const struct figure *f = figures[i];
        char *script = helper_path("plots", f->name);
        script = realloc(script, strlen(script) + 4);
        strcat(script, ".gp");
        cr_assert_eq(access(script, R_OK), 0, "%s", script);
        cr_assert(*f->title && *f->needs, "%s", f->name);
        cr_assert(has_column(f, 0, "panel") &&
                      has_column(f, 1, "panel_title") &&
                      has_column(f, 2, "series") && has_column(f, 3, "label"),
                  "%s", f->name);
        cr_assert_eq(figure_get(f->name, NULL), f);
        free(script);
    }
}

Test(figures, unknown_names_and_kinds) {
    struct error err;
    cr_assert_null(figure_get("pie", &err));
    cr_assert_eq(err.kind, ERR_USAGE);
    cr_assert(strstr(err.text, "accuracy_latency, threshold"), "%s", err.text);
    cr_assert_eq(figure_check_kinds("svg,pdf", &err), 0);
    cr_assert_eq(figure_check_kinds("svg,jpg", &err), -1);
    cr_assert_str_eq(err.text,
                     "--kinds svg,jpg: 'jpg' is none of pdf, svg, png");
    cr_assert_eq(figure_check_kinds("", &err), -1);
    cr_assert_eq(figure_check_kinds("pd", &err), -1);
}

// ---- drawing --------------------------------------------------------------

// A program in gnuplot's place: writes its arguments to stderr.
static char *fake_program(const char *dir, const char *script) {
    char *path = helper_path(dir, "fake-gnuplot");
    helper_write(path, script);
    chmod(path, 0700);
    return path;
}

struct drawing {
    struct helper_store store;
    struct report report;
    char *dir;
    struct figure_output output;
};

static void drawing_open(struct drawing *d, const char *script) {
    struct error err;
    d->dir = helper_dir_new();
    helper_store_init(&d->store);
    fill(&d->store, d->dir, 1);
    cr_assert_eq(report_open(&d->report, d->dir, false, &err), 0);
    d->output = (struct figure_output){
        .dir = d->dir,
        .scripts = "plots",
        .gnuplot = script ? fake_program(d->dir, script)
                          : helper_path(d->dir, "no-such-program"),
        .kinds = "pdf"};
}

static void drawing_close(struct drawing *d) {
    free((char *)d->output.gnuplot);
    report_release(&d->report);
    helper_dir_free(d->dir);
}

static char *read_piece(const struct drawing *d, const char *extension) {
    char *path = figure_path(&figure_deadline, d->dir, extension);
    char *text = helper_read(path);
    free(path);
    return text;
}

static void expect_piece(const struct drawing *d, const char *extension,
                         const char *part) {
    char *text = read_piece(d, extension);
    cr_assert(*part ? strstr(text, part) != NULL : !*text, "%s: %s", extension,
              text);
    free(text);
}

// Takes the names from the assignments and writes what it was told.
#define PICTURE_SCRIPT                                                         \
    "#!/bin/sh\nout=$(printf %s \"$3\" | sed "                                 \
    "\"s/.*out='\\([^']*\\)'.*/\\1/\")\n"                                      \
    "kind=$(printf %s \"$3\" | sed \"s/.*kind='\\([^']*\\)'.*/\\1/\")\n"       \
    "printf '%%PDF (%s) %s /CreationDate (D:20261122010922Z)' \"$1\" "         \
    "\"$SOURCE_DATE_EPOCH\" >\"$out.$kind\"\n"

Test(figures, draws_pictures_without_the_time_of_day) {
    struct drawing d;
    struct error err = {0};
    drawing_open(&d, PICTURE_SCRIPT);
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), 0,
                 "%s", err.text);
    expect_piece(&d, "pdf", "%PDF (-d) 0 /CreationDate (D:19700101000000Z)");
    expect_piece(&d, "csv", "panel,panel_title,series,label,threshold,time_ms");
    expect_piece(&d, "tex", "{\\specsweepfigures deadline.pdf}");
    expect_piece(&d, "tex", "\\label{fig:hand:deadline}");
    expect_piece(&d, "tex", "seed 1");
    expect_piece(&d, "tmp.pdf", "");
    drawing_close(&d);
}

// A picture shows the data beside it, or is not there.
Test(figures, old_pictures_go_with_old_data) {
    struct drawing d;
    struct error err;
    drawing_open(&d, PICTURE_SCRIPT);
    d.output.kinds = "svg";
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), 0);
    d.output.kinds = "pdf";
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), 0);
    expect_piece(&d, "svg", "PDF"); // the same data
    char *csv = figure_path(&figure_deadline, d.dir, "csv");
    helper_write(csv, "old\n");
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), 0);
    expect_piece(&d, "svg", "");
    expect_piece(&d, "pdf", "PDF");
    d.report.n_cells = 0;
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), 1);
    expect_piece(&d, "pdf", "");
    expect_piece(&d, "csv", "");
    expect_piece(&d, "tex", "");
    free(csv);
    drawing_close(&d);
}

Test(figures, without_gnuplot_the_data_is_there) {
    struct drawing d;
    struct error err;
    drawing_open(&d, NULL);
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), -1);
    cr_assert_eq(err.kind, ERR_UNSUPPORTED);
    cr_assert(strstr(err.text, "no-such-program: not found"), "%s", err.text);
    cr_assert(strstr(err.text, "/figures/deadline.csv"), "%s", err.text);
    expect_piece(&d, "csv", "panel,");
    expect_piece(&d, "pdf", "");
    struct gnuplot_variable none = {NULL, NULL};
    cr_assert_eq(gnuplot_run("no-such-gnuplot", "x.gp", &none, &err), -1);
    cr_assert_str_eq(err.text, "no-such-gnuplot: not found in PATH");
    drawing_close(&d);
}

Test(figures, says_what_gnuplot_said) {
    struct drawing d;
    struct error err;
    drawing_open(&d, "#!/bin/sh\necho 'line 7: no such thing' >&2\n"
                     "echo '  ^' >&2\nexit 1\n");
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), -1);
    cr_assert_eq(err.kind, ERR_INTERNAL);
    cr_assert_str_eq(err.text,
                     "./plots/deadline.gp: gnuplot: line 7: no such thing");
    expect_piece(&d, "pdf", "");
    drawing_close(&d);
}

// Some systems report only so that a program could not be started.
Test(figures, exit_code_of_a_shell_that_found_nothing) {
    struct drawing d;
    struct error err;
    drawing_open(&d, "#!/bin/sh\nexit 127\n");
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), -1);
    cr_assert_eq(err.kind, ERR_UNSUPPORTED);
    drawing_close(&d);
}

Test(figures, a_picture_that_was_not_drawn_is_an_error) {
    struct drawing d;
    struct error err;
    drawing_open(&d, "#!/bin/sh\nexit 0\n");
    cr_assert_eq(figure_draw(&figure_deadline, &d.report, &d.output, &err), -1);
    cr_assert_eq(err.kind, ERR_IO);
    drawing_close(&d);
}

// Values are texts in single quotes, of which gnuplot takes nothing as a
// command; a line break could end one.
Test(figures, variables_cannot_run_commands) {
    char *dir = helper_dir_new();
    char *program =
        fake_program(dir, "#!/bin/sh\nprintf '%s' \"$3\" >&2\nexit 1\n");
    struct gnuplot_variable v[] = {{"title", "it's `date`"}, {NULL, NULL}};
    struct error err;
    cr_assert_eq(gnuplot_run(program, "x.gp", v, &err), -1);
    cr_assert_str_eq(err.text, "x.gp: gnuplot: title='it''s `date`';");
    v[0].value = "a\nsystem('date')";
    cr_assert_eq(gnuplot_run(program, "x.gp", v, &err), -1);
    cr_assert_eq(err.kind, ERR_INPUT);
    free(program);
    helper_dir_free(dir);
}
