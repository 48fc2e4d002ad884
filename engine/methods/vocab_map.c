#include "engine/methods/vocab_map.h"

#include "engine/base/alloc.h"
#include "engine/base/array.h"
#include "engine/lm/lm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Special tokens are found by their text: encoded with special tokens parsed it
// is one token, and not an ordinary one.

struct id_list {
    int32_t *items;
    size_t n, cap;
};

enum vocab_relation vocab_relation(const struct lm *base,
                                   const struct lm *draft) {
    const struct lm_facts *b = lm_facts(base), *d = lm_facts(draft);
    if (strcmp(b->vocab_hash, d->vocab_hash) == 0) return VOCAB_EQUAL;
    return strcmp(b->family_hash, d->family_hash) == 0 ? VOCAB_FAMILY
                                                       : VOCAB_APART;
}

// ---- making ---------------------------------------------------------------

struct making {
    const struct lm *base, *draft;
    struct lm_scratch *scratch;
    bool joins_ends; // the draft's eos stands for the base's
    struct id_list ids;
};

// The special token of `to` with the text of a token of `from`, or -1.
static int32_t find_special(const struct making *a, const struct lm *from,
                            int32_t token, const struct lm *to) {
    size_t n_bytes;
    const int32_t *found;
    const char *text = lm_token_bytes(from, token, &n_bytes);
    int n = lm_encode_more(to, a->scratch, text, n_bytes, true, &found, NULL);
    return n == 1 && !lm_token_is_ordinary(to, found[0]) ? found[0] : -1;
}

static bool joins_ends(const struct making *a) {
    int32_t base = lm_facts(a->base)->eos_token;
    int32_t draft = lm_facts(a->draft)->eos_token;
    return base >= 0 && draft >= 0 &&
           find_special(a, a->base, base, a->draft) < 0 &&
           find_special(a, a->draft, draft, a->base) < 0;
}

// The draft's token that is this one of the base, or -1.
static int32_t counterpart(const struct making *a, int32_t token) {
    if (lm_token_is_ordinary(a->base, token)) return token;
    if (a->joins_ends && token == lm_facts(a->base)->eos_token)
        return lm_facts(a->draft)->eos_token;
    return find_special(a, a->base, token, a->draft);
}

static void add_text(struct making *a, int32_t token) {
    size_t n_bytes;
    const int32_t *ids;
    if (lm_token_is_control(a->base, token)) return;
    const char *text = lm_token_bytes(a->base, token, &n_bytes);
    int n =
        lm_encode_more(a->draft, a->scratch, text, n_bytes, false, &ids, NULL);
    for (int i = 0; i < n; i++)
        array_push(&a->ids, ids[i]);
}

static void make(struct vocab_map *map, struct making *a) {
    memset(map->to_base, 0xff, (size_t)map->n_draft * sizeof *map->to_base);
    map->n_same = map->n_base < map->n_draft ? map->n_base : map->n_draft;
    a->joins_ends = joins_ends(a);
    for (int32_t i = 0; i < map->n_base; i++) {
        int32_t own = counterpart(a, i);
        bool is_known = own >= 0 && own < map->n_draft;
        map->begins[i] = (int32_t)a->ids.n;
        if (is_known && map->to_base[own] < 0) map->to_base[own] = i;
        if (own != i && i < map->n_same) map->n_same = i;
        if (is_known)
            array_push(&a->ids, own);
        else
            add_text(a, i);
    }
    map->begins[map->n_base] = (int32_t)a->ids.n;
    map->ids = a->ids.items;
}

void vocab_map_init(struct vocab_map *map, const struct lm *base,
                    const struct lm *draft, struct lm_scratch *scratch) {
    *map = (struct vocab_map){
        .relation = vocab_relation(base, draft),
        .n_base = lm_facts(base)->n_used,
        .n_draft = lm_facts(draft)->n_vocab,
    };
    if (map->relation != VOCAB_FAMILY) return;
    struct making a = {.base = base, .draft = draft, .scratch = scratch};
    map->n_draft = lm_facts(draft)->n_used;
    map->to_base = xcalloc((size_t)map->n_draft + 1, sizeof *map->to_base);
    map->begins = xcalloc((size_t)map->n_base + 1, sizeof *map->begins);
    make(map, &a);
}

void vocab_map_release(struct vocab_map *map) {
    free(map->to_base);
    free(map->begins);
    free(map->ids);
    *map = (struct vocab_map){0};
}

// ---- using ----------------------------------------------------------------

int vocab_map_read(const struct vocab_map *map, const int32_t *token,
                   const int32_t **ids) {
    *ids = token;
    if (map->relation != VOCAB_FAMILY) return *token < map->n_draft ? 1 : -1;
    if (*token >= map->n_base) return 0;
    *ids = map->ids + map->begins[*token];
    return map->begins[*token + 1] - map->begins[*token];
}

int32_t vocab_map_own(const struct vocab_map *map, int32_t token) {
    return map->relation == VOCAB_FAMILY ? map->ids[map->begins[token]] : token;
}

void vocab_map_row(const struct vocab_map *map, const float *row, float *out) {
    memcpy(out, row, (size_t)map->n_same * sizeof *out);
    for (int i = map->n_same; i < map->n_base; i++)
        out[i] = -INFINITY;
    for (int i = map->n_same; i < map->n_draft; i++) {
        if (map->to_base[i] >= 0) out[map->to_base[i]] = row[i];
    }
}
