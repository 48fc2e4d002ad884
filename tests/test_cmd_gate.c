#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_gate.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Every outcome through the command: exit code, text, verdict.json.

static struct gate_folder folder;
static char *a, *b; // baseline, candidate

static void open_pair(gate_change_fn change_a, gate_change_fn change_b) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, change_a);
    b = helper_gate_write(&folder, change_b);
}

// The candidate's samples are of another seed.
static void open_reseeded(gate_change_fn change_a, gate_change_fn change_b) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, change_a);
    helper_gate_reseed(&folder);
    b = helper_gate_write(&folder, change_b);
}

static void close_pair(void) {
    helper_dir_free(a);
    helper_dir_free(b);
}

static json_t *verdict(void) {
    char *path = helper_path(b, "verdict.json");
    char *text = helper_read(path);
    json_error_t why;
    json_t *o = json_loads(text, 0, &why);
    cr_assert(o, "%s: %s", why.text, text);
    free(text);
    free(path);
    return o;
}

static void expect_verdict(const char *outcome, int rc) {
    json_t *o = verdict();
    cr_assert_str_eq(json_string_value(json_object_get(o, "outcome")), outcome);
    cr_assert_eq(json_integer_value(json_object_get(o, "exit_code")), rc);
    json_decref(o);
}

// Judges b against a with these further arguments; what is printed holds
// `what`, and verdict.json says the same.
static void judge(const char *more, int rc, const char *outcome,
                  const char *what) {
    char *line = xasprintf("--baseline %s --candidate %s %s", a, b, more);
    char *text = helper_gate_run(line, rc);
    cr_assert(strstr(text, what), "expected '%s' in\n%s", what, text);
    expect_verdict(outcome, rc);
    free(text);
    free(line);
}

static const char *finding(const json_t *o, int cell, const char *rule,
                           const char *key) {
    json_t *c = json_array_get(json_object_get(o, "cells"), (size_t)cell);
    json_t *findings = json_object_get(c, "findings"), *f;
    size_t i;
    json_array_foreach(findings, i, f) {
        if (!strcmp(json_string_value(json_object_get(f, "rule")), rule))
            return json_string_value(json_object_get(f, key));
    }
    return "";
}

// ---- exact -----------------------------------------------------------------

Test(cmd_gate, equal_runs_pass) {
    open_pair(NULL, NULL);
    judge("", 0, "pass", "80 samples identical");
    json_t *o = verdict();
    cr_assert_str_eq(finding(o, 0, "exact", "outcome"), "pass");
    cr_assert_str_eq(finding(o, 0, "accuracy", "text"), "identical");
    cr_assert_str_eq(finding(o, 0, "speed", "outcome"), "pass");
    cr_assert_eq(json_array_size(json_object_get(o, "cells")), 3);
    json_decref(o);
    close_pair();
}

static void other_token(struct sample *s, int cell, int problem, int index) {
    if (cell == 1 && problem == 3 && index == 2)
        snprintf(s->token_hash, sizeof s->token_hash, "u");
}

static void hostile_token(struct sample *s, int cell, int problem, int index) {
    if (cell == 1 && problem == 3 && index == 2)
        snprintf(s->token_hash, sizeof s->token_hash, "\033[2Ju");
}

static void other_calls(struct sample *s, int cell, int problem, int index) {
    if (cell == 2 && problem == 19 && index >= 2) s->count.calls[ROLE_PRM] = 7;
}

static void other_verdict(struct sample *s, int cell, int problem, int index) {
    if (cell == 0 && problem == 1 && index == 0) s->verdict = VERDICT_UNGRADED;
}

static void other_stop(struct sample *s, int cell, int problem, int index) {
    if (cell == 0 && problem == 1 && index == 0) s->stop = STOP_END;
}

static void other_answer(struct sample *s, int cell, int problem, int index) {
    if (cell == 0 && problem == 1 && index == 0) s->answer_forced = true;
}

static void failed(struct sample *s, int cell, int problem, int index) {
    if (cell == 0 && problem == 1 && index == 0) s->error = "out of memory";
}

