#include "engine/base/hash.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct hash_state {
    XXH3_state_t *xxh;
};

struct hash_state *hash_new(void) {
    struct hash_state *h = xmalloc(sizeof *h);
    h->xxh = XXH3_createState();
    if (!h->xxh) abort();
    XXH3_128bits_reset(h->xxh);
    return h;
}

void hash_free(struct hash_state *h) {
    if (!h) return;
    XXH3_freeState(h->xxh);
    free(h);
}

void hash_add(struct hash_state *h, const void *bytes, size_t n_bytes) {
    XXH3_128bits_update(h->xxh, bytes, n_bytes);
}

void hash_add_field(struct hash_state *h, const void *bytes, size_t n_bytes) {
    uint64_t n = n_bytes;
    hash_add(h, &n, sizeof n);
    hash_add(h, bytes, n_bytes);
}

void hash_add_text(struct hash_state *h, const char *text) {
    hash_add_field(h, text, strlen(text));
}

static void hash_print(XXH128_hash_t value, char hex[HASH_HEX_SIZE]) {
    snprintf(hex, HASH_HEX_SIZE, "%016llx%016llx",
             (unsigned long long)value.high64, (unsigned long long)value.low64);
}

void hash_hex(const struct hash_state *h, char hex[HASH_HEX_SIZE]) {
    hash_print(XXH3_128bits_digest(h->xxh), hex);
}

void hash_bytes(const void *bytes, size_t n_bytes, char hex[HASH_HEX_SIZE]) {
    hash_print(XXH3_128bits(bytes, n_bytes), hex);
}

uint64_t hash_u64(const void *bytes, size_t n_bytes) {
    return XXH3_64bits(bytes, n_bytes);
}

int hash_file(const char *path, char hex[HASH_HEX_SIZE], struct error *err) {
    int status = -1;
    struct hash_state *h = hash_new();
    char *chunk = xmalloc(1 << 20);
    FILE *f = fopen(path, "rb");
    if (!f) {
        error_errno(err, ERR_IO, "%s", path);
        goto done;
    }
    size_t n;
    while ((n = fread(chunk, 1, 1 << 20, f)) > 0)
        hash_add(h, chunk, n);
    if (ferror(f)) {
        error_errno(err, ERR_IO, "%s: reading", path);
        goto done;
    }
    hash_hex(h, hex);
    status = 0;
done:
    if (f) fclose(f);
    free(chunk);
    hash_free(h);
    return status;
}
