#include "harness/json_read.h"

#include "engine/base/arena.h"
#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char text[] =
    "{\"t\":\"x\",\"i\":7,\"r\":0.5,\"n\":null,\"b\":true,"
    "\"a\":[1],\"o\":{}}";

static json_t *parse(void) {
    json_t *o = json_parse(text, strlen(text), NULL);
    cr_assert(o);
    return o;
}

Test(json_read, takes_what_is_there) {
    static const char *const names[] = {"w", "x"};
    struct arena arena = {0};
    struct error err = {0};
    struct json_reader r = {.arena = &arena, .err = &err};
    json_t *o = parse();
    cr_assert_str_eq(json_take_text(&r, o, "t"), "x");
    cr_assert_eq(json_take_int(&r, o, "i", 0, 7), 7);
    cr_assert_eq(json_take_real(&r, o, "r"), 0.5);
    cr_assert_eq(json_take_real(&r, o, "i"), 7);
    cr_assert(isnan(json_take_real(&r, o, "n")));
    cr_assert(json_take_bool(&r, o, "b"));
    cr_assert_eq(json_array_size(json_take_array(&r, o, "a")), 1);
    cr_assert(json_take_object(&r, o, "o"));
    cr_assert_eq(json_take_choice(&r, o, "t", names, 2), 1);
    cr_assert_null(json_take_text_or_null(&r, o, "n"));
    cr_assert_null(json_take_text_or_null(&r, o, "absent"));
    cr_assert_not(r.failed);
    json_decref(o);
    arena_release(&arena);
}

#define EXPECT_FAILURE(call, key)                                              \
    do {                                                                       \
        struct arena arena = {0};                                              \
        struct error err = {0};                                                \
        struct json_reader r = {.arena = &arena, .err = &err};                 \
        (void)(call);                                                          \
        cr_assert(r.failed, #call);                                            \
        cr_assert_eq(err.kind, ERR_INPUT);                                     \
        cr_assert(strstr(err.text, "\"" key "\""), "%s", err.text);            \
        arena_release(&arena);                                                 \
    } while (0)

Test(json_read, names_the_field_that_is_wrong) {
    static const char *const names[] = {"w"};
    json_t *o = parse();
    EXPECT_FAILURE(json_take_text(&r, o, "i"), "i");
    EXPECT_FAILURE(json_take_text(&r, o, "absent"), "absent");
    EXPECT_FAILURE(json_take_int(&r, o, "i", 8, 9), "i");
    EXPECT_FAILURE(json_take_int(&r, o, "r", 0, 9), "r");
    EXPECT_FAILURE(json_take_real(&r, o, "t"), "t");
    EXPECT_FAILURE(json_take_bool(&r, o, "i"), "i");
    EXPECT_FAILURE(json_take_array(&r, o, "o"), "o");
    EXPECT_FAILURE(json_take_object(&r, o, "a"), "a");
    EXPECT_FAILURE(json_take_choice(&r, o, "t", names, 1), "t");
    json_decref(o);
}

Test(json_read, keeps_the_first_error) {
    struct arena arena = {0};
    struct error err = {0};
    struct json_reader r = {.arena = &arena, .err = &err};
    json_t *o = parse();
    json_take_int(&r, o, "t", 0, 1);
    json_take_text(&r, o, "i");
    cr_assert_str_eq(json_take_text(&r, o, "t"), "", "read on after an error");
    cr_assert(strstr(err.text, "\"t\""), "%s", err.text);
    json_decref(o);
    arena_release(&arena);
}

Test(json_read, syntax_errors_have_a_place) {
    struct error err = {0};
    cr_assert_null(json_parse("{\n \"a\": }", 9, &err));
    cr_assert(strstr(err.text, "line 2"), "%s", err.text);
    cr_assert_null(json_parse("{\"a\":1,\"a\":2}", 13, &err));
    cr_assert_null(json_parse("", 0, &err));
}