Test(cmd_gate, a_single_difference_is_a_regression) {
    static const struct {
        gate_change_fn change;
        const char *what;
    } cases[] = {
        {other_token, "1 of 80 samples differ; first p3 sample 2, token hash "
                      "was t, is u"},
        {hostile_token, "token hash was t, is ?[2Ju"},
        {other_calls, "2 of 80 samples differ; first p19 sample 2, calls_prm "
                      "was 0, is 7"},
        {other_verdict, "p1 sample 0, verdict was correct, is ungraded"},
        {other_stop, "p1 sample 0, stop was answer, is end"},
        {other_answer, "p1 sample 0, answer_forced was 0, is 1"},
        {failed, "p1 sample 0, it failed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_pair(NULL, cases[i].change);
        judge("", 1, "regression", cases[i].what);
        close_pair();
    }
}

Test(cmd_gate, the_verdict_names_the_cell) {
    open_pair(NULL, other_token);
    judge("", 1, "regression", "regression   specreason@7 (base big");
    json_t *o = verdict();
    json_t *cells = json_object_get(o, "cells");
    static const char *const outcomes[] = {"pass", "regression", "pass"};
    for (size_t i = 0; i < 3; i++) {
        json_t *outcome = json_object_get(json_array_get(cells, i), "outcome");
        cr_assert_str_eq(json_string_value(outcome), outcomes[i]);
    }
    json_t *cell = json_object_get(json_array_get(cells, 1), "cell");
    cr_assert_str_eq(json_string_value(cell), "bbbbbbbbbb");
    json_decref(o);
    close_pair();
}

// Two runs may list the problems in another order.
Test(cmd_gate, problems_are_paired_by_hash) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, NULL);
    struct manifest_problem first = folder.problems[0];
    struct sample s = helper_gate_sample(&folder, 0, 0, 0);
    folder.problems[0] = folder.problems[7];
    folder.problems[7] = first;
    struct error err;
    b = helper_dir_new();
    cr_assert_eq(manifest_save(&folder.h.manifest, b, &err), 0);
    char *from = helper_path(a, "samples.jsonl");
    char *to = helper_path(b, "samples.jsonl");
    char *text = helper_read(from);
    cr_assert(strstr(text, s.key));
    helper_write(to, text);
    judge("", 0, "pass", "80 samples identical");
    free(text);
    free(from);
    free(to);
    close_pair();
}

// ---- accuracy --------------------------------------------------------------

static void loses(struct sample *s, int cell, int problem, int index) {
    (void)index;
    if (cell == 1 && problem % 2) s->verdict = VERDICT_WRONG;
}

static void shuffles(struct sample *s, int cell, int problem, int index) {
    bool correct = (problem * 7 + index * 3 + cell + problem / 3) % 5 != 0;
    s->verdict = correct ? VERDICT_CORRECT : VERDICT_WRONG;
}

Test(cmd_gate, a_lost_accuracy_is_a_regression) {
    open_reseeded(NULL, loses);
    judge("--changed seed", 1, "regression", "regression   accuracy  -40.00");
    json_t *o = verdict();
    cr_assert_str_eq(finding(o, 1, "accuracy", "outcome"), "regression");
    cr_assert_str_eq(finding(o, 1, "exact", "text"), "not the same cell");
    json_decref(o);
    judge("--changed seed --max-accuracy-drop 70%", 0, "pass", "gate: pass");
    close_pair();
}

Test(cmd_gate, differences_that_were_not_named_cannot_be_judged) {
    open_reseeded(NULL, NULL);
    judge("", 3, "cannot judge", "where that is meant: --changed seed");
    judge("--changed model,engine", 3, "cannot judge", "--changed seed");
    judge("--changed model,seed --max-accuracy-drop 10%", 0, "pass",
          "differ in seed, as said");
    close_pair();
}

// No verdict differs, but one sample of 80 might have: 1.73 / 80 is 2.2 points.
Test(cmd_gate, equal_verdicts_of_few_samples_prove_little) {
    open_reseeded(NULL, NULL);
    judge("--changed seed", 3, "cannot judge", "+0.00 points, at least -2.16");
    judge("--changed seed --max-accuracy-drop 2.2%", 0, "pass", "gate: pass");
    close_pair();
}

Test(cmd_gate, too_few_problems_tell_how_many_it_takes) {
    open_reseeded(NULL, shuffles);
    judge("--changed seed", 3, "cannot judge", "problems could judge it");
    judge("--changed seed --max-accuracy-drop 0.3", 0, "pass", "a drop of");
    close_pair();
}

