#include "engine/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_clean(char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
    }
}

__attribute__((format(printf, 3, 0))) static void
error_vset(struct error *err, enum error_kind kind, const char *format,
           va_list args) {
    if (!err) return;
    err->kind = kind;
    vsnprintf(err->text, sizeof err->text, format, args);
    error_clean(err->text);
}

int error_set(struct error *err, enum error_kind kind, const char *format,
              ...) {
    va_list args;
    va_start(args, format);
    error_vset(err, kind, format, args);
    va_end(args);
    return -1;
}

int error_prefix(struct error *err, const char *format, ...) {
    if (!err) return -1;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    error_vset(err, err->kind, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    return -1;
}

int error_errno(struct error *err, enum error_kind kind, const char *format,
                ...) {
    int code = errno;
    va_list args;
    va_start(args, format);
    error_vset(err, kind, format, args);
    va_end(args);
    if (!err) return -1;
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(code));
    return -1;
}

int error_exit_code(enum error_kind kind) {
    switch (kind) {
    case ERR_NONE:
        return 0;
    case ERR_USAGE:
    case ERR_INPUT:
    case ERR_UNSUPPORTED:
    case ERR_MEMORY:
        return 2;
    case ERR_INCOMPARABLE:
        return 3;
    case ERR_NETWORK:
        return 6;
    case ERR_IO:
        return 74;
    case ERR_INTERRUPTED:
        return 75;
    case ERR_INTERNAL:
        return 70;
    }
    return 70;
}
