#include "harness/prompt_group.h"

#include "engine/base/alloc.h"
#include "harness/sweep.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool same_prompt(const struct settings *a, const struct settings *b) {
    return a->chat == b->chat && !strcmp(a->prompt, b->prompt) &&
           !strcmp(a->system, b->system);
}

static bool can_join(const struct prompt_group *g, const struct cell *c) {
    return g->base == c->base &&
           (g->draft == c->draft || g->draft < 0 || c->draft < 0) &&
           same_prompt(&g->first->settings, &c->settings);
}

static int join(struct prompt_groups *g, const struct cell *c) {
    for (int i = 0; i < g->n; i++) {
        if (!can_join(&g->items[i], c)) continue;
        if (c->draft >= 0) g->items[i].draft = c->draft;
        return i;
    }
    g->items[g->n] = (struct prompt_group){c->base, c->draft, c};
    return g->n++;
}

void prompt_groups_init(struct prompt_groups *g, const struct sweep *s) {
    *g = (struct prompt_groups){0};
    g->items = xcalloc((size_t)s->n_cells, sizeof *g->items);
    g->of_cell = xcalloc((size_t)s->n_cells, sizeof *g->of_cell);
    for (int i = 0; i < s->n_cells; i++) {
        g->of_cell[i] = join(g, &s->cells[i]);
    }
}

void prompt_groups_release(struct prompt_groups *g) {
    free(g->items);
    free(g->of_cell);
    *g = (struct prompt_groups){0};
}

int prompt_groups_n_seq(const struct prompt_groups *g, int model) {
    int n = 0;
    for (int i = 0; i < g->n; i++) {
        n += (g->items[i].base == model) + (g->items[i].draft == model);
    }
    return n;
}
