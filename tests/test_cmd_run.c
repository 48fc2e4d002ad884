#include "harness/commands.h"

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "harness/sample_record.h"
#include "harness/store.h"
#include "tests/helper_dir.h"
#include "tests/helper_sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    N_CELLS = 7,
    N_PROBLEMS = 3,
    N_SAMPLES = 2,
    N_ALL = N_CELLS * N_PROBLEMS * N_SAMPLES
};

static char *samples_of(const struct sweep_place *p) {
    char *path = helper_path(p->folder, "samples.jsonl");
    char *text = helper_read(path);
    free(path);
    return text;
}

static int count_lines(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void expect_log(char *log, const char *expected) {
    cr_assert(strstr(log, expected), "%s", log);
    free(log);
}

Test(cmd_run, runs_every_sample_once) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 0, "%s", log);
    free(log);
    char *first = samples_of(&p);
    cr_assert_eq(count_lines(first), N_ALL);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 0);
    expect_log(log, "all 42 samples are in ");
    char *second = samples_of(&p);
    cr_assert_str_eq(first, second);
    free(first);
    free(second);
    helper_sweep_release(&p);
}

// What report: says, and which cluster a problem is of, is no part of a sample:
// nothing is generated, the tables follow. Without a change nothing is written.
Test(cmd_run, takes_other_report_settings_without_samples) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    char *manifest = helper_path(p.folder, "manifest.json");
    char *table = helper_path(p.folder, "accuracy.csv");
    char *set = helper_path(p.dir, "toy.jsonl");
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *first = helper_read(manifest), *samples = samples_of(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *second = helper_read(manifest);
    cr_expect_str_eq(first, second);
    helper_write(set, "{\"id\":\"a\",\"problem\":\"3+4*2-1?\","
                      "\"answer\":\"13\",\"tags\":[\"doc:1\"]}\n"
                      "{\"id\":\"b\",\"problem\":\"9+6*8*2?\","
                      "\"answer\":\"240\",\"tags\":[\"doc:1\"]}\n"
                      "{\"id\":\"c\",\"problem\":\"2-2-3+5-7?\","
                      "\"answer\":\"-5\"}\n");
    cr_assert_eq(helper_run(&p, "--set", "report.cluster_tag=doc", NULL, &log),
                 0, "%s", log);
    expect_log(log, "all 42 samples are in ");
    char *third = helper_read(manifest), *rows = helper_read(table);
    cr_expect(strstr(third, "\"cluster\":\"1\""), "%s", third);
    cr_expect(strstr(rows, ",,,2,0."), "%s", rows); // n_clusters, their SE
    char *same = samples_of(&p);
    cr_expect_str_eq(samples, same);
    char *texts[] = {manifest, table, set,  first, samples,
                     second,   third, rows, same};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    helper_sweep_release(&p);
}

Test(cmd_run, goes_on_after_a_torn_line) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *whole = samples_of(&p);
    char *path = helper_path(p.folder, "samples.jsonl");
    char *cut = strdup(whole);
    cut[strlen(cut) / 2] = '\0';
    helper_write(path, cut);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 0, "%s", log);
    cr_assert(strstr(log, "note: cut "), "%s", log);
    expect_log(log, "going on: ");
    char *again = samples_of(&p);
    cr_assert_eq(count_lines(again), N_ALL);
    // Virtual time: but for the session, lines are the same, in the same order.
    for (char *at = again; (at = strstr(at, "\"session\":1")); at++) {
        at[10] = '0';
    }
    cr_assert_str_eq(again, whole);
    free(again);
    free(cut);
    free(whole);
    free(path);
    helper_sweep_release(&p);
}

Test(cmd_run, extends_and_refuses_other_configs) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    cr_assert_eq(helper_run(&p, "--set", "seed=2", NULL, &log), 2);
    expect_log(log, "seed was 1, is now 2");
    cr_assert_eq(
        helper_run(&p, "--set", "settings.temperature=0.5", NULL, &log), 2);
    expect_log(log, "temperature of vanilla was 0.6, is now 0.5");
    cr_assert_eq(helper_run(&p, "--set", "mode=throughput", NULL, &log), 2);
    expect_log(log, "mode was latency");
    cr_assert_eq(helper_run(&p, "--set", "samples=3", NULL, &log), 0);
    expect_log(log, "going on: 42 of 63");
    cr_assert_eq(helper_run(&p, "--set", "samples=2", NULL, &log), 2);
    expect_log(log, "samples was 3, is now 2");
    helper_sweep_release(&p);
}

Test(cmd_run, fresh_sets_the_old_results_aside) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, "--fresh", NULL, NULL, NULL), 0);
    cr_assert_eq(helper_run(&p, "--fresh", "--set", "seed=2", &log), 0, "%s",
                 log);
    char *at = strstr(log, "the old results are in ");
    cr_assert(at, "%s", log);
    at += strlen("the old results are in ");
    *strchr(at, '\n') = '\0';
    cr_assert_eq(access(at, F_OK), 0);
    free(log);
    char *now = samples_of(&p);
    cr_assert_eq(count_lines(now), N_ALL);
    free(now);
    helper_sweep_release(&p);
}

