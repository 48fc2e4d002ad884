#include "harness/store.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int add(struct store *s, int i, struct error *err) {
    char key[40], line[200];
    snprintf(key, sizeof key, "k%d", i);
    int n = snprintf(line, sizeof line, "{\"key\":\"%s\",\"x\":%d}", key, i);
    return store_append(s, key, line, (size_t)n, err);
}

static struct store *open_ok(const char *dir) {
    struct error err = {0};
    struct store *s = store_open(dir, &err);
    cr_assert(s, "%s", err.text);
    return s;
}

Test(store, resumes_with_the_keys_it_has) {
    struct error err = {0};
    char *dir = helper_dir_new();
    struct store *s = open_ok(dir);
    cr_assert_not(store_has(s, "k1"));
    cr_assert_eq(add(s, 1, &err), 0);
    cr_assert(store_has(s, "k1"));
    store_close(s);
    s = open_ok(dir);
    cr_assert(store_has(s, "k1"));
    cr_assert_not(store_has(s, "k2"));
    cr_assert_eq(store_n_samples(s), 1);
    cr_assert_eq(store_n_cut_bytes(s), 0);
    cr_assert_eq(add(s, 2, &err), 0);
    store_close(s);
    char *path = helper_path(dir, "samples.jsonl");
    char *text = helper_read(path);
    cr_assert_str_eq(text,
                     "{\"key\":\"k1\",\"x\":1}\n{\"key\":\"k2\",\"x\":2}\n");
    free(text);
    free(path);
    helper_dir_free(dir);
}

Test(store, cuts_a_torn_last_line) {
    struct error err = {0};
    char *dir = helper_dir_new();
    char *path = helper_path(dir, "samples.jsonl");
    helper_write(path, "{\"key\":\"k1\",\"x\":1}\n{\"key\":\"k2\",\"x");
    struct store *s = open_ok(dir);
    cr_assert_eq(store_n_cut_bytes(s), 14);
    cr_assert_not(store_has(s, "k2"));
    cr_assert_eq(add(s, 2, &err), 0);
    store_close(s);
    char *text = helper_read(path);
    cr_assert_str_eq(text,
                     "{\"key\":\"k1\",\"x\":1}\n{\"key\":\"k2\",\"x\":2}\n");
    free(text);
    free(path);
    helper_dir_free(dir);
}

static void expect_refused(const char *content, const char *where) {
    struct error err = {0};
    char *dir = helper_dir_new();
    char *path = helper_path(dir, "samples.jsonl");
    helper_write(path, content);
    cr_assert_null(store_open(dir, &err), "accepted: %s", content);
    cr_assert_eq(err.kind, ERR_INPUT);
    cr_assert(strstr(err.text, where), "%s", err.text);
    char *text = helper_read(path);
    cr_assert_str_eq(text, content, "the file was changed");
    free(text);
    free(path);
    helper_dir_free(dir);
}

Test(store, refuses_a_damaged_line_in_the_middle) {
    expect_refused("{\"key\":\"a\"}\n{\"key\":\n{\"key\":\"b\"}\n",
                   "samples.jsonl:2: ");
    expect_refused("{\"key\":\"a\"}\n{\"x\":1}\n", "samples.jsonl:2: ");
    expect_refused("[]\n", "samples.jsonl:1: ");
    expect_refused("\n", "samples.jsonl:1: ");
    expect_refused("{\"key\":\"0123456789012345678901234567890123456789\"}\n",
                   "samples.jsonl:1: ");
}

static int count_line(void *ctx, const char *line, size_t n_bytes,
                      size_t number, struct error *err) {
    (void)number, (void)err;
    cr_assert_eq(strlen(line), n_bytes);
    ++*(int *)ctx;
    return 0;
}

Test(store, reading_skips_a_torn_line_and_no_file) {
    struct error err = {0};
    int n = 0;
    char *dir = helper_dir_new();
    cr_assert_eq(store_read(dir, count_line, &n, &err), 0);
    cr_assert_eq(n, 0);
    char *path = helper_path(dir, "samples.jsonl");
    helper_write(path, "{\"key\":\"k1\"}\n{\"key\":\"k2\"}\n{\"ke");
    cr_assert_eq(store_read(dir, count_line, &n, &err), 0);
    cr_assert_eq(n, 2);
    free(path);
    helper_dir_free(dir);
}

