#include "engine/base/option.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct record {
    bool flag;
    int count, kind;
    double rate;
    char name[8];
};

static const char *const kinds[] = {"greedy", "average", NULL};
static const struct option table[] = {
    {.name = "flag",
     .type = OPT_BOOL,
     .default_value = "true",
     .offset = offsetof(struct record, flag)},
    {.name = "count",
     .type = OPT_INT,
     .default_value = "3",
     .min = -5,
     .max = 100,
     .offset = offsetof(struct record, count)},
    {.name = "rate",
     .type = OPT_FLOAT,
     .default_value = "0.1",
     .min = 0,
     .max = 2,
     .offset = offsetof(struct record, rate)},
    {.name = "kind",
     .type = OPT_CHOICE,
     .default_value = "average",
     .choices = kinds,
     .offset = offsetof(struct record, kind)},
    {.name = "name",
     .type = OPT_TEXT,
     .default_value = "a\n",
     .text_size = 8,
     .offset = offsetof(struct record, name)},
    {.name = NULL},
};

static char *printed(const struct record *r, const char *name) {
    struct buf out;
    buf_init(&out);
    option_print(option_find(table, name), r, &out);
    char *text = xstrdup(out.text);
    buf_release(&out);
    return text;
}

Test(option, sets_defaults_and_prints_them_back) {
    static const char *const expected[] = {"true", "3", "0.1", "average",
                                           "\"a\\n\""};
    struct record r;
    memset(&r, 0xff, sizeof r);
    option_set_defaults(table, &r);
    for (int i = 0; table[i].name; i++) {
        char *text = printed(&r, table[i].name);
        cr_expect_str_eq(text, expected[i]);
        free(text);
    }
}

Test(option, refuses_what_is_not_a_value) {
    static const struct {
        const char *name, *text, *message; // part of the message
    } cases[] = {
        {"flag", "yes", "'yes' is not true or false"},
        {"flag", "", "not true or false"},
        {"count", "3x", "'3x' is not a whole number (-5 to 100)"},
        {"count", "", "not a whole number"},
        {"count", " 3", "not a whole number"},
        {"count", "3.0", "not a whole number"},
        {"count", "101", "101 is not in -5 to 100"},
        {"count", "-6", "not in -5"},
        {"count", "99999999999999999999", "not in"},
        {"rate", "nan", "'nan' is not a number (0 to 2)"},
        {"rate", "inf", "not a number"},
        {"rate", "1e999", "not a number"},
        {"rate", "0x1", "not a number"},
        {"rate", "2.01", "2.01 is not in 0 to 2"},
        {"rate", "-0.1", "not in"},
        {"kind", "avrage",
         "not one of greedy, average; did you mean "
         "'average'?"},
        {"kind", "zzz", "'zzz' is not one of greedy, average"},
        {"name", "12345678", "8 bytes, at most 7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record r = {.count = 7};
        struct error err = {0};
        int rc = option_set(option_find(table, cases[i].name), &r,
                            cases[i].text, &err);
        cr_expect_eq(rc, -1, "%s: %s", cases[i].name, cases[i].text);
        cr_expect_eq(err.kind, ERR_USAGE);
        cr_expect(strstr(err.text, cases[i].message), "%s", err.text);
        cr_expect(strncmp(err.text, cases[i].name, strlen(cases[i].name)) == 0);
        cr_expect_eq(r.count, 7);
    }
}

Test(option, prints_the_shortest_number_that_reads_back) {
    static const char *const texts[] = {"0.6", "0.95", "1e-05",
                                        "2",   "0",    "1.0000000000000002"};
    struct record r;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert_eq(option_set(option_find(table, "rate"), &r, texts[i], NULL),
                     0);
        char *text = printed(&r, "rate");
        cr_expect_str_eq(text, texts[i]);
        free(text);
    }
    cr_assert_eq(option_set(option_find(table, "rate"), &r, "-0", NULL), 0);
    char *text = printed(&r, "rate");
    cr_expect_str_eq(text, "0");
    free(text);
}

Test(option, quotes_text_for_yaml) {
    struct record r = {.name = "\"\\\t\x01"};
    char *text = printed(&r, "name");
    cr_expect_str_eq(text, "\"\\\"\\\\\\t\\x01\"");
    free(text);
}

Test(option, names_the_nearest) {
    static const char *const names[] = {"temperature", "threshold", "top_k",
                                        "top_p", NULL};
    static const struct {
        const char *typo, *nearest;
    } cases[] = {
        {"treshold", "threshold"},
        {"temprature", "temperature"},
        {"temp", "temperature"},
        {"topk", "top_k"},
        {"thershold", "threshold"},
        {"top_q", "top_k"},
        {"xyz", NULL},
        {"", NULL},
        {"k", NULL},
        {"something_else", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *near = nearest_name(names, cases[i].typo);
        if (!cases[i].nearest)
            cr_expect_null(near, "%s", near);
        else
            cr_expect(near && strcmp(near, cases[i].nearest) == 0, "%s: %s",
                      cases[i].typo, near ? near : "none");
    }
    char longer[500];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    cr_expect_null(nearest_name(names, longer));
    cr_expect_str_eq(option_nearest(table, "cuont"), "count");
}
