#include "harness/setting_effect.h"

#include "harness/config.h"

#include <string.h>

// Of several rows of one setting each must hold. A row counts for methods that
// know the setting it depends on: specdecode always uses draft_tokens.

static const struct setting_effect effects[] = {
    {"threshold", "judge", "digit, prm or likelihood"},
    {"accept_rate", "judge", "random"},
    {"beam_width", "search", "beam"},
    {"iterations", "search", "mcts"},
    {"selection", "search", "mcts"},
    {"exploration", "search", "mcts"},
    {"draft_tokens", "rewrite", "sps"},
    {"accept", "rewrite", "sps"},
    {"theta", "rejection", "adaptive"},
    {"quality", "rejection", "adaptive"},
    {"quality_input", "rejection", "adaptive"},
    {"ucb_factor", "rejection", "adaptive"},
    {"ucb_factor", "quality", "ucb"},
    {"fixed_threshold", "rejection", "fixed"},
    {"reject_rate", "rejection", "random"},
};

// Is `word` one of the words of `list`?
static bool has_word(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += n) {
        bool begins = at == list || at[-1] == ' ';
        if (begins && (!at[n] || strchr(", ", at[n]))) return true;
    }
    return false;
}

static bool can_be(const struct method_spec *m, const struct option *o,
                   const char *with) {
    for (int i = 0; i < m->n_axes; i++) {
        if (m->axes[i].option != o) continue;
        for (int j = 0; j < m->axes[i].n; j++) {
            if (has_word(with, m->axes[i].values[j])) return true;
        }
        return false;
    }
    return has_word(with, o->default_value);
}

const struct setting_effect *setting_idle(const struct method_spec *m,
                                          const struct option *o) {
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        const struct setting_effect *e = &effects[i];
        if (strcmp(e->setting, o->name) != 0) continue;
        const struct option *on = option_find(settings_table, e->on);
        if ((on->mask & m->method->bit) && !can_be(m, on, e->with)) return e;
    }
    return NULL;
}
