#include "harness/table.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/report.h"
#include "harness/report_output.h"
#include "harness/writers/latex_text.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- text -----------------------------------------------------------------

static void expect_text(const char *text, const char *expected) {
    struct buf out;
    buf_init(&out);
    latex_add_text(&out, text);
    cr_expect_str_eq(out.text, expected, "%s: %s", text, out.text);
    buf_release(&out);
}

Test(writer_latex, text_prints_as_it_is) {
    expect_text("plain text 1.5", "plain text 1.5");
    expect_text("a_b # $ % & { }", "a\\_b \\# \\$~\\% \\& \\{ \\}");
    expect_text("~^\\", "\\textasciitilde{}\\textasciicircum{}"
                        "\\textbackslash{}");
    expect_text("<b> | \"q\"", "\\textless{}b\\textgreater{} \\textbar{} "
                               "{\\char34}q{\\char34}");
    expect_text("'x`", "{\\char39}x{\\char96}");
    expect_text("[1] *", "{[}1{]} {*}"); // not arguments of the line before
    expect_text("a-b--c---", "a-b-{}-c-{}-{}-");
    expect_text("n = 3, 95 %", "n~=~3, 95~\\%");
    expect_text("a\nb\tc\x01\x7f", "a b c");
}

Test(writer_latex, characters_that_a_font_may_lack) {
    expect_text("größer é", "größer é");
    expect_text("λ ≥ → –", "$\\lambda$ $\\geq$ $\\rightarrow$ --");
    expect_text("ą đ", "U+0105 U+0111");
    expect_text("中 \xf0\x9f\x98\x80", "U+4E2D U+1F600");
    expect_text("a\xc2\x85z", "az"); // a control
    expect_text("\xff\xc3", "??");   // no UTF-8
    struct buf out;
    buf_init(&out);
    latex_add_label(&out, "a_b.1-\\x}ö");
    cr_expect_str_eq(out.text, "a-b-1--x---");
    buf_release(&out);
}

// ---- tables ---------------------------------------------------------------

static const struct table_column columns[] = {{"base", COLUMN_TEXT, false},
                                              {"dataset", COLUMN_TEXT, false},
                                              {"method", COLUMN_TEXT, false},
                                              {"threshold", 1, false},
                                              {"share", 4, false},
                                              {"low", 4, false},
                                              {"high", 4, false},
                                              {"ms", 3, false},
                                              {"ratio", 3, false},
                                              {"unused", 1, false},
                                              {"n_missing", 0, false},
                                              {"n_failed", 0, false},
                                              {"variant", COLUMN_TEXT, false},
                                              {"cell", COLUMN_TEXT, false},
                                              {NULL, 0, false}};