// ---- what is in the store -------------------------------------------------

struct seen {
    struct arena arena;
    struct sample samples[2 * N_ALL];
    int n;
};

static int see(void *ctx, const char *line, size_t n_bytes, size_t number,
               struct error *err) {
    (void)number;
    struct seen *seen = ctx;
    return sample_parse(&seen->samples[seen->n++], line, n_bytes, &seen->arena,
                        err);
}

static void read_samples(const struct sweep_place *p, struct seen *seen) {
    struct error err = {0};
    *seen = (struct seen){.n = 0};
    cr_assert_eq(store_read(p->folder, see, seen, &err), 0, "%s", err.text);
}

// Each block of N_CELLS lines has one problem, one sample and every cell; the
// orders are not all the same.
Test(cmd_run, interleaves_cells_in_blocks) {
    static struct seen seen;
    struct sweep_place p;
    int n_same = 0;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    read_samples(&p, &seen);
    cr_assert_eq(seen.n, N_ALL);
    for (int i = 0; i < N_ALL; i++) {
        const struct sample *s = &seen.samples[i];
        const struct sample *first = &seen.samples[i - i % N_CELLS];
        cr_assert_str_eq(s->problem, first->problem);
        cr_assert_eq(s->index, first->index);
        for (const struct sample *t = first; t < s; t++) {
            cr_assert_str_neq(t->cell, s->cell);
        }
        n_same += !strcmp(s->cell, seen.samples[i % N_CELLS].cell);
    }
    cr_assert_lt(n_same, N_ALL);
    arena_release(&seen.arena);
    helper_sweep_release(&p);
}

static const struct sample *find(const struct seen *seen, const char *key) {
    for (int i = 0; i < seen->n; i++) {
        if (!strcmp(seen->samples[i].key, key)) return &seen->samples[i];
    }
    cr_assert_fail("no sample %s", key);
    return NULL;
}

Test(cmd_run, throughput_gives_the_tokens_of_latency) {
    static struct seen latency, throughput;
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    read_samples(&p, &latency);
    cr_assert_eq(helper_run(&p, "--fresh", "--set=mode=throughput",
                            "--set=concurrency=3", &log),
                 0, "%s", log);
    free(log);
    read_samples(&p, &throughput);
    cr_assert_eq(throughput.n, N_ALL);
    for (int i = 0; i < N_ALL; i++) {
        const struct sample *a = &latency.samples[i];
        const struct sample *b = find(&throughput, a->key);
        cr_assert_str_eq(a->token_hash, b->token_hash);
        cr_assert_eq(memcmp(&a->count, &b->count, sizeof a->count), 0);
        cr_assert(a->total_ns > 0);
        cr_assert_eq(b->total_ns, SAMPLE_NO_TIME);
    }
    arena_release(&latency.arena);
    arena_release(&throughput.arena);
    helper_sweep_release(&p);
}

static const char searches[] =
    "name: toy\nsamples: 2\nwarmup: 0\n"
    "models: {base: {scripted: toy-base}, draft: {scripted: toy-draft}, "
    "prm: {scripted: toy-prm}}\n"
    "datasets: [{name: toy, path: toy.jsonl, grader: number}]\n"
    "settings: {temperature: 1, top_p: 1, budget_tokens: 200}\n"
    "base: base\ndraft: draft\nprm: prm\n"
    "methods:\n"
    "  - {method: search-ar, tree_width: 3, max_depth: 6}\n"
    "  - {method: specsearch, tree_width: 3, max_depth: 6}\n"
    "  - {method: specsearch, search: mcts, tree_width: 2, max_depth: 6,"
    " label: mcts}\n";

static void expect_same_tree(const struct sample *a, const struct sample *b) {
    cr_assert(a->tree && b->tree);
    cr_assert_eq(a->n_steps, b->n_steps);
    for (int i = 0; i < a->n_steps; i++) {
        const struct sample_step *x = &a->steps[i], *y = &b->steps[i];
        cr_assert_eq(x->author, y->author);
        cr_assert_eq(x->decision, y->decision);
        cr_assert_eq(x->parent, y->parent);
        cr_assert_eq(x->n_copies, y->n_copies);
        cr_assert_eq(x->score, y->score);
        cr_assert_str_eq(x->text, y->text);
    }
}

Test(cmd_run, a_search_is_the_same_tree_in_shared_batches) {
    static struct seen latency, throughput;
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    helper_write(p.config, searches);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 0, "%s", log);
    free(log);
    read_samples(&p, &latency);
    cr_assert_eq(helper_run(&p, "--fresh", "--set=mode=throughput",
                            "--set=concurrency=3", &log),
                 0, "%s", log);
    free(log);
    read_samples(&p, &throughput);
    cr_assert_eq(latency.n, 18);
    cr_assert_eq(throughput.n, 18);
    for (int i = 0; i < latency.n; i++) {
        const struct sample *a = &latency.samples[i];
        const struct sample *b = find(&throughput, a->key);
        cr_assert_str_eq(a->prm, "prm");
        cr_assert_gt(a->count.evaluated[ROLE_PRM], 0);
        cr_assert_str_eq(a->token_hash, b->token_hash);
        cr_assert(isnan(a->threshold));
        expect_same_tree(a, b);
    }
    arena_release(&latency.arena);
    arena_release(&throughput.arena);
    helper_sweep_release(&p);
}