static void loses_a_few(struct sample *s, int cell, int problem, int index) {
    if (cell == 0 && problem % 2 && index >= 2) s->verdict = VERDICT_WRONG;
}

static void is_noisy(struct sample *s, int cell, int problem, int index) {
    (void)index;
    if (cell == 0 && problem % 3 == 0) s->verdict = VERDICT_WRONG;
    if (cell == 0 && problem % 3 == 1) s->verdict = VERDICT_CORRECT;
}

// What is a clear loss beside the samples' own noise is none beside that of two
// runs of the baseline.
Test(cmd_gate, an_aa_run_is_the_measure_of_noise) {
    open_reseeded(NULL, loses_a_few);
    judge("--changed seed", 1, "regression", "regression   accuracy  -2");
    folder.h.manifest.seed = 3;
    char *aa = helper_gate_write(&folder, is_noisy);
    char *more = xasprintf("--changed seed --aa %s", aa);
    judge(more, 3, "cannot judge", "cannot judge accuracy  -2");
    helper_dir_free(aa);
    free(more);
    close_pair();
}

Test(cmd_gate, an_aa_run_differs_in_its_seed_alone) {
    open_pair(NULL, NULL);
    folder.h.settings[0].value = "0.9";
    folder.h.cells[0].id = "dddddddddd";
    char *aa = helper_gate_write(&folder, NULL);
    char *more = xasprintf("--aa %s", aa);
    judge(more, 3, "cannot judge", "A/A run: cell dddddddd differs from the");
    helper_dir_free(aa);
    free(more);
    close_pair();
}

// ---- speed -----------------------------------------------------------------

static void scale(struct sample *s, double factor) {
    s->total_ns = llround((double)s->total_ns * factor);
}

static void slower(struct sample *s, int cell, int problem, int index) {
    if (cell == 2) scale(s, 1.2 + 0.01 * ((problem + index) % 3));
}

static void all_slower(struct sample *s, int cell, int problem, int index) {
    scale(s, 1.2 + 0.01 * ((problem + index + cell) % 3));
}

static void all_slower_and_other(struct sample *s, int cell, int problem,
                                 int index) {
    all_slower(s, cell, problem, index);
    other_token(s, cell, problem, index);
}

// The engine or the machine: no interval can tell.
Test(cmd_gate, a_slowdown_of_all_cells_names_the_machine) {
    open_pair(NULL, all_slower);
    judge("", 1, "regression",
          "gate: regression: all 3 cells are slower and nothing else differs");
    close_pair();
    open_pair(NULL, slower);
    judge("", 1, "regression", "gate: regression (1 of 3 cells)");
    close_pair();
    open_pair(NULL, all_slower_and_other);
    judge("", 1, "regression", "gate: regression (3 of 3 cells)");
    close_pair();
}

static void little_slower(struct sample *s, int cell, int problem, int index) {
    if (cell == 2) scale(s, 1.03 + 0.01 * ((problem + index) % 3));
}

static void untimed(struct sample *s, int cell, int problem, int index) {
    (void)cell;
    (void)problem;
    (void)index;
    s->total_ns = SAMPLE_NO_TIME;
}

Test(cmd_gate, a_slowdown_beyond_the_margin_is_a_regression) {
    open_pair(NULL, slower);
    judge("", 1, "regression", "regression   speed     time x 1.21");
    judge("--max-slowdown 30%", 0, "pass", "time x 1.21");
    judge("--speed off", 0, "pass", "gate: pass (3 of 3 cells)");
    close_pair();
    open_pair(NULL, little_slower);
    judge("--speed required", 0, "pass", "time x 1.04");
    judge("--max-slowdown 0.01", 1, "regression", "time x 1.04");
    close_pair();
}

Test(cmd_gate, an_aa_run_that_is_as_slow_is_noise) {
    open_pair(NULL, slower);
    char *aa = helper_gate_write(&folder, slower);
    char *more = xasprintf("--aa %s", aa);
    judge(more, 3, "cannot judge", "the A/A run reaches 1.2");
    helper_dir_free(aa);
    free(more);
    close_pair();
}

Test(cmd_gate, times_of_different_machines_are_not_compared) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, NULL);
    folder.h.session.machine = "m1";
    b = helper_gate_write(&folder, slower);
    judge("", 0, "pass", "not judged   speed     times of different machines");
    judge("--speed required", 3, "cannot judge", "times of different machines");
    helper_dir_free(b);
    folder.h.session.machine = "m0";
    folder.h.session.threads = 2;
    b = helper_gate_write(&folder, slower);
    judge("", 0, "pass", "times with 1 and 2 threads");
    close_pair();
}

