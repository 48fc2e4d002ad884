#include "tests/helper_toy.h"

#include <criterion/criterion.h>

Test(specreason, threshold_above_nine_is_vanilla_token_by_token) {
    struct settings s;
    struct toy_pair p;
    static struct toy_result plain, other;
    toy_settings(&s);
    s.threshold = 9.5;
    s.accept = ACCEPT_EXACT;
    toy_pair_open(&p, &s, 3, 1);
    for (uint64_t seed = 0; seed < 50; seed++) {
        toy_pair_solve(&p, "vanilla", seed);
        toy_result_take(&plain, &p.t);
        toy_pair_solve(&p, "specreason", seed);
        toy_result_take(&other, &p.t);
        cr_assert(toy_result_equal(&plain, &other));
        cr_assert_eq(p.t.count.kept_from_draft, 0);
        cr_assert_eq(p.t.count.repeated[ROLE_BASE], 0);
        cr_assert_eq(p.t.count.repeated[ROLE_DRAFT], 0);
        toy_pair_solve(&p, "specreason+decode", seed);
        toy_result_take(&other, &p.t);
        cr_assert(toy_result_equal(&plain, &other));
        cr_assert_eq(p.t.count.repeated[ROLE_BASE], 0);
        cr_assert_eq(p.t.count.repeated[ROLE_DRAFT], 0);
    }
    toy_pair_close(&p);
}
