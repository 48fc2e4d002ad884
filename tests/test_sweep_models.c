#include "harness/sweep_models.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    char *dir, *path, *files; // files: folder of models, or NULL
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
    if (s->files) helper_dir_free(s->files);
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

// ---- memory -----------------------------------------------------------------

// A base and a draft from files of 512 positions, with some engine options.
static void enter_native(struct scene *s, const char *engine) {
    char *dir = helper_dir_new(), *path = helper_path(dir, "toy.gguf");
    helper_write_model(path, &(struct helper_model){.seed = 1});
    char *models = xasprintf("{base: {path: %s}, draft: {path: %s}}\n%s", path,
                             path, engine);
    enter(s, models, "[specdecode]");
    free(models);
    free(path);
    s->files = dir;
}

// Checks against `available` bytes; the log, malloc'ed.
static char *check_memory(struct scene *s, size_t available, int want) {
    char *log = NULL;
    size_t n;
    FILE *f = open_memstream(&log, &n);
    int got = sweep_models_check_memory(&s->sweep, 1, available, f, &s->err);
    fclose(f);
    cr_assert_eq(got, want, "%s", s->err.text);
    return log;
}

// 2 layers, 2 heads of 16, keys and values of 512 positions.
enum { KV_FLOATS = 2 * 2 * 16 * 2 * 512 };

Test(sweep_models, memory_is_said_and_checked_before_anything_is_loaded) {
    struct scene s;
    enter_native(&s, "");
    char *log = check_memory(&s, SIZE_MAX, 0);
    cr_expect(strstr(log, "model base: "), "%s", log);
    cr_expect(strstr(log, "0.3 MB of KV cache (f32, 1 x 512 tokens)"), "%s",
              log);
    cr_expect(strstr(log, "model draft: "), "%s", log);
    free(log);
    free(check_memory(&s, 2 * KV_FLOATS * sizeof(float), -1));
    cr_expect_eq(s.err.kind, ERR_MEMORY);
    cr_expect(
        strstr(s.err.text, "x.yaml: weights, KV caches and logits take ") &&
            strstr(s.err.text, "engine.context") &&
            strstr(s.err.text, "engine.kv"),
        "%s", s.err.text);
    leave(&s);
}

Test(sweep_models, a_smaller_type_of_cache_takes_less) {
    struct scene s;
    enter_native(&s, "engine: {kv: f16}");
    char *log = check_memory(&s, SIZE_MAX, 0);
    cr_expect(strstr(log, "0.1 MB of KV cache (f16, 1 x 512 tokens)"), "%s",
              log);
    free(log);
    cr_assert_eq(open_models(&s, 1), 0, "%s", s.err.text);
    const struct lm_facts *facts = lm_facts(s.models.lms[0]);
    cr_expect_str_eq(facts->kv, "f16");
    cr_expect_eq(facts->kv_bytes, KV_FLOATS * sizeof(uint16_t));
    cr_expect_eq(facts->kv_token_bytes * 512, facts->kv_bytes);
    leave(&s);
}

static struct lm_need lm_need_of(const char *path) {
    struct lm_native_options o = {.n_threads = 1, .n_seq = 1, .n_rows = 1};
    struct lm_need need = {0};
    cr_assert_eq(lm_native_need(path, &o, &need, NULL), 0);
    return need;
}

