#include "harness/figures/gnuplot.h"

#include "engine/base/alloc.h"
#include "engine/base/array.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MESSAGES_MAX = 65536 };

// name='value' with quotes doubled: gnuplot looks for nothing else in a text in
// single quotes, neither macros nor commands to run.
static int add_assignment(struct buf *out, const struct gnuplot_variable *v,
                          struct error *err) {
    buf_addf(out, "%s='", v->name);
    for (const char *c = v->value; *c; c++) {
        if (iscntrl((unsigned char)*c)) {
            return error_set(err, ERR_INPUT,
                             "gnuplot: %s '%s' has a control character",
                             v->name, v->value);
        }
        if (*c == '\'') buf_addc(out, '\'');
        buf_addc(out, *c);
    }
    buf_adds(out, "';");
    return 0;
}

static bool is_ours(const char *entry) {
    static const char *const names[] = {
        "LC_ALL=", "TZ=", "SOURCE_DATE_EPOCH=", "GNUTERM=", "GNUPLOT_LIB="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strncmp(entry, names[i], strlen(names[i]))) return true;
    }
    return false;
}

// The environment, without what changes a picture from day to day or from user
// to user. malloc'ed; the entries are borrowed.
static char **make_environment(void) {
    ARRAY(char *) list = {0};
    for (char **e = environ; *e; e++) {
        if (!is_ours(*e)) array_push(&list, *e);
    }
    array_push(&list, (char *)"LC_ALL=C");
    array_push(&list, (char *)"TZ=UTC");
    array_push(&list, (char *)"SOURCE_DATE_EPOCH=0");
    array_push(&list, NULL);
    return list.items;
}

struct child {
    pid_t pid;
    int messages; // read end of its stderr
};

// 0 or errno.
static int start(struct child *c, char *const *argv) {
    posix_spawn_file_actions_t actions;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC)) return errno;
    char **env = make_environment();
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 2);
    int rc = posix_spawnp(&c->pid, argv[0], &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    free(env);
    close(fds[1]);
    c->messages = fds[0];
    if (rc) close(fds[0]);
    return rc;
}

// Reads until the child closes its stderr; false: it took too long.
static bool read_messages(const struct child *c, struct buf *out) {
    int64_t end = clock_now_ns(NULL) + GNUPLOT_SECONDS * (int64_t)1000000000;
    char part[4096];
    for (;;) {
        int64_t left_ms = (end - clock_now_ns(NULL)) / 1000000;
        struct pollfd p = {.fd = c->messages, .events = POLLIN};
        if (left_ms <= 0) return false;
        int ready = poll(&p, 1, (int)left_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        ssize_t n = read(c->messages, part, sizeof part);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return true;
        if (out->n_bytes < MESSAGES_MAX) buf_add(out, part, (size_t)n);
    }
}

static int end(const struct child *c, bool in_time) {
    int status = -1;
    if (!in_time) kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(c->messages);
    return status;
}

// The line of the messages that says most: the last one that is not blank.
static const char *last_line(char *text) {
    const char *last = "no message";
    char *rest = text;
    for (char *line; (line = strtok_r(NULL, "\n", &rest));) {
        if (line[strspn(line, " \t\r^")]) last = line;
    }
    return last;
}

static int judge(int status, bool in_time, char *messages, const char *script,
                 struct error *err) {
    if (in_time && WIFEXITED(status) && !WEXITSTATUS(status)) return 0;
    if (!in_time) {
        return error_set(err, ERR_INTERNAL,
                         "%s: gnuplot was ended after %d seconds", script,
                         GNUPLOT_SECONDS);
    }
    if (WIFSIGNALED(status)) {
        return error_set(err, ERR_INTERNAL, "%s: gnuplot died of signal %d: %s",
                         script, WTERMSIG(status), last_line(messages));
    }
    return error_set(err, ERR_INTERNAL, "%s: gnuplot: %s", script,
                     last_line(messages));
}

static int not_found(const char *program, struct error *err) {
    return error_set(err, ERR_UNSUPPORTED, "%s: not found%s", program,
                     strchr(program, '/') ? " (or cannot be run)" : " in PATH");
}

static int run(const char *program, const char *script, char *assignments,
               struct error *err) {
    char *argv[] = {(char *)program, (char *)"-d",   (char *)"-e",
                    assignments,     (char *)script, NULL};
    struct child c;
    int rc = start(&c, argv);
    if (rc == ENOENT || rc == EACCES || rc == ENOEXEC)
        return not_found(program, err);
    if (rc) {
        errno = rc;
        return error_errno(err, ERR_INTERNAL, "%s: cannot be started", program);
    }
    struct buf messages;
    buf_init(&messages);
    bool in_time = read_messages(&c, &messages);
    int status = end(&c, in_time);
    // Where a failed exec() is not reported the child says so by this code.
    bool started =
        !WIFEXITED(status) || WEXITSTATUS(status) != 127 || messages.n_bytes;
    rc = started ? judge(status, in_time, messages.text, script, err)
                 : not_found(program, err);
    buf_release(&messages);
    return rc;
}

int gnuplot_run(const char *program, const char *script,
                const struct gnuplot_variable *variables, struct error *err) {
    struct buf assignments;
    buf_init(&assignments);
    int rc = 0;
    for (; variables->name && !rc; variables++)
        rc = add_assignment(&assignments, variables, err);
    if (!rc) rc = run(program, script, assignments.text, err);
    buf_release(&assignments);
    return rc;
}
