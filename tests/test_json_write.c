#include "harness/json_write.h"

#include "engine/base/buf.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static void expect_text(const char *in, size_t n, const char *expected) {
    struct buf out;
    buf_init(&out);
    json_add_text(&out, in, n);
    cr_assert_str_eq(out.text, expected);
    json_t *back = json_loads(out.text, JSON_DECODE_ANY, NULL);
    cr_assert(back, "%s does not parse", out.text);
    json_decref(back);
    buf_release(&out);
}

Test(json_write, escapes_what_json_asks_for) {
    expect_text("a\"b\\c\n\t\x01", 8, "\"a\\\"b\\\\c\\n\\t\\u0001\"");
    expect_text("x\0y", 3, "\"x\\ufffdy\"");
    expect_text("/<\x7f", 3, "\"/<\\u007f\"");
}

Test(json_write, repairs_broken_utf8) {
    expect_text("\xc3\xa9", 2, "\"\xc3\xa9\"");
    expect_text("\xc3", 1, "\"\\ufffd\"");
    expect_text("\xe2\x82 ", 3, "\"\\ufffd\\ufffd \"");
    expect_text("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
    expect_text("\xc0\xaf", 2, "\"\\ufffd\\ufffd\"");
    expect_text("\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"");
    expect_text("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

Test(json_write, reals_read_back_as_they_were) {
    double values[] = {0, 0.1, 1.0 / 3, 1e-300, 123456789.123456789, -7};
    struct buf out;
    buf_init(&out);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        buf_clear(&out);
        json_add_real(&out, values[i]);
        cr_assert_eq(strtod(out.text, NULL), values[i], "%s", out.text);
    }
    buf_clear(&out);
    json_add_real(&out, 0.1);
    json_add_real(&out, NAN);
    json_add_real(&out, INFINITY);
    cr_assert_str_eq(out.text, "0.1nullnull");
    buf_release(&out);
}
