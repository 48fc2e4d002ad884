#include "harness/commands.h"

#include "tests/helper_dir.h"
#include "tests/helper_sweep.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *show(const struct sweep_place *p, const char *a, const char *b,
                  int expected_rc) {
    const char *args[] = {"show", p->folder, a, b, NULL};
    char *out, *log;
    int rc = helper_main(args, &out, &log);
    cr_assert_eq(rc, expected_rc, "%s", log);
    if (rc) {
        free(out);
        return log;
    }
    free(log);
    return out;
}

Test(cmd_show, lists_cells_without_a_selection) {
    struct sweep_place p;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *out = show(&p, NULL, NULL, 0);
    int n = 0;
    for (char *at = out; (at = strchr(at, '\n')); at++)
        n++;
    cr_assert_eq(n, 8, "%s", out);
    cr_assert(strstr(out, "specreason+decode"));
    cr_assert(strstr(out, "6/6"));
    free(out);
    helper_sweep_release(&p);
}

Test(cmd_show, prefers_a_sample_with_dropped_steps) {
    struct sweep_place p;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *out = show(&p, "--method=specreason", "--threshold=9", 0);
    cr_assert(strstr(out, "specreason, threshold 9"), "%s", out);
    cr_assert(strstr(out, "dropped"), "%s", out);
    cr_assert(strstr(out, "base   kept"), "%s", out);
    cr_assert_null(strchr(out, '\033'), "colours on what is no terminal");
    free(out);
    helper_sweep_release(&p);
}

Test(cmd_show, finds_problem_and_sample) {
    struct sweep_place p;
    helper_sweep_init(&p);
    cr_assert_eq(helper_run(&p, NULL, NULL, NULL, NULL), 0);
    char *out = show(&p, "--problem=c", "--sample=1", 0);
    cr_assert(strstr(out, "toy / c, sample 1, seed 1"), "%s", out);
    free(out);
    char *log = show(&p, "--problem=nope", NULL, 2);
    cr_assert(strstr(log, "no stored sample fits"), "%s", log);
    free(log);
    helper_sweep_release(&p);
}
