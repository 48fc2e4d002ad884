#include "engine/methods/method.h"

#include "tests/helper_play.h"

#include <criterion/criterion.h>

static const struct play_step story[] = {{"a\n\n", "b\n\n", "9"}, {0}};

Test(null, writes_its_answer_without_a_model) {
    struct play p;
    play_open(&p, story, 0);
    play_solve(&p, "null", 0);
    cr_expect_str_eq(p.t.response, "\\boxed{0}");
    cr_expect_eq(p.t.stop, STOP_ANSWER);
    cr_expect_eq(p.t.count.evaluated[ROLE_BASE], 0);
    cr_expect_eq(p.t.n_steps, 1);
    play_close(&p);
}
