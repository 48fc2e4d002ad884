#include "engine/base/alloc.h"
#include "tests/helper_dir.h"
#include "tests/helper_gate.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// The problems of the first documents are lost, or slower. Twenty problems show
// that; four documents do not.

static void lost(struct sample *s, int cell, int problem, int index) {
    (void)index;
    if (cell == 1 && problem < 10) s->verdict = VERDICT_WRONG;
}

static void slower(struct sample *s, int cell, int problem, int index) {
    (void)index;
    if (cell == 1 && problem < 10) s->total_ns += s->total_ns / 2;
}

static void judge(gate_change_fn change, bool clusters, int rc,
                  const char *what) {
    static const char *const names[] = {"d0", "d1", "d2", "d3"};
    struct gate_folder folder;
    helper_gate_init(&folder);
    for (int i = 0; i < GATE_PROBLEMS && clusters; i++)
        folder.problems[i].cluster = names[i / 5];
    char *a = helper_gate_write(&folder, NULL);
    helper_gate_reseed(&folder);
    char *b = helper_gate_write(&folder, change);
    char *line = xasprintf("--baseline %s --candidate %s --changed seed", a, b);
    char *text = helper_gate_run(line, rc);
    cr_assert(strstr(text, what), "expected '%s' in\n%s", what, text);
    free(text);
    free(line);
    helper_dir_free(a);
    helper_dir_free(b);
}

Test(cmd_gate_clusters, are_the_units) {
    judge(lost, false, 1, "regression   accuracy");
    judge(lost, true, 3, "cannot judge accuracy");
    judge(slower, false, 1, "regression   speed");
    judge(slower, true, 3, "cannot judge speed");
}
