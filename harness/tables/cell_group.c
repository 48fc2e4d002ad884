#include "harness/tables/cell_group.h"

#include "harness/report.h"

#include <string.h>

int cell_group_end(const struct report *r, int first) {
    const struct manifest_cell *a = r->cells[first].cell;
    int end = first + 1;
    while (end < r->n_cells && r->cells[end].cell->dataset == a->dataset &&
           !strcmp(r->cells[end].cell->base, a->base)) {
        end++;
    }
    return end;
}
