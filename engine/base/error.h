#pragma once
// Errors as values.
//
// What can fail returns 0 or -1 (or a pointer or NULL) and fills a caller's
// `struct error`. The text is one line that says what was wrong, where, and
// what was expected, because it is printed to the user as it stands. Only
// main.c and cmd_*.c print errors or exit.

enum error_kind {
    ERR_NONE = 0,
    ERR_USAGE,        // command line or config: exit 2
    ERR_INPUT,        // a file that is not what it should be: exit 2
    ERR_UNSUPPORTED,  // valid, but this build or backend cannot do it: exit 2
    ERR_MEMORY,       // what was asked for does not fit: exit 2
    ERR_INCOMPARABLE, // two sides that cannot be judged together: exit 3
    ERR_NETWORK,      // a server cannot be reached: exit 6
    ERR_IO,           // reading or writing failed: exit 74
    ERR_INTERRUPTED,  // stopped by the user, resumable: exit 75
    ERR_INTERNAL,     // our bug: exit 70
};

struct error {
    enum error_kind kind;
    char text[768]; // one line, NUL-terminated, no newline at the end
};

// Fill `err` (may be NULL) and return -1, so that `return error_set(...)` is
// one statement. Control characters in the text are replaced by '?', because
// it often quotes hostile input.
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Put "prefix: " before the text that is there. Returns -1.
int error_prefix(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// error_set() with ": " and the text of errno at the end.
int error_errno(struct error *err, enum error_kind kind, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

// Exit code of DESIGN's table for an error of this kind.
int error_exit_code(enum error_kind kind);