Test(cmd_gate, missing_times_are_said) {
    open_pair(untimed, NULL);
    judge("", 0, "pass", "the baseline has no times");
    judge("--speed required", 3, "cannot judge", "the baseline has no times");
    close_pair();
    open_pair(NULL, untimed);
    judge("", 0, "pass", "not judged   speed     the candidate has no times");
    judge("--min-speedup specdecode=1.1", 3, "cannot judge",
          "cannot judge speedup   the candidate has no times");
    close_pair();
}

static void works(struct sample *s, int cell, int problem, int index) {
    (void)cell;
    (void)problem;
    (void)index;
    s->count.calls[ROLE_BASE] = s->count.kept_tokens;
    s->count.evaluated[ROLE_BASE] = s->count.kept_tokens;
}

static void one_is_stuck(struct sample *s, int cell, int problem, int index) {
    works(s, cell, problem, index);
    if (cell == 1 && index == 0) scale(s, 50);
}

// Tokens can be judged whatever the machine did.
Test(cmd_gate, times_that_are_invalid_are_not_judged) {
    open_pair(works, one_is_stuck);
    judge("", 3, "cannot judge",
          "cannot judge speed     times are invalid: outliers make 9");
    judge("--speed off", 0, "pass", "80 samples identical");
    close_pair();
}

// B takes half of A's time, C .8 of it.
Test(cmd_gate, speedups_are_of_the_candidates_own_run) {
    open_pair(NULL, NULL);
    judge("--min-speedup specreason=1.9 --min-speedup specdecode=1.2", 0,
          "pass", "2.00 times as fast as vanilla");
    judge("--min-speedup specreason=2.1", 1, "regression",
          "regression   speedup   2.00 times");
    judge("--min-speedup nonsense=1.2", 3, "cannot judge",
          "has no cell of 'nonsense'");
    judge("--min-speedup vanilla=1", 3, "cannot judge",
          "no complete cell of vanilla in the same run");
    close_pair();
}

// ---- sides that cannot be compared -----------------------------------------

Test(cmd_gate, no_baseline_is_never_success) {
    open_pair(NULL, NULL);
    judge("", 0, "pass", "gate: pass");
    char *line = xasprintf("--baseline %s/none --candidate %s", a, b);
    char *text = helper_gate_run(line, 3);
    cr_assert(strstr(text, "no baseline in"), "%s", text);
    expect_verdict("cannot judge", 3); // not the one from before
    free(text);
    free(line);
    close_pair();
}

static void misses(struct sample *s, int cell, int problem, int index) {
    if (cell == 1 && problem == 5 && index == 1) s->key[0] = '\0';
}

static void misses_all(struct sample *s, int cell, int problem, int index) {
    (void)cell;
    (void)problem;
    (void)index;
    s->key[0] = '\0';
}

Test(cmd_gate, missing_samples_cannot_be_judged) {
    open_pair(NULL, misses);
    judge("", 3, "cannot judge", "lacks 1 of 80 samples");
    close_pair();
    open_pair(misses, NULL);
    judge("", 3, "cannot judge", "lacks 1 of 80 samples");
    close_pair();
    open_pair(misses_all, NULL);
    judge("", 3, "cannot judge", "lacks 80 of 80 samples");
    close_pair();
}

Test(cmd_gate, cells_of_one_side_alone) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, NULL);
    folder.h.manifest.n_cells = 2;
    b = helper_gate_write(&folder, NULL);
    judge("", 3, "cannot judge", "the candidate lacks it");
    char *other = a;
    a = b;
    b = other;
    judge("", 0, "pass", "new: the baseline lacks it");
    json_t *o = verdict();
    cr_assert_str_eq(finding(o, 2, "sides", "outcome"), "not judged");
    json_decref(o);
    close_pair();
}

Test(cmd_gate, other_problems_and_samples_cannot_be_judged) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, NULL);
    folder.h.dataset.n_problems = 19;
    b = helper_gate_write(&folder, NULL);
    judge("", 3, "cannot judge", "20 problems in");
    helper_dir_free(b);
    helper_gate_init(&folder);
    folder.h.manifest.k = 3;
    b = helper_gate_write(&folder, NULL);
    judge("", 3, "cannot judge", "4 samples per problem in");
    close_pair();
}

