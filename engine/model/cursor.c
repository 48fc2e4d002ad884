// The first error wins: what follows it is noise that it caused.

#include "engine/model/cursor.h"

#include "engine/base/error.h"

#include <stdarg.h>
#include <stdio.h>

uint16_t load_u16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t load_u32(const uint8_t *p) {
    return (uint32_t)load_u16(p) | (uint32_t)load_u16(p + 2) << 16;
}

uint64_t load_u64(const uint8_t *p) {
    return (uint64_t)load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
}

size_t cursor_left(const struct cursor *c) {
    return c->failed ? 0 : c->n_bytes - c->at;
}

int cursor_fail(struct cursor *c, size_t at, const char *format, ...) {
    if (c->failed) return -1;
    c->failed = true;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(c->err, ERR_INPUT, "%s: byte %zu: %s", c->name, at, text);
}

const uint8_t *cursor_take(struct cursor *c, uint64_t n, const char *what) {
    if (c->failed) return NULL;
    if (n > c->n_bytes - c->at) {
        cursor_fail(c, c->at,
                    "the file ends here: %s needs %llu bytes, %zu are left",
                    what, (unsigned long long)n, c->n_bytes - c->at);
        return NULL;
    }
    const uint8_t *p = c->bytes + c->at;
    c->at += (size_t)n;
    return p;
}

uint8_t cursor_u8(struct cursor *c, const char *what) {
    const uint8_t *p = cursor_take(c, 1, what);
    return p ? *p : 0;
}

uint32_t cursor_u32(struct cursor *c, const char *what) {
    const uint8_t *p = cursor_take(c, 4, what);
    return p ? load_u32(p) : 0;
}

uint64_t cursor_u64(struct cursor *c, const char *what) {
    const uint8_t *p = cursor_take(c, 8, what);
    return p ? load_u64(p) : 0;
}
