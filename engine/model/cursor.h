#pragma once
// A bounded cursor over bytes from outside.
//
// Reading past the end, or cursor_fail(), sets the error once and makes every
// later read return zeros, so that a parser checks at the end of a group of
// reads rather than after each. Integers are little-endian.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct cursor {
    const uint8_t *bytes;
    size_t n_bytes, at;
    const char *name;  // of the file, for errors
    struct error *err; // where the first error goes; may be NULL
    bool failed;
};

// The next n bytes, or NULL past the end; `what` is being read.
const uint8_t *cursor_take(struct cursor *c, uint64_t n, const char *what);
uint8_t cursor_u8(struct cursor *c, const char *what);
uint32_t cursor_u32(struct cursor *c, const char *what);
uint64_t cursor_u64(struct cursor *c, const char *what);
size_t cursor_left(const struct cursor *c);

// "NAME: byte AT: ...", unless it failed before. Returns -1.
int cursor_fail(struct cursor *c, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Little-endian values at any address.
uint16_t load_u16(const uint8_t *p);
uint32_t load_u32(const uint8_t *p);
uint64_t load_u64(const uint8_t *p);
