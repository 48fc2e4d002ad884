#pragma once
// A set of hex hashes (the keys of samples). A zeroed struct is empty.

#include "engine/base/hash.h"

#include <stdbool.h>
#include <stddef.h>

struct key_set {
    char (*slots)[HASH_HEX_SIZE]; // [n_slots] open addressing; "" is free
    size_t n_slots, n;
};

// Keys are at most HASH_HEX_SIZE - 1 bytes and not empty (an empty one is never
// in the set). Returns false when it was there already.
bool key_set_add(struct key_set *set, const char *key);
bool key_set_has(const struct key_set *set, const char *key);
void key_set_release(struct key_set *set);
