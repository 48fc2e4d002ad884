#include "harness/show.h"

#include "harness/sample_record.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *shown(const struct sample *s, bool color) {
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    show_sample(s, color, out);
    fclose(out);
    return text;
}

static struct sample make(struct sample_step *step, const char *text) {
    *step = (struct sample_step){.author = AUTHOR_DRAFT,
                                 .judged = true,
                                 .score = 3,
                                 .threshold = 7,
                                 .n_tokens = 4,
                                 .time_ns = 1500000,
                                 .text = text,
                                 .n_bytes = strlen(text)};
    return (struct sample){.cell = "0123456789",
                           .base = "b",
                           .draft = "d",
                           .dataset = "s",
                           .method = "m",
                           .label = "m",
                           .threshold = NAN,
                           .problem = "p",
                           .answer = "",
                           .reason = "",
                           .steps = step,
                           .n_steps = 1};
}

// A model's text must not reach the terminal as commands.
Test(show, control_characters_are_shown_as_question_marks) {
    struct sample_step step;
    struct sample s = make(&step, "a\033[2Jb\x07 \xc2\x9b c\xff\nd\x7f");
    char *text = shown(&s, false);
    cr_assert(strstr(text, "| a?[2Jb? ? c?\n     | d?"), "%s", text);
    cr_assert_null(strchr(text, '\033'));
    free(text);
}

Test(show, dropped_steps_are_dim_in_colour) {
    struct sample_step step;
    struct sample s = make(&step, "x\n\n");
    char *text = shown(&s, true);
    cr_assert(strstr(text, "\033[2m  1  draft  dropped"), "%s", text);
    cr_assert(strstr(text, "score 3, threshold 7"), "%s", text);
    cr_assert(strstr(text, "4 tokens  1.500 ms\n     | x\033[0m"), "%s", text);
    free(text);
}