// A problem that does not fit the context fails, the rest is solved.
Test(cmd_run, stores_failures_and_goes_on) {
    static struct seen seen;
    struct sweep_place p;
    char *log, text[2000];
    int n_failed = 0;
    helper_sweep_init(&p);
    char *set = helper_path(p.dir, "toy.jsonl");
    int n = snprintf(text, sizeof text, "{\"id\":\"long\",\"problem\":\"1");
    for (int i = 0; i < 300; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "+1");
    }
    snprintf(text + n, sizeof text - (size_t)n, "?\",\"answer\":\"301\"}\n");
    helper_append(set, text);
    cr_assert_eq(helper_run(&p, "--set", "engine.context=512", NULL, &log), 5,
                 "%s", log);
    expect_log(log, "first failure: problem long, sample 0: ");
    read_samples(&p, &seen);
    cr_assert_eq(seen.n, N_ALL + N_CELLS * N_SAMPLES);
    for (int i = 0; i < seen.n; i++) {
        const struct sample *s = &seen.samples[i];
        if (!s->error) continue;
        n_failed++;
        cr_assert_str_eq(s->problem, "long");
        cr_assert_eq(s->verdict, VERDICT_UNGRADED);
        cr_assert_eq(s->stop, STOP_ERROR);
    }
    cr_assert_eq(n_failed, N_CELLS * N_SAMPLES);
    arena_release(&seen.arena);
    free(set);
    helper_sweep_release(&p);
}

// ---- bad surroundings -----------------------------------------------------

Test(cmd_run, a_second_run_is_refused) {
    struct sweep_place p;
    struct error err = {0};
    char *log;
    helper_sweep_init(&p);
    int lock = store_lock(p.folder, &err);
    cr_assert(lock >= 0, "%s", err.text);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 2);
    expect_log(log, "is being written by another run");
    store_unlock(lock);
    helper_sweep_release(&p);
}

Test(cmd_run, unwritable_results_are_an_io_error) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    helper_write(p.results, "a file");
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 74);
    expect_log(log, "results");
    helper_sweep_release(&p);
}

Test(cmd_run, a_full_disk_is_an_io_error_and_resumable) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    struct rlimit limit = {20000, RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 74, "%s", log);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    expect_log(log, "samples.jsonl: File too large");
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 0, "%s", log);
    expect_log(log, "going on: ");
    char *text = samples_of(&p);
    cr_assert_eq(count_lines(text), N_ALL);
    free(text);
    helper_sweep_release(&p);
}

Test(cmd_run, too_many_samples_are_refused_before_anything_is_written) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    char *set = helper_path(p.dir, "toy.jsonl");
    for (int i = 0; i < 5; i++) {
        char line[80];
        snprintf(line, sizeof line,
                 "{\"id\":\"x%d\",\"problem\":\"1+1?\",\"answer\":\"2\"}\n", i);
        helper_append(set, line);
    }
    cr_assert_eq(helper_run(&p, "--set", "samples=100000", NULL, &log), 2);
    expect_log(log, "5600000 samples; a run has at most 5000000");
    cr_assert_neq(access(p.results, F_OK), 0);
    free(set);
    helper_sweep_release(&p);
}

Test(cmd_run, samples_without_manifest_are_refused) {
    struct sweep_place p;
    char *log;
    helper_sweep_init(&p);
    cr_assert_eq(mkdir(p.results, 0777), 0);
    cr_assert_eq(mkdir(p.folder, 0777), 0);
    char *path = helper_path(p.folder, "samples.jsonl");
    helper_write(path, "{\"key\":\"x\"}\n");
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, &log), 2);
    expect_log(log, "has samples but no manifest.json");
    free(path);
    helper_sweep_release(&p);
}

// A child runs far more samples than it can finish; the first signal ends it
// between two samples.
static void stop_with(int signal_number) {
    struct sweep_place p;
    int status;
    helper_sweep_init(&p);
    pid_t child = fork();
    if (!child) {
        alarm(60); // a run that cannot be stopped must not outlive the test
        _exit(helper_run(&p, "--set", "samples=100000", NULL, NULL));
    }
    char *path = helper_path(p.folder, "samples.jsonl");
    for (struct stat st; stat(path, &st) || !st.st_size;)
        usleep(1000);
    kill(child, signal_number);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "died of signal %d", WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 75);
    char *text = samples_of(&p);
    cr_assert(count_lines(text) > 0);
    cr_assert_eq(text[strlen(text) - 1], '\n');
    free(text);
    free(path);
    helper_sweep_release(&p);
}

Test(cmd_run, first_interrupt_ends_between_samples) {
    stop_with(SIGINT);
}

Test(cmd_run, sigterm_ends_between_samples) {
    stop_with(SIGTERM);
}
