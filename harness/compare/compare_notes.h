#pragma once
// What a reader of a comparison must know beside its table.

#include <stdio.h>

struct comparison;

// Lines on `log`: the cells that nothing answers, what the sides do not share,
// times that cannot be compared or were not taken side by side, cells whose
// numbers are in doubt. What holds for all cells is said once.
void compare_notes_print(const struct comparison *c, FILE *log);
