#include "engine/methods/answer.h"

#include <criterion/criterion.h>
#include <string.h>

Test(answer, is_what_the_last_complete_one_holds) {
    static const struct {
        const char *text, *answer; // NULL: none
    } cases[] = {
        {"", NULL},
        {"so 7", NULL},
        {"\\boxed{7}", "7"},
        {"so \\boxed{ 7 } or", "7"},
        {"\\boxed{\\frac{1}{2}} x", "\\frac{1}{2}"},
        {"\\boxed{\\}} x", "\\}"},
        {"\\boxed{a\nb}", "a\nb"},
        {"\\boxed{**x**}", "**x**"},
        {"\\boxed{1} then \\boxed{2}", "2"},
        {"\\boxed{1} then \\boxed{2", "1"},
        {"\\boxed{1} then \\boxed{}", "1"},
        {"\\boxed{\\boxed{3}}", "\\boxed{3}"},
        {"\\boxed{", NULL},
        {"Answer: 7\n", "7"},
        {"Answer: 7", NULL},
        {"x\n**Answer:** 7 apples **\r\n", "7 apples"},
        {"ANSWER:7\nAnswer: 8\n", "8"},
        {"The Answer: 7\n", NULL},
        {"Answer: \n7", NULL},
        {"\\boxed{1}\nAnswer: 2\n", "2"},
        {"Answer: 2\n\\boxed{1}", "1"},
        {"Answer: the \\boxed{4} apples\n", "4"},
        {"\\boxed{1}\nAnswer: \\boxed{2\n", "\\boxed{2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        const char *text = cases[i].text, *want = cases[i].answer;
        const char *got = answer_find(text, strlen(text), &n);
        cr_expect_eq(got == NULL, want == NULL, "'%s'", text);
        if (!got || !want) continue;
        cr_expect(n == strlen(want) && memcmp(got, want, n) == 0,
                  "'%s': '%.*s'", text, (int)n, got);
    }
}

Test(answer, reads_no_byte_beyond_the_text) {
    size_t n;
    const char text[] = "\\boxed{7}";
    cr_expect_null(answer_find(text, sizeof text - 2, &n));
    cr_expect_eq(n, 0u);
    cr_expect_eq(answer_find(text, sizeof text - 1, &n), text + 7);
    cr_expect_eq(n, 1u);
}
