#include "harness/sweep_models.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    char *dir, *path;
    struct config config;
    struct sweep sweep;
    struct sweep_models models;
    struct error err;
};

// Loads the config and expands it; the models are for the test to open.
static void enter(struct scene *s, const char *models, const char *methods) {
    *s = (struct scene){.dir = helper_dir_new()};
    s->path = helper_path(s->dir, "x.yaml");
    char *text =
        xasprintf("models: %s\nmethods: %s\nbase: base\ndraft: draft\n"
                  "datasets: [{path: tests/cases/toy.jsonl, grader: number}]\n",
                  models, methods);
    helper_write(s->path, text);
    free(text);
    cr_assert_eq(config_load(&s->config, s->path, NULL, 0, &s->err), 0, "%s",
                 s->err.text);
    cr_assert_eq(sweep_open(&s->sweep, &s->config, &s->err), 0, "%s",
                 s->err.text);
}

static void leave(struct scene *s) {
    sweep_models_close(&s->models);
    sweep_release(&s->sweep);
    config_release(&s->config);
    helper_dir_free(s->dir);
    free(s->path);
}

static int open_models(struct scene *s, int n_workers) {
    return sweep_models_open(&s->models, &s->sweep, n_workers, NULL, &s->err);
}

Test(sweep_models, opens_what_cells_use) {
    struct scene s;
    enter(&s,
          "{base: {scripted: toy-base}, draft: {scripted: toy-draft}, "
          "other: {scripted: toy-base}}",
          "[vanilla, specdecode]");
    cr_assert_eq(open_models(&s, 1), 0, "%s", s.err.text);
    cr_expect(s.models.lms[0] && s.models.lms[1]);
    cr_expect_null(s.models.lms[2]);
    cr_expect(s.models.is_virtual);
    struct clock clock = sweep_clock(&s.models);
    s.models.virtual_ns = 7;
    cr_expect_eq(clock_now_ns(&clock), 7);
    s.models.is_virtual = false;
    clock = sweep_clock(&s.models);
    cr_expect_gt(clock_now_ns(&clock), 7);
    leave(&s);
}

Test(sweep_models, different_vocabularies_are_refused_where_they_matter) {
    static const char models[] = "{base: {scripted: toy-base}, draft: "
                                 "{scripted: toy-foreign}}";
    struct scene s;
    enter(&s, models, "[vanilla, specdecode]");
    cr_expect_eq(open_models(&s, 1), -1);
    cr_expect(strstr(s.err.text, "x.yaml:2:20: specdecode needs a draft and a "
                                 "base with the same vocabulary"),
              "%s", s.err.text);
    cr_expect_null(s.models.lms);
    leave(&s);
    enter(&s, models, "[vanilla, specreason]");
    cr_expect_eq(open_models(&s, 1), 0, "%s", s.err.text);
    leave(&s);
}

// A model file that is `text`, named in the config.
static void expect_bad_file(const char *text, const char *what) {
    struct scene s = {.dir = helper_dir_new()};
    char *model = helper_path(s.dir, "m.gguf");
    helper_write(model, text);
    char *models =
        xasprintf("{base: {path: %s}, draft: {scripted: toy-draft}}", model);
    char *dir = s.dir;
    enter(&s, models, "[vanilla]");
    cr_expect_eq(open_models(&s, 1), -1);
    cr_expect(strstr(s.err.text, "x.yaml:1:10: "), "%s", s.err.text);
    cr_expect(strstr(s.err.text, "m.gguf"), "%s", s.err.text);
    cr_expect(strstr(s.err.text, what), "%s", s.err.text);
    cr_expect_eq(error_exit_code(s.err.kind), 2);
    leave(&s);
    free(models);
    free(model);
    helper_dir_free(dir);
}

Test(sweep_models, files_that_are_no_models_are_named_with_their_place) {
    expect_bad_file("no model at all, just text", "GGUF");
    expect_bad_file("GGUF", "");
    expect_bad_file("", "");
}
