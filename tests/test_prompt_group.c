#include "harness/prompt_group.h"

#include "harness/sweep.h"

#include <criterion/criterion.h>
#include <string.h>

Test(prompt_group, cells_share_what_they_can) {
    struct cell cells[7] = {
        {.base = 0, .draft = -1}, // alone: joins whoever has the same base
        {.base = 0, .draft = 1},  {.base = 0, .draft = 2}, // another draft
        {.base = 0, .draft = 1},                           // another prompt
        {.base = 1, .draft = -1},                          // another base
        {.base = 0, .draft = 1},                           // another chat
        {.base = 0, .draft = 1},                           // another system
    };
    strcpy(cells[3].settings.prompt, "Q: {problem}");
    cells[5].settings.chat = 1;
    strcpy(cells[6].settings.system, "S");
    struct sweep sweep = {.cells = cells, .n_cells = 7};
    struct prompt_groups g;
    prompt_groups_init(&g, &sweep);
    cr_assert_eq(g.n, 6);
    cr_assert_eq(g.of_cell[0], g.of_cell[1]);
    cr_assert_eq(g.items[g.of_cell[0]].draft, 1);
    cr_assert_neq(g.of_cell[2], g.of_cell[1]);
    cr_assert_neq(g.of_cell[3], g.of_cell[1]);
    cr_assert_neq(g.of_cell[4], g.of_cell[0]);
    cr_assert_neq(g.of_cell[5], g.of_cell[1]);
    cr_assert_neq(g.of_cell[6], g.of_cell[1]);
    cr_assert_eq(prompt_groups_n_seq(&g, 0), 5);
    cr_assert_eq(prompt_groups_n_seq(&g, 1), 5); // four times draft, once base
    cr_assert_eq(prompt_groups_n_seq(&g, 2), 1);
    cr_assert_eq(prompt_groups_n_seq(&g, 3), 0);
    prompt_groups_release(&g);
}