static const struct paper_column paper[] = {
    {"base", "Base", PAPER_ONCE, BEST_NONE, NULL, NULL},
    {"dataset", "Data set", PAPER_ONCE, BEST_NONE, NULL, NULL},
    {"method", "Method", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {"threshold", "Threshold", PAPER_SETTING, BEST_NONE, NULL, NULL},
    {"share", "pass@1", PAPER_PERCENT, BEST_HIGH, "low", "high"},
    {"ms", "Mean|time", PAPER_TIME, BEST_LOW, NULL, NULL},
    {"ratio", "Ratio", PAPER_RATIO, BEST_NONE, NULL, NULL},
    {"unused", "Unused", PAPER_AS_IS, BEST_NONE, NULL, NULL},
    {.column = NULL}};

static void init(struct table *t) {
    table_init(t, "demo", "Demo", columns);
    t->paper = paper;
    t->source = "a_config";
    t->provenance = "config a_config, k = 2";
}

static void add(struct table *t, const char *base, const char *method,
                double share, double ms) {
    table_add_row(t);
    table_set_text(t, "base", base);
    table_set_text(t, "dataset", "set_1");
    table_set_text(t, "method", method);
    table_set_number(t, "share", share);
    table_set_number(t, "ms", ms);
}

static char *print(struct table *t) {
    struct buf out;
    buf_init(&out);
    writer_latex.write(t, &out);
    table_release(t);
    return buf_detach(&out);
}

static void expect_in(const char *text, const char *part) {
    cr_expect(strstr(text, part), "no \"%s\" in:\n%s", part, text);
}

static void expect_not_in(const char *text, const char *part) {
    cr_expect_null(strstr(text, part), "\"%s\" in:\n%s", part, text);
}

Test(writer_latex, a_table_goes_into_a_paper) {
    struct table t;
    init(&t);
    add(&t, "big", "vanilla", 0.90625, 1234.5);
    table_set_number(&t, "low", 0.8);
    table_set_number(&t, "high", 1);
    table_set_number(&t, "ratio", 1);
    add(&t, "big", "a & b", 0.46449, 999.96);
    table_set_setting(&t, "threshold", 0.55);
    table_set_number(&t, "low", 0.0449);
    table_set_number(&t, "high", 0.9);
    table_set_number(&t, "ratio", -0.004);
    table_set_mark(&t, "ratio", "~");
    add(&t, "small", "a & b", NAN, NAN);
    table_set_setting(&t, "threshold", 7);
    table_set_number(&t, "n_missing", 3);
    table_set_number(&t, "n_failed", 1);
    char *text = print(&t);
    cr_expect_str_eq(
        text,
        "% needs \\usepackage{booktabs} and \\usepackage{siunitx}\n"
        "\\begin{table*}[t]\n"
        "\\centering\n"
        "\\setlength{\\belowcaptionskip}{5pt}\n"
        "\\small\n"
        "\\caption{Demo. Data set: set\\_1. Bold: best of a base and data set. "
        "Brackets: intervals. $\\sim$: not resolved from no difference. "
        "Incomplete: a \\& b at threshold 7, small (3 samples missing, 1 "
        "sample "
        "failed). --: no estimate. Source: config a\\_config, k~=~2.}\n"
        "\\label{tab:a-config-demo}\n"
        "\\setlength{\\tabcolsep}{5pt}\n"
        "\\begin{tabular}{@{}\n"
        "  l\n"
        "  l\n"
        "  S[table-format=1.2]\n"
        "  S[table-format=2.1, detect-weight, mode=text]@{\\,}"
        ">{\\scriptsize}l\n"
        "  S[table-format=4.0, detect-weight, mode=text]\n"
        "  S[table-format=1.2, table-space-text-pre={$\\sim$\\,}]\n"
        "@{}}\n"
        "\\toprule\n"
        "Base & Method & {Threshold} & \\multicolumn{2}{c}{pass@1 (\\%)} & "
        "{\\begin{tabular}[b]{@{}c@{}}Mean\\\\time\\\\(ms)\\end{tabular}} & "
        "{Ratio} \\\\\n"
        "\\midrule\n"
        "big & vanilla & {--} & \\bfseries 90.6 & [80.0, 100.0] & 1234 & 1.00 "
        "\\\\\n"
        " & a \\& b & 0.55 & 46.4 & \\phantom{0}[4.5, 90.0] & "
        "\\bfseries 1000 & {$\\sim$\\,}0.00 \\\\\n"
        "\\midrule\n"
        "small & a \\& b & 7 & {--} & & {--} & {--} \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\end{table*}\n",
        "%s", text);
    free(text);
}

// The best is of one base, data set and variant; equal ones are all best, and
// nothing is best of one, or where all are the same.
Test(writer_latex, the_best_of_each_group_is_bold) {
    struct table t;
    init(&t);
    add(&t, "big", "a", 0.5001, 20);
    add(&t, "big", "b", 0.4999, 30); // prints the same
    add(&t, "big", "c", 0.4, 30);
    add(&t, "small", "d", 0.1, 20);
    add(&t, "small", "e", 0.1, 20);
    add(&t, "third", "f", 0.9, 20);
    add(&t, "last", "g", 0.9, 20);
    table_set_text(&t, "variant", "x=1");
    add(&t, "last", "h", 0.1, 30);
    table_set_text(&t, "variant", "x=2");
    char *text = print(&t);
    expect_in(text, "& a & \\bfseries 50.0 & \\bfseries 20.0 ");
    expect_in(text, "& b & \\bfseries 50.0 & 30.0 ");
    expect_in(text, "& c & 40.0 & 30.0 ");
    expect_in(text, "& d & 10.0 & 20.0 ");
    expect_in(text, "& e & 10.0 & 20.0 ");
    expect_in(text, "& f & 90.0 & 20.0 ");
    expect_in(text, "& g & 90.0 & 20.0 ");
    expect_in(text, "& h & 10.0 & 30.0 ");
    free(text);
}

// What rests on fewer samples than the rest is not the best of them.
Test(writer_latex, an_incomplete_row_is_never_the_best) {
    struct table t;
    init(&t);
    add(&t, "big", "a", 0.9, 20);
    table_set_number(&t, "n_missing", 1);
    add(&t, "big", "b", 0.5, 30);
    add(&t, "big", "c", 0.4, 40);
    char *text = print(&t);
    expect_in(text, "a & 90.0 & 20.0 ");
    expect_in(text, "b & \\bfseries 50.0 & \\bfseries 30.0 ");
    expect_in(text, "Bold: best. Incomplete: a (1 sample missing). --");
    free(text);
}

Test(writer_latex, times_have_one_unit_and_three_digits) {
    struct table t;
    init(&t);
    add(&t, "big", "a", 0.9, 1234.5);
    add(&t, "big", "b", 0.9, 45678);
    char *text = print(&t);
    expect_in(text, "time\\\\(s)");
    expect_in(text, "a & 90.0 & \\bfseries 1.23 ");
    expect_in(text, "b & 90.0 & 45.68 ");
    free(text);
    init(&t);
    add(&t, "big", "a", 0.9, 0.01234);
    add(&t, "big", "b", 0.9, NAN);
    text = print(&t);
    expect_in(text, "a & 90.0 & 0.012 ");
    free(text);
}

// Rounding the CSV's digits again would give 46.7.
Test(writer_latex, numbers_are_rounded_once) {
    struct table t;
    init(&t);
    add(&t, "big", "a", 0.466495, 10);
    char *text = print(&t);
    expect_in(text, "& 46.6 &");
    free(text);
}

Test(writer_latex, names_that_all_rows_share_are_in_the_caption) {
    struct table t;
    init(&t);
    add(&t, "big_1", "a", 0.4, 10);
    add(&t, "big_1", "b", 0.5, 20);
    char *text = print(&t);
    expect_in(text, "Demo. Base: big\\_1; data set: set\\_1. Bold: best.");
    expect_in(text, "\nMethod & {"); // alone
    free(text);
}

Test(writer_latex, long_tables_go_on_in_another_float) {
    struct table t;
    init(&t);
    char name[20];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "m%02d", i);
        add(&t, i < 30 ? "big" : "small", name, 0.5, 10);
    }
    char *text = print(&t);
    int n = 0;
    for (char *at = text; (at = strstr(at, "\\begin{table*}")); at++)
        n++;
    cr_expect_eq(n, 3);
    // Between groups where there is such a place, else where the page is full.
    expect_in(text, " & m29 & 50.0 & 10.0 \\\\\n\\bottomrule\n");
    expect_in(text, "\\midrule\nsmall & m30 & ");
    expect_in(text, " & m71 & 50.0 & 10.0 \\\\\n\\bottomrule\n");
    expect_in(text,
              "\\addtocounter{table}{-1}\n\\caption{Demo (continued).}\n");
    char *label = strstr(text, "\\label"); // one only
    cr_assert(label);
    cr_expect_null(strstr(label + 1, "\\label"));
    free(text);
}

