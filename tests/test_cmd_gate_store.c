#include "harness/commands.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_gate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// gate --self-test and --write-baseline, through the command.

static struct gate_folder folder;
static char *a, *b;

static void open_pair(gate_change_fn change_a, gate_change_fn change_b) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, change_a);
    b = helper_gate_write(&folder, change_b);
}

static void close_pair(void) {
    helper_dir_free(a);
    helper_dir_free(b);
}

static void misses(struct sample *s, int cell, int problem, int index) {
    if (cell == 1 && problem == 5 && index == 1) s->key[0] = '\0';
}

static void failed(struct sample *s, int cell, int problem, int index) {
    if (cell == 0 && problem == 1 && index == 0) s->error = "out of memory";
}

static void slower(struct sample *s, int cell, int problem, int index) {
    (void)problem;
    (void)index;
    if (cell == 2) s->total_ns += s->total_ns / 5;
}

static void untimed(struct sample *s, int cell, int problem, int index) {
    (void)cell;
    (void)problem;
    (void)index;
    s->total_ns = SAMPLE_NO_TIME;
}

// ---- self-test -------------------------------------------------------------

static void self_test(const char *more, int rc, const char *const *what) {
    char *line = xasprintf("--self-test -c %s %s", b, more);
    char *text = helper_gate_run(line, rc);
    for (; *what; what++)
        cr_assert(strstr(text, *what), "expected '%s' in\n%s", *what, text);
    free(text);
    free(line);
}

Test(cmd_gate_store, the_self_test_finds_what_it_plants) {
    static const char *const all[] = {
        "ok       untouched  an untouched copy: pass\n",
        "ok       token      one sample with another token: regression",
        "ok       accuracy   ",
        "correct verdicts lost: regression",
        "ok       slowdown   times x 1.20: regression, time x 1.200",
        NULL};
    static const char *const wider[] = {"times x 1.69: regression", NULL};
    open_pair(NULL, NULL);
    self_test("", 0, all);
    self_test("--max-slowdown 30%", 0, wider);
    close_pair();
}

static void all_wrong(struct sample *s, int cell, int problem, int index) {
    (void)cell;
    (void)index;
    if (problem) s->verdict = VERDICT_WRONG;
}

Test(cmd_gate_store, the_self_test_says_what_a_store_cannot_show) {
    static const char *const no_times[] = {
        "-        slowdown   not tested: the store has no times", NULL};
    static const char *const required[] = {
        "FAILED   slowdown   not tested: the store has no times", NULL};
    static const char *const blind[] = {
        "FAILED   accuracy   not tested: losing", "would not be seen", NULL};
    static const char *const incomplete[] = {"FAILED   untouched", NULL};
    open_pair(NULL, untimed);
    self_test("", 0, no_times);
    self_test("--speed required", 1, required);
    close_pair();
    open_pair(NULL, all_wrong);
    self_test("", 1, blind);
    close_pair();
    open_pair(NULL, misses);
    self_test("", 1, incomplete);
    close_pair();
}

// ---- baselines -------------------------------------------------------------

static char *write_baseline(const char *from, const char *to, int rc) {
    char *line = xasprintf("--candidate %s --write-baseline %s", from, to);
    char *text = helper_gate_run(line, rc);
    free(line);
    return text;
}

static void with_texts(struct sample *s, int cell, int problem, int index) {
    static struct sample_step step = {
        .kept = true, .n_tokens = 3, .text = "secret", .n_bytes = 6};
    (void)cell;
    (void)problem;
    (void)index;
    s->answer = "secret";
    s->steps = &step;
    s->n_steps = 1;
}

Test(cmd_gate_store, a_baseline_holds_nothing_of_texts_times_or_machines) {
    open_pair(with_texts, slower);
    char *to = helper_path(a, "baseline");
    free(write_baseline(a, to, 0));
    static const char *const files[] = {"manifest.json", "samples.jsonl"};
    for (int i = 0; i < 2; i++) {
        char *path = helper_path(to, files[i]);
        char *text = helper_read(path);
        cr_assert(*text);
        cr_assert_not(strstr(text, "secret"));
        cr_assert_not(strstr(text, "\"host\""));
        cr_assert_not(strstr(text, "m0"));
        free(text);
        free(path);
    }
    char *path = helper_path(to, "samples.jsonl");
    char *text = helper_read(path);
    cr_assert(strstr(text, "\"total_ms\":null,\"phase_ms\":{\"prompt\":null,"
                           "\"base\":null,"));
    free(text);
    free(path);
    char *line = xasprintf("--baseline %s --candidate %s", to, b);
    text = helper_gate_run(line, 0);
    cr_assert(strstr(text, "the baseline has no times"), "%s", text);
    free(text);
    free(line);
    free(to);
    close_pair();
}

// Another machine, other times: the same bytes.
Test(cmd_gate_store, a_baseline_is_the_same_from_every_run) {
    helper_gate_init(&folder);
    a = helper_gate_write(&folder, NULL);
    folder.h.session.machine = "m1";
    folder.h.session.host = "elsewhere";
    b = helper_gate_write(&folder, slower);
    char *x = helper_path(a, "baseline"), *y = helper_path(b, "baseline");
    free(write_baseline(a, x, 0));
    free(write_baseline(b, y, 0));
    free(write_baseline(b, y, 0)); // over an older one
    static const char *const files[] = {"manifest.json", "samples.jsonl"};
    for (int i = 0; i < 2; i++) {
        char *px = helper_path(x, files[i]), *py = helper_path(y, files[i]);
        char *tx = helper_read(px), *ty = helper_read(py);
        cr_assert_str_eq(tx, ty);
        free(tx);
        free(ty);
        free(px);
        free(py);
    }
    free(x);
    free(y);
    close_pair();
}

Test(cmd_gate_store, a_baseline_needs_a_whole_run_and_a_folder_of_its_own) {
    open_pair(misses, failed);
    char *to = helper_path(a, "baseline");
    char *text = write_baseline(a, to, 3);
    cr_assert(strstr(text, "lacks 1 samples"), "%s", text);
    free(text);
    text = write_baseline(b, to, 3);
    cr_assert(strstr(text, "has 1 failed ones"), "%s", text);
    free(text);
    close_pair();
    free(to);
    open_pair(NULL, NULL);
    to = helper_path(a, "lock");
    helper_write(to, "");
    text = write_baseline(b, a, 2);
    cr_assert(strstr(text, "holds a run"), "%s", text);
    free(text);
    free(to);
    close_pair();
}
