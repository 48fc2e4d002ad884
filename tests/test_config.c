#include "harness/config.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/grader.h"
#include "tests/helper_cases.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char rest[] =
    "models: {base: {scripted: toy-base}, draft: {scripted: toy-draft}}\n"
    "datasets: [{name: toy, path: tests/cases/toy.jsonl, grader: number}]\n"
    "base: base\n"
    "draft: draft\n";

// A config file in a folder of its own.
struct scene {
    char *dir, *path;
    struct config config;
    struct error err;
};

static int load(struct scene *s, const char *text, const char *const *sets,
                int n_sets) {
    bool whole = strncmp(text, "#whole", 6) == 0;
    *s = (struct scene){.dir = helper_dir_new()};
    s->path = helper_path(s->dir, "x.yaml");
    char *full = xasprintf("%s\n%s", text, whole ? "" : rest);
    helper_write(s->path, full);
    free(full);
    return config_load(&s->config, s->path, sets, n_sets, &s->err);
}

static void leave(struct scene *s) {
    config_release(&s->config);
    helper_dir_free(s->dir);
    free(s->path);
}

static void error_case(const struct text_case *c) {
    struct scene s;
    cr_expect_eq(load(&s, c->input, NULL, 0), -1, "%s: accepted", c->name);
    char *short_path = helper_replace(s.err.text, s.path, "FILE");
    char *got = helper_replace(short_path, s.dir, "DIR");
    cr_expect_str_eq(got, c->expected, "%s: got '%s'", c->name, got);
    cr_expect_eq(s.err.kind, ERR_USAGE, "%s", c->name);
    cr_expect_null(s.config.arena.blocks, "%s: not empty", c->name);
    free(got);
    free(short_path);
    leave(&s);
}

Test(config, errors) {
    helper_cases("config_errors.txt", error_case);
}

Test(config, a_missing_file_is_named) {
    struct config c;
    struct error err = {0};
    cr_expect_eq(config_load(&c, "no/such.yaml", NULL, 0, &err), -1);
    cr_expect(strstr(err.text, "no/such.yaml"), "%s", err.text);
    cr_expect_eq(error_exit_code(err.kind), 2);
    cr_expect_eq(config_load(&c, "tests", NULL, 0, &err), -1);
    cr_expect_eq(error_exit_code(err.kind), 2);
}

Test(config, defaults_and_values) {
    struct scene s;
    cr_assert_eq(load(&s,
                      "# Does it pay?\nsamples: 16\nmode: throughput\n"
                      "engine: {threads: 2}\n"
                      "settings: {temperature: [0, 0.6], top_p: 1}\n"
                      "methods:\n  - vanilla\n"
                      "  - {method: specreason, threshold: [3, 5], top_p: 0.9,"
                      " label: sr}\n",
                      NULL, 0),
                 0, "%s", s.err.text);
    const struct config *c = &s.config;
    cr_expect_str_eq(c->question, "Does it pay?");
    cr_expect_str_eq(c->top.name, "x");
    cr_expect_eq(c->top.samples, 16);
    cr_expect_eq(c->top.mode, MODE_THROUGHPUT);
    cr_expect_eq(c->top.seed, 1);
    cr_expect_eq(c->engine.threads, 2);
    cr_expect_str_eq(c->report.baseline, "vanilla");
    cr_expect_eq(c->n_methods, 2);
    cr_expect_eq(c->methods[0].n_draft, 0);
    cr_expect_eq(c->methods[0].n_axes, 2);
    const struct method_spec *m = &c->methods[1];
    cr_expect_str_eq(m->label, "sr");
    cr_expect_eq(m->n_draft, 1);
    cr_assert_eq(m->n_axes, 3);
    cr_expect_eq(m->n_inherited, 1);
    cr_expect_str_eq(m->axes[0].option->name, "temperature");
    cr_expect_str_eq(m->axes[1].option->name, "threshold");
    cr_expect_eq(m->axes[1].n, 2);
    cr_expect_eq(c->n_warnings, 0);
    leave(&s);
}

