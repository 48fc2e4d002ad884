#include "harness/step_checker.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "tests/helper_cases.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = {"unknown", "right", "wrong"};

enum { STEPS_MAX = 64 };

static enum step_verdict judge(const char *problem, const char *const *steps,
                               int n) {
    return step_checker_chain.judge(problem, steps, n);
}

// A problem and its steps, one a line; the verdict of each step.
static void solution_case(const struct text_case *c) {
    const char *steps[STEPS_MAX];
    int n = 0;
    char *text = xstrdup(c->input), *state;
    struct buf got;
    buf_init(&got);
    char *problem = strtok_r(text, "\n", &state), *step;
    while ((step = strtok_r(NULL, "\n", &state)) && n < STEPS_MAX) {
        steps[n++] = step;
        buf_addf(&got, "%s%s", n > 1 ? " " : "",
                 verdict_names[judge(problem, steps, n)]);
    }
    cr_expect_str_eq(got.text, c->expected, "%s: %s", c->name, got.text);
    buf_release(&got);
    free(text);
}

Test(steps_chain, agrees_with_the_generator) {
    helper_cases("steps_chain.txt", solution_case);
}

static void expect(const char *problem, const char *step,
                   enum step_verdict expected) {
    enum step_verdict got = judge(problem, &step, 1);
    cr_expect_eq(got, expected, "'%s': %s", step, verdict_names[got]);
}

Test(steps_chain, looks_at_head_and_result) {
    const char *p = "105 a+131 b*34?";
    expect(p, "a:105+131;5+1=6,0+3=3,1+1=2;236", STEP_RIGHT);
    expect(p, "\n a:105+131;5+1=6,0+3=3,1+1=2;236\n\n", STEP_RIGHT);
    expect(p, "a:105+131;236", STEP_RIGHT);
    expect(p, "a:105+131;5+1=7;236", STEP_RIGHT); // the work is not looked at
    expect(p, "a:105+131;5+1=6,0+3=3,1+1=2;237", STEP_WRONG);
    expect(p, "a:105+131;5+1=6,0+3=3,1+1=2;2360", STEP_WRONG);
    expect(p, "a:105+131;5+1=6,0+3=3,1+1=2;", STEP_WRONG);
    expect(p, "a:105+131;5+1=6", STEP_WRONG); // cut
    expect(p, "a:105+131", STEP_WRONG);
    expect(p, "b:105+131;236", STEP_WRONG);
    expect(p, "a:105-131;236", STEP_WRONG);
    expect(p, "a:106+130;236", STEP_WRONG);
    expect(p, "x", STEP_WRONG);
    expect(p, "\\boxed{236}", STEP_WRONG); // too early
    expect(p, "", STEP_UNKNOWN);
    expect(p, "\n\n", STEP_UNKNOWN);
}

// 7 a+1 = 8; b is skipped, its operand too; c: 8 - 8 = 0; d: 0 * 9 = 0.
Test(steps_chain, references_name_their_operation) {
    const char *p = "7 a+1 b~*3 c-@a d*9?";
    const char *steps[] = {"a:7+1;8", "c:8-@a=8;0", "d:0*9;0", "\\boxed{0}"};
    for (int n = 1; n <= 4; n++)
        cr_expect_eq(judge(p, steps, n), STEP_RIGHT, "step %d", n);
    steps[1] = "c:8-8;0";
    cr_expect_eq(judge(p, steps, 2), STEP_WRONG);
    cr_expect_eq(judge(p, steps, 3), STEP_UNKNOWN);
    steps[1] = "b:8*3;24";
    cr_expect_eq(judge(p, steps, 2), STEP_WRONG);
}

Test(steps_chain, a_choice_is_boxed_by_its_letter) {
    static const char *const right[] = {"A:4,B:55,C:5\\boxed{C}", "\\boxed{C}"};
    static const char *const wrong[] = {
        "A:4,B:55\\boxed{B}",
        "\\boxed{5}",
        "\\boxed{E}",
        "A:4,B:5,C:5\\boxed{C}", // B is another number
        "A:4,C:55,\\boxed{C}",
        "E:4,C:5\\boxed{C}",
        "so\\boxed{C}",
        "\\boxed{",
    };
    const char *p = "2 a+3? A:4 B:55 C:5 D:6";
    const char *steps[] = {"a:2+3;2+3=5;5", NULL};
    for (int i = 0; i < 2; i++) {
        steps[1] = right[i];
        cr_expect_eq(judge(p, steps, 2), STEP_RIGHT, "%s", right[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        steps[1] = wrong[i];
        cr_expect_eq(judge(p, steps, 2), STEP_WRONG, "%s", wrong[i]);
    }
}

Test(steps_chain, what_is_taken_back_counts_no_more) {
    const char *p = "2 a+3 b+4 c+5?";
    // A slip in b, c follows from it, then both are taken back.
    const char *steps[] = {"a:2+3;5",      "b:5+4;8",  "c:8+5;13",
                           "Wait,b:5+4;9", "c:9+5;14", "\\boxed{14}"};
    static const enum step_verdict expected[] = {STEP_RIGHT,   STEP_WRONG,
                                                 STEP_UNKNOWN, STEP_UNKNOWN,
                                                 STEP_RIGHT,   STEP_RIGHT};
    for (int n = 1; n <= 6; n++) {
        cr_expect_eq(judge(p, steps, n), expected[n - 1], "step %d", n);
    }
    // Taken back too little: b stays wrong.
    steps[3] = "Wait,c:9+5;14";
    cr_expect_eq(judge(p, steps, 5), STEP_UNKNOWN);
    // Taken back, and wrong again.
    steps[3] = "Wait,b:5+4;7";
    cr_expect_eq(judge(p, steps, 5), STEP_UNKNOWN);
}

Test(steps_chain, unreadable_problems_check_nothing) {
    static const char *const problems[] = {
        "",
        "x",
        "105",
        "105?",
        "105 a+131",
        "105 a+?",
        "105 a^3?",
        "105 A+3?",
        "105 a+3b-4?",
        "105 a+@b b+1?",
        "105 a+1 a+1?",
        "105 a-106?",
        "105 a%0?",
        "105 a+1 b+@?",
        "105 a+1 b+@",
        "105 a~+1?",
        "1000000 a*1000000?",
        "99999999999999999999999 a+1?",
        "How many apples are 3 and 4?",
    };
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        struct error err = {0};
        cr_expect_eq(step_checker_chain.check(problems[i], &err), -1, "'%s'",
                     problems[i]);
        cr_expect_eq(err.kind, ERR_INPUT);
        expect(problems[i], "a:105+131;236", STEP_UNKNOWN);
    }
    struct error err;
    cr_expect_eq(step_checker_chain.check("105 a+131 b~-@a?", &err), 0);
    // More operations than letters.
    char many[400] = "1";
    for (int i = 0; i < 40; i++) {
        char op[8] = {' ', (char)('a' + i % 26), '+', '1', 0};
        strcat(many, op);
    }
    strcat(many, "?");
    cr_expect_eq(step_checker_chain.check(many, &err), -1);
}

Test(steps_chain, checkers_are_found_by_name) {
    cr_expect_eq(step_checker_find("chain"), &step_checker_chain);
    cr_expect_null(step_checker_find("chains"));
    cr_expect_eq(step_checker_at(0), &step_checker_chain);
    cr_expect_null(step_checker_at(1));
    cr_expect_null(step_checker_at(-1));
}
