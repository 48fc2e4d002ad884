// Runs every test that was linked; arguments are substrings of "suite/name" to
// run only those. Exits with 1 when a test fails, and when one is skipped: what
// cannot run here has no place here.

#include <criterion/criterion.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct runner_test *first, **last = &first;
static const struct runner_test *running;
static jmp_buf skipped;

void runner_add(struct runner_test *test) {
    *last = test;
    last = &test->next;
}

__attribute__((format(printf, 2, 0))) static void
say(const char *what, const char *format, va_list args) {
    fprintf(stderr, "%s %s/%s:", what, running->suite, running->name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void runner_fail(const char *file, int line, const char *expected,
                 const char *format, ...) {
    va_list args;
    fprintf(stderr, "%s:%d: expected %s\n", file, line, expected);
    va_start(args, format);
    say("failed", format, args);
    va_end(args);
    exit(1);
}

void runner_skip(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("skipped", format, args);
    va_end(args);
    longjmp(skipped, 1);
}

static int is_wanted(const struct runner_test *t, char **patterns) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", t->suite, t->name);
    for (char **p = patterns; *p; p++)
        if (strstr(name, *p)) return 1;
    return !*patterns;
}

int main(int argc, char **argv) {
    static int n_run, n_skipped; // kept over longjmp()
    for (running = first; running; running = running->next) {
        if (!is_wanted(running, argv + (argc > 0))) continue;
        if (setjmp(skipped)) {
            n_skipped++;
            continue;
        }
        running->run();
        n_run++;
    }
    printf("%d tests passed, %d skipped\n", n_run, n_skipped);
    return n_run == 0 || n_skipped > 0;
}