Test(store, a_second_run_is_refused_by_name) {
    struct error err = {0};
    char *dir = helper_dir_new();
    int lock = store_lock(dir, &err);
    cr_assert(lock >= 0, "%s", err.text);
    cr_assert_eq(store_lock(dir, &err), -1);
    cr_assert_eq(err.kind, ERR_USAGE);
    char me[40];
    snprintf(me, sizeof me, "process %ld on ", (long)getpid());
    cr_assert(strstr(err.text, me), "%s", err.text);
    store_unlock(lock);
    lock = store_lock(dir, &err);
    cr_assert(lock >= 0);
    store_unlock(lock);
    helper_dir_free(dir);
}

Test(store, a_lock_dies_with_its_process) {
    struct error err = {0};
    char *dir = helper_dir_new();
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (!child) {
        alarm(60); // should the test fail before it kills us
        char c = store_lock(dir, NULL) < 0;
        if (write(ready[1], &c, 1) != 1) _exit(1);
        pause();
    }
    char c = 1;
    cr_assert_eq(read(ready[0], &c, 1), 1);
    cr_assert_eq(c, 0);
    cr_assert_eq(store_lock(dir, &err), -1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    int lock = store_lock(dir, &err);
    cr_assert(lock >= 0, "%s", err.text);
    store_unlock(lock);
    helper_dir_free(dir);
}

// A child appends until it is killed at some moment; the next one goes on.
static void append_until_killed(const char *dir, unsigned usec) {
    pid_t child = fork();
    if (!child) {
        struct store *s = store_open(dir, NULL);
        for (int i = 0; s && i < 2000; i++) {
            char key[40];
            snprintf(key, sizeof key, "k%d", i);
            if (!store_has(s, key) && add(s, i, NULL)) _exit(1);
        }
        _exit(s ? 0 : 1);
    }
    usleep(usec);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    cr_assert(WIFSIGNALED(status) || !WEXITSTATUS(status));
}

Test(store, kills_lose_nothing_that_was_stored) {
    struct error err = {0};
    char *dir = helper_dir_new();
    for (unsigned i = 0; i < 20; i++)
        append_until_killed(dir, 1000 + 700 * i);
    struct store *s = open_ok(dir);
    size_t n = store_n_samples(s);
    cr_assert_gt(n, 0); // how many depends on the machine's load
    int lines = 0;
    store_close(s);
    cr_assert_eq(store_read(dir, count_line, &lines, &err), 0);
    cr_assert_eq((size_t)lines, n, "%d lines, %zu keys", lines, n);
    // Appended in order, so the keys are 0..n-1 without a gap.
    s = open_ok(dir);
    for (size_t i = 0; i < n; i++) {
        char key[40];
        snprintf(key, sizeof key, "k%zu", i);
        cr_assert(store_has(s, key), "%s is lost", key);
    }
    store_close(s);
    helper_dir_free(dir);
}

Test(store, a_full_disk_leaves_complete_lines) {
    struct error err = {0};
    char *dir = helper_dir_new();
    struct store *s = open_ok(dir);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {100, RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int i = 0;
    while (i < 100 && !add(s, i, &err))
        i++;
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    cr_assert_eq(i, 5, "%d lines fit", i); // 19 bytes a line
    cr_assert_eq(err.kind, ERR_IO);
    cr_assert(strstr(err.text, "File too large"), "%s", err.text);
    store_close(s);
    s = open_ok(dir);
    cr_assert_eq(store_n_samples(s), 5);
    cr_assert_eq(store_n_cut_bytes(s), 0);
    store_close(s);
    helper_dir_free(dir);
}

Test(store, unwritable_folder_is_an_io_error) {
    struct error err = {0};
    cr_assert_eq(store_lock("/proc/no-such-folder/x", &err), -1);
    cr_assert_eq(err.kind, ERR_IO);
    cr_assert(strstr(err.text, "/proc/no-such-folder"), "%s", err.text);
    char *dir = helper_dir_new();
    char *path = helper_path(dir, "file");
    helper_write(path, "");
    cr_assert_eq(store_lock(path, &err), -1);
    cr_assert_eq(err.kind, ERR_IO);
    free(path);
    helper_dir_free(dir);
}
