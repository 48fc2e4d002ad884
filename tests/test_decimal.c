#include "harness/decimal.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect(const char *text, const char *normal) {
    char out[DECIMAL_MAX];
    bool ok = decimal_normalize(text, strlen(text), out);
    if (normal)
        cr_expect(ok && strcmp(out, normal) == 0, "'%s'", text);
    else
        cr_expect_not(ok, "'%s' gave '%s'", text, ok ? out : "");
}

Test(decimal, normal_forms) {
    expect("0", "0");
    expect("-0", "0");
    expect("000", "0");
    expect("007.50", "7.5");
    expect("+3", "3");
    expect("-$5.00", "-5");
    expect("$-5", "-5");
    expect("1,234", "1234");
    expect("1,234.", "1234");
    expect("12 345 678", "12345678");
    expect(".25", "0.25");
    expect("5 $", "5");
}

Test(decimal, refuses_the_rest) {
    expect("", NULL);
    expect(" ", NULL);
    expect("-", NULL);
    expect(".", NULL);
    expect("1,23", NULL);
    expect("1234,567", NULL);
    expect("1.2.3", NULL);
    expect("1/2", NULL);
    expect("50%", NULL);
    expect("0x10", NULL);
    expect("1,", NULL);
}

Test(decimal, refuses_what_is_too_long) {
    char text[2 * DECIMAL_MAX], out[DECIMAL_MAX];
    memset(text, '7', sizeof text);
    cr_expect_not(decimal_normalize(text, sizeof text, out));
    cr_expect(decimal_normalize(text, 100, out));
    cr_expect_eq(strlen(out), 100);
    text[60] = '.';
    cr_expect(decimal_normalize(text, 120, out));
    cr_expect_not(decimal_normalize(text, 127, out));
    memset(text, '0', sizeof text); // leading zeros cost nothing
    cr_expect(decimal_normalize(text, sizeof text, out));
    cr_expect_str_eq(out, "0");
}