// The transcripts and forks that cells which share a workspace ask for: those
// of the hungriest, once.
Test(sweep_models, forks_of_searches_are_said_and_reserved) {
    char *dir = helper_dir_new(), *path = helper_path(dir, "toy.gguf");
    helper_write_model(path, &(struct helper_model){.seed = 1});
    char *models =
        xasprintf("{base: {path: %s}, draft: {path: %s}}", path, path);
    struct scene s;
    enter(&s, models,
          "[vanilla, {method: specsearch, evaluator: likelihood, step_tokens: "
          "20, max_depth: 3, beam_width: 2, tree_width: 3}, {method: "
          "search-ar, evaluator: random, step_tokens: 10, max_depth: 3, "
          "beam_width: 1, tree_width: 2}]");
    const struct cell *c = &s.sweep.cells[1];
    struct method_seqs base = method_seqs(c->method, &c->settings, ROLE_BASE);
    struct method_seqs draft = method_seqs(c->method, &c->settings, ROLE_DRAFT);
    cr_assert(base.n_forks > 0 && draft.n_forks > 0);
    char *log = check_memory(&s, SIZE_MAX, 0);
    // A row for each live transcript, drafted token (5) and a few spare ones.
    cr_assert_gt(base.n_live, 1);
    size_t n_vocab = (size_t)lm_need_of(s.config.models[0].path).row_bytes / 4;
    double rows_mb = (double)base.n_live * (5 + 4) * (double)n_vocab * 4 / 1e6;
    char *want = xasprintf("(f32, %d x 512 tokens and %d forks of 20), %.1f MB "
                           "of logits\nmodel draft",
                           base.n_seq, base.n_forks, rows_mb);
    cr_expect(strstr(log, want), "%s\n%s", want, log);
    free(log);
    free(want);
    free(check_memory(&s, 2 * KV_FLOATS * sizeof(float), -1));
    cr_expect(strstr(s.err.text, "or narrow the search"), "%s", s.err.text);
    s.err = (struct error){0};
    cr_assert_eq(open_models(&s, 1), 0, "%s", s.err.text);
    s.files = dir;
    leave(&s);
    free(models);
    free(path);
}

Test(sweep_models, a_prm_is_opened_and_checked_with_its_cell) {
    static const char models[] = "{base: {scripted: toy-base}, draft: "
                                 "{scripted: toy-draft}, prm: {scripted: "
                                 "toy-prm}}";
    struct scene s;
    enter(&s, models,
          "[vanilla, {method: specreason, threshold: 0.5, judge: prm, prm: "
          "prm}]");
    cr_assert_eq(open_models(&s, 1), 0, "%s", s.err.text);
    struct models of = sweep_models_of_cell(&s.models, &s.sweep.cells[1]);
    cr_expect_eq(of.lm[ROLE_PRM], s.models.lms[2]);
    cr_expect_eq(of.lm[ROLE_DRAFT], s.models.lms[1]);
    of = sweep_models_of_cell(&s.models, &s.sweep.cells[0]);
    cr_expect_eq(of.lm[ROLE_BASE], s.models.lms[0]);
    cr_expect_null(of.lm[ROLE_PRM]);
    leave(&s);
    // A draft says nothing of how it is asked for a score.
    enter(&s, models,
          "[vanilla, {method: specreason, threshold: 0.5, judge: prm, prm: "
          "draft}]");
    cr_expect_eq(open_models(&s, 1), -1);
    cr_expect(strstr(s.err.text, "x.yaml:2:20: prm model: its file does not "
                                 "say how it is asked"),
              "%s", s.err.text);
    leave(&s);
}

Test(sweep_models, a_context_beyond_the_models_is_refused) {
    struct scene s;
    enter_native(&s, "engine: {context: 513}");
    free(check_memory(&s, SIZE_MAX, -1));
    cr_expect(strstr(s.err.text, "context of 513 tokens asked for, the model "
                                 "has 512"),
              "%s", s.err.text);
    cr_expect_eq(open_models(&s, 1), -1);
    cr_expect_eq(s.err.kind, ERR_USAGE);
    leave(&s);
}

// More sequences than any machine has memory for, of a model that is tiny.
Test(sweep_models,
     a_cache_that_does_not_fit_is_refused_when_a_model_is_opened) {
    struct scene s;
    struct lm_need need;
    enter_native(&s, "");
    const char *path = s.config.models[0].path;
    struct lm_native_options o = {
        .n_threads = 1, .n_seq = 1 << 30, .n_rows = 1, .kv = "q8_0"};
    cr_assert_eq(lm_native_need(path, &o, &need, &s.err), 0);
    cr_expect_gt(need.kv_bytes, (size_t)1 << 40);
    cr_expect_null(lm_native_open(path, &o, &s.err));
    cr_expect_eq(s.err.kind, ERR_MEMORY);
    cr_expect(strstr(s.err.text, "GB of KV cache (q8_0, 1073741824 x 512 "
                                 "tokens) do not fit into"),
              "%s", s.err.text);
    leave(&s);
}