// Several rows of a cell: its names and settings are said once.
Test(writer_latex, a_cell_is_named_once) {
    struct table t;
    init(&t);
    for (int i = 0; i < 3; i++) {
        add(&t, "big", i < 2 ? "a" : "b", 0.5, 10);
        table_set_setting(&t, "threshold", 7);
        table_set_text(&t, "cell", i < 2 ? "1234" : "5678");
    }
    char *text = print(&t);
    expect_in(text, "\\midrule\na & 7 & 50.0 & 10.0 \\\\\n"
                    " &  & 50.0 & 10.0 \\\\\n\\addlinespace\n"
                    "b & 7 & 50.0 ");
    free(text);
}

Test(writer_latex, a_cell_is_not_cut_in_two) {
    struct table t;
    init(&t);
    char cell[20];
    for (int i = 0; i < 60; i++) {
        snprintf(cell, sizeof cell, "c%02d", i / 5);
        add(&t, "big", cell, 0.5, 10);
        table_set_text(&t, "cell", cell);
    }
    char *text = print(&t);
    expect_in(text, "\\midrule\nc08 & "); // 40 rows before it, not 42
    free(text);
}

// Where columns for base and data set leave no room for the rest.
Test(writer_latex, groups_are_headed_where_there_is_no_room) {
    static const char *const label = "a label of more than thirty letters";
    struct table t;
    init(&t);
    for (int i = 0; i < 2; i++) {
        add(&t, i ? "quite-a-small-model-of-ours" : "a-big-model-of-others",
            label, 0.5, 12345678901.0);
        table_set_text(&t, "dataset", i ? "a-data-set-of-ours" : "another_set");
        table_set_number(&t, "low", 0.1);
        table_set_number(&t, "high", 1e20);
    }
    char *text = print(&t);
    expect_in(text, "p{8.5em}\n");
    expect_in(text, "\\midrule\n\\multicolumn{4}{@{}l}{\\emph{"
                    "quite-a-small-model-of-ours, a-data-set-of-ours}} \\\\\n"
                    "a label");
    expect_not_in(text, "Base &");
    free(text);
}

