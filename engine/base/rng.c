#include "engine/base/rng.h"

#include "engine/base/hash.h"

#include <assert.h>
#include <string.h>

static void philox_round(uint32_t c[4], const uint32_t k[2]) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1,
                        (uint32_t)(p0 >> 32) ^ c[3] ^ k[1], (uint32_t)p0};
    memcpy(c, next, sizeof next);
}

static uint64_t philox(uint64_t key, uint32_t purpose, uint64_t index) {
    uint32_t c[4] = {(uint32_t)index, (uint32_t)(index >> 32), purpose, 0};
    uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    for (int i = 0; i < 10; i++) {
        philox_round(c, k);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    return (uint64_t)c[1] << 32 | c[0];
}

struct rng rng_make(uint64_t seed, const char *problem_id, uint64_t sample) {
    uint64_t words[3] = {seed, hash_u64(problem_id, strlen(problem_id)),
                         sample};
    return (struct rng){.key = hash_u64(words, sizeof words)};
}

double rng_u01(const struct rng *r, enum rng_purpose purpose, uint64_t index) {
    return (double)(philox(r->key, purpose, index) >> 11) * 0x1p-53;
}

uint64_t rng_below(const struct rng *r, enum rng_purpose purpose,
                   uint64_t index, uint64_t n) {
    assert(n > 0);
    return (uint64_t)((unsigned __int128)philox(r->key, purpose, index) * n >>
                      64);
}
