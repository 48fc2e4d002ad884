#pragma once
// Stands in for Criterion where there is none to link: tests built for another
// CPU and run under an emulator. The part of it that the tests of base and
// kernels use, one process, all tests in turn; the first failure ends it.
// runner.c has main().

#include <math.h>
#include <string.h>

struct runner_test {
    const char *suite, *name;
    void (*run)(void);
    double timeout; // left to the caller's shell
    struct runner_test *next;
};

// Called before main(), in the order of the files on the linker's line.
void runner_add(struct runner_test *test);
// Prints the place, what was expected and the message, and exits with 1.
_Noreturn void runner_fail(const char *file, int line, const char *expected,
                           const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// Ends the running test; main() counts it.
_Noreturn void runner_skip(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define Test(suite_, name_, ...)                                               \
    static void suite_##_##name_##_run(void);                                  \
    static struct runner_test suite_##_##name_##_test = {                      \
        .suite = #suite_,                                                      \
        .name = #name_,                                                        \
        .run = suite_##_##name_##_run,                                         \
        __VA_ARGS__};                                                          \
    __attribute__((constructor)) static void suite_##_##name_##_add(void) {    \
        runner_add(&suite_##_##name_##_test);                                  \
    }                                                                          \
    static void suite_##_##name_##_run(void)

// The message, a literal format and its arguments, may be left out.
#define cr_assert(condition, ...)                                              \
    ((condition)                                                               \
         ? (void)0                                                             \
         : runner_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__))
#define cr_assert_not(condition, ...) cr_assert(!(condition), __VA_ARGS__)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...) cr_assert((a) != (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...) cr_assert((a) < (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...) cr_assert((a) <= (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...) cr_assert((a) > (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...) cr_assert((a) >= (b), __VA_ARGS__)
#define cr_assert_null(a, ...) cr_assert((a) == NULL, __VA_ARGS__)
#define cr_assert_not_null(a, ...) cr_assert((a) != NULL, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp(a, b) == 0, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...)                                         \
    cr_assert(memcmp(a, b, n) == 0, __VA_ARGS__)
#define cr_assert_float_eq(a, b, epsilon, ...)                                 \
    cr_assert(fabs((double)(a) - (double)(b)) <= (epsilon), __VA_ARGS__)

// Criterion goes on after a failed expectation; here it ends the run too.
#define cr_expect cr_assert
#define cr_expect_not cr_assert_not
#define cr_expect_eq cr_assert_eq
#define cr_expect_neq cr_assert_neq
#define cr_expect_lt cr_assert_lt
#define cr_expect_leq cr_assert_leq
#define cr_expect_gt cr_assert_gt
#define cr_expect_geq cr_assert_geq
#define cr_expect_arr_eq cr_assert_arr_eq
#define cr_expect_str_eq cr_assert_str_eq
#define cr_expect_float_eq cr_assert_float_eq

#define cr_skip_test(...) runner_skip(" " __VA_ARGS__)
