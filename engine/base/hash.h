#pragma once
// 128-bit content hashes (XXH3 of libxxhash), printed as 32 hex digits.
//
// They name files, settings and token streams. They are not cryptographic:
// they protect against mistakes, not against forgery.

#include <stddef.h>
#include <stdint.h>

struct error;

enum { HASH_HEX_SIZE = 33 }; // 32 hex digits and NUL

struct hash_state; // a running hash
struct hash_state *hash_new(void);
void hash_free(struct hash_state *h);
void hash_add(struct hash_state *h, const void *bytes, size_t n_bytes);
// Adds the length, then the bytes, so that ("ab","c") and ("a","bc") differ.
void hash_add_field(struct hash_state *h, const void *bytes, size_t n_bytes);
void hash_add_text(struct hash_state *h, const char *text); // as a field
void hash_hex(const struct hash_state *h, char hex[HASH_HEX_SIZE]);

void hash_bytes(const void *bytes, size_t n_bytes, char hex[HASH_HEX_SIZE]);
uint64_t hash_u64(const void *bytes, size_t n_bytes); // XXH3 64 bits

// Hash of a whole file. 0, or -1 with ERR_IO.
int hash_file(const char *path, char hex[HASH_HEX_SIZE], struct error *err);