static void cut_off(struct sample *s, int cell, int problem, int index) {
    (void)index;
    if (cell == 0 && problem < 15) s->stop = STOP_BUDGET;
}

Test(cmd_gate, invalid_cells_make_it_invalid) {
    open_pair(cut_off, cut_off);
    judge("", 4, "invalid", "the baseline is invalid: 75.0 % truncated");
    close_pair();
}

Test(cmd_gate, broken_folders_are_refused) {
    open_pair(NULL, NULL);
    judge("", 0, "pass", "gate: pass");
    char *path = helper_path(a, "samples.jsonl");
    char *text = helper_read(path);
    memcpy(text + 40, "\"\"\"\"", 4);
    helper_write(path, text);
    char *line = xasprintf("-b %s -c %s", a, b);
    free(helper_gate_run(line, 2));
    expect_verdict("cannot judge", 3); // not the one from before
    free(path);
    path = helper_path(a, "manifest.json");
    helper_write(path, "{\"schema\":1");
    free(helper_gate_run(line, 2));
    free(line);
    line = xasprintf("-b %s -c %s/none", a, b);
    char *said = helper_gate_run(line, 2);
    cr_assert(strstr(said, "none/manifest.json: not found"), "%s", said);
    free(said);
    free(line);
    line = xasprintf("-b %s -c %s --verdict %s/none/x.json", b, b, b);
    free(helper_gate_run(line, 74));
    free(line);
    free(text);
    free(path);
    close_pair();
}

// ---- options ---------------------------------------------------------------

Test(cmd_gate, shares_are_percents_or_fractions) {
    open_pair(NULL, NULL);
    static const char *const same[] = {"2%", "0.02", "2.0%", ".02"};
    for (size_t i = 0; i < 4; i++) {
        char *more = xasprintf("--max-accuracy-drop %s", same[i]);
        judge(more, 0, "pass", "gate: pass");
        json_t *o = verdict();
        json_t *drop =
            json_object_get(json_object_get(o, "options"), "max_accuracy_drop");
        cr_assert_float_eq(json_real_value(drop), 0.02, 1e-15);
        json_decref(o);
        free(more);
    }
    close_pair();
}

static void refuse(const char *more, const char *what) {
    char *line = xasprintf("-b x -c y %s", more);
    char *text = helper_gate_run(line, 2);
    cr_assert(strstr(text, what), "%s: %s", line, text);
    free(text);
    free(line);
}

Test(cmd_gate, refuses_what_it_does_not_understand) {
    static const char *const shares[] = {"x", "2%%",     "-1%",  "150%",
                                         "1", "nan",     "inf",  "2 %",
                                         "%", "0x1p-4z", "1e99", "-0.1"};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        char *more = xasprintf("--max-slowdown=%s", shares[i]);
        if (!strchr(shares[i], ' ')) refuse(more, "is not a share");
        free(more);
    }
    refuse("--changed weather", "is not one of model, engine");
    refuse("--changed model,", "is not one of model, engine");
    static const char *const speedups[] = {
        "specdecode", "=2", "a=", "a=x", "a=0", "a=-1", "a=nan", "a=2x"};
    for (size_t i = 0; i < sizeof speedups / sizeof *speedups; i++) {
        char *more = xasprintf("--min-speedup %s", speedups[i]);
        refuse(more, "is not METHOD=X");
        free(more);
    }
    refuse("--self-test --write-baseline z", "not both");
    free(helper_gate_run("--candidate y", 2));
    free(helper_gate_run("--baseline y", 2));
}

Test(cmd_gate, the_verdict_goes_where_it_is_wanted) {
    open_pair(NULL, NULL);
    char *line = xasprintf("-b %s -c %s --verdict %s/elsewhere.json", a, b, a);
    free(helper_gate_run(line, 0));
    free(line);
    char *path = helper_path(a, "elsewhere.json");
    char *text = helper_read(path);
    cr_assert(strstr(text, "\"outcome\":\"pass\""), "%s", text);
    free(text);
    free(path);
    path = helper_path(b, "verdict.json");
    text = helper_read(path);
    cr_assert_str_empty(text);
    free(text);
    free(path);
    close_pair();
}
