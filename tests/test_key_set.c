#include "harness/key_set.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(key_set, holds_what_was_added) {
    struct key_set set = {0};
    char key[HASH_HEX_SIZE];
    cr_assert_not(key_set_has(&set, "a"));
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%032d", i);
        cr_assert(key_set_add(&set, key));
        cr_assert_not(key_set_add(&set, key));
    }
    cr_assert_eq(set.n, 1000);
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "%032d", i);
        cr_assert_eq(key_set_has(&set, key), i < 1000);
    }
    key_set_release(&set);
    cr_assert_not(key_set_has(&set, key));
}

Test(key_set, refuses_empty_and_long_keys) {
    struct key_set set = {0};
    cr_assert_not(key_set_add(&set, ""));
    cr_assert_not(key_set_add(&set, "000000000000000000000000000000000"));
    cr_assert_not(key_set_has(&set, ""));
    key_set_release(&set);
}
