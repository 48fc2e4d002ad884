#include "harness/token_ids.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void refuse(const char *text, const char *what) {
    struct error err;
    int32_t *tokens;
    cr_expect_eq(token_ids_parse(text, strlen(text), 100, &tokens, &err), -1);
    cr_expect_null(tokens);
    cr_expect_str_eq(err.text, what);
}

Test(token_ids, reads_blanks_and_lines) {
    struct error err;
    int32_t *tokens;
    const char text[] = " 1 22\n\n\t99 0\r\n";
    cr_assert_eq(token_ids_parse(text, strlen(text), 100, &tokens, &err), 4);
    cr_expect_eq(tokens[0], 1);
    cr_expect_eq(tokens[1], 22);
    cr_expect_eq(tokens[2], 99);
    cr_expect_eq(tokens[3], 0);
    free(tokens);
    cr_expect_eq(token_ids_parse("", 0, 100, &tokens, &err), 0);
}

Test(token_ids, names_line_and_column) {
    refuse("1 2\n3 x", "2:3: expected a token id");
    refuse("1 -2", "1:3: expected a token id");
    refuse("12a", "1:3: expected a token id");
    refuse("5 100", "1:3: no token has this id");
    refuse("99999999999999999999999999", "1:1: no token has this id");
}
