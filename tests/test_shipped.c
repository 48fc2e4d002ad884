// The shipped problem sets: complete, apart from the training stream, and with
// answers that an evaluator of its own agrees with.

#include "engine/base/error.h"
#include "harness/grader.h"
#include "harness/problem_set.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shipped {
    const char *path, *grader;
};

static const struct shipped sets[] = {
    {"datasets/chain-easy.jsonl", "number"},
    {"datasets/chain-medium.jsonl", "number"},
    {"datasets/chain-hard.jsonl", "number"},
    {"datasets/chain-choice.jsonl", "choice"},
};
enum { N_SETS = sizeof sets / sizeof *sets };

static void load(struct problem_set *set, const struct shipped *s) {
    struct error err = {0};
    struct problem_source source = {.path = s->path,
                                    .format = "jsonl",
                                    .grader = grader_find(s->grader),
                                    .slice_end = -1,
                                    .seed = 1};
    cr_assert_eq(problem_set_load(set, &source, &err), 0, "%s", err.text);
}

static uint64_t fnv1a64(const char *text) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

// The training stream takes no problem whose hash modulo 64 is 0 or 1, and the
// shipped sets only those where it is 0: no problem can be in both.
Test(shipped, no_problem_is_in_the_training_stream) {
    for (int i = 0; i < N_SETS; i++) {
        struct problem_set set = {0};
        load(&set, &sets[i]);
        cr_assert_eq(set.n, 100, "%s: %d problems", sets[i].path, set.n);
        for (int p = 0; p < set.n; p++)
            cr_assert_eq(fnv1a64(set.problems[p].source) % 64, 0, "%s: %s",
                         sets[i].path, set.problems[p].id);
        problem_set_release(&set);
    }
}

static long apply(char sign, long a, long b) {
    switch (sign) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return a * b;
    case '%':
        return b > 0 ? a % b : -1;
    }
    cr_assert_fail("unknown operation %c", sign);
    return -1;
}

// "105 a+131 b*34 c~-7 d-@a e%7?": the running value at the end.
static long evaluate(const char *text) {
    long results[26] = {0};
    char *at;
    long value = strtol(text, &at, 10);
    while (*at == ' ') {
        int name = at[1] - 'a';
        cr_assert(name >= 0 && name < 26, "%s", text);
        at += 2;
        int skip = *at == '~';
        at += skip;
        char sign = *at++;
        long operand;
        if (*at == '@') {
            operand = results[at[1] - 'a'];
            at += 2;
        } else {
            operand = strtol(at, &at, 10);
        }
        if (!skip) results[name] = value = apply(sign, value, operand);
        cr_assert(value >= 0, "%s", text);
    }
    cr_assert_str_eq(at, "?", "%s", text);
    return value;
}

static const char *right_text(const struct problem *p) {
    return p->n_choices ? p->choices[p->answer[0] - 'A'] : p->answer;
}

Test(shipped, answers_are_right) {
    for (int i = 0; i < N_SETS; i++) {
        struct problem_set set = {0};
        load(&set, &sets[i]);
        for (int p = 0; p < set.n; p++) {
            const struct problem *problem = &set.problems[p];
            cr_assert_eq(evaluate(problem->source),
                         strtol(right_text(problem), NULL, 10), "%s: %s",
                         sets[i].path, problem->id);
        }
        problem_set_release(&set);
    }
}
