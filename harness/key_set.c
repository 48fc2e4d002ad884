#include "harness/key_set.h"

#include "engine/base/alloc.h"

#include <stdlib.h>
#include <string.h>

// Linear probing at a load of at most one half.

static size_t slot_of(const struct key_set *set, const char *key) {
    size_t i = hash_u64(key, strlen(key)) & (set->n_slots - 1);
    while (set->slots[i][0] && strcmp(set->slots[i], key)) {
        i = (i + 1) & (set->n_slots - 1);
    }
    return i;
}

static void grow(struct key_set *set) {
    struct key_set bigger = {.n_slots = set->n_slots ? set->n_slots * 2 : 256};
    bigger.slots = xcalloc(bigger.n_slots, sizeof *bigger.slots);
    for (size_t i = 0; i < set->n_slots; i++) {
        if (set->slots[i][0]) key_set_add(&bigger, set->slots[i]);
    }
    free(set->slots);
    *set = bigger;
}

bool key_set_add(struct key_set *set, const char *key) {
    size_t n_bytes = strlen(key);
    if (!n_bytes || n_bytes >= HASH_HEX_SIZE) return false;
    if (2 * (set->n + 1) > set->n_slots) grow(set);
    size_t i = slot_of(set, key);
    if (set->slots[i][0]) return false;
    memcpy(set->slots[i], key, n_bytes + 1);
    set->n++;
    return true;
}

bool key_set_has(const struct key_set *set, const char *key) {
    return set->n && *key && set->slots[slot_of(set, key)][0];
}

void key_set_release(struct key_set *set) {
    free(set->slots);
    *set = (struct key_set){0};
}