Test(config, overrides_win_and_are_named_in_errors) {
    const char *const sets[] = {"methods.1.threshold=5",
                                "settings.temperature=0", "samples=3"};
    const char *const bad[] = {"methods.1.threshold=12"};
    const char *const typo[] = {"setings.temperature=0"};
    const char text[] = "methods: [vanilla, specreason]\n";
    struct scene s;
    cr_assert_eq(load(&s, text, sets, 3), 0, "%s", s.err.text);
    cr_expect_eq(s.config.top.samples, 3);
    cr_expect_str_eq(s.config.methods[1].axes[1].values[0], "5");
    leave(&s);
    cr_expect_eq(load(&s, text, bad, 1), -1);
    cr_expect_str_eq(s.err.text, "--set methods.1.threshold=12: threshold: 12 "
                                 "is not in 0 to 10");
    leave(&s);
    cr_expect_eq(load(&s, text, typo, 1), -1);
    cr_expect_str_eq(s.err.text,
                     "--set setings.temperature=0: unknown key 'setings' in an "
                     "experiment, did you mean 'settings'?");
    leave(&s);
}

Test(config, warns_of_line_breaks_that_are_none) {
    struct scene s;
    cr_assert_eq(load(&s,
                      "settings: {step_delimiter: '\\n\\n'}\n"
                      "methods: [vanilla]\n",
                      NULL, 0),
                 0);
    cr_assert_eq(s.config.n_warnings, 1);
    cr_expect(strstr(s.config.warnings[0], "x.yaml:1:28: step_delimiter: \\n "
                                           "in single quotes"),
              "%s", s.config.warnings[0]);
    leave(&s);
    cr_assert_eq(load(&s,
                      "settings: {step_delimiter: \"\\n\\n\"}\n"
                      "methods: [vanilla]\n",
                      NULL, 0),
                 0);
    cr_expect_eq(s.config.n_warnings, 0);
    leave(&s);
}

Test(config, files_are_found_beside_the_config) {
    struct scene s = {.dir = helper_dir_new()};
    s.path = helper_path(s.dir, "x.yaml");
    char *data = helper_path(s.dir, "p.jsonl");
    helper_write(data, "{}\n");
    helper_write(s.path, "models: {b: {scripted: toy-base}}\nbase: b\n"
                         "methods: [vanilla]\n"
                         "datasets: [{path: p.jsonl, grader: none}]\n");
    cr_assert_eq(config_load(&s.config, s.path, NULL, 0, &s.err), 0, "%s",
                 s.err.text);
    cr_expect_str_eq(s.config.datasets[0].path, data);
    cr_expect_str_eq(s.config.datasets[0].name, "p");
    cr_expect_str_eq(s.config.datasets[0].format, "jsonl");
    free(data);
    leave(&s);
}

// ---- printing -------------------------------------------------------------

static char *print(const struct config *c) {
    struct buf b;
    buf_init(&b);
    config_print(c, &b);
    return b.text;
}

Test(config, printed_config_reads_back_as_itself) {
    static const char text[] =
        "# What?\nname: 0x1\nsamples: 2\nreport: {baseline: van illa, "
        "versus: specdecode}\n"
        "settings: {temperature: [0, 0.60], step_delimiter: \"\\n\",\n"
        "           prompt: \"<|user|>{problem}\\t\\\"x\\\"\\\\\\n\"}\n"
        "methods:\n"
        "  - {method: vanilla, base: [base, draft], label: van illa}\n"
        "  - {method: specreason, judge: [digit, random], accept_rate: [0.5]}\n"
        "  - {method: specreason+decode, threshold: [9, 3.50]}\n"
        "  - {method: specdecode, draft_tokens: [1, 5], draft: base}\n"
        "models: {base: {scripted: toy-base}, draft: {scripted: toy-draft}}\n"
        "datasets:\n"
        "  - {name: t, path: tests/cases/toy.jsonl, grader: number, steps: "
        "chain, "
        "ids: "
        "[toy-1,"
        " \"a, b\"], limit: 3, slice: \"1:\",\n"
        "     fields: {id: \"#line\", tags: t}}\n"
        "base: base\ndraft: [draft, base]\n#whole\n";
    struct scene s, again;
    char *whole = xasprintf("#whole\n%s", text);
    cr_assert_eq(load(&s, whole, NULL, 0), 0, "%s", s.err.text);
    char *first = print(&s.config);
    free(whole);
    whole = xasprintf("#whole\n%s", first);
    cr_assert_eq(load(&again, whole, NULL, 0), 0, "%s\n%s", again.err.text,
                 whole);
    char *second = print(&again.config);
    cr_expect_str_eq(strchr(second, '\n'), strchr(first, '\n'));
    cr_expect(strstr(first, "temperature: [0, 0.6]"), "%s", first);
    cr_expect(strstr(first, "draft: [draft, base]"), "%s", first);
    free(whole);
    free(first);
    free(second);
    leave(&s);
    leave(&again);
}
