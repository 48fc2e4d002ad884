#include "harness/prompt_group.h"

#include "harness/sweep.h"

#include <criterion/criterion.h>
#include <string.h>

Test(prompt_group, cells_share_what_they_can) {
    struct cell cells[5] = {
        {.base = 0, .draft = -1}, // alone: joins whoever has the same base
        {.base = 0, .draft = 1},  {.base = 0, .draft = 2}, // another draft
        {.base = 0, .draft = 1},                           // another prompt
        {.base = 1, .draft = -1},                          // another base
    };
    strcpy(cells[3].settings.prompt, "Q: {problem}");
    struct sweep sweep = {.cells = cells, .n_cells = 5};
    struct prompt_groups g;
    prompt_groups_init(&g, &sweep);
    cr_assert_eq(g.n, 4);
    cr_assert_eq(g.of_cell[0], g.of_cell[1]);
    cr_assert_eq(g.items[g.of_cell[0]].draft, 1);
    cr_assert_neq(g.of_cell[2], g.of_cell[1]);
    cr_assert_neq(g.of_cell[3], g.of_cell[1]);
    cr_assert_neq(g.of_cell[4], g.of_cell[0]);
    cr_assert_eq(prompt_groups_n_seq(&g, 0), 3);
    cr_assert_eq(prompt_groups_n_seq(&g, 1), 3); // twice draft, once base
    cr_assert_eq(prompt_groups_n_seq(&g, 2), 1);
    cr_assert_eq(prompt_groups_n_seq(&g, 3), 0);
    prompt_groups_release(&g);
}