Test(writer_latex, no_form_without_paper_or_rows) {
    struct table t;
    init(&t);
    char *text = print(&t);
    cr_expect_str_eq(text, "");
    free(text);
    init(&t);
    t.paper = NULL;
    add(&t, "big", "a", 0.5, 10);
    text = print(&t);
    cr_expect_str_eq(text, "");
    free(text);
}

// ---- of a folder ----------------------------------------------------------

static char *print_folder(const char *dir, const char *table, bool partial) {
    struct report r;
    struct error err = {0};
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    cr_assert_eq(report_open(&r, dir, partial, &err), 0, "%s", err.text);
    cr_assert_eq(report_print(&r, &writer_latex, table, out, &err), 0, "%s",
                 err.text);
    fclose(out);
    report_release(&r);
    return text;
}

Test(writer_latex, the_main_table_has_accuracy_speedup_and_latency) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    char *text = print_folder(dir, "main", false);
    expect_in(text, "\nvanilla & {--} & \\bfseries 100.0 & [100.0, 100.0] & "
                    "1.00 &  & 10.0 & 23.3 \\\\\n");
    expect_in(text, "\nspecreason & 7 & 83.3 & ");
    expect_in(text, "& \\bfseries 2.00 & [2.00, 2.00] & 10.0 & "
                    "\\bfseries 11.7 \\\\\n");
    expect_in(text, "{$\\sim$\\,}1.00 & [1.00, 1.00] &");
    expect_in(text, "Base: big; data set: set; draft: small; validity: valid.");
    expect_in(text, "Source: config hand, n~=~3 problems, k~=~2,");
    expect_in(text, "\\label{tab:hand-main}");
    expect_not_in(text, "Incomplete");
    free(text);
    helper_dir_free(dir);
}

// A sample of the second problem is not there: no estimate, and it is said.
Test(writer_latex, a_cell_without_all_samples_has_no_numbers) {
    struct helper_store h;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0, "%s", err.text);
    for (int i = 0; i < HELPER_CELLS * 6 - 1; i++) {
        struct sample s = helper_sample(&h, i / 6, i % 6 / 2, i % 2, 10, 10, 1);
        helper_add(dir, &s);
    }
    char *text = print_folder(dir, "main", false);
    expect_in(text, "\nspecdecode & {--} & {--} & & {--} & & {--} & {--} & "
                    "invalid \\\\");
    expect_in(text, "Incomplete: specdecode (1 sample missing). --: no "
                    "estimate.");
    expect_in(text, "1 of 18 samples missing.}");
    free(text);
    text = print_folder(dir, "main", true);
    expect_in(text, "\nspecdecode & {--} & 100.0 & ");
    expect_in(text, "Incomplete: specdecode (1 sample missing)");
    free(text);
    text = print_folder(dir, "speedup", false);
    expect_in(text, "\nspecdecode & {--} & {--} & & {--} ");
    free(text);
    helper_dir_free(dir);
}

Test(writer_latex, the_same_store_gives_the_same_bytes) {
    struct helper_store h;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    char *first = print_folder(dir, NULL, false);
    char *second = print_folder(dir, NULL, false);
    cr_assert_str_eq(first, second);
    expect_in(first, "\\label{tab:hand-main}");
    expect_in(first, "\\label{tab:hand-pass-at-k}"); // all that have a form
    expect_not_in(first, "-samples}");
    expect_not_in(first, "-search}"); // no rows
    free(first);
    free(second);
    helper_dir_free(dir);
}

Test(writer_latex, a_table_without_the_form_is_named) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    helper_fill(&h, dir);
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    cr_assert_eq(report_print(&r, &writer_latex, "samples", stdout, &err), -1);
    cr_assert_eq(err.kind, ERR_USAGE);
    expect_in(err.text, "--table samples: has no latex form; expected one of "
                        "main, accuracy, latency,");
    report_release(&r);
    helper_dir_free(dir);
}
